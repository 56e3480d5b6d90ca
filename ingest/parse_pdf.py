"""PDF -> pieces: lines in reading order become headings, paragraphs, list items, table rows and notes.

What repeats at the same place on several pages is not text; what is larger or bolder than the body is a heading; what is
smaller and stands at the foot of a page is a note.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from corpus.model import BlockKind, Rect
from ingest import wording
from ingest.clean import join_hyphenated
from ingest.limits import DEFAULT, Reading
from ingest.pdf_layout import Item, Line, Table, arrange, glue_bullets, lines_of
from ingest.pdf_page import Page, Word, open_pdf, pages
from ingest.pieces import Parsed, Piece
from ingest.tables import spread, table_pieces

_EDGE = 0.13  # of the page height: where running headers and footers stand
_MARGIN = 0.09  # of the page height: outside of where text usually stands
_PAGE_NUMBER = re.compile(
    r"[-–|\s]*(?:(?:pagina|blz\.?|bladzijde|page|p\.)\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:van|/|of|-)\s*\d{1,4})?[-–|\s]*",
    re.I,
)
_TOC_LINE = re.compile(r"(?:\.\s?){4,}\s*(?:\d{1,4}|[ivxlc]{1,6})\s*$|…{2,}\s*\d{1,4}\s*$|(?:_\s?){5,}\d{1,4}\s*$")
_TOC_HEADING = re.compile(
    r"(?:inhoud|inhoudsopgave|inhoudsopgaaf|in dit document|contents|table of contents)\s*:?", re.IGNORECASE
)
_BULLET = re.compile(r"^(?:[•●○▪■‣·◦➢➤✓□❑\ue000-\uf8ff]|[-–—*](?=\s)|o(?=\s))\s*(?=\S)")
_NUMBER = re.compile(r"^(\d{1,2}[.)]|[a-z][.)]|\([a-z0-9]\))(?:\s+(?=\S)|(?=[A-ZÀ-Þ‘“]))")
_CHECK = re.compile(r"^[☐☑☒]\s*")
_NOTE = re.compile(r"^(?:\[?(\d{1,3})\]?[.)]?|[*†])\s*(?=\S)")
_HEADING_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+\S")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’)\]]*$")
_MAX_HEADING = 160
_LARGER = 1.12  # than the body: type of a heading
_ENOUGH_CHARACTERS = 12  # on a page that is not a scan
_CAPTION = re.compile(r"^(?:afbeelding|figuur|foto|tabel|grafiek)\b[^:.]{0,12}[:.]\s", re.IGNORECASE)

Placed = tuple[Item, float]  # with the x to which its column reaches


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of a PDF file."""
    document = open_pdf(data)
    try:
        found = list(pages(document))
        warnings: list[str] = []
        found = [_readable(document, page, reading, warnings) for page in found]
    finally:
        document.close()
    if not any(_has_text(page) for page in found):
        raise wording.scan()
    pieces = _pieces(found)
    labels = tuple(p.label for p in found)
    usual = all(not label or label == str(number) for number, label in enumerate(labels, start=1))
    return Parsed(tuple(pieces), tuple(warnings), () if usual else labels)


def _has_text(page: Page) -> bool:
    return sum(len(w.text) for w in page.words) >= _ENOUGH_CHARACTERS


def _readable(document: object, page: Page, reading: Reading, warnings: list[str]) -> Page:
    """The page, with its text recognised when it is a scan and that is asked for."""
    if _has_text(page) or (not page.pictures and page.words):
        return page
    if reading.ocr:
        from ingest.ocr import recognise

        words = recognise(document, page.number)
        if words:
            warnings.append(wording.recognised_page(page.number))
            return replace(page, words=words)
    if page.pictures or not page.words:
        warnings.append(wording.page_without_text(page.number))
    return page


