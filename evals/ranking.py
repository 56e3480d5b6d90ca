"""What each signal of a passage is worth where phrasings are kept: fitted on the questions kept apart.

    vraagbaak evals ranking [--json]

Conditional logit (McFadden 1974) over the first thirty passages of a question: the weights under which a passage that answers is most likely to be
drawn before one that does not. Judged by five-fold cross-validation, and written down by hand in assistant/relevance.py (`PHRASED`), because the
order of passages should not change whenever somebody calibrates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.relevance import PHRASED, Weights
from assistant.retrieve import POOL, retrieve
from evals.apart import FEW, language_of, places_of
from evals.judged import Judged
from evals.world import World, touches

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
SHRINK = 2e-3  # penalty on the squares of the scaled weights


@dataclass(frozen=True, slots=True)
class Ranked:
    """One answerable question. signals: (passages, signals), in the order of the fields of Weights; answers: bool per passage."""

    signals: NDArray[np.float64]
    answers: NDArray[np.bool_]


def ranked_questions(world: World, questions: Sequence[Judged], tell: Callable[[int], None] = lambda done: None) -> list[Ranked]:
    """The signals of the passages found for each question that has an answer. tell: gets how many were asked."""
    places, shelved, found = places_of(world.release), world.shelved, list[Ranked]()
    allowed = shelved.search.answering(world.day)
    for done, one in enumerate((one for one in questions if one.answers), start=1):
        question = world.put(one.question, language=language_of(one.question)).question
        passages = retrieve(question, shelved.search, shelved.relevance, shelved.shelf, allowed, POOL).ranked
        answers = [place for text in one.answers for place in places[text]]
        hits = [s.hit.passage for s in passages]
        found.append(Ranked(np.array([s.signals for s in passages]), np.array([touches((p.source, p.start, p.end), answers) for p in hits])))
        tell(done)
    return found


def fitted(questions: Sequence[Ranked]) -> Weights:
    """The likeliest weights, scaled so that that of the search stays what it is."""
    from scipy.optimize import minimize

    scale = np.concatenate([q.signals for q in questions]).std(axis=0) + 1e-9
    telling = [(q.signals / scale, q.answers) for q in questions if q.answers.any() and not q.answers.all()]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = 0.0, np.zeros_like(weights)
        for signals, answers in telling:
            scores = signals @ weights
            likely = np.exp(scores - scores.max())
            right = np.where(answers, likely, 0.0)
            total -= float(np.log(max(right.sum(), 1e-300) / likely.sum()))
            slope += signals.T @ (likely / likely.sum() - right / max(right.sum(), 1e-300))
        return total / len(telling) + SHRINK * float(weights @ weights), slope / len(telling) + 2 * SHRINK * weights

    found = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x / scale
    return Weights(*(float(w) for w in found * (PHRASED.fused / found[Weights._fields.index("fused")])))


def first_and_few(questions: Sequence[Ranked], weights: Sequence[Weights]) -> tuple[float, float]:
    """For what share of the questions the first passage answers, and one of the first five. weights: of each question."""
    orders = [np.argsort(-(q.signals @ np.array(w)), kind="stable") for q, w in zip(questions, weights, strict=True)]
    answers = [q.answers[order] for q, order in zip(questions, orders, strict=True)]
    return float(np.mean([a[:1].any() for a in answers])), float(np.mean([a[:FEW].any() for a in answers]))


def cross_validated(questions: Sequence[Ranked]) -> tuple[float, float]:
    """`first_and_few` by weights that were fitted on the other four fifths."""
    folds = [fitted([q for i, q in enumerate(questions) if i % FOLDS != fold]) for fold in range(FOLDS)]
    return first_and_few(questions, [folds[i % FOLDS] for i in range(len(questions))])
