"""Intervals and tests over clusters."""

from __future__ import annotations

import random

import pytest

from evals.statistics import difference, holm, ratio, sums


def test_sums_are_per_cluster_in_sorted_order() -> None:
    assert sums([1, 2, 4], ["b", "a", "b"]).tolist() == [2, 5]


def test_a_share_has_an_interval_around_it() -> None:
    values = [1.0] * 70 + [0.0] * 30
    found = ratio(values, [1.0] * 100, [f"c{i}" for i in range(100)])
    assert found.value == 0.7
    assert 0.58 < found.low < 0.7 < found.high < 0.80
    assert (found.n, found.clusters) == (100, 100)


def test_wordings_of_one_question_are_not_extra_evidence() -> None:
    values = [float(i // 4 % 3 > 0) for i in range(120)]
    alone = ratio(values, [1.0] * 120, [f"c{i}" for i in range(120)])
    together = ratio(values, [1.0] * 120, [f"c{i // 4}" for i in range(120)])
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_all_the_same_still_has_an_honest_interval() -> None:
    found = ratio([0.0] * 60, [1.0] * 60, [f"c{i}" for i in range(60)])
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.0596, abs=1e-3)  # 0 of 60 still allows one in seventeen


def test_nothing_counted_gives_no_figure() -> None:
    assert ratio([], [], []).n == 0


def test_the_same_data_give_the_same_interval() -> None:
    values = [random.Random(i).random() for i in range(50)]
    clusters = [f"c{i % 20}" for i in range(50)]
    assert ratio(values, [1.0] * 50, clusters) == ratio(values, [1.0] * 50, clusters)


def test_no_difference_has_p_one() -> None:
    assert difference([1, 0, 1], [1, 0, 1], list("abc")).p == 1.0


def test_a_clear_loss_is_seen_and_its_side_is_known() -> None:
    clusters = [f"c{i}" for i in range(60)]
    found = difference([1.0] * 60, [0.0] * 15 + [1.0] * 45, clusters)
    assert found.value == -0.25
    assert found.p < 0.001
    assert found.worse < 0.001
    assert found.high < 0


def test_a_gain_is_not_a_loss() -> None:
    found = difference([0.0] * 15 + [1.0] * 45, [1.0] * 60, [f"c{i}" for i in range(60)])
    assert found.worse > 0.99


def test_five_items_lost_exactly_by_hand() -> None:
    # five clusters moved, all down: of 32 sign patterns one is as low, two are as extreme
    found = difference([1.0] * 20, [0.0] * 5 + [1.0] * 15, [f"c{i:02}" for i in range(20)])
    assert found.worse == pytest.approx(1 / 32)
    assert found.p == pytest.approx(2 / 32)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
