"""When is an answer sure enough to be shown? Fitted on development questions, judged on questions it was not fitted on.

A logistic regression over the signals of assistant/confidence.py says whether the passage that would be shown answers the
question. Nested cross-validation by cluster: the outer fold only judges; strength of regularisation and threshold are chosen
inside. Where phrasings are kept it is fitted on our own items and, to the same weight, on the questions kept apart (evals/judged.py); for texts without phrasings, which ask for another caution, on public
question sets. Either is fitted with the encoder and without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.confidence import FILE, SIGNALS, situation
from evals.apart import held_against, language_of, places_of
from evals.external import Collection, Opened, released
from evals.external import read as read_collection
from evals.items import Item, Splits, chosen, load
from evals.judged import APART, Judged, judged_questions
from evals.metrics import judge, shown_of
from evals.run import removable
from evals.statistics import SEED
from evals.world import Anchored, World, anchored, answering_rows

if TYPE_CHECKING:
    from assistant.answer import Shelved
    from assistant.wiring import AssistantSettings

FOLDS = 5
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)  # C of the regression; small is cautious
MOST_FALSE = 0.08  # of answerable questions left unanswered
MOST_WRONG = 0.06  # of what is shown
AIM = 0.80  # abstention F1 that this must reach; when it cannot, see careful_threshold
MOST_LOST = 0.15  # of good answers withheld, then
NEARLY = 0.97  # of the highest usefulness
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)  # of the dense leg, tried


@dataclass(frozen=True, slots=True)
class Sample:
    """A question with what retrieval saw. good: what would be shown belongs to it; answerable: something should be."""

    seen: tuple[float, ...]
    good: bool
    answerable: bool
    group: str
    origin: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of the signals as they stand, not scaled."""

    weights: np.ndarray
    intercept: float
    threshold: float

    def sure(self, seen: np.ndarray) -> np.ndarray:
        """Confidence per row of signals."""
        found: np.ndarray = 1 / (1 + np.exp(-np.clip(seen @ self.weights + self.intercept, -30, 30)))
        return found


# --- samples --------------------------------------------------------------------------------------------------------------


class _Ear(float):
    """A weight of zero that remembers what it was multiplied with."""

    heard: float

    def __mul__(self, value: object) -> float:
        self.heard = float(value)  # type: ignore[arg-type]
        return 0.0


def listening(shelved: Shelved) -> tuple[Shelved, Callable[[], tuple[float, ...]]]:
    """The same shelf with a calibration that answers everything and overhears the signals of the last question.

    So the signals fitted here are those the app decides on, however it computes them.
    """
    ears = {name: _Ear(0.0) for name in SIGNALS}
    for ear in ears.values():
        ear.heard = 0.0
    calibration = replace(shelved.calibration, weights=ears, intercept=0.0, threshold=-1.0)
    return replace(shelved, calibration=calibration), lambda: tuple(ear.heard for ear in ears.values())


def own_samples(world: World, items: Sequence[Item]) -> list[Sample]:
    """The items of a split, and some of them with their answer removed."""
    usable = [i for i in items if i.answerable or i.expect == "abstain"]
    where = {i.id: anchored(i, world.release, world.day) for i in usable}
    found = [_own(i, where[i.id], world, None) for i in usable]
    found += [_own(i, where[i.id], world, answering_rows(i, world, where[i.id])) for i in removable(items)]
    return [s for s in found if s is not None]


def _own(item: Item, where: Anchored, world: World, hidden: np.ndarray | None) -> Sample | None:
    shelved, heard = listening(world.shelved)
    answer = replace(world, shelved=shelved).ask(item, hidden=hidden)
    if answer.status == "card":
        return None
    answerable = item.answerable and hidden is None
    outcome = judge(item, where, shown_of(answer, world.release))["outcome"]
    good = answerable and outcome in ("right", "partly")
    return Sample(heard(), good, answerable, item.cluster, "own")


def apart_samples(world: World, questions: Sequence[Judged]) -> list[Sample]:
    """The questions kept apart (evals/judged.py), each a group of its own."""
    shelved, heard = listening(world.shelved)
    listener, places, found = replace(world, shelved=shelved), places_of(world.release), list[Sample]()
    for one in questions:
        done = held_against(one, listener.put(one.question, language=language_of(one.question)), places)
        if done.outcome != "card":
            found.append(Sample(heard(), done.outcome == "right", done.answerable, one.question, "apart"))
    return found


