"""The weights of the ranking: the likeliest ones are found, and judged on questions that took no part."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.relevance import ALONE, PHRASED, Weights
from assistant.retrieve import POOL
from evals.judged import APART, judged_questions
from evals.ranking import Ranked, cross_validated, first_and_few, fitted, ranked_questions
from evals.world import World


def questions(truth: Weights, count: int = 200) -> list[Ranked]:
    """Questions in which a passage answers as often as `truth` makes it likely."""
    dice = np.random.default_rng(4)
    made = []
    for _ in range(count):
        signals = dice.random((12, len(truth)))
        likely = np.exp(signals @ np.array(truth))
        made.append(Ranked(signals, np.arange(12) == dice.choice(12, p=likely / likely.sum())))
    return made


def test_the_weights_that_made_the_answers_likely_are_found_again() -> None:
    truth = Weights(asked=6.0, votes=0.0, likely=0.0, fused=PHRASED.fused, best=0.0, named=3.0, near=0.0, length=0.0)
    found = fitted(questions(truth, 2_000))
    assert found.fused == pytest.approx(truth.fused)
    assert found == pytest.approx(truth, abs=1.0)


def test_the_first_and_one_of_five_are_counted_by_the_weights_of_each_question() -> None:
    signals = np.eye(8)
    asked = Ranked(signals, np.arange(8) == 0)  # the passage that is like a phrasing answers
    long = Ranked(signals, np.arange(8) == 7)  # the long one does
    weights = Weights(8, 7, 6, 5, 4, 3, 2, 1)
    assert first_and_few([asked, long], [weights, weights]) == (0.5, 0.5)
    assert first_and_few([asked, long], [weights, Weights(1, 2, 3, 4, 5, 6, 7, 8)]) == (1.0, 1.0)


def test_noise_is_ranked_no_better_than_chance_on_questions_that_took_no_part() -> None:
    first, few = cross_validated(questions(Weights(0, 0, 0, 0.1, 0, 0, 0, 0), 400))
    assert first < 0.2
    assert few < 0.6


def test_the_signals_are_those_that_the_app_ranks_by(sample: World) -> None:
    some = [one for one in judged_questions(APART) if one.answers][:5]
    seen: list[int] = []
    found = ranked_questions(sample, some, seen.append)
    assert seen == [1, 2, 3, 4, 5]
    for one, ranked in zip(some, found, strict=True):
        values = [PHRASED.value(signals) for signals in ranked.signals]
        assert len(values) <= POOL
        assert values == sorted(values, reverse=True)
        first = sample.put(one.question).hits[0]
        assert first.score == pytest.approx(values[0] / PHRASED.highest)
        assert 0 <= ALONE.value(ranked.signals[0]) <= ALONE.highest
