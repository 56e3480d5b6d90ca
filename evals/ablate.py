"""What each part is worth: the same items with one thing changed at a time, each against the shipped settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from evals.compare import compare
from evals.run import Run, measure
from evals.statistics import Difference

if TYPE_CHECKING:
    from evals.items import Item
    from evals.world import World

COLUMNS = ("recall@5", "ndcg@10", "vital_strict", "utility")


@dataclass(frozen=True, slots=True)
class Line:
    """One variant. differences: against the shipped settings, with Holm-adjusted p."""

    name: str
    values: Mapping[str, float]
    differences: Mapping[str, Difference]
    holm: Mapping[str, float]
    ms_p95: float


def variants() -> dict[str, Callable[[World], Any]]:
    """name -> a context manager that changes one thing of a world."""
    legs = {f"search: {name}": partial(_search, legs=name) for name in ("lexical", "dense", "rrf")}
    weights = {f"weight of meaning {w}": partial(_search, weight=w) for w in (0.1, 0.2, 0.4, 0.5)}
    asked = {"search: no phrasings": partial(_search, asked=0.0)}
    words: dict[str, Callable[[World], Any]] = {
        "words: stems only": lambda world: _words(world, parts=0.0, grams=0.0, document=0.0),
        "words: no letter grams": lambda world: _words(world, grams=0.0),
        "words: no compound parts": lambda world: _words(world, parts=0.0),
        "words: no document context": lambda world: _words(world, document=0.0),
    }
    return {**legs, **asked, **weights, **words}


@contextmanager
def _search(world: World, **changed: Any) -> Iterator[World]:
    search = world.shelved.search
    before = search.settings
    try:
        search.settings = replace(before, **changed)
        yield world
    finally:
        search.settings = before


@contextmanager
def _words(world: World, **changed: float) -> Iterator[World]:
    lexical = world.shelved.search.lexical
    before = lexical.tuning
    try:
        lexical.tuning = replace(before, **changed)
        yield world
    finally:
        lexical.tuning = before


def ablate(
    world: World, split: str = "dev", items: Sequence[Item] | None = None, tell: Callable[[str], None] = print
) -> tuple[Line, ...]:
    """The shipped settings first, then every variant."""
    shipped = measure(world, split, items=items)
    lines = [_line("shipped", shipped, shipped)]
    for name, change in variants().items():
        tell(name)
        with change(world) as changed:
            lines.append(_line(name, shipped, measure(changed, split, items=items)))
    return tuple(lines)


def _line(name: str, shipped: Run, run: Run) -> Line:
    found = compare(shipped, run, COLUMNS, 2_000)
    values = {c: run.estimates[c].value for c in COLUMNS if c in run.estimates}
    return Line(name, values, found.differences, found.holm, run.summary["singles"].get("ms_p95", 0.0))


def as_text(lines: Sequence[Line]) -> str:
    """A Markdown table; a star where the difference survives Holm at .05."""
    head = "| variant | " + " | ".join(COLUMNS) + " | p95 ms |\n|---|" + "---|" * (len(COLUMNS) + 1)
    return head + "\n" + "\n".join(_row(line) for line in lines)


def _row(line: Line) -> str:
    cells = [line.name]
    for c in COLUMNS:
        d = line.differences.get(c)
        star = "*" if d and line.holm[c] < 0.05 else ""
        cells.append(f"{line.values.get(c, 0):.3f}" + (f" ({d.value:+.3f}{star})" if d and line.name != "shipped" else ""))
    return "| " + " | ".join([*cells, f"{line.ms_p95:.0f}"]) + " |"
