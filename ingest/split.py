"""Document -> passages, along its structure.

A passage never crosses a heading; a table row or list item is never cut; a list keeps the sentence that introduces it; long
sections split at block ends within a word budget. Footnotes stand apart: as a passage of their own at the end of their section.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.model import Block, Document, Passage, passage_id

SPLITTER = "split-2"  # named in the manifest: another splitter makes another release
_SENTENCE_ENDS = '.!?”’")…'
_ITEMISED = ("list_item", "table_row", "table_header")
_LONGEST_LIST = 160  # words; a longer list or table is cut between its items


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """words: the budget of a passage; a block longer than that stays whole.  overlap is deliberately absent: every
    character belongs to at most one passage, so that a citation has one place."""

    words: int = 150
    slack: float = 1.35  # a section up to this much over the budget is not split for a tail of a few lines
    least: int = 45  # words below which a piece joins its neighbour: an introduction to a table says nothing alone


def split(document: Document, settings: SplitSettings = SplitSettings()) -> tuple[Passage, ...]:
    """The passages of a document, in reading order."""
    passages: list[Passage] = []
    seen: Counter[tuple[tuple[str, ...], str]] = Counter()
    for blocks in _sections(document):
        for group in _groups(document, blocks, settings):
            passage = _passage(document, group, seen)
            if passage is not None:
                passages.append(passage)
    return tuple(passages)


def _sections(document: Document) -> Iterator[Sequence[Block]]:
    """Runs of blocks under one heading; the heading itself is context, not text. Two sections with the same heading text
    are two sections."""
    run: list[Block] = []
    for block in document.blocks:
        opens = block.kind in ("heading", "notice") or (
            bool(run) and (run[-1].kind == "footnote") != (block.kind == "footnote")
        )
        if opens and run:
            yield run
            run = []
        if block.kind not in ("heading", "notice"):
            run.append(block)
    if run:
        yield run


def _groups(document: Document, blocks: Sequence[Block], settings: SplitSettings) -> Iterator[list[Block]]:
    """Blocks packed into passages: units are never cut, the budget is kept where it can be."""
    units = list(_units(document, blocks))
    total = sum(words for _, words in units)
    budget = settings.words if total > settings.words * settings.slack else total
    packs: list[tuple[list[Block], int]] = []
    for unit, words in units:
        filled = packs[-1][1] if packs else 0
        if packs and (filled + words <= budget or filled < settings.least):
            packs[-1] = (packs[-1][0] + unit, filled + words)
        else:
            packs.append((unit, words))
    if len(packs) > 1 and packs[-1][1] < settings.least:
        tail, _ = packs.pop()
        packs[-1] = (packs[-1][0] + tail, packs[-1][1])
    for pack, _ in packs:
        yield pack


def _units(document: Document, blocks: Sequence[Block]) -> Iterator[tuple[list[Block], int]]:
    """Blocks that belong together: a list or table with its lead-in, up to a size that still fits a screen."""
    unit: list[Block] = []
    filled = 0
    for block in blocks:
        if unit and not _continues(document, unit[-1], block, filled):
            yield unit, filled
            unit, filled = [], 0
        unit.append(block)
        filled += document.text.count(" ", block.start, block.end) + 1
    if unit:
        yield unit, filled


def _continues(document: Document, last: Block, block: Block, filled: int) -> bool:
    """Whether a block belongs to the unit that ends in `last` and has `filled` words."""
    if last.kind in ("box", "caption") and document.text[last.end - 1] not in _SENTENCE_ENDS:
        return block.kind != "footnote"  # a title of a box or table goes with what it names
    if block.kind not in _ITEMISED:
        return False
    if last.kind in _ITEMISED:
        return filled < _LONGEST_LIST or block.level > 1  # a long table is cut between rows, never inside one
    return document.text[last.end - 1] == ":"


def _passage(document: Document, blocks: Sequence[Block], seen: Counter[tuple[tuple[str, ...], str]]) -> Passage | None:
    start, end = blocks[0].start, blocks[-1].end
    text = document.text[start:end]
    if not any(c.isalnum() for c in text):
        return None
    heading = blocks[0].heading
    occurrence = seen[heading, text]
    seen[heading, text] += 1
    pages = tuple(sorted({page for b in blocks for page in b.pages}))
    return Passage(passage_id(document.source, heading, text, occurrence), document.source, heading, pages, start, end, text)
