"""Makes the weights of the guard's second opinion from phrases people wrote: `python -m evals.train_guard [--check]`.

Phrases: the *_dev sets, the examples of the cards, and evals/guard_phrases.jsonl, which was written to find what the rules did
not know. The *_held sets are never read here. The strength of the model and its threshold are chosen by cross-validation
inside each fold of an outer cross-validation (nested), so the printed figures are of phrases the choice did not see.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.cards import Cards, default_cards
from assistant.guard import Guard
from assistant.second_opinion import WEIGHTS
from corpus.errors import CatalogueError

HERE = Path(__file__).parent
STRENGTHS = (10.0, 30.0, 100.0)
FALSE_ALARMS = {"crisis": 0.03, "judgement": 0.02}  # share of ordinary phrases on which the second opinion may say yes
FOLDS = 5
SMALLEST = 0.02  # weights below this share of the largest are left out of the file


def phrases(name: str) -> list[dict[str, Any]]:
    """The rows of a *_dev set."""
    return [json.loads(line) for line in (HERE / "phrases" / f"{name}_dev.jsonl").read_text(encoding="utf-8").splitlines()]


def training(label: str) -> tuple[list[str], list[str]]:
    """Phrases with the label, and phrases without. label: "crisis" or "judgement"."""
    yes: list[str] = []
    no: list[str] = []
    more = [json.loads(line) for line in (HERE / "guard_phrases.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [(name, row) for name in ("crisis", "judgement", "injection", "personal_data") for row in phrases(name)]
    for name, row in [*rows, *((row["set"], row) for row in more)]:
        wanted = row["label"] in ((label, "protocol") if label == "crisis" else (label,))
        if name == "injection" and row["label"] != "none":
            continue
        (yes if wanted and name == label else no).append(row["text"])
    yes += _examples(label)
    return sorted(set(yes)), sorted(set(no))


def _examples(label: str) -> list[str]:
    try:
        return list(default_cards().examples("crisis" if label == "crisis" else "judgement"))
    except CatalogueError:
        return []


def fit(features: Sequence[frozenset[str]], labels: Sequence[int], strength: float) -> tuple[Any, Any]:
    """A vectoriser and a logistic regression on unit-length bags."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vectoriser = DictVectorizer()
    matrix = vectoriser.fit_transform([_bag(f) for f in features])
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000, random_state=0)
    return vectoriser, model.fit(matrix, labels)


def _bag(features: frozenset[str]) -> dict[str, float]:
    return dict.fromkeys(sorted(features), len(features) ** -0.5)


def out_of_fold(features: Sequence[frozenset[str]], labels: Sequence[int], strength: float) -> list[float]:
    """For each phrase the probability of a model that did not see it."""
    from sklearn.model_selection import StratifiedKFold

    result = [0.0] * len(labels)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(labels, labels):
        vectoriser, model = fit([features[i] for i in seen], [labels[i] for i in seen], strength)
        found = model.predict_proba(vectoriser.transform([_bag(features[i]) for i in unseen]))[:, 1]
        for i, value in zip(unseen, found, strict=True):
            result[i] = float(value)
    return result


def choose(features: Sequence[frozenset[str]], labels: Sequence[int], allowed: float) -> tuple[float, float, float]:
    """(strength, threshold, recall): the most recall with at most `allowed` false alarms among phrases not seen."""
    best = (STRENGTHS[0], 1.0, -1.0)
    for strength in STRENGTHS:
        found = out_of_fold(features, labels, strength)
        others = sorted((p for p, label in zip(found, labels, strict=True) if not label), reverse=True)
        threshold = others[int(allowed * len(others))] + 1e-6
        mine = [p for p, label in zip(found, labels, strict=True) if label]
        recall = sum(p >= threshold for p in mine) / len(mine)
        if recall > best[2] + 0.005:
            best = (strength, threshold, recall)
    return best


def nested(features: Sequence[frozenset[str]], labels: Sequence[int], allowed: float) -> tuple[float, float]:
    """(recall, false alarms) on phrases that neither the model nor the choice of strength and threshold saw."""
    from sklearn.model_selection import StratifiedKFold

    hits = alarms = 0
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(labels, labels):
        some, theirs = [features[i] for i in seen], [labels[i] for i in seen]
        strength, threshold, _ = choose(some, theirs, allowed)
        vectoriser, model = fit(some, theirs, strength)
        found = model.predict_proba(vectoriser.transform([_bag(features[i]) for i in unseen]))[:, 1]
        hits += sum(bool(p >= threshold and labels[i]) for i, p in zip(unseen, found, strict=True))
        alarms += sum(bool(p >= threshold and not labels[i]) for i, p in zip(unseen, found, strict=True))
    return hits / sum(labels), alarms / (len(labels) - sum(labels))


def train(label: str, guard: Guard, check: bool) -> dict[str, Any]:
    """The model for a label as it is stored."""
    yes, no = training(label)
    features = [guard.features(text, label) for text in [*yes, *no]]
    labels = [1] * len(yes) + [0] * len(no)
    allowed = FALSE_ALARMS[label]
    if check:
        recall, alarms = nested(features, labels, allowed)
        say(f"{label}: {len(yes)} with, {len(no)} without; alone, nested: recall {recall:.3f}, false alarms {alarms:.3f}")
    strength, threshold, recall = choose(features, labels, allowed)
    vectoriser, model = fit(features, labels, strength)
    weights = dict(zip(vectoriser.get_feature_names_out(), model.coef_[0].tolist(), strict=True))
    least = SMALLEST * max(abs(w) for w in weights.values())
    kept = {name: round(w, 3) for name, w in sorted(weights.items()) if abs(w) >= least}
    say(f"{label}: strength {strength}, threshold {threshold:.3f}, recall {recall:.3f}, {len(kept)} weights")
    return {"bias": round(float(model.intercept_[0]), 4), "threshold": round(threshold, 4), "weights": kept}


def say(*lines: object) -> None:
    """Lines on standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="also print nested cross-validated figures")
    check = parser.parse_args().check
    guard = Guard(Cards(), opinions={})
    tables = {label: train(label, guard, check) for label in ("crisis", "judgement")}
    import assistant

    path = Path(assistant.__file__).parent / WEIGHTS
    path.write_bytes(gzip.compress(json.dumps(tables, ensure_ascii=False, sort_keys=True).encode(), 9, mtime=0))
    say(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
