"""ODT -> pieces: a walk over content.xml with outline levels, lists, tables with spans and notes; no deleted text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from corpus.model import BlockKind
from ingest import wording
from ingest.archive import Archive
from ingest.limits import DEFAULT, Reading
from ingest.parse_docx import in_format
from ingest.pieces import Parsed, Piece
from ingest.tables import Cell, table_pieces

if TYPE_CHECKING:
    from lxml.etree import _Element

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_SKIPPED = frozenset(
    {f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_TEXT}table-of-content",
     f"{_TEXT}alphabetical-index", f"{_OFFICE}forms", f"{_TEXT}sequence-decls", f"{_TEXT}note-citation", f"{_TEXT}ruby-text",
     f"{_TEXT}hidden-text", f"{_TEXT}variable-decls", f"{_TEXT}user-field-decls", f"{_OFFICE}script"}
)  # fmt: skip
_BOX_STYLE = re.compile(r"kader|callout|quote|citaat|quotations|box", re.IGNORECASE)
_MAX_DEPTH = 120
_REPEAT = 50  # an "empty" cell can be said to repeat a thousand times


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str = ""
    display: str = ""
    framed: bool = False
    hidden: bool = False
    bold: bool = False


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of an OpenDocument text."""
    archive = Archive(data, reading.limits.unpacked_mb)
    if "META-INF/manifest.xml" in archive.names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise wording.password()
    content = archive.xml("content.xml")
    styles = archive.optional_xml("styles.xml")
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise wording.damaged("er is geen hoofdtekst")
    walk = _Walk(_styles(content, styles), _list_forms(content, styles))
    pieces = [*walk.blocks(body), *walk.notes_left()]
    if not pieces:
        raise wording.no_text()
    title = next((p.text for p in pieces if p.kind == "heading" and p.level == 0), "")
    return Parsed(tuple(pieces), tuple(walk.warnings(body)), title=title)


