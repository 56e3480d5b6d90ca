"""DOCX -> pieces: a walk over the XML in document order, with styles, numbering, tables, notes and tracked changes.

The text is as it reads after all changes are accepted: insertions are in, deletions, moved-away text, comments and hidden
text are out. Styles are judged by their ids, names and outline levels, because a Dutch Word writes `Kop1` where an English
one writes `Heading1`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from corpus.model import BlockKind
from ingest import wording
from ingest.archive import Archive
from ingest.limits import DEFAULT, Reading
from ingest.pieces import Parsed, Piece
from ingest.tables import Cell, table_pieces

if TYPE_CHECKING:
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_HEADING = re.compile(r"(?:heading|kop|kopje|überschrift|berschrift|titre)\s*([1-9])", re.IGNORECASE)
_TITLES = frozenset({"title", "titel", "documenttitel"})
_BOX_STYLE = re.compile(r"kader|callout|quote|citaat|tekstvak|tip|let\s?op", re.IGNORECASE)
_TOC_STYLE = re.compile(r"(?:toc|inhopg|inhoudsopgave)\s*\d|table of contents|kopvaninhoudsopgave|tocheading", re.IGNORECASE)
_LIST_STYLE = re.compile(r"(?:list|lijst)(?!enkop).*?(\d?)$", re.IGNORECASE)
_CAPTION_STYLE = re.compile(r"caption|bijschrift", re.IGNORECASE)
_SKIPPED = frozenset(
    f"{_W}{name}"
    for name in ("del", "moveFrom", "commentRangeStart", "commentRangeEnd", "commentReference", "annotationRef", "instrText",
                 "delText", "delInstrText", "rPr", "pPr", "sdtPr", "sdtEndPr", "sectPr", "footnoteRef", "endnoteRef", "ruby",
                 "fldData")
)  # fmt: skip
_MAX_DEPTH = 120


@dataclass(frozen=True, slots=True)
class _Style:
    name: str = ""
    based_on: str = ""
    outline: int | None = None
    numbering: tuple[str, int] | None = None  # (numId, level)


@dataclass(slots=True)
class _Count:
    """The numbers an automatic list has reached, per level."""

    reached: dict[int, int] = field(default_factory=dict)

    def next(self, level: int, start: int) -> int:
        for deeper in [x for x in self.reached if x > level]:
            del self.reached[deeper]
        self.reached[level] = self.reached.get(level, start - 1) + 1
        return self.reached[level]


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of a Word document."""
    archive = Archive(data, reading.limits.unpacked_mb)
    main = _main_part(archive)
    body = archive.xml(main)
    prefix = _STRICT if body.tag.startswith(_STRICT) else _W
    if prefix == _STRICT:
        _to_transitional(body)
    walk = _Walk(archive, posixpath.dirname(main))
    found = body.find(f"{_W}body")
    if found is None:
        raise wording.damaged("er is geen hoofdtekst")
    pieces = list(walk.blocks(found))
    pieces += walk.notes_left()
    if not pieces:
        raise wording.no_text()
    return Parsed(tuple(_titled(pieces)), tuple(walk.warnings(found)), title=_own_title(pieces))