def public_samples(folder: Path, settings: AssistantSettings) -> list[Sample]:
    """Questions of the public sets below `folder` (rijksvac, coronafaq and their unanswerable questions)."""
    found: list[Sample] = []
    with ExitStack() as stack:
        for number, (collection, origin) in enumerate(_public(folder)):
            home = Path(stack.enter_context(TemporaryDirectory())) / str(number)
            with released(collection, home, settings) as opened:
                found += list(_samples(collection, opened, origin))
    return found


def _public(folder: Path) -> Iterator[tuple[Collection, str]]:
    vac, faq, abstain = folder / "rijksvac", folder / "coronafaq", folder / "abstain"
    yield read_collection(vac, group="doc_id", unanswerable=abstain / "out_of_scope_for_rijksvac.jsonl"), "rijksvac"
    held = read_collection(
        vac, group="doc_id", without=vac / "holdout_docs.txt", unanswerable=vac / "unanswerable_when_holdout_removed.txt"
    )
    yield replace(held, questions=tuple(q for q in held.questions if q.unanswerable)), "rijksvac held out"
    yield read_collection(faq, unanswerable=abstain / "out_of_scope_for_coronafaq.jsonl"), "coronafaq"


def _samples(collection: Collection, opened: Opened, origin: str) -> Iterator[Sample]:
    shelved, heard = listening(opened.shelved)
    listener = replace(opened, shelved=shelved)
    for question in collection.questions:
        found = listener.ask(question)
        if found.answer.status == "card":
            continue
        answerable = not question.unanswerable and bool(question.relevant)
        good = answerable and bool(set(found.cited) & set(question.relevant))
        yield Sample(heard(), good, answerable, f"{origin}:{question.id}", origin)


# --- fitting --------------------------------------------------------------------------------------------------------------