class _Walk:
    """A pass over the body; the state is the list at hand and the notes that wait for the end of their section."""

    def __init__(self, styles: dict[str, _Style], forms: dict[str, dict[int, tuple[str, str]]]) -> None:
        self._styles = styles
        self._forms = forms
        self._waiting: list[Piece] = []
        self._aside: list[_Element] = []
        self._reached: dict[str, int] = {}  # xml:id of a list -> last number, for lists that are continued
        self._hidden = False
        self._titled = False

    def blocks(self, parent: _Element, depth: int = 0) -> Iterator[Piece]:
        """The pieces of every heading, paragraph, list and table below `parent`, in document order."""
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        for element in parent:
            tag = element.tag
            if tag in _SKIPPED:
                continue
            if tag == f"{_TEXT}h":
                yield from self.notes_left()
                yield from self._paragraph(element, depth, int(element.get(f"{_TEXT}outline-level", "1")))
            elif tag == f"{_TEXT}p":
                yield from self._paragraph(element, depth, None)
            elif tag == f"{_TEXT}list":
                yield from self._list(element, depth, 1, "")
            elif tag == f"{_TABLE}table":
                yield from self._table(element, depth)
            elif not (tag == f"{_TEXT}section" and element.get(f"{_TEXT}display") == "none"):
                yield from self.blocks(element, depth + 1)

    def _paragraph(self, p: _Element, depth: int, outline: int | None) -> Iterator[Piece]:
        self._aside = []
        text = self._text(p)
        boxes, self._aside = self._aside, []
        if text.strip():
            piece = self._piece(p, text, outline)
            if piece.kind == "heading" and outline is None:
                yield from self.notes_left()
            yield piece
        for box in boxes:
            yield from (_boxed(piece) for piece in self.blocks(box, depth + 1))

    def _piece(self, p: _Element, text: str, outline: int | None) -> Piece:
        names = self._names(p.get(f"{_TEXT}style-name", ""))
        if outline is not None:
            return Piece("heading", text, outline)
        if "title" in names or "titel" in names:
            level, self._titled = (1 if self._titled else 0), True
            return Piece("heading", text, level)
        boxed = any(_BOX_STYLE.search(n) for n in names) or self._framed(p)
        return Piece("box" if boxed else "paragraph", text)

    def notes_left(self) -> list[Piece]:
        """The notes that wait, as pieces."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def warnings(self, body: _Element) -> Iterator[str]:
        """What a trainer should know about this file."""
        changes = sum(1 for _ in body.iter(f"{_TEXT}changed-region"))
        comments = sum(1 for _ in body.iter(f"{_OFFICE}annotation"))
        if changes:
            yield wording.tracked_changes(changes)
        if comments:
            yield wording.comments_left_out(comments)
        if self._hidden:
            yield wording.hidden_text_left_out()

    # --- styles

    def _names(self, style: str) -> list[str]:
        names: list[str] = []
        while style and style not in names:
            names.append(style)
            known = self._styles.get(style, _Style())
            if known.display:
                names.append(known.display)
            style = known.parent
        return [n.lower() for n in names]

    def _framed(self, p: _Element) -> bool:
        return self._styles.get(p.get(f"{_TEXT}style-name", ""), _Style()).framed

    # --- lists and tables

    def _list(self, element: _Element, depth: int, level: int, inherited: str) -> Iterator[Piece]:
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        style = element.get(f"{_TEXT}style-name") or inherited
        form, suffix = self._forms.get(style, {}).get(level, ("", ""))
        number = self._reached.get(element.get(f"{_TEXT}continue-list", ""), 0)
        for item in element:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            number = int(item.get(f"{_TEXT}start-value", number + 1))
            marker = f"{in_format(number, form)}{suffix} " if form and item.tag.endswith("item") else ""
            yield from self._item(item, depth, level, style, marker)
        if identity := element.get("{http://www.w3.org/XML/1998/namespace}id"):
            self._reached[identity] = number

    def _item(self, item: _Element, depth: int, level: int, style: str, marker: str) -> Iterator[Piece]:
        for child in item:
            if child.tag == f"{_TEXT}list":
                yield from self._list(child, depth + 1, level + 1, style)
                continue
            for piece in self.blocks([child], depth + 1):  # type: ignore[arg-type]
                if piece.kind in ("paragraph", "box"):
                    piece = replace(piece, kind="list_item", text=marker + piece.text, level=level)
                elif piece.kind == "heading":
                    piece = replace(piece, text=marker + piece.text)
                marker = ""
                yield piece

    def _table(self, table: _Element, depth: int) -> Iterator[Piece]:
        rows: list[list[Cell]] = []
        headers = 0
        bold: list[bool] = []
        for row, is_header in _rows_of(table):
            headers += is_header
            rows.append([cell for element in row for cell in self._cells(element, depth)])
            bold.append(self._all_bold(row))
        if len(rows) == 1 and len(rows[0]) == 1:
            cell = next(table.iter(f"{_TABLE}table-cell"))
            yield from (_boxed(piece) for piece in self.blocks(cell, depth + 1))
            return
        if not headers and len(rows) > 1 and bold[0] and not bold[1]:
            headers = 1
        yield from table_pieces([_without_empty_tail(row) for row in rows], headers)

    def _cells(self, element: _Element, depth: int) -> Iterator[Cell]:
        if element.tag != f"{_TABLE}table-cell":
            return  # a covered cell: the span of the cell that covers it says so
        text = "\n".join(p.text or " ".join(p.cells) for p in self.blocks(element, depth + 1))
        across = int(element.get(f"{_TABLE}number-columns-spanned", "1"))
        down = int(element.get(f"{_TABLE}number-rows-spanned", "1"))
        for _ in range(min(_REPEAT, int(element.get(f"{_TABLE}number-columns-repeated", "1")))):
            yield Cell(text, across, down)

    def _all_bold(self, row: _Element) -> bool:
        """Whether every paragraph of a row is bold by its style: a header row that nobody marked as one."""
        paragraphs = [p for p in row.iter(f"{_TEXT}p") if "".join(p.itertext()).strip()]
        return bool(paragraphs) and all(self._is_bold(p) for p in paragraphs)

    def _is_bold(self, p: _Element) -> bool:
        names = self._names(p.get(f"{_TEXT}style-name", ""))
        if any("table_20_heading" in n or "table heading" in n or "tabelkop" in n for n in names):
            return True
        if self._styles.get(p.get(f"{_TEXT}style-name", ""), _Style()).bold:
            return True
        spans = list(p.iter(f"{_TEXT}span"))
        return (
            bool(spans)
            and not (p.text or "").strip()
            and all(self._styles.get(s.get(f"{_TEXT}style-name", ""), _Style()).bold for s in spans)
        )

    # --- text

    def _text(self, element: _Element, depth: int = 0) -> str:
        """The words of a paragraph; notes and text frames are put aside."""
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        parts = [element.text or ""]
        for child in element:
            parts.append(self._child_text(child, depth))
            parts.append(child.tail or "")
        return "".join(parts)

    def _child_text(self, child: _Element, depth: int) -> str:
        tag = child.tag
        if tag == f"{_TEXT}s":
            return " "
        if tag == f"{_TEXT}tab":
            return "\t"
        if tag == f"{_TEXT}line-break":
            return "\n"
        if tag == f"{_TEXT}note":
            body = child.find(f"{_TEXT}note-body")
            words = " ".join(self._text(p, depth + 1) for p in body.iter(f"{_TEXT}p")) if body is not None else ""
            self._waiting.append(Piece("footnote", words))
            return ""
        if tag == f"{_DRAW}frame":
            self._aside += list(child.iter(f"{_DRAW}text-box"))
            described = child.find(f"{_SVG}desc")
            return f" [{described.text.strip()}] " if described is not None and (described.text or "").strip() else ""
        if tag in _SKIPPED or not isinstance(tag, str):
            return ""
        if self._styles.get(child.get(f"{_TEXT}style-name", ""), _Style()).hidden:
            self._hidden = True
            return ""
        return self._text(child, depth + 1)


def _boxed(piece: Piece) -> Piece:
    kind: BlockKind = "box" if piece.kind in ("paragraph", "heading") else piece.kind
    return replace(piece, kind=kind, level=piece.level if kind == "list_item" else 0)


def _rows_of(table: _Element, header: bool = False) -> Iterator[tuple[_Element, bool]]:
    for child in table:
        if child.tag == f"{_TABLE}table-row":
            yield child, header
        elif child.tag == f"{_TABLE}table-header-rows":
            yield from _rows_of(child, True)
        elif child.tag in (f"{_TABLE}table-rows", f"{_TABLE}table-row-group"):
            yield from _rows_of(child, header)


def _without_empty_tail(row: list[Cell]) -> list[Cell]:
    while len(row) > 1 and not row[-1].text.strip() and row[-1] == row[-2]:
        row = row[:-1]
    return row


def _styles(*roots: _Element | None) -> dict[str, _Style]:
    found: dict[str, _Style] = {}
    for root in roots:
        for style in root.iter(f"{_STYLE}style") if root is not None else ():
            text = style.find(f"{_STYLE}text-properties")
            paragraph = style.find(f"{_STYLE}paragraph-properties")
            border = paragraph.get(f"{_FO}border", "none") if paragraph is not None else "none"
            found[style.get(f"{_STYLE}name", "")] = _Style(
                parent=style.get(f"{_STYLE}parent-style-name", ""),
                display=style.get(f"{_STYLE}display-name", ""),
                framed=border not in ("none", ""),
                hidden=text is not None and text.get(f"{_TEXT}display") == "none",
                bold=text is not None and text.get(f"{_FO}font-weight") == "bold",
            )
    return found


def _list_forms(*roots: _Element | None) -> dict[str, dict[int, tuple[str, str]]]:
    """List style -> level -> (number format or '', what follows the number)."""
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for root in roots:
        for style in root.iter(f"{_TEXT}list-style") if root is not None else ():
            levels: dict[int, tuple[str, str]] = {}
            for level in style:
                form = level.get(f"{_STYLE}num-format", "") if level.tag == f"{_TEXT}list-level-style-number" else ""
                levels[int(level.get(f"{_TEXT}level", "1"))] = (form, level.get(f"{_STYLE}num-suffix", ""))
            found[style.get(f"{_STYLE}name", "")] = levels
    return found