def _main_part(archive: Archive) -> str:
    relations = archive.optional_xml("_rels/.rels")
    for relation in relations if relations is not None else ():
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            return str(relation.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _to_transitional(root: _Element) -> None:
    """Strict documents use other namespace names for the same elements."""
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.startswith(_STRICT):
            element.tag = _W + element.tag[len(_STRICT) :]
        for name, value in list(element.attrib.items()):
            if name.startswith(_STRICT):
                element.set(_W + name[len(_STRICT) :], value)


def _own_title(pieces: list[Piece]) -> str:
    return next((p.text for p in pieces if p.kind == "heading" and p.level == 0), "")


def _titled(pieces: list[Piece]) -> list[Piece]:
    """Only the first title opens the document; a later one is a heading of the first level."""
    seen = False
    out = []
    for piece in pieces:
        if piece.kind == "heading" and piece.level == 0:
            piece = replace(piece, level=1) if seen else piece
            seen = True
        out.append(piece)
    return out


class _Walk:
    """A pass over the body; the state is what numbering has reached and which notes wait for the end of their section."""

    def __init__(self, archive: Archive, folder: str) -> None:
        self._styles = _styles(archive.optional_xml(posixpath.join(folder, "styles.xml")))
        self._lists = _numbering(archive.optional_xml(posixpath.join(folder, "numbering.xml")))
        self._notes = {
            "footnoteReference": _notes(archive.optional_xml(posixpath.join(folder, "footnotes.xml")), "footnote"),
            "endnoteReference": _notes(archive.optional_xml(posixpath.join(folder, "endnotes.xml")), "endnote"),
        }
        self._comments = archive.optional_xml(posixpath.join(folder, "comments.xml"))
        self._counts: dict[str, _Count] = {}
        self._waiting: list[Piece] = []
        self._aside: list[_Element] = []  # text boxes met inside the paragraph at hand
        self._hidden = False

    # --- blocks

    def blocks(self, parent: _Element, depth: int = 0) -> Iterator[Piece]:
        """The pieces of every paragraph and table below `parent`, in document order."""
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        for element in parent:
            tag = element.tag
            if tag == f"{_W}p":
                yield from self._paragraph(element, depth)
            elif tag == f"{_W}tbl":
                yield from self._table(element, depth)
            elif tag == f"{_W}sdt":
                content = element.find(f"{_W}sdtContent")
                if content is not None and not _is_toc_control(element):
                    yield from self.blocks(content, depth + 1)
            elif tag in (f"{_W}ins", f"{_W}moveTo", f"{_W}customXml", f"{_W}smartTag"):
                yield from self.blocks(element, depth + 1)
            elif tag == f"{_MC}AlternateContent":
                yield from self.blocks(_alternative(element), depth + 1)

    def _paragraph(self, p: _Element, depth: int) -> Iterator[Piece]:
        self._aside = []
        text = self._text(p)
        boxes, self._aside = self._aside, []
        piece = self._piece(p, text)
        if piece is not None:
            if piece.kind == "heading":
                yield from self.notes_left()
            yield piece
        for box in boxes:
            yield from (
                replace(b, kind="box", level=0) if b.kind in ("paragraph", "heading") else b
                for b in self.blocks(box, depth + 1)
            )

    def _piece(self, p: _Element, text: str) -> Piece | None:
        properties = p.find(f"{_W}pPr")
        style_id = _value(properties, "pStyle")
        names = self._style_names(style_id)
        if not text.strip() or any(_TOC_STYLE.search(n) for n in names):
            self._prefix(properties, style_id, count=bool(text.strip()))
            return None
        level = self._heading_level(properties, style_id, names)
        if level is not None:
            return Piece("heading", self._heading_number(properties, style_id) + text, level)
        prefix, depth = self._prefix(properties, style_id, count=True)
        if depth:
            return Piece("list_item", prefix + text, depth)
        if any(_CAPTION_STYLE.search(n) for n in names):
            return Piece("caption", text)
        boxed = any(_BOX_STYLE.search(n) for n in names) or _is_framed(properties)
        return Piece("box" if boxed else "paragraph", text)

    def notes_left(self) -> list[Piece]:
        """The notes that wait, as pieces; called at the end of a section."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def warnings(self, body: _Element) -> Iterator[str]:
        """What a trainer should know about this file."""
        changes = sum(1 for tag in ("ins", "del", "moveFrom") for _ in body.iter(f"{_W}{tag}"))
        if changes:
            yield wording.tracked_changes(changes)
        if self._comments is not None and len(self._comments):
            yield wording.comments_left_out(len(self._comments))
        if self._hidden:
            yield wording.hidden_text_left_out()

    # --- styles and numbering

    def _style_names(self, style_id: str) -> list[str]:
        """The id and the names of a style and of those it is based on."""
        names = [style_id]
        seen: set[str] = set()
        while style_id and style_id not in seen:
            seen.add(style_id)
            style = self._styles.get(style_id, _Style())
            names.append(style.name)
            style_id = style.based_on
        return [n for n in names if n]

    def _heading_level(self, properties: _Element | None, style_id: str, names: list[str]) -> int | None:
        if any(n.lower() in _TITLES for n in names):
            return 0
        for name in names:
            if found := _HEADING.fullmatch(name.strip()):
                return int(found[1])
        outline = _number(properties, "outlineLvl")
        if outline is None:
            outline = next((s.outline for s in self._ancestry(style_id) if s.outline is not None), None)
        return outline + 1 if outline is not None and outline < 9 else None

    def _ancestry(self, style_id: str) -> Iterator[_Style]:
        seen: set[str] = set()
        while style_id and style_id not in seen and style_id in self._styles:
            seen.add(style_id)
            yield self._styles[style_id]
            style_id = self._styles[style_id].based_on

    def _numbering_of(self, properties: _Element | None, style_id: str) -> tuple[str, int] | None:
        own = properties.find(f"{_W}numPr") if properties is not None else None
        if own is not None:
            number = _value(own, "numId")
            inherited = next((s.numbering for s in self._ancestry(style_id) if s.numbering), None)
            level = _number(own, "ilvl")
            return (number or (inherited[0] if inherited else ""), level if level is not None else 0)
        return next((s.numbering for s in self._ancestry(style_id) if s.numbering), None)

    def _prefix(self, properties: _Element | None, style_id: str, *, count: bool) -> tuple[str, int]:
        """(number as shown, depth) of a list item; ("", 0) for a paragraph that is none."""
        place = self._numbering_of(properties, style_id)
        if place is None or place[0] in ("", "0"):
            named = next((m for n in self._style_names(style_id) if (m := _LIST_STYLE.match(n))), None)
            return ("", int(named[1] or 1)) if named and place is None else ("", 0)
        if not count:
            return "", 0
        number, level = place
        forms = self._lists.get(number, {})
        shape, start, pattern = forms.get(level, ("bullet", 1, ""))
        abstract = forms.get(-1, (number, 0, ""))[0]
        reached = self._counts.setdefault(abstract if abstract else number, _Count())
        value = reached.next(level, start)
        if shape in ("bullet", "none"):
            return "", level + 1
        return _shown(pattern, level, reached, forms, value) + " ", level + 1

    def _heading_number(self, properties: _Element | None, style_id: str) -> str:
        """Numbers of numbered headings belong to the heading as people see and cite it."""
        prefix, _ = self._prefix(properties, style_id, count=True) if self._numbering_of(properties, style_id) else ("", 0)
        return prefix

    # --- text

    def _text(self, element: _Element, depth: int = 0) -> str:
        """The visible words of a paragraph; notes and text boxes are put aside."""
        if depth > _MAX_DEPTH:
            raise wording.too_deep()
        parts: list[str] = []
        for child in element:
            tag = child.tag
            if tag == f"{_W}r":
                parts.append(self._run(child, depth))
            elif tag not in _SKIPPED:
                parts.append(self._inner(child, depth))
        return "".join(parts)

    def _inner(self, child: _Element, depth: int) -> str:
        if child.tag == f"{_MC}AlternateContent":
            return self._text(_alternative(child), depth + 1)
        return self._text(child, depth + 1) if len(child) else ""

    def _run(self, run: _Element, depth: int) -> str:
        properties = run.find(f"{_W}rPr")
        if properties is not None and _is_on(properties.find(f"{_W}vanish")):
            self._hidden = self._hidden or bool("".join(run.itertext()).strip())
            return ""
        return "".join(self._run_part(part, depth) for part in run)

    def _run_part(self, part: _Element, depth: int) -> str:
        name = part.tag[len(_W) :] if isinstance(part.tag, str) and part.tag.startswith(_W) else ""
        if name == "t":
            return part.text or ""
        if name in ("tab", "ptab"):
            return "\t"
        if name in ("br", "cr"):
            return "\n"
        if name == "noBreakHyphen":
            return "-"
        if name == "sym":
            return _symbol(part)
        if name in self._notes:
            self._put_note(name, part.get(f"{_W}id", ""))
            return ""
        if name in ("drawing", "pict", "object") or part.tag == f"{_MC}AlternateContent":
            chosen = _alternative(part) if part.tag == f"{_MC}AlternateContent" else part
            self._aside += list(chosen.iter(f"{_W}txbxContent"))
            return _description(chosen)
        return ""

    def _put_note(self, kind: str, number: str) -> None:
        note = self._notes[kind].pop(number, None)
        if note is not None:
            self._waiting.append(Piece("footnote", " ".join(self._text(p) for p in note.iter(f"{_W}p"))))

    # --- tables

    def _table(self, table: _Element, depth: int) -> Iterator[Piece]:
        rows: list[list[Cell]] = []
        headers = 0
        for row in _rows_of(table):
            properties = row.find(f"{_W}trPr")
            if properties is not None and properties.find(f"{_W}del") is not None:
                continue
            if properties is not None and _is_on(properties.find(f"{_W}tblHeader")) and headers == len(rows):
                headers += 1
            rows.append([self._cell(cell, depth) for cell in _cells_of(row)])
        if len(rows) == 1 and len(rows[0]) == 1:
            yield from self._box(table, depth)
            return
        yield from table_pieces(rows, headers or (1 if _first_row_is_header(table) else 0))

    def _cell(self, cell: _Element, depth: int) -> Cell:
        properties = cell.find(f"{_W}tcPr")
        merge = properties.find(f"{_W}vMerge") if properties is not None else None
        below = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
        text = "" if below else "\n".join(p.text or " ".join(p.cells) for p in self.blocks(cell, depth + 1))
        return Cell(text, _number(properties, "gridSpan") or 1, continues_above=below)

    def _box(self, table: _Element, depth: int) -> Iterator[Piece]:
        """A table of one cell is a frame drawn around text."""
        cell = next(table.iter(f"{_W}tc"))
        for piece in self.blocks(cell, depth + 1):
            kind: BlockKind = "box" if piece.kind in ("paragraph", "heading") else piece.kind
            yield replace(piece, kind=kind, level=piece.level if kind == "list_item" else 0)


# --- reading the parts beside the body ------------------------------------------------------------------------------------


def _styles(root: _Element | None) -> dict[str, _Style]:
    found: dict[str, _Style] = {}
    for style in root.iter(f"{_W}style") if root is not None else ():
        if style.get(f"{_W}type") not in (None, "paragraph"):
            continue
        properties = style.find(f"{_W}pPr")
        own = properties.find(f"{_W}numPr") if properties is not None else None
        numbering = (_value(own, "numId"), _number(own, "ilvl") or 0) if own is not None else None
        found[style.get(f"{_W}styleId", "")] = _Style(
            _value(style, "name"), _value(style, "basedOn"), _number(properties, "outlineLvl"), numbering
        )
    return found


_Forms = dict[int, tuple[str, int, str]]  # level -> (number format, start, pattern as "%1."); -1 -> (abstract id, 0, "")


def _numbering(root: _Element | None) -> dict[str, _Forms]:
    """numId -> what each of its levels looks like."""
    if root is None:
        return {}
    abstract = {a.get(f"{_W}abstractNumId", ""): _levels(a) for a in root.iter(f"{_W}abstractNum")}
    lists: dict[str, _Forms] = {}
    for num in root.iter(f"{_W}num"):
        base = _value(num, "abstractNumId")
        forms: _Forms = {-1: (base, 0, ""), **abstract.get(base, {})}
        for override in num.iter(f"{_W}lvlOverride"):
            level = int(override.get(f"{_W}ilvl", "0"))
            start = _number(override, "startOverride")
            if start is not None:
                shape, _, pattern = forms.get(level, ("decimal", 1, f"%{level + 1}."))
                forms[level] = (shape, start, pattern)
                forms[-1] = ("num" + num.get(f"{_W}numId", ""), 0, "")  # counts by itself
        lists[num.get(f"{_W}numId", "")] = forms
    return lists


def _levels(abstract: _Element) -> _Forms:
    forms: _Forms = {}
    for level in abstract.iter(f"{_W}lvl"):
        start = _number(level, "start")
        forms[int(level.get(f"{_W}ilvl", "0"))] = (
            _value(level, "numFmt") or "decimal",
            1 if start is None else start,
            _value(level, "lvlText"),
        )
    return forms


def _shown(pattern: str, level: int, count: _Count, forms: _Forms, value: int) -> str:
    """The number of an item as the reader sees it, for instance "2.1" or "b)"."""

    def part(match: re.Match[str]) -> str:
        which = int(match[1]) - 1
        number = value if which == level else count.reached.get(which, 1)
        return in_format(number, forms.get(which, ("decimal", 1, ""))[0])

    return re.sub(r"%([1-9])", part, pattern or f"%{level + 1}.")


def in_format(number: int, shape: str) -> str:
    """A number as decimal, letter or Roman."""
    if shape in ("lowerLetter", "upperLetter", "a", "A") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * (1 + (number - 1) // 26)
        return letter.upper() if shape in ("upperLetter", "A") else letter
    if shape in ("lowerRoman", "upperRoman", "i", "I") and 0 < number < 4000:
        return _roman(number).lower() if shape in ("lowerRoman", "i") else _roman(number)
    return str(number)


def _roman(number: int) -> str:
    out = ""
    for value, letters in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
                           (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):  # fmt: skip
        out += letters * (number // value)
        number %= value
    return out


def _notes(root: _Element | None, kind: str) -> dict[str, _Element]:
    notes = root.iter(f"{_W}{kind}") if root is not None else ()
    return {n.get(f"{_W}id", ""): n for n in notes if n.get(f"{_W}type") in (None, "normal")}


# --- small questions about elements ---------------------------------------------------------------------------------------


def _value(parent: _Element | None, name: str) -> str:
    child = parent.find(f"{_W}{name}") if parent is not None else None
    return str(child.get(f"{_W}val", "")) if child is not None else ""


def _number(parent: _Element | None, name: str) -> int | None:
    value = _value(parent, name)
    return int(value) if value.lstrip("-").isdigit() else None


def _is_on(element: _Element | None) -> bool:
    return element is not None and element.get(f"{_W}val", "true") not in ("0", "false", "off")


def _is_framed(properties: _Element | None) -> bool:
    """A paragraph with a border on all sides is a box."""
    borders = properties.find(f"{_W}pBdr") if properties is not None else None
    if borders is None:
        return False
    sides = {b.tag[len(_W) :] for b in borders if b.get(f"{_W}val") not in (None, "nil", "none")}
    return {"top", "bottom", "left", "right"} <= sides


def _is_toc_control(control: _Element) -> bool:
    gallery = next(control.iter(f"{_W}docPartGallery"), None)
    return gallery is not None and "contents" in gallery.get(f"{_W}val", "").lower()


def _alternative(element: _Element) -> _Element:
    """Word writes a text box twice, for new and for old readers; one of them is read."""
    choice = element.find(f"{_MC}Choice")
    fallback = element.find(f"{_MC}Fallback")
    return choice if choice is not None else fallback if fallback is not None else element


def _symbol(part: _Element) -> str:
    """Ticks and boxes of Wingdings as Unicode; other symbols say nothing without their font."""
    code = part.get(f"{_W}char", "").upper()[-2:]
    return {"FC": "✓", "FE": "☒", "A8": "☐", "6F": "☐", "FD": "☒", "E0": "→", "F0": "→", "4A": "☺"}.get(code, "")


def _description(drawing: _Element) -> str:
    """The alternative text of a picture, between brackets."""
    for element in drawing.iter():
        if isinstance(element.tag, str) and element.tag.endswith("}docPr") and (words := element.get("descr", "").strip()):
            return f" [{words}] " if not words.lower().startswith(("afbeelding met ", "picture ")) else ""
    return ""


def _rows_of(table: _Element) -> Iterator[_Element]:
    """Rows, also inside content controls and insertions."""
    for child in table:
        if child.tag == f"{_W}tr":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _rows_of(child)


def _cells_of(row: _Element) -> Iterator[_Element]:
    for child in row:
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml"):
            yield from _cells_of(child)


def _first_row_is_header(table: _Element) -> bool:
    """Whether the table's style treats the first row apart, or all words of that row are bold."""
    look = table.find(f"{_W}tblPr/{_W}tblLook")
    rows = list(_rows_of(table))
    if len(rows) < 2:
        return False
    if _all_bold(rows[0]) and not _all_bold(rows[1]):
        return True
    if look is None or _value(table.find(f"{_W}tblPr"), "tblStyle") in ("", "TableGrid", "Tabelraster"):
        return False
    return look.get(f"{_W}firstRow") == "1" or bool(int(look.get(f"{_W}val", "0") or "0", 16) & 0x20)


def _all_bold(row: _Element) -> bool:
    runs = [r for r in row.iter(f"{_W}r") if "".join(t.text or "" for t in r.iter(f"{_W}t")).strip()]
    return bool(runs) and all(_is_on(r.find(f"{_W}rPr/{_W}b")) for r in runs)
