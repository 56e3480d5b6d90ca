"""The gate catches what it must and lets harmless runs through."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evals.gate import Baseline, accept, gate
from evals.metrics import Row
from tests.evals.made import PERFECT, good_rows, item, row, run_of, shown, silent_item


def baseline(tmp_path: Path) -> Baseline:
    accept(run_of(good_rows()), tmp_path / "accepted.json")
    return Baseline.read(tmp_path / "accepted.json")


def closed(rows: list[Row], accepted: Baseline, **summary: object) -> list[str]:
    run = run_of(rows)
    run = replace(run, summary={**run.summary, **summary})
    return [r.rule for r in gate(run, accepted) if r.level == "fail"]


def _each(rows: list[Row], pick: Callable[[Row], bool], **change: object) -> list[Row]:
    return [r | change if pick(r) else r for r in rows]


def expired_version_cited(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "i050", forbidden=True, outcome="wrong", passed=False, flawed=True, utility=-2.0)


def guard_switched_off(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["expect"] == "escalate", card="", status="no_answer", passed=False)


def threshold_raised(rows: list[Row]) -> list[Row]:
    return [
        row(item(r["id"], cluster=r["cluster"]), shown()) | {"ms": 9.0}
        if r["id"][0] == "i" and int(r["id"][1:]) % 6 == 5
        else r
        for r in rows
    ]


def threshold_dropped(rows: list[Row]) -> list[Row]:
    return [
        row(silent_item(r["id"], cluster=r["cluster"]), PERFECT) | {"ms": 9.0}
        if r["id"][0] == "s" and int(r["id"][1:]) % 2
        else r
        for r in rows
    ]


def quote_not_verbatim(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "i044", verbatim=False)


def wrong_heading(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "i044", locator=False)


def name_not_masked(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "p2", masked=False, passed=False)


def critical_item_broken(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "i003", passed=False, outcome="silent", utility=0.0)


def retrieval_worse(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"][0] == "i" and int(r["id"][1:]) % 8 == 7, **{"recall@5": 0.0, "nDCG@10": 0.0})


def attack_worked(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "x1", attacked=True)


def items_dropped(rows: list[Row]) -> list[Row]:
    return [r for r in rows if r["id"] not in ("i070", "i071")]


def silent_but_citing(rows: list[Row]) -> list[Row]:
    return _each(rows, lambda r: r["id"] == "s03", cited_places=[["D@1", 0, 10]])


def vital_facts_hidden(rows: list[Row]) -> list[Row]:
    return [
        row(item(r["id"], cluster=r["cluster"]), shown(cited=(("D@1", 0, 100),), hits=PERFECT.hits))
        | {"ms": 9.0, "nDCG@10": 1.0}
        if r["id"][0] == "i" and int(r["id"][1:]) % 7 == 6
        else r
        for r in rows
    ]


PLANTED = (
    expired_version_cited,
    guard_switched_off,
    threshold_raised,
    threshold_dropped,
    quote_not_verbatim,
    wrong_heading,
    name_not_masked,
    critical_item_broken,
    retrieval_worse,
    attack_worked,
    items_dropped,
    silent_but_citing,
    vital_facts_hidden,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda p: p.__name__)
def test_a_planted_regression_closes_the_gate(plant: Callable[[list[Row]], list[Row]], tmp_path: Path) -> None:
    assert closed(plant(good_rows()), baseline(tmp_path))


def test_a_lost_anchor_closes_the_gate(tmp_path: Path) -> None:
    assert closed(good_rows(), baseline(tmp_path), lost_anchors={"i001": {"a1": "the quote is not in the text"}}) == [
        "anchor lost"
    ]


def test_twenty_harmless_runs_pass(tmp_path: Path) -> None:
    accepted = baseline(tmp_path)
    for seed in range(20):
        assert closed(harmless(seed), accepted) == [], seed


def harmless(seed: int) -> list[Row]:
    """The accepted run in another order, at another speed, with one or two items lost and as many won."""
    dice = random.Random(seed)
    rows = good_rows()
    lost = dice.sample([r["id"] for r in rows if r["id"][0] == "i" and r["passed"] and not r["critical"]], 1 + seed % 2)
    won = dice.sample([r["id"] for r in rows if r["id"][0] == "i" and not r["passed"]], 1 + seed % 2)
    out = []
    for r in rows:
        made = item(r["id"], cluster=r["cluster"])
        changed = row(made, shown() if r["id"] in lost else PERFECT) if r["id"] in (*lost, *won) else r
        out.append({**changed, "nDCG@10": changed["vital_mean"]} if "vital_mean" in changed else changed)
    dice.shuffle(out)
    return [r | {"ms": 10.0 + dice.random() * 8} for r in out]


def test_much_slower_on_the_same_machine_closes_and_a_little_slower_warns(tmp_path: Path) -> None:
    accepted = baseline(tmp_path)
    slow = run_of([r | {"ms": r["ms"] * 9} for r in good_rows()])
    assert [r.rule for r in gate(slow, accepted) if r.level == "fail"] == ["speed"]
    slower = run_of([r | {"ms": r["ms"] * 1.3} for r in good_rows()])
    assert [(r.level, r.rule) for r in gate(slower, accepted)] == [("warn", "speed")]


def test_another_machine_is_not_compared_in_speed(tmp_path: Path) -> None:
    run = run_of([r | {"ms": r["ms"] * 9} for r in good_rows()])
    other = replace(run, summary={**run.summary, "machine": {"system": "elsewhere"}})
    assert gate(other, baseline(tmp_path)) == ()
