"""What each part is worth: the same items with one thing changed at a time, each against the shipped settings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.analyse import Analyser, Features, Synonyms
from corpus.lexical import LexicalIndex, write
from corpus.lexicon import fold
from corpus.search import indexed_text
from evals.compare import compare
from evals.run import Run, measure
from evals.statistics import Difference

if TYPE_CHECKING:
    from corpus.rerank import Reranker
    from evals.items import Item
    from evals.world import World

SHIPPED = "9 + phrasings: as shipped"
UNREAD, RECIPROCAL = "phrasings without the encoder", "search: reciprocal ranks"
OTHER = (UNREAD, RECIPROCAL)  # signals of the decision to answer are missing there: the second has neither phrasings nor the encoder
RANKED = ("recall@5", "ndcg@10")  # what the ladder and they show: when to answer was fitted on the shipped search
COLUMNS = ("recall@5", "ndcg@10", "vital_strict", "utility")


@dataclass(frozen=True, slots=True)
class Line:
    """One variant. differences: against the shipped settings, with Holm-adjusted p."""

    name: str
    values: Mapping[str, float]
    differences: Mapping[str, Difference]
    holm: Mapping[str, float]
    ms_p95: float


def ladder() -> dict[str, Callable[[World], Any]]:
    """name -> a context manager: the search built up from bare words, each row with all that the rows above it have.

    The row after the last one is the shipped search itself, which has the known phrasings too.
    """
    steps: dict[str, Callable[[World], Any]] = {
        "1 words as written": partial(_rung, stems=False, synonyms=False, parts=0.0, grams=0.0),
        "2 + stems": partial(_rung, synonyms=False, parts=0.0, grams=0.0),
        "3 + compound parts": partial(_rung, synonyms=False, grams=0.0),
        "4 + letter grams": partial(_rung, synonyms=False),
        "5 + synonyms: the lexical leg": _rung,
        "6 the dense leg alone": partial(_search, legs="dense"),
        "7 both, fused": partial(_search, asked=0.0, read=0.0),
        "8 + the encoder": partial(_search, asked=0.0),
    }
    return steps


class WordsOnly(Analyser):
    """No Dutch at all: folded words, stop words included. The foot of the ladder."""

    def features(self, key: str) -> Features:
        """The folded word and nothing else."""
        return Features((fold(key),))

    def with_vocabulary(self, vocabulary: Iterable[str]) -> Analyser:
        """The same."""
        return self


@contextmanager
def _rung(world: World, stems: bool = True, synonyms: bool = True, **changed: float) -> Iterator[World]:
    """Lexical search with an index of its own over the passages of the release."""
    search, known = world.shelved.search, world.shelved.search.lexical.analyser
    analyser = (Analyser if stems else WordsOnly)(known.lexicon, synonyms=known.synonyms if synonyms else Synonyms(never=known.synonyms.never))
    titles = {source.key: source.title for source in search.release.sources}
    shipped = search.lexical
    with tempfile.TemporaryDirectory() as folder, _search(world, legs="lexical"):
        write(Path(folder), [indexed_text(p, titles[p.source]) for p in search.release.passages()], analyser)
        try:
            search.lexical = LexicalIndex.open(Path(folder), analyser, replace(shipped.tuning, **changed))
            yield world
        finally:
            search.lexical = shipped


def variants() -> dict[str, Callable[[World], Any]]:
    """name -> a context manager that changes one thing of a world."""
    legs = {RECIPROCAL: partial(_search, legs="rrf", asked=0.0)}
    encoder = {UNREAD: partial(_search, read=0.0)}
    weights = {f"weight of meaning {w}": partial(_search, weight=w) for w in (0.1, 0.2, 0.4, 0.5)}
    words: dict[str, Callable[[World], Any]] = {
        "words: stems only": lambda world: _words(world, parts=0.0, grams=0.0, document=0.0),
        "words: no letter grams": lambda world: _words(world, grams=0.0),
        "words: no compound parts": lambda world: _words(world, parts=0.0),
        "words: no document context": lambda world: _words(world, document=0.0),
    }
    return {**legs, **encoder, **weights, **words}


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


@contextmanager
def _ranked_again(world: World, reranker: Reranker) -> Iterator[World]:
    search = world.shelved.search
    try:
        search.reranker = reranker
        yield world
    finally:
        search.reranker = None


def ablate(
    world: World,
    split: str = "dev",
    items: Sequence[Item] | None = None,
    tell: Callable[[str], None] = print,
    reranker: Reranker | None = None,
) -> tuple[Line, ...]:
    """The ladder, the shipped settings, the reranker where the settings name one, then every variant."""
    shipped = measure(world, split, items=items)
    lines: list[Line] = []
    again: dict[str, Callable[[World], Any]] = {"10 + reranker": partial(_ranked_again, reranker=reranker)} if reranker else {}
    rows: dict[str, Callable[[World], Any]] = {**ladder(), SHIPPED: nullcontext, **again, **variants()}
    for name, change in rows.items():
        tell(name)
        with change(world):
            lines.append(_line(name, shipped, shipped if name == SHIPPED else measure(world, split, items=items)))
    return tuple(lines)


def _line(name: str, shipped: Run, run: Run) -> Line:
    columns = RANKED if name in ladder() or name in OTHER else COLUMNS
    found = compare(shipped, run, columns, 2_000)
    values = {c: run.estimates[c].value for c in columns if c in run.estimates}
    return Line(name, values, found.differences, found.holm, run.summary["singles"].get("ms_p95", 0.0))


def as_text(lines: Sequence[Line]) -> str:
    """A Markdown table: value, difference from the shipped search with its 95 % interval, a star where it survives Holm at .05."""
    head = "| variant | " + " | ".join(COLUMNS) + " | p95 ms |\n|---|" + "---|" * (len(COLUMNS) + 1)
    return head + "\n" + "\n".join(_row(line) for line in lines)


def _row(line: Line) -> str:
    cells = [line.name]
    for c in COLUMNS:
        if c not in line.values:
            cells.append("")
            continue
        d = line.differences.get(c)
        star = "*" if d and line.holm[c] < 0.05 else ""
        cells.append(f"{line.values[c]:.3f}" + (f" ({d.value:+.3f}{star}: {d.low:+.3f} to {d.high:+.3f})" if d and line.name != SHIPPED else ""))
    return "| " + " | ".join([*cells, f"{line.ms_p95:.0f}"]) + " |"
