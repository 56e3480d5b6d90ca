"""Makes the weights of the guard's second opinion from phrases people wrote: `python -m evals.train_guard [--check]`.

Phrases: the *_dev sets, the examples of the cards, evals/guard_phrases.jsonl, and as ordinary questions those that the first page
offers and the phrasings of the sample corpus (corpus/texts/phrasings.toml); one phrasing in five is kept apart to count false alarms
on (`evals.guard_report`). The *_held sets, asked.jsonl, alarming.jsonl, told.jsonl, doubted.jsonl and weighed.jsonl are never learned from. Four models: "crisis" (somebody may be in danger now),
"asked" (a question about emergencies in general), "protocol" (which of those two it is) and "judgement". Phrases that look alike stay
in one fold. Strength and thresholds are chosen on phrases the model did not see, and only on those that the rules were not written from
(FRESH), because on the others the rules look better than they are. --check repeats that choice inside each fold of an outer
cross-validation (nested) and prints figures of phrases the choice did not see.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.cards import Cards, default_cards
from assistant.guard import Guard
from assistant.second_opinion import WEIGHTS
from assistant.ui_wording import EXAMPLES
from corpus.errors import CatalogueError
from corpus.phrasings import FILE, parse_phrasings

HERE = Path(__file__).parent
LABELS = ("crisis", "asked", "protocol", "judgement")
STRENGTHS = (15.0, 40.0)
FRESH = 644  # phrases of guard_phrases.jsonl with a higher number were written after the rules and not used for them
ORDINARY = {"crisis": 0.015, "asked": 0.01, "protocol": 0.02, "judgement": 0.012}  # false alarms allowed on ordinary questions
HARD = {"crisis": 0.18, "asked": 0.05, "protocol": 0.08, "judgement": 0.06}  # and on phrases that were written to mislead; "protocol" only adds the answer below the card
STEPS = 60  # probabilities that are tried as threshold and as floor
FOLDS = 5
# an earlier guard gave these a card, or nearly did: they teach the models that readers had in mind, but what share of them gets a card says nothing
DOUBTED = {"doubted": "crisis", "weighed": "judgement"}
COUNTED = ("asked", "alarming", "told", *DOUBTED)  # sets that the guard is counted on; nothing learns from them
# How much more a rare feature may weigh: the power of its inverse document frequency.
RARITY = {"crisis": 1.5, "asked": 1.0, "protocol": 0.0, "judgement": 0.0}
OVERRULED = {"crisis": 0.2, "asked": 0.07, "protocol": 0.35, "judgement": 0.35}  # only below it a yes of the rules is overruled
LEARNED = 8  # one in so many phrasings is learned from: there are tens of thousands, and each teaches little
ALIKE = 0.5  # share of words from which two phrases are near-duplicates
SMALLEST = 0.02  # weights below this share of the largest are left out of the file


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase for one model. yes: has it the label.  rules: do the rules say so.  hard: written to mislead.
    counted: a yes of this model would be a false alarm, not the card for another reason.
    """

    text: str
    yes: bool
    rules: bool
    hard: bool
    fresh: bool
    counted: bool
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The strength of a model and the probabilities at which it decides."""

    strength: float
    threshold: float
    floor: float
    recall: float

    def says(self, rules: bool, probability: float) -> bool:
        return probability >= (self.floor if rules else self.threshold)


# ---- phrases -------------------------------------------------------------------------------------


def rows() -> Iterator[tuple[str, str, str, bool]]:
    """(set, label, text, fresh) of every phrase that may be learned from, each text once; none that the guard is counted on."""
    folder = HERE / "phrases"
    counted = (*folder.glob("*_held.jsonl"), *(folder / f"{name}.jsonl" for name in COUNTED))
    seen = {row["text"] for file in counted for row in read_phrases(file)}
    for name, label, text, fresh in _all_rows():
        if text not in seen:
            seen.add(text)
            yield name, label, text, fresh


def _all_rows() -> Iterator[tuple[str, str, str, bool]]:
    for name in ("crisis", "judgement", "injection", "personal_data"):
        for row in read_phrases(HERE / "phrases" / f"{name}_dev.jsonl"):
            yield name, row["label"], row["text"], False
    for row in read_phrases(HERE / "guard_phrases.jsonl"):
        yield row["set"], row["label"], row["text"], int(row["id"][3:]) > FRESH and row["set"] not in DOUBTED
    for name in ("crisis", "judgement"):
        for text in _examples(name):
            yield name, name, text, False
    for name, text in (*ordinary(), *(("ordinary", example.question) for example in EXAMPLES)):
        yield name, "none", text, True


# Phrasings that could be read as danger, or as a request to judge, teach nothing: nobody looked at each of them with that in mind.
_EMERGENCY = frozenset({"H08", "N02"})  # texts about emergencies
_DANGER = re.compile(
    r"gevaar|112|\brood\b|geweld|geslagen|\bsla(?:at|an)\b|klappen|doo?d|zelfmoord|suicid|wapen|\bmes|\bbom|aanslag|vermis|verdwenen|wegge|"
    r"wegl|vertrok|vertrek|uitrei|113|dreig|acuut|veilig|mishandel|spoed|crisis|pillen|fluister|schreeuw|\bweg\b|niet meer|H08|N02|danger|safe",
    re.IGNORECASE,
)
_JUDGING = re.compile(
    r"radica|extrem|jihad|gevaarlijk|normaal|zorgelijk|ernstig|\berg\b|is (?:hij|ze|zij|dit|dat)\b|\bfout\b|slecht|schuld|oordeel|inschat|diagnos|"
    r"duid|weeg|signa|score|cijfer|kans|verdacht",
    re.IGNORECASE,
)


def ordinary(kept: bool = False) -> Iterator[tuple[str, str]]:
    """(set, text) of the phrasings that are plainly questions about method; kept: of the one in five that is not learned from.

    The set is "ordinary", or "ordinary crisis" or "ordinary judgement" when it is plain for that alone.
    """
    import corpus

    for entry in parse_phrasings((Path(corpus.__file__).parent / "texts" / FILE).read_bytes()).known:
        if (hashlib.sha256(entry.quote.encode()).digest()[0] % 5 == 0) is not kept or entry.source in _EMERGENCY:
            continue
        for text in entry.asks:
            if not kept and hashlib.sha256(text.encode()).digest()[0] % LEARNED:
                continue
            calm = not _DANGER.search(f"{text} {entry.quote}")
            mild = entry.source != "H06" and not _JUDGING.search(f"{text} {entry.quote}")
            if calm or mild:
                yield "ordinary" + ("" if calm and mild else " crisis" if calm else " judgement"), text


def read_phrases(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of phrases."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _examples(label: str) -> list[str]:
    try:
        return list(default_cards().examples("crisis" if label == "crisis" else "judgement"))
    except CatalogueError:
        return []


def phrases(label: str, guard: Guard) -> list[Phrase]:
    """What the model of a label learns from."""
    return [
        Phrase(
            text,
            yes,
            rules_say(label, text, guard),
            name == _set_of(label),
            fresh,
            label == "protocol" or found != "protocol",
            guard.features(text, label),
        )
        for name, found, text, fresh in rows()
        if (yes := _wanted(label, name, found, text, guard)) is not None
    ]


def _set_of(label: str) -> str:
    return "judgement" if label == "judgement" else "crisis"


def _wanted(label: str, name: str, found: str, text: str, guard: Guard) -> bool | None:
    """Yes, no, or not a phrase for this model."""
    if name.startswith("ordinary ") and name != f"ordinary {_set_of(label)}":
        return None
    if name in DOUBTED:
        if DOUBTED[name] != _set_of(label):
            return None
        name = DOUBTED[name]
    told, asked = (name == "crisis" and found == kind for kind in ("crisis", "protocol"))
    if label == "protocol":
        return asked if told or asked else None
    if label == "asked":
        return None if told or found == "injection" else asked
    if found == "injection" or (label == "crisis" and found == "judgement" and guard.danger(text).found):
        return None  # an order or a judgement may well speak of danger
    if label == "judgement" and (told or asked):
        return None
    return name == label and found == label


def rules_say(label: str, text: str, guard: Guard) -> bool:
    """What the rules alone answer. guard: one without opinions."""
    danger = guard.danger(text)
    return {
        "crisis": danger.found and not danger.general,
        "asked": danger.found and danger.general,
        "protocol": danger.general,
        "judgement": label == "judgement" and guard.judges(text),
    }[label]


def groups(some: Sequence[Phrase]) -> list[int]:
    """For each phrase the number of its group of near-duplicates."""
    bags = [frozenset(f for f in phrase.features if f.startswith("w=")) for phrase in some]
    group = list(range(len(some)))
    for i, mine in enumerate(bags):
        for j in range(i):
            shared = len(mine & bags[j])
            if shared and shared / len(mine | bags[j]) >= ALIKE:
                old, new = group[i], group[j]
                group[: i + 1] = [new if g == old else g for g in group[: i + 1]]
    return group


# ---- the model ------------------------------------------------------------------------------------


def matrix_of(some: Sequence[Phrase], label: str) -> tuple[list[str], Any, Any]:
    """The names of the features, what each counts, and a row of counts for each phrase. Labels play no part in it."""
    from numpy import diff, log
    from scipy.sparse import diags
    from sklearn.feature_extraction import DictVectorizer

    vectoriser = DictVectorizer()
    matrix = vectoriser.fit_transform([dict.fromkeys(sorted(p.features), len(p.features) ** -0.5) for p in some])
    texts = diff(matrix.tocsc().indptr)  # in how many each feature is; one that is in a single text teaches nothing
    scale = (log(1 + len(some) / texts) / 3) ** RARITY[label] * (texts > 1)
    matrix = (matrix @ diags(scale)).tocsr()
    matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")  # what the solver takes
    return vectoriser.get_feature_names_out().tolist(), scale, matrix


def fit(matrix: Any, labels: Sequence[bool], strength: float) -> Any:
    """A logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", solver="liblinear", dual=True, random_state=0, max_iter=5000)
    return model.fit(matrix, labels)