def fit(samples: Sequence[Sample], strength: float, also: Sequence[Sample] = ()) -> Fitted:
    """A regression on scaled signals, written back to the signals as they are. also: further questions, which together weigh as much."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    seen, good = _arrays([*samples, *also])
    weight = np.repeat([1.0, len(samples) / max(len(also), 1)], [len(samples), len(also)])
    scaler = StandardScaler().fit(seen)
    model = LogisticRegression(C=strength, max_iter=2000).fit(scaler.transform(seen), good, sample_weight=weight)
    weights = model.coef_[0] / scaler.scale_
    return Fitted(weights, float(model.intercept_[0] - (weights * scaler.mean_).sum()), 0.5)


def _arrays(samples: Sequence[Sample]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s.seen for s in samples]), np.array([s.good for s in samples])


def decisions(sure: np.ndarray, answerable: np.ndarray, threshold: float) -> dict[str, float]:
    """Abstention at a threshold."""
    silent = sure < threshold
    hit = float((silent & ~answerable).sum())
    both = float(silent.sum() + (~answerable).sum())
    return {
        "abstention_f1": 2 * hit / both if both else 0.0,
        "false_abstention": float(silent[answerable].mean()) if answerable.any() else 0.0,
        "abstention_recall": float(silent[~answerable].mean()) if (~answerable).any() else 0.0,
    }


def threshold_for(
    sure: np.ndarray, good: np.ndarray, answerable: np.ndarray, most_false: float = MOST_FALSE, most_wrong: float = MOST_WRONG
) -> float:
    """The best F1 among thresholds that leave at most `most_false` of the answerable questions unanswered, and at which at most `most_wrong` of
    what is shown is not good; 0 when there is none."""
    allowed = [
        (found["abstention_f1"], -t)
        for t in _candidates(sure)
        if (found := decisions(sure, answerable, t))["false_abstention"] <= most_false
        and (~good & (sure >= t)).sum() <= most_wrong * (sure >= t).sum()
    ]
    return round(-max(allowed)[1], 4) if allowed else 0.0


def careful_threshold(sure: np.ndarray, good: np.ndarray, answerable: np.ndarray, most_lost: float = MOST_LOST) -> float:
    """For when the aim is out of reach: a useful threshold (right +1, wrong -2) that loses few good answers.

    Silence instead of a wrong answer is no loss, so only good answers that would be withheld are bounded. Usefulness hardly changes over a
    wide range; of the thresholds that are nearly the most useful (`NEARLY`) the one with the best abstention F1.
    """
    worth = np.where(good, 1.0, -2.0)
    kept = [t for t in _candidates(sure) if (good & (sure < t)).sum() <= most_lost * good.sum()]
    useful = [float(worth[sure >= t].sum()) for t in kept]
    near = [t for t, value in zip(kept, useful, strict=True) if value >= max(useful) - (1 - NEARLY) * abs(max(useful))]
    return round(float(max(near, key=lambda t: (decisions(sure, answerable, t)["abstention_f1"], -t))), 4) if near else 0.0


def _candidates(sure: np.ndarray) -> np.ndarray:
    return np.unique(np.concatenate(([0.0], np.round(sure, 3))))


def out_of_fold(samples: Sequence[Sample], strength: float, folds: int = FOLDS, also: Sequence[Sample] = ()) -> np.ndarray:
    """Confidence of each sample by a model that never saw its cluster. also: see `fit`."""
    sure = np.zeros(len(samples))
    for train, judged in _folds(samples, folds):
        model = fit([samples[i] for i in train], strength, also)
        sure[judged] = model.sure(np.array([samples[i].seen for i in judged]))
    return sure


def _folds(samples: Sequence[Sample], folds: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold

    split = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED % 2**31)
    yield from split.split(np.zeros(len(samples)), [2 * s.answerable + s.good for s in samples], [s.group for s in samples])


def chosen_fit(samples: Sequence[Sample], also: Sequence[Sample] = ()) -> tuple[Fitted, float, str]:
    """Strength by cross-validated log loss, threshold on the same out-of-fold confidences, then fitted on everything.

    The threshold is the one with at most 8 % false abstention and 6 % wrong among what is shown when its F1 reaches the aim; else the careful one. It is chosen on `samples`
    alone; `also`: see `fit`.
    """
    from sklearn.metrics import log_loss

    good, answerable = (np.array([getattr(s, name) for s in samples]) for name in ("good", "answerable"))
    tried = {c: np.clip(out_of_fold(samples, c, also=also), 1e-6, 1 - 1e-6) for c in STRENGTHS}
    strength = min(STRENGTHS, key=lambda c: (round(log_loss(good, tried[c]), 3), c))  # of equals the most cautious
    sure, rule = tried[strength], "at most 8 % false abstention, at most 6 % wrong"
    threshold = threshold_for(sure, good, answerable)
    if decisions(sure, answerable, threshold)["abstention_f1"] < AIM:
        threshold, rule = careful_threshold(sure, good, answerable), f"best abstention F1 of the nearly most useful ones that withhold at most {MOST_LOST:.0%} of good answers"
    return replace(fit(samples, strength, also), threshold=threshold), strength, rule


def nested(samples: Sequence[Sample], also: Sequence[Sample] = ()) -> dict[str, float]:
    """What to expect on questions that took no part: everything is chosen again inside each outer fold."""
    from sklearn.metrics import roc_auc_score

    sure, silent = np.zeros(len(samples)), np.zeros(len(samples), dtype=bool)
    for train, judged in _folds(samples, FOLDS):
        model, _, _ = chosen_fit([samples[i] for i in train], also)
        sure[judged] = model.sure(np.array([samples[i].seen for i in judged]))
        silent[judged] = sure[judged] < model.threshold
    answerable = np.array([s.answerable for s in samples])
    good = np.array([s.good for s in samples])
    figures = decisions(np.where(silent, 0.0, 1.0), answerable, 0.5)
    figures["abstention_auroc"] = float(roc_auc_score(answerable, sure))
    figures["good_auroc"] = float(roc_auc_score(good, sure))
    figures["wrong_among_shown"] = float((~good[~silent]).mean()) if (~silent).any() else 0.0
    return {name: round(value, 4) for name, value in figures.items()}


def calibrated(world: World, public: Path | None, settings: AssistantSettings, tell: Callable[[str], None]) -> dict[str, Any]:
    """What goes into assistant/confidence.json: a calibration per situation. Without `public` those of texts alone stay as they are."""
    items = chosen(load(), Splits.read(), "dev")
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
    search = world.shelved.search
    before = search.settings
    for share in (before.read, 0.0):
        search.settings = replace(before, read=share)
        try:
            if not share or search.reading is not None:
                apart = apart_samples(world, judged_questions(APART))
                found[situation(True, bool(share))] = fitted(
                    own_samples(world, items), f"dev split {Splits.read().sha256[:12]}", world, tell, apart
                )
        finally:
            search.settings = before
        if public is not None:
            chosen_settings = replace(settings, search=replace(settings.search, read=share))
            found[situation(False, bool(share))] = fitted(public_samples(public, chosen_settings), "public sets", world, tell)
    return found


def fitted(
    samples: Sequence[Sample], name: str, world: World, tell: Callable[[str], None], also: Sequence[Sample] = ()
) -> dict[str, Any]:
    """One calibration with the evidence for it. also: see `fit`."""
    tell(f"{name}: {len(samples)} questions, {sum(s.answerable for s in samples)} answerable, {sum(s.good for s in samples)} answered well")
    expected = nested(samples, also)
    model, strength, rule = chosen_fit(samples, also)
    sure = model.sure(np.array([s.seen for s in samples]))
    answerable = np.array([s.answerable for s in samples])
    tell("  nested cross-validation: " + ", ".join(f"{k} {v:.3f}" for k, v in expected.items()))
    return {
        "weights": {name: round(float(w), 4) for name, w in zip(SIGNALS, model.weights, strict=True)},
        "intercept": round(model.intercept, 4),
        "threshold": model.threshold,
        "partly": world.shelved.calibration.partly,
        "evidence": {
            "made_by": "vraagbaak evals calibrate",
            "questions": f"{name}: {len(samples)} questions in {len({s.group for s in samples})} clusters",
            "origins": _origins([*samples, *also]),
            "strength": strength,
            "threshold_rule": rule,
            "nested_cross_validation": expected,
            "on_the_questions_it_was_fitted_on": {
                k: round(v, 4) for k, v in decisions(sure, answerable, model.threshold).items()
            },
            "embedding": world.release.manifest.embedding.revision[:12],
            "encoder": world.release.manifest.settings.get("encoder", "")[:12],
            "search_weight": world.shelved.search.settings.weight,
        },
    }


def _origins(samples: Sequence[Sample]) -> dict[str, int]:
    return {name: sum(s.origin == name for s in samples) for name in sorted({s.origin for s in samples})}


def write(path: Path, calibration: Mapping[str, Any]) -> None:
    """Write confidence.json."""
    path.write_text(json.dumps(calibration, ensure_ascii=False, indent=1) + "\n", "utf-8")


# --- weight of the legs ---------------------------------------------------------------------------------------------------


def fusion(world: World, items: Sequence[Item]) -> dict[str, float]:
    """Recall@5 per weight of the dense leg, and what cross-validation says of the best one.

    The weight is chosen on four fifths of the clusters and judged on the rest; the estimate is the mean over the fifths.
    """
    answerable = [i for i in items if i.answerable]
    where = {i.id: anchored(i, world.release, world.day) for i in answerable}
    table = {w: np.array([_recall(i, where[i.id], world, w) for i in answerable]) for w in WEIGHTS}
    samples = [Sample((0.0,), True, True, i.cluster, "own") for i in answerable]
    held = np.zeros(len(answerable))
    for train, judged in _folds(samples, FOLDS):
        best = max(WEIGHTS, key=lambda w: (float(table[w][train].mean()), -w))
        held[judged] = table[best][judged]
    found = {f"weight {w}": round(float(values.mean()), 4) for w, values in table.items()}
    best = max(WEIGHTS, key=lambda w: (float(table[w].mean()), -w))
    return {**found, "best": best, "expected": round(float(held.mean()), 4)}


def _recall(item: Item, where: Anchored, world: World, weight: float) -> float:
    search = world.shelved.search
    before = search.settings
    try:
        search.settings = replace(before, weight=weight)
        row = judge(item, where, shown_of(world.ask(item), world.release))
    finally:
        search.settings = before
    return float(row["recall@5"])


__all__ = ["Sample", "calibrated", "fit", "fusion", "nested", "public_samples", "write"]
