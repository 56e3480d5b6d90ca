"""A passage as the units an answer is made of: sentences, list items, table rows, each with its offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from corpus.model import Block, Document, Passage, Unit
from corpus.sentences import sentences


def units_of(document: Document, passage: Passage) -> tuple[Unit, ...]:
    """The units of a passage in reading order; headings and table headers are context, not units."""
    return tuple(unit for block in blocks_within(document, passage.start, passage.end) for unit in _of_block(document, block, passage))


def blocks_within(document: Document, start: int, end: int) -> Sequence[Block]:
    """The blocks that lie between two offsets."""
    starts = _starts(document)
    import bisect

    first = bisect.bisect_left(starts, start)
    found = []
    for block in document.blocks[first:]:
        if block.start >= end:
            break
        found.append(block)
    return found


@lru_cache(maxsize=256)
def _starts(document: Document) -> tuple[int, ...]:
    return tuple(b.start for b in document.blocks)


def _of_block(document: Document, block: Block, passage: Passage) -> Iterator[Unit]:
    text = document.text[block.start : block.end]
    if block.kind in ("heading", "table_header"):
        return
    if block.kind == "table_row":
        yield Unit("table_row", passage.source, passage.id, block.start, block.end, text, block.header)
    elif block.kind == "list_item":
        yield Unit("list_item", passage.source, passage.id, block.start, block.end, text)
    else:
        for start, end in sentences(text):
            kind = "lead_in" if text[start:end].rstrip().endswith(":") else "sentence"
            yield Unit(kind, passage.source, passage.id, block.start + start, block.start + end, text[start:end])  # type: ignore[arg-type]
