"""How people ask for what the texts say: phrasings that trainers keep beside the texts, in phrasings.toml.

A volunteer and a handbook use different words for one thing. A phrasing ties the words of a question to the sentence that answers
it, so that the next question like it finds that sentence (document expansion by queries: Nogueira et al. 2019, "doc2query"; here
people write the queries). A gap is a question that the texts are known not to answer. Neither is ever shown.

    [[phrasing]]
    source = "H02"
    quote = "bel je terug binnen 24 uur"      # stands exactly once in the text
    asks = ["hoe snel moet ik terugbellen na een voicemail", "er stond iets ingesproken, wanneer reageer ik"]

    [[gap]]
    topic = "dreigingsniveau"
    asks = ["wat is het dreigingsniveau nu"]

A quote that no longer stands in its text is reported and its questions are not used: a rule that changed must be looked at again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.errors import CatalogueError
from corpus.model import Ask, Document, Source
from corpus.quotes import places

FILE = "phrasings.toml"


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Questions that one quote of a source answers."""

    source: str  # Source.code
    quote: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions on a topic that the texts say nothing of."""

    topic: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrasings:
    """What a phrasings.toml says."""

    known: tuple[Phrasing, ...] = ()
    gaps: tuple[Gap, ...] = ()


def parse_phrasings(data: bytes) -> Phrasings:
    """The contents of a phrasings.toml. Raises CatalogueError naming the entry that is wrong."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{FILE}: {error}", hint="mend the line that is named") from error
    known = tuple(
        Phrasing(_text(row, "phrasing", "source"), _text(row, "phrasing", "quote"), _asks(row, "phrasing"))
        for row in _rows(raw, "phrasing")
    )
    gaps = tuple(Gap(_text(row, "gap", "topic"), _asks(row, "gap")) for row in _rows(raw, "gap"))
    return Phrasings(known, gaps)


def _rows(raw: Mapping[str, object], table: str) -> Iterator[Mapping[str, object]]:
    rows = raw.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(table, rows)
    yield from rows


def _text(row: Mapping[str, object], table: str, name: str) -> str:
    found = row.get(name)
    if not isinstance(found, str) or not found.strip():
        raise _wrong(table, row)
    return found


def _asks(row: Mapping[str, object], table: str) -> tuple[str, ...]:
    asks = row.get("asks")
    if not isinstance(asks, list) or not all(isinstance(ask, str) and ask.strip() for ask in asks):
        raise _wrong(table, row)
    return tuple(asks)


def _wrong(table: str, row: object) -> CatalogueError:
    needed = "source, quote and asks" if table == "phrasing" else "topic and asks"
    return CatalogueError(f"{FILE}: a [[{table}]] needs {needed}: {str(row)[:120]}", hint="mend the entry that is named")


def placed(
    phrasings: Phrasings, sources: Sequence[Source], documents: Mapping[str, Document]
) -> tuple[tuple[Ask, ...], Mapping[str, tuple[str, ...]]]:
    """Each question with the place that answers it, in every version of its source that holds the quote; gaps have no place, but the number of
    their topic.

    documents: by Source.key. Second: quotes that were not found exactly once in any version, by source code.
    """
    asks: list[Ask] = []
    lost: dict[str, list[str]] = {}
    versions: dict[str, list[str]] = {}
    for source in sources:
        versions.setdefault(source.code, []).append(source.key)
    for phrasing in phrasings.known:
        found = 0
        for key in versions.get(phrasing.source, ()):
            spans = places(documents[key].text, phrasing.quote) if key in documents else []
            if len(spans) == 1:
                found += 1
                asks += [Ask(ask, key, *spans[0]) for ask in phrasing.asks]
        if not found:
            lost.setdefault(phrasing.source, []).append(phrasing.quote)
    asks += [Ask(ask, start=topic) for topic, gap in enumerate(phrasings.gaps) for ask in gap.asks]
    return tuple(asks), {code: tuple(quotes) for code, quotes in lost.items()}
