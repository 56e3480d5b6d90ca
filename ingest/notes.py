"""Footnotes at the end of the section that refers to them, where they interrupt nobody.

Parsers leave a mark `[^name]` in the text where a note is referred to; here the marks go and the notes come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ingest.pieces import Piece

MARK = re.compile(r"\[\^([^\]\s]+)\]")


def with_notes(pieces: Iterable[Piece], notes: Mapping[str, str]) -> Iterator[Piece]:
    """The pieces without marks and with the notes; notes that nobody refers to stand at the end."""
    left = dict(notes)
    waiting: list[str] = []
    for piece in pieces:
        if piece.kind == "heading":
            yield from map(_note, waiting)
            waiting = []
        if "[^" not in piece.text and not piece.cells:
            yield piece
            continue
        for mark in MARK.finditer(" ".join((piece.text, *piece.cells))):
            waiting += [left.pop(mark[1])] if mark[1] in left else []
        yield replace(
            piece, text=_bare(piece.text), cells=tuple(map(_bare, piece.cells)), header=tuple(map(_bare, piece.header))
        )
    yield from map(_note, [*waiting, *left.values()])


def _bare(text: str) -> str:
    return MARK.sub("", text)


def _note(text: str) -> Piece:
    return Piece("footnote", text)