def splits(labels: Sequence[bool], group: Sequence[int], seed: int) -> list[tuple[Any, Any]]:
    """(seen, unseen) of each fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    return list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels, group))


def choose(some: Sequence[Phrase], matrix: Any, group: Sequence[int], label: str) -> Choice:
    """The strength and probabilities with the most recall within the false alarms that are allowed."""
    labels = [p.yes for p in some]
    folds = splits(labels, group, 0)
    best = Choice(STRENGTHS[0], 1.0, 0.0, -1.0)
    for strength in STRENGTHS:
        found = [0.0] * len(some)
        for seen, unseen in folds:
            model = fit(matrix[seen], [labels[i] for i in seen], strength)
            for i, value in zip(unseen, model.predict_proba(matrix[unseen])[:, 1], strict=True):
                found[i] = float(value)
        pairs = [(p, value) for p, value in zip(some, found, strict=True) if p.fresh]
        choice = _thresholds(pairs, strength, label)
        if choice.recall > best.recall + 0.005:
            best = choice
    return best


def _thresholds(pairs: Sequence[tuple[Phrase, float]], strength: float, label: str) -> Choice:
    """Of all thresholds and floors the pair with the most recall; of equals the one with the fewest false alarms."""
    best, most = Choice(strength, 1.0, 0.0, -1.0), (-1.0, 0.0)
    some = {
        (yes, hard): [(p.rules, v) for p, v in pairs if p.yes is yes and (yes or p.hard is hard) and (yes or p.counted)]
        for yes, hard in ((True, True), (False, True), (False, False))
    }
    for one in range(1, STEPS):
        for two in range(min(one, int(OVERRULED[label] * STEPS)) + 1):
            choice = Choice(strength, one / STEPS, two / STEPS, 0.0)
            hard, ordinary = _share(some[False, True], choice), _share(some[False, False], choice)
            recall = _share(some[True, True], choice)
            if hard <= HARD[label] and ordinary <= ORDINARY[label] and (recall, -hard) > most:
                best, most = Choice(strength, choice.threshold, choice.floor, recall), (recall, -hard)
    return best


def _share(pairs: Sequence[tuple[bool, float]], choice: Choice) -> float:
    return sum(choice.says(rules, value) for rules, value in pairs) / len(pairs) if pairs else 0.0


def nested(some: Sequence[Phrase], matrix: Any, group: Sequence[int], label: str) -> dict[str, bool]:
    """What is said of each fresh phrase by a model, and thresholds, that neither it nor anything like it was used for."""
    labels = [p.yes for p in some]
    said: dict[str, bool] = {}
    for seen, unseen in splits(labels, group, 1):
        choice = choose([some[i] for i in seen], matrix[seen], [group[i] for i in seen], label)
        model = fit(matrix[seen], [labels[i] for i in seen], choice.strength)
        for i, value in zip(unseen, model.predict_proba(matrix[unseen])[:, 1], strict=True):
            if some[i].fresh:
                said[some[i].text] = choice.says(some[i].rules, float(value))
    return said


def report(said: dict[str, dict[str, bool]]) -> Iterator[str]:
    """Nested figures of the models together, on the fresh phrases."""
    fresh = [(name, label, text) for name, label, text, new in rows() if new]
    shown = {text for label in ("crisis", "asked") for text, yes in said[label].items() if yes}
    judged = {text for text, yes in said["judgement"].items() if yes}
    for label in ("crisis", "protocol"):
        texts = [text for name, found, text in fresh if (name, found) == ("crisis", label)]
        right = sum(text in shown and said["protocol"][text] is (label == "protocol") for text in texts)
        yield f"{label}: card {sum(t in shown for t in texts)} / {len(texts)}, and told apart {right}"
    for kind in ("crisis", "judgement", "method"):
        texts = [text for name, found, text in fresh if (name, found) == (kind, "none")]
        yield f"false alarms on none of {kind}: crisis {sum(t in shown for t in texts)}, " + (
            f"judgement {sum(t in judged for t in texts)} / {len(texts)}"
        )
    texts = [text for name, found, text in fresh if found == "judgement"]
    yield f"judgement: {sum(t in judged for t in texts)} / {len(texts)}"


def train(label: str, guard: Guard, said: dict[str, dict[str, bool]] | None) -> dict[str, Any]:
    """The model for a label as it is stored. said: gets the nested answers, when they are asked for."""
    some = phrases(label, guard)
    group = groups(some)
    names, scale, matrix = matrix_of(some, label)
    labels = [p.yes for p in some]
    say(f"{label}: {sum(labels)} with, {len(labels) - sum(labels)} without, {len(set(group))} groups")
    if said is not None:
        said[label] = nested(some, matrix, group, label)
    choice = choose(some, matrix, group, label)
    model = fit(matrix, labels, choice.strength)
    weights = dict(zip(names, (model.coef_[0] * scale).tolist(), strict=True))
    least = SMALLEST * max(abs(w) for w in weights.values())
    kept = {name: round(w, 2) for name, w in sorted(weights.items()) if abs(w) >= least}
    say(f"{label}: {choice}, {len(kept)} weights")
    return {
        "bias": round(float(model.intercept_[0]), 4),
        "threshold": round(choice.threshold, 4),
        "floor": round(choice.floor, 4),
        "weights": kept,
    }


def say(*lines: object) -> None:
    """Lines on standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="also print nested cross-validated figures")
    check = parser.parse_args().check
    guard = Guard(Cards(), opinions={})
    said: dict[str, dict[str, bool]] = {}
    tables = {label: train(label, guard, said if check else None) for label in LABELS}
    if check:
        say("on phrases that neither models nor choices saw:", *report(said))
    import assistant

    path = Path(assistant.__file__).parent / WEIGHTS
    path.write_bytes(gzip.compress(json.dumps(tables, ensure_ascii=False, sort_keys=True).encode(), 9, mtime=0))
    say(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
