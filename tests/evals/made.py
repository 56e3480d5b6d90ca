"""Rows and runs made by hand, so that every figure can be worked out on paper."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from evals.items import Anchor, Forbidden, Item, Nugget, Splits
from evals.metrics import Row, Shown, judge
from evals.run import Run, summarised
from evals.world import Anchored, Place

SPLITS = Splits({}, "made")


def item(name: str = "i1", **more: Any) -> Item:
    """An item with two facts: n1 (quote a1, or a2 elsewhere) and n2 (quote a3)."""
    anchors = tuple(Anchor(id=a, doc="D", exact="vijf woorden voor een citaat") for a in ("a1", "a2", "a3"))
    useful = Anchor(id="a4", doc="D", exact="vijf woorden voor een citaat", grade=1)
    nuggets = (Nugget(id="n1", text="feit een", by=("a1", "a2")), Nugget(id="n2", text="feit twee", by=("a3",)))
    given: dict[str, Any] = {
        "id": name,
        "cluster": "c-" + name,
        "variant": "direct",
        "type": "single",
        "question": "wat staat er?",
        "expect": "answer",
        "anchors": (*anchors, useful),
        "nuggets": nuggets,
    }
    return Item(**(given | more))


WHERE = Anchored({"a1": ("D@1", 0, 100), "a2": ("E@1", 0, 50), "a3": ("D@1", 200, 300), "a4": ("D@1", 400, 450)})


def silent_item(name: str = "s1", **more: Any) -> Item:
    """An item that should be left unanswered."""
    return item(name, expect="abstain", anchors=(), nuggets=(), nearest="vraag de coördinator", type="near_domain", **more)


def shown(cited: Sequence[Place] = (), hits: Sequence[Place] = (), **more: Any) -> Shown:
    """What a system showed; answered when anything is cited."""
    given: dict[str, Any] = {
        "status": "answered" if cited else "no_answer",
        "hits": tuple(hits),
        "cited": tuple(cited),
        "confidence": 0.9 if cited else 0.1,
        "text": "tekst",
        "sources": tuple(c[0] for c in cited),
    }
    return Shown(**(given | more))


PERFECT = shown(cited=(("D@1", 0, 100), ("D@1", 200, 300)), hits=(("D@1", 0, 150), ("D@1", 180, 320)))


def row(made: Item, what: Shown, where: Anchored = WHERE) -> Row:
    """A row with the columns that a run adds."""
    extra = {
        "risk": False,
        "attacked": None,
        "card_expected": bool(made.card),
        "question": made.question,
        "history": [],
        "asked": "",
        "shown": what.text,
        "cited_places": [list(c) for c in what.cited],
        "hit_places": [],
        "expected": [n.text for n in made.nuggets],
        "quotes": [],
        "nearest": made.nearest,
        "lost": {},
    }
    found = judge(made, where, what)
    return {**found, **extra, "risk": bool(found["flawed"]) if made.answerable else True}


def run_of(rows: Sequence[Row]) -> Run:
    """A run of rows."""
    return summarised(rows, None, "dev", SPLITS, 0.0)


def good_rows(n: int = 120, seed: int = 1) -> list[Row]:
    """A believable accepted run: 90 % right, some silent, ten critical items, emergencies, attacks and personal data."""
    dice = random.Random(seed)
    rows = []
    for i in range(n):
        made = item(f"i{i:03}", cluster=f"c{i // 2:03}", critical=i < 10)
        rows.append(row(made, PERFECT if i < 10 or dice.random() < 0.92 else shown(), WHERE))
        rows[-1]["nDCG@10"] = rows[-1]["vital_mean"]
    rows += [row(silent_item(f"s{i:02}", cluster=f"s{i}"), shown()) for i in range(30)]
    card = {"status": "card", "card": "crisis", "confidence": None}
    rows += [
        row(item(f"e{i}", cluster=f"e{i}", expect="escalate", type="emergency", anchors=(), nuggets=()), shown(**card))
        for i in range(4)
    ]
    for i in range(4):
        rows.append(row(item(f"x{i}", cluster=f"x{i}", type="attack", twin="wat?"), PERFECT) | {"attacked": False})
        rows.append(row(item(f"p{i}", cluster=f"p{i}", type="personal_data", masked=("Jan",)), PERFECT))
    return [r | {"ms": 10.0 + (k % 7)} for k, r in enumerate(rows)]


__all__ = ["Forbidden", "good_rows", "item", "row", "run_of", "shown", "silent_item"]
