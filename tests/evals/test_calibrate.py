"""Confidence is fitted on what the app sees, and judged on what it was not fitted on."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from assistant.confidence import SIGNALS, confidence, odds
from evals.calibrate import Sample, careful_threshold, chosen_fit, decisions, fit, listening, nested, out_of_fold, threshold_for
from evals.items import load
from evals.world import World


def samples(n: int = 150, noise: float = 0.1) -> list[Sample]:
    """One telling signal among noise."""
    dice = random.Random(7)
    out = []
    for i in range(n):
        answerable = dice.random() < 0.7
        seen = [dice.random() for _ in SIGNALS]
        seen[0] = 0.7 * answerable + noise * dice.gauss(0, 1)
        out.append(Sample(tuple(seen), answerable, answerable, f"c{i // 2}", "own"))
    return out


def test_the_signals_overheard_are_those_the_app_decides_on(sample: World) -> None:
    for item in [i for i in load() if i.expect == "answer" and not i.history][:12]:
        shelved, heard = listening(sample.shelved)
        replace(sample, shelved=shelved).ask(item)
        seen = dict(zip(SIGNALS, heard(), strict=True))
        answer = sample.ask(item)
        if answer.status != "card":
            assert confidence(seen, sample.shelved.calibration) == pytest.approx(answer.confidence, abs=1e-3)


def test_a_telling_signal_is_found_and_holds_outside() -> None:
    found = nested(samples())
    assert found["abstention_auroc"] > 0.95
    assert found["abstention_f1"] > 0.85
    assert found["false_abstention"] <= 0.12


def test_noise_alone_promises_nothing() -> None:
    dice = random.Random(2)
    noise = [Sample(tuple(dice.random() for _ in SIGNALS), i % 3 > 0, i % 3 > 0, f"c{i}", "own") for i in range(150)]
    assert nested(noise)["abstention_auroc"] < 0.65


def test_the_threshold_keeps_false_abstention_within_bounds() -> None:
    sure = np.array([0.1, 0.2, 0.3, 0.8, 0.9, 0.95, 0.97, 0.99, 0.05, 0.15])
    answerable = np.array([False, True, False, True, True, True, True, True, False, False])
    loose, strict = (threshold_for(sure, answerable, answerable, most) for most in (0.2, 0.0))
    assert decisions(sure, answerable, loose) == {
        "abstention_f1": pytest.approx(8 / 9),
        "false_abstention": pytest.approx(1 / 6),
        "abstention_recall": 1.0,
    }
    assert decisions(sure, answerable, strict)["false_abstention"] == 0.0


def test_the_threshold_keeps_what_is_wrong_among_the_shown_within_bounds() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    good = np.array([True, True, True, False, True, False])
    answerable = np.array([True, True, True, True, True, False])
    for most, wrong in ((0.2, 1), (0.0, 0)):
        least = threshold_for(sure, good, answerable, 0.5, most)
        assert (~good & (sure >= least)).sum() == wrong
    assert threshold_for(sure, ~good, answerable, 0.5, 0.0) == 0.0, "none is within bounds"


def test_further_questions_teach_the_weights_to_the_same_weight_but_not_the_threshold() -> None:
    made = samples(noise=0.3)
    dice = random.Random(3)
    also = []
    for i in range(40):
        good = i % 2 == 0
        seen = [dice.random() for _ in SIGNALS]
        seen[1] = 0.7 * good + 0.05 * dice.gauss(0, 1)  # a signal that says nothing in `made`
        also.append(Sample(tuple(seen), good, good, f"also {i}", "apart"))
    alone, both, often = fit(made, 1.0), fit(made, 1.0, also), fit(made, 1.0, also * 5)
    assert both.weights[1] > alone.weights[1] + 1
    assert often.weights[1] == pytest.approx(both.weights[1], rel=0.2)
    model, strength, _ = chosen_fit(made, also)
    sure, good = out_of_fold(made, strength, also=also), np.array([s.good for s in made])
    answerable = np.array([s.answerable for s in made])
    assert model.threshold in (threshold_for(sure, good, answerable), careful_threshold(sure, good, answerable))


def test_of_thresholds_that_are_nearly_as_useful_the_one_with_the_better_abstention_is_taken() -> None:
    sure = np.array([*np.linspace(0.5, 1, 100), 0.3, 0.3, 0.2, 0.2])
    good = np.array([True] * 100 + [False, True, False, False])
    answerable = np.array([True] * 102 + [False, False])  # one answer that could be given would be the wrong one
    worth = [float(np.where(good, 1, -2)[sure >= t].sum()) for t in (0.3, 0.5)]
    assert worth == [99, 100], "0.5 is the most useful"
    taken = careful_threshold(sure, good, answerable)
    assert 0.2 < taken <= 0.3
    assert decisions(sure, answerable, taken)["abstention_f1"] == 1 > decisions(sure, answerable, 0.5)["abstention_f1"]


def test_weights_are_written_for_signals_as_they_are() -> None:
    made = samples(noise=0.3)
    model = fit(made, 1.0)
    sure = model.sure(np.array([s.seen for s in made]))
    assert sure[[s.good for s in made]].mean() > sure[[not s.good for s in made]].mean() + 0.3


def test_probabilities_reach_the_decision_as_odds_from_0_to_1() -> None:
    assert [odds(p) for p in (0.0, 1e-5, 0.5, 1 - 1e-5, 1.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert odds(0.99) - odds(0.9) == pytest.approx(odds(0.1) - odds(0.01)), "it counts alike on both ends"
