"""Markdown -> pieces, through markdown-it's tokens: CommonMark with tables, plus front matter, footnotes and boxes.

A box is a quote, or a quote that opens with `[!name] Title`; containers (`::: name`) only lose their fences. In tables `^^`
repeats the cell above and `<<` the cell to the left, so that each row can be read by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from corpus.model import BlockKind
from ingest import wording
from ingest.limits import DEFAULT, Reading
from ingest.notes import with_notes
from ingest.parse_text import decode
from ingest.pieces import Parsed, Piece

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^:{3,}[ \t]*(\w*)[ \t]*(.*)$")
_NOTE = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*(.*)$")
_BOX = re.compile(r"\A\[!\w+\][+-]?[ \t]*")
_TITLE = re.compile(r"^(?:titel|title):\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of a Markdown file."""
    text, warnings = decode(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    pieces: list[Piece] = []
    title = ""
    if front := _FRONT.match(text):
        pieces += [Piece("notice", line) for line in front[1].split("\n") if line.strip()]
        if named := _TITLE.search(front[1]):
            title = named[1].strip().strip("\"'")
        text = text[front.end() :]
    text, notes = _notes(_prepared(text))
    words = {name: _note_words(note) for name, note in notes.items()}
    pieces += with_notes(_Walk(_markdown().parse(text)).pieces(), words)
    if not pieces:
        raise wording.no_text()
    return Parsed(tuple(pieces), warnings, title=title)


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True, "maxNesting": 40}).enable("table").enable("strikethrough")


# --- what CommonMark does not know ----------------------------------------------------------------------------------------


def _prepared(text: str) -> str:
    """Fences of containers removed; their title stays as a paragraph."""
    lines: list[str] = []
    in_code = ""
    for line in text.split("\n"):
        stripped = line.lstrip()
        if stripped.startswith(("```", "~~~")):
            in_code = "" if in_code and stripped.startswith(in_code) else in_code or stripped[:3]
        if in_code:
            lines.append(line)
        elif fence := _FENCE.match(line):
            lines += ["", f"**{fence[2].strip()}**", ""] if fence[2].strip() else [""]
        else:
            lines.append(line)
    return "\n".join(lines)


def _notes(text: str) -> tuple[str, dict[str, str]]:
    """The text without note definitions, and the definitions by name; a definition goes on in indented lines."""
    kept: list[str] = []
    notes: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if found := _NOTE.match(line):
            name = found[1]
            notes[name] = found[2]
        elif name and line.startswith(("    ", "\t")) and line.strip():
            notes[name] += " " + line.strip()
        else:
            name = name if not line.strip() else ""
            kept.append(line)
    return "\n".join(kept), notes


def _note_words(text: str) -> str:
    tokens = _markdown().parseInline(text)
    return inline_text(tokens[0]) if tokens else text


# --- tokens ---------------------------------------------------------------------------------------------------------------


class _Walk:
    """One pass over the block tokens; the state is where we are: lists, quotes, and the marker of the item at hand."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._lists: list[int | None] = []  # the next number of an ordered list, None for a bullet list
        self._marker: str | None = None  # set at the start of an item, taken by its first paragraph
        self._quotes = 0

    def pieces(self) -> Iterator[Piece]:
        i = 0
        while i < len(self._tokens):
            token = self._tokens[i]
            if token.type == "table_open":
                end = _closing(self._tokens, i, "table_close")
                yield from _table(self._tokens[i:end])
                i = end
            else:
                yield from self._piece(token, i)
            i += 1

    def _piece(self, token: Token, i: int) -> Iterator[Piece]:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._lists.append(int(token.attrGet("start") or 1) if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif kind == "list_item_open":
            self._marker = self._next_marker()
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quotes += 1 if kind.endswith("open") else -1
        elif kind == "inline":
            yield from self._inline(token, self._tokens[i - 1])
        elif kind in ("fence", "code_block"):
            yield Piece("paragraph", token.content)
        elif kind == "html_block":
            words = _TAG.sub(" ", _COMMENT.sub(" ", _SCRIPT.sub(" ", token.content)))
            yield Piece("paragraph", words)

    def _next_marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return ""
        self._lists[-1] = number + 1
        return f"{number}. "

    def _inline(self, token: Token, opener: Token) -> Iterator[Piece]:
        text = inline_text(token)
        if opener.type == "heading_open" and not self._lists and not self._quotes:
            yield Piece("heading", text, int(opener.tag[1:]))
        elif self._marker is not None:
            marker, self._marker = self._marker, None
            yield Piece("list_item", marker + text, len(self._lists))
        elif self._lists:
            yield Piece("list_item", text, len(self._lists))
        elif self._quotes:
            yield from _box(token, text)
        else:
            yield Piece("paragraph", text)


def _box(token: Token, text: str) -> Iterator[Piece]:
    """A box's title and its first paragraph stand in one inline token, on lines of their own."""
    mark = _BOX.match(text)
    if mark is None:
        yield Piece("box", text)
        return
    title, _, rest = text[mark.end() :].partition("\n")
    yield Piece("box", title)
    yield Piece("box", rest)


def inline_text(token: Token) -> str:
    """The words of an inline token: no markup, links by their text, pictures by their description."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
        elif child.type == "html_inline" and child.content[:3].lower() == "<br":
            parts.append("\n")
    return "".join(parts)


def _closing(tokens: Sequence[Token], start: int, kind: str) -> int:
    return next((i for i in range(start, len(tokens)) if tokens[i].type == kind), len(tokens) - 1)


def _table(tokens: Sequence[Token]) -> Iterator[Piece]:
    """The rows of a table, each with the column headings; `^^` and `<<` are filled in."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(inline_text(token).replace("\n", " ").strip())
    filled: list[list[str]] = []
    for row in rows:
        filled.append(_filled(row, filled[-1] if len(filled) > 1 else []))
    header = tuple(filled[0]) if filled else ()
    for number, row in enumerate(filled):
        kind: BlockKind = "table_header" if number == 0 else "table_row"
        if any(row):
            yield Piece(kind, cells=tuple(_unrepeated(row, rows[number])), header=header if number else ())


def _filled(row: list[str], above: list[str]) -> list[str]:
    out: list[str] = []
    for i, cell in enumerate(row):
        if cell == "^^":
            out.append(above[i] if i < len(above) else "")
        elif cell == "<<":
            out.append(out[-1] if out else "")
        else:
            out.append(cell)
    return out


def _unrepeated(filled: list[str], raw: list[str]) -> list[str]:
    """A cell that spans the whole row is one cell, not the same words over and over."""
    return filled[:1] if len(raw) > 1 and all(cell == "<<" for cell in raw[1:]) else filled
