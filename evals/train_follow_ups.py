"""Makes the weights of two small models from conversations people wrote: `python -m evals.train_follow_ups [--held [--home HOME]]`.

"needs": does a question need those before it to be understood (assistant/conversation.py)? "follows": is it still about the emergency that
the conversation began with (assistant/guard.py)? They are learned from evals/phrases/follow_ups_dev.jsonl; follow_ups_held.jsonl is only counted,
with --held. The threshold of "follows" is chosen by leaving out one writer at a time, where at most one card in a hundred is lost, because a card too
many costs less; "needs" says yes where that is likelier than no.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import assistant
from assistant.conversation import EVEN, is_follow_up, looks
from assistant.guard import Guard
from assistant.model import Turn
from assistant.second_opinion import FOLLOWING
from assistant.wiring import AssistantSettings
from corpus.analyse import Analyser
from corpus.lexicon import load_lexicon
from evals.guard_report import Share, report_guard
from evals.train_guard import read_phrases, say
from evals.world import opened

FOLDER = Path(__file__).parent / "phrases"
KINDS = {"needs": ("needs", "alone"), "follows": ("card", "calm")}  # model: (label of yes, of no)
STRENGTH = 15.0
LOST = 0.01  # cards that may be lost
STEPS = 50  # probabilities that are tried as threshold
SMALLEST = 0.02  # weights below this share of the largest are left out of the file


@dataclass(frozen=True, slots=True)
class Talk:
    """The last question of a conversation. before: the questions before it, oldest first."""

    text: str
    before: tuple[str, ...]
    label: str
    writer: str


def turns(talk: Talk) -> list[Turn]:
    """The questions before it, as a conversation."""
    return [Turn(question) for question in talk.before]


def talks(split: str) -> list[Talk]:
    """The conversations of a split ("dev", "held")."""
    return [Talk(r["text"], tuple(r["history"]), r["label"], r["writer"]) for r in read_phrases(FOLDER / f"follow_ups_{split}.jsonl")]


def seen(name: str, talk: Talk, guard: Guard, analyser: Analyser) -> frozenset[str]:
    """What a model looks at."""
    return looks(talk.text, talk.before, analyser) if name == "needs" else guard.features(talk.text, "crisis")


def matrix_of(found: Sequence[frozenset[str]]) -> tuple[list[str], Any]:
    """The names of the features and a row for each text; a feature of a single text teaches nothing."""
    from numpy import diff, flatnonzero
    from sklearn.feature_extraction import DictVectorizer

    vectoriser = DictVectorizer()
    matrix = vectoriser.fit_transform([dict.fromkeys(sorted(f), len(f) ** -0.5) for f in found]).tocsr()
    common = flatnonzero(diff(matrix.tocsc().indptr) > 1)
    names = vectoriser.get_feature_names_out()[common].tolist()
    return names, matrix[:, common]


def fit(matrix: Any, labels: Any) -> Any:
    """A logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRENGTH, solver="liblinear", dual=True, random_state=0, max_iter=5000).fit(matrix, labels)


def threshold(name: str, labels: Any, probabilities: Any) -> float:
    """The probability from which a model says yes; see the module."""
    from numpy import mean

    if name == "needs":
        return EVEN
    tried = [step / STEPS for step in range(1, STEPS)]
    return max((t for t in tried if mean(probabilities[labels] < t) <= LOST), default=tried[0])


def train(name: str, guard: Guard, analyser: Analyser) -> dict[str, Any]:
    """A model as it is stored."""
    from numpy import array, mean, zeros

    yes, no = KINDS[name]
    some = [talk for talk in talks("dev") if talk.label in (yes, no)]
    names, matrix = matrix_of([seen(name, talk, guard, analyser) for talk in some])
    labels, writers = array([talk.label == yes for talk in some]), array([talk.writer for talk in some])
    probabilities = zeros(len(some))
    for writer in sorted(set(writers)):
        out = writers == writer
        probabilities[out] = fit(matrix[~out], labels[~out]).predict_proba(matrix[out])[:, 1]
    least = threshold(name, labels, probabilities)
    recall, false = (float(mean(probabilities[mask] >= least)) for mask in (labels, ~labels))
    say(f"{name}: {len(some)} conversations, threshold {least}; writer by writer: recall {recall:.3f}, false {false:.3f}")
    model = fit(matrix, labels)
    weights = dict(zip(names, model.coef_[0].tolist(), strict=True))
    smallest = SMALLEST * max(abs(w) for w in weights.values())
    kept = {feature: round(w, 2) for feature, w in sorted(weights.items()) if abs(w) >= smallest}
    return {"bias": round(float(model.intercept_[0]), 4), "threshold": least, "floor": 0.0, "weights": kept}


def report(guard: Guard, joined: Callable[[Talk], bool], split: str = "held") -> Iterator[Share]:
    """How guard and assistant do on conversations; the models did not see those of "held". joined: is a question searched with those before it."""
    some = talks(split)
    counts: Mapping[str, str] = {
        "needs": "follow-ups taken for one",
        "alone": "questions of their own taken for one",
        "card": "card kept while it is about the emergency",
        "calm": "card kept though it is not",
        "over": "card kept though it is over",
    }
    for label, meaning in counts.items():
        told = [talk for talk in some if talk.label == label]
        if label in KINDS["needs"]:
            said = [joined(talk) for talk in told]
        else:
            said = [guard.check(talk.text, turns(talk)).crisis is not None for talk in told]
        yield Share(meaning, sum(said), len(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held", action="store_true", help="train nothing; count on the conversations that the models did not see")
    parser.add_argument("--home", type=Path, help="with --held: ask the release of this data directory, which searches doubtful questions both ways")
    arguments = parser.parse_args()
    guard, analyser = report_guard(), Analyser(load_lexicon())
    if arguments.held and arguments.home:
        with opened(arguments.home, AssistantSettings()) as world:
            say(*report(guard, lambda talk: bool(world.put(talk.text, turns(talk)).question.history)))
    elif arguments.held:
        say(*report(guard, lambda talk: is_follow_up(talk.text, talk.before, analyser)))
    else:
        tables = {name: train(name, guard, analyser) for name in KINDS}
        path = Path(assistant.__file__).parent / FOLLOWING
        path.write_bytes(gzip.compress(json.dumps(tables, ensure_ascii=False, sort_keys=True).encode(), 9, mtime=0))
        say(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