def _pieces(found: Sequence[Page]) -> list[Piece]:
    body = _body_size(found)
    furniture = _furniture(found, body)
    laid_out = [(page, _glued(arrange(_without(page, furniture)))) for page in found]
    styles = _heading_styles([i for _, things in laid_out for i, _ in things if isinstance(i, Line)], body)
    build = _Build(body, styles)
    marks = {m for _, things in laid_out for line, _ in things if isinstance(line, Line) for m in line.marks}
    for page, things in laid_out:
        build.page(*_without_notes(things, page, body, marks))
    return list(_without_contents(build.finish()))


def _without(page: Page, furniture: set[int]) -> Page:
    return replace(page, words=tuple(w for w in page.words if id(w) not in furniture))


def _glued(items: list[Placed]) -> list[Placed]:
    """Bullets that a tab parted from their text, back in place; the reading order stays."""
    out: list[Placed] = []
    for item, reach in items:
        before = out[-1][0] if out else None
        if isinstance(item, Line) and isinstance(before, Line):
            together = glue_bullets([before, item])
            if len(together) == 1:
                out[-1] = (together[0], reach)
                continue
        out.append((item, reach))
    return out


def _body_size(found: Sequence[Page]) -> float:
    """The size in which most characters are set."""
    sizes: Counter[float] = Counter()
    for page in found:
        for word in page.words:
            sizes[word.size] += len(word.text)
    rounded: Counter[float] = Counter()
    for size, count in sizes.items():
        rounded[round(size * 2) / 2] += count
    return rounded.most_common(1)[0][0] if rounded else 10.0


# --- what is not text -----------------------------------------------------------------------------------------------------


def _furniture(found: Sequence[Page], body: float) -> set[int]:
    """The ids of the words of running headers and footers and of page numbers."""
    edges = [(page, line) for page in found for line in lines_of(_at_edges(page), page.number)]
    running = _running(edges, body, len(found))
    furniture: set[int] = set()
    for page, line in edges:
        if _key(line) in running or _PAGE_NUMBER.fullmatch(line.text.strip()) or _is_lonely(line, page, body):
            furniture |= set(map(id, line.words))
    return furniture


def _at_edges(page: Page) -> list[Word]:
    top, bottom = _EDGE * page.height, (1 - _EDGE) * page.height
    return [w for w in page.words if w.bottom < top or w.top > bottom]


def _key(line: Line) -> tuple[str, int, int]:
    """What a line says (numbers aside) and where on the page."""
    return re.sub(r"\d+", "#", line.text.casefold()), round(line.baseline / 4), round(line.size)


def _running(edges: Sequence[tuple[Page, Line]], body: float, count: int) -> set[tuple[str, int, int]]:
    """The keys of lines at the edge of the page that come back on other pages at the same place."""
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    keys: dict[tuple[str, int], set[tuple[str, int, int]]] = defaultdict(set)
    for page, line in edges:
        if line.size <= 1.3 * body:
            said, place, size = _key(line)
            for near in (place, place + 1):  # rounding may part two lines at almost the same height
                seen[said, near].add(page.number)
                keys[said, near].add((said, place, size))
    enough = max(2, round(0.25 * count))
    return {key for group, numbers in seen.items() if len(numbers) >= enough for key in keys[group]}


def _is_lonely(line: Line, page: Page, body: float) -> bool:
    """A few plain words in the margin, no sentence, far from the text: the header or footer of the only page that has one."""
    if line.size > 1.05 * body or line.bold or len(line.words) > 8 or _SENTENCE_END.search(line.text):
        return False
    if line.bottom < _MARGIN * page.height:
        return not any(line.bottom < w.top < line.bottom + 1.4 * body for w in page.words)
    if line.top > (1 - _MARGIN) * page.height:
        return not any(line.top - 2.5 * body < w.bottom < line.top for w in page.words) and not _NOTE.match(line.text)
    return False


