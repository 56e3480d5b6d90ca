"""What every parser hands over: pieces in reading order; `assemble` makes them one Document with exact offsets.

Parsers know their format and nothing of offsets; this file knows offsets and nothing of formats. A piece's text is cleaned
here, once (ingest/clean.py): the canonical text is final from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.model import Block, BlockKind, Document, Rect
from ingest.clean import clean

SEPARATOR = "\n\n"
_TIGHT: frozenset[BlockKind] = frozenset({"list_item", "table_row", "table_header"})  # one line break among themselves


@dataclass(frozen=True, slots=True)
class Piece:
    """One heading, paragraph, list item or table row as read from a file.

    level: 1.. for a heading, depth from 1 for a list item.  cells: the cells of a table row; `text` may then be empty.
    header: the column headings of the table this row stands in.  pages count from 1.
    """

    kind: BlockKind
    text: str = ""
    level: int = 0
    pages: tuple[int, ...] = ()
    rects: tuple[Rect, ...] = ()
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser gives back: the pieces of a file, and what a trainer should know about it."""

    pieces: tuple[Piece, ...]
    warnings: tuple[str, ...] = ()
    page_labels: tuple[str, ...] = ()
    title: str = ""


def assemble(source: str, parsed: Parsed) -> Document:
    """One canonical text of the pieces, and blocks that tile it. Empty pieces vanish; a heading opens its path."""
    text: list[str] = []
    blocks: list[Block] = []
    path: list[tuple[int, str]] = []
    length = 0
    before: Piece | None = None
    for piece in parsed.pieces:
        cells = tuple(clean(cell) for cell in piece.cells)
        words = " | ".join(cells) if cells else clean(piece.text)
        if not words.strip(" |"):
            continue
        if piece.kind == "heading":
            path = [(level, name) for level, name in path if level < piece.level] + [(piece.level, words)]
        gap = _gap(before, piece)
        text.append(gap + words)
        start = length + len(gap)
        length = start + len(words)
        blocks.append(
            Block(piece.kind, start, length, tuple(name for _, name in path), piece.level, piece.pages, piece.rects, cells,
                  tuple(clean(h) for h in piece.header))
        )  # fmt: skip
        before = piece
    return Document(
        source, "".join(text), tuple(blocks), parsed.warnings, parsed.page_labels, parsed.title or _title(blocks, text)
    )


def _gap(before: Piece | None, piece: Piece) -> str:
    if before is None:
        return ""
    tight = before.kind in _TIGHT and piece.kind in _TIGHT and (before.kind == "list_item") == (piece.kind == "list_item")
    return "\n" if tight else SEPARATOR


def _title(blocks: Sequence[Block], text: Iterable[str]) -> str:
    whole = "".join(text)
    return next((whole[b.start : b.end] for b in blocks if b.kind == "heading"), "")