def _without_contents(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Lines of a table of contents repeat the headings; they are no text, and neither is their heading."""
    kept = [p for p in pieces if not (p.kind != "heading" and _TOC_LINE.search(p.text))]
    for i, piece in enumerate(kept):
        bare = i + 1 >= len(kept) or kept[i + 1].kind == "heading"
        if not (piece.kind == "heading" and bare and _TOC_HEADING.fullmatch(piece.text.strip())):
            yield piece


# --- headings -------------------------------------------------------------------------------------------------------------


_Style = tuple[float, bool]  # (size, bold)


def _style(line: Line) -> _Style:
    return round(line.size * 2) / 2, line.bold


def _heading_styles(lines: Sequence[Line], body: float) -> dict[_Style, int]:
    """Style -> heading level: larger than the body first, then bold in body size."""
    styles = {_style(line) for line in lines if _may_be_heading(line, body)}
    ordered = sorted(styles, key=lambda s: (-s[0], not s[1]))
    return {style: level for level, style in enumerate(ordered, start=1)}


def _may_be_heading(line: Line, body: float) -> bool:
    size, bold = _style(line)
    if size >= _LARGER * body + 0.01:
        return len(line.text) <= _MAX_HEADING
    return bold and size >= 0.98 * body and not line.boxed


# --- notes at the foot ----------------------------------------------------------------------------------------------------


def _without_notes(items: list[Placed], page: Page, body: float, marks: set[str]) -> tuple[list[Placed], list[Line]]:
    """The text of a page and its footnotes: small lines opened by a number, at the foot or wherever that number is raised in
    the text (marks)."""
    small = [i for i, _ in items if isinstance(i, Line) and not i.boxed and i.size <= 0.93 * body]
    floor = max((i.bottom for i, _ in items if isinstance(i, Table) or i.size > 0.93 * body), default=0.0)
    notes: list[Line] = []
    for line in small:
        opens = _NOTE.match(line.text)
        at_foot = line.top >= floor - 2 and line.top > 0.35 * page.height
        if opens and (at_foot or opens[1] in marks) or _goes_on_below(notes, line):
            notes.append(line)
    taken = set(map(id, notes))
    return [(i, reach) for i, reach in items if id(i) not in taken], notes


def _goes_on_below(notes: Sequence[Line], line: Line) -> bool:
    """Whether a small line is the next line of the last note."""
    last = notes[-1] if notes else None
    if last is None or abs(last.size - line.size) > 0.3:
        return False
    return 0 < line.baseline - last.baseline < 1.6 * line.size and line.left > last.left - 3


# --- building pieces ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A piece that may still grow by the next line."""

    kind: BlockKind
    lines: list[Line]
    level: int = 0

    def piece(self) -> Piece:
        text = ""
        for line in self.lines:
            text = join_hyphenated(text, line.text)
        if self.kind == "list_item":
            text = _NUMBER.sub(r"\1 ", _BULLET.sub("", text))
        rects = tuple(Rect(x.page, x.left, x.top, x.right, x.bottom) for x in self.lines)
        return Piece(self.kind, text, self.level, tuple(sorted({x.page for x in self.lines})), rects)


@dataclass(slots=True)
class _Build:
    """Turns lines into pieces, page by page; a paragraph or table may go on over the page's end."""

    body: float
    styles: dict[_Style, int]
    out: list[Piece] = field(default_factory=list)
    current: _Open | None = None
    notes: list[tuple[int, Piece]] = field(default_factory=list)  # with the place in `out` of what refers to it
    marked: dict[str, int] = field(default_factory=dict)  # number of a note -> the place in `out` of what refers to it
    indents: list[float] = field(default_factory=list)  # of the list at hand
    reach: dict[int, float] = field(default_factory=dict)  # id of a line -> how far its column goes to the right

    def page(self, items: Sequence[Placed], notes: Sequence[Line]) -> None:
        """Add what stands on one page."""
        before: Line | None = None
        for item, reach in items:
            if isinstance(item, Table):
                self._close()
                self._table(item)
                before = None
                continue
            self.reach[id(item)] = reach
            if before is not None and (before.boxed != item.boxed or self.reach[id(before)] != reach):
                self.indents = []  # another box or column: its items are not deeper, they are elsewhere
            self._line(item, before)
            before = item
        self._notes(notes)

    def finish(self) -> list[Piece]:
        """Everything, in order."""
        self._close()
        ends = self._section_ends()
        for place, note in sorted(self.notes, key=lambda n: -ends[n[0]]):
            at = ends[place]
            self.out.insert(at, note)
        return self.out

    def _section_ends(self) -> list[int]:
        """For each piece, the place just behind its section: before the next heading."""
        ends = [len(self.out)] * (len(self.out) + 1)
        for i in range(len(self.out) - 1, -1, -1):
            after = self.out[i + 1] if i + 1 < len(self.out) else None
            ends[i] = i + 1 if after is None or after.kind == "heading" else ends[i + 1]
        return ends

    def _close(self) -> None:
        if self.current is not None:
            for line in self.current.lines:
                for mark in line.marks:
                    self.marked[mark] = len(self.out)
            self.out.append(self.current.piece())
            self.current = None

    # --- lines

    def _line(self, line: Line, before: Line | None) -> None:
        level = self._heading_level(line, before)
        if level:
            self._heading(line, level, before)
            return
        if self._starts_item(line):
            self._item(line)
            return
        if self.current is not None and self._continues(line):
            self.current.lines.append(line)
            return
        self._close()
        self.indents = [] if not self._within_item(line) else self.indents
        caption = line.size <= 0.93 * self.body and _CAPTION.match(line.text)
        self.current = _Open("box" if line.boxed else "caption" if caption else "paragraph", [line])

    def _heading_level(self, line: Line, before: Line | None) -> int:
        style = _style(line)
        level = self.styles.get(style, 0)
        if not level or len(line.text) > _MAX_HEADING or not any(c.isalpha() for c in line.text):
            return 0
        if style[0] >= _LARGER * self.body + 0.01:
            return level
        if line.boxed or _BULLET.match(line.text):
            return 0
        goes_on = self.current is not None and self.current.kind == "heading" and before is not None and _style(before) == style
        if goes_on:
            return level
        apart = before is None or line.top - before.bottom > 0.25 * self.body or line.page != before.page
        sentence = line.text.endswith((".", ",", ";")) and not _HEADING_NUMBER.match(line.text)
        return level if apart and not sentence else 0

    def _heading(self, line: Line, level: int, before: Line | None) -> None:
        current = self.current
        if current is not None and current.kind == "heading" and current.level == level and before is not None:
            near = before.page == line.page and 0 <= line.baseline - before.baseline < 1.7 * line.size
            aligned = abs(line.left - before.left) < 3 or abs(line.left + line.right - before.left - before.right) < 6
            if near and aligned and len(current.lines) < 4:
                current.lines.append(line)
                return
        self._close()
        self.indents = []
        self.current = _Open("heading", [line], level)

    def _starts_item(self, line: Line) -> bool:
        return bool(_BULLET.match(line.text) or _CHECK.match(line.text) or _NUMBER.match(line.text))

    def _item(self, line: Line) -> None:
        self._close()
        while self.indents and line.left < self.indents[-1] - 4:
            self.indents.pop()
        if not self.indents or line.left > self.indents[-1] + 4:
            self.indents.append(line.left)
        self.current = _Open("list_item", [line], len(self.indents))

    def _within_item(self, line: Line) -> bool:
        return bool(self.indents) and line.left > self.indents[0] + 4

    def _continues(self, line: Line) -> bool:
        """Whether a line belongs to the same piece as the line before it."""
        current = self.current
        assert current is not None
        last = current.lines[-1]
        if current.kind == "heading" or bool(last.boxed) != bool(line.boxed):
            return False
        if abs(last.size - line.size) > 0.12 * self.body:
            return False
        if last.page == line.page and last.boxed != line.boxed:
            return False
        moved = line.page != last.page or line.baseline < last.baseline - 2
        if moved:
            open_end = last.hyphen or not _SENTENCE_END.search(last.text)
            return open_end and (line.text[:1].islower() or last.hyphen or self._is_full(last))
        if current.kind == "list_item" and line.left < current.lines[0].left - 3:
            return False
        if (
            current.kind == "list_item"
            and line.left <= current.lines[0].left + 2
            and line.baseline - last.baseline > 1.5 * line.size
        ):
            return False
        step = line.baseline - last.baseline
        usual = self._usual_step(current)
        if step > (1.28 * usual if usual else 1.75 * line.size):
            return False
        if last.bold and not line.bold and len(current.lines) == 1 and not self._is_full(last):
            return False
        short = not self._is_full(last) and _SENTENCE_END.search(last.text)
        if short and line.left >= last.left - 1 and step > 1.02 * (usual or step) and line.text[:1].isupper():
            return False
        return not (short and self._first_word_fits(last, line) and line.text[:1].isupper())

    def _usual_step(self, current: _Open) -> float:
        lines = current.lines
        steps = [
            b.baseline - a.baseline
            for a, b in zip(lines, lines[1:], strict=False)
            if b.page == a.page and b.baseline > a.baseline
        ]
        return min(steps) if steps else 0.0

    def _is_full(self, line: Line) -> bool:
        """Whether a line reaches the right side of its column, so that the paragraph may go on."""
        reach = self.reach.get(id(line), line.right)
        return line.right >= reach - 0.12 * (reach - line.left) - 12

    def _first_word_fits(self, last: Line, line: Line) -> bool:
        """Whether the first word of the next line would have fitted behind the last: then the break was meant."""
        word = line.words[0]
        return last.right + (word.right - word.left) + 0.3 * line.size < self.reach.get(id(last), last.right)

    # --- tables and notes

    def _table(self, table: Table) -> None:
        rects = [(Rect(table.page, *place),) for place in table.places]
        made = list(table_pieces(table.rows, table.headers, rects=rects))
        continued = _continues_table(self.out, table)
        if continued:
            made = [p for p in made if p.cells != continued]
            made = [replace(p, header=continued) if p.kind == "table_row" and not p.header else p for p in made]
        self.out += made
        self.indents = []

    def _notes(self, notes: Sequence[Line]) -> None:
        for line in self.current.lines if self.current else ():
            for mark in line.marks:
                self.marked[mark] = len(self.out)
        for line in notes:
            opens = _NOTE.match(line.text)
            if opens or not self.notes:
                place = self.marked.pop((opens[1] or "") if opens else "", max(0, len(self.out) - 1))
                self.notes.append((place, self._note(line.text[opens.end() :] if opens else line.text, line, None)))
            else:
                place, note = self.notes[-1]
                self.notes[-1] = (place, self._note(line.text, line, note))

    def _note(self, text: str, line: Line, before: Piece | None) -> Piece:
        rect = Rect(line.page, line.left, line.top, line.right, line.bottom)
        if before is None:
            return Piece("footnote", text, pages=(line.page,), rects=(rect,))
        joined = join_hyphenated(before.text, text)
        return replace(before, text=joined, rects=(*before.rects, rect), pages=tuple(sorted({*before.pages, line.page})))


def _continues_table(out: Sequence[Piece], table: Table) -> tuple[str, ...]:
    """The column names of the table at the end of the page before, when this one goes on with it."""
    last = out[-1] if out else None
    if last is None or last.kind != "table_row" or not last.header or not last.pages or last.pages[-1] != table.page - 1:
        return ()
    width = len(spread(table.rows)[0])
    first = tuple(c.text for c in table.rows[0])
    return last.header if len(last.header) == width and (table.headers == 0 or first == last.header) else ()
