"""Geometry of a page: words -> lines -> tables and boxes -> reading order. Pure functions, points from the top-left corner.

Reading order: a gutter is a vertical strip that several lines stand left of and several right of, and that no line crosses
while both sides are in use. Lines that do cross it cut the page into bands; within a band the left column is read first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from statistics import median

from ingest.pdf_page import Page, Rule, Word, is_line
from ingest.tables import Cell

_GUTTER = 9.0  # points of white between two columns
_SIDE_LINES = 3  # a column has at least so many lines
_SNAP = 3.0  # ruling lines nearer than this are one line


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line of one column. gap_before: white above it is judged later, from tops and bottoms."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float
    bold: bool
    marks: tuple[str, ...] = ()
    hyphen: bool = False
    boxed: int = 0  # number of the drawn box it stands in, 0 for none
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its place on the page: rows of cells, and per row the rectangle (left, top, right, bottom)."""

    page: int
    left: float
    top: float
    right: float
    bottom: float
    rows: tuple[tuple[Cell, ...], ...]
    places: tuple[tuple[float, float, float, float], ...]
    headers: int


@dataclass(slots=True)
class _Region:
    left: float
    top: float
    right: float
    bottom: float
    rules: list[Rule] = field(default_factory=list)

    def holds(self, word: Word) -> bool:
        x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        return self.left - 2 <= x <= self.right + 2 and self.top - 2 <= y <= self.bottom + 2


Item = Line | Table


def arrange(page: Page) -> list[tuple[Item, float]]:
    """The lines and tables of a page in reading order, each with the x to which its column reaches."""
    items: list[Item] = []
    words = list(page.words)
    regions = _regions(page) if page.rules else []
    number = 0
    while regions:
        region = regions.pop(0)
        inside = [w for w in words if region.holds(w)]
        if not inside:
            continue
        number += 1
        table = _table(page.number, region, inside)
        if table is not None:
            items.append(table)
        elif parts := _separate_boxes(region):
            regions = parts + regions
            continue
        elif _is_box(region, inside, page):
            items += lines_of(inside, page.number, boxed=number)
        else:
            continue
        taken = set(map(id, inside))
        words = [w for w in words if id(w) not in taken]
    open_tables, loose = _open_tables(lines_of(words, page.number), page)
    items += open_tables
    return _in_order([*items, *loose])


# --- lines ----------------------------------------------------------------------------------------------------------------


def lines_of(words: Sequence[Word], page: int, boxed: int = 0) -> list[Line]:
    """Words on one baseline, cut where the white between them is too wide for a space."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=_by_baseline):
        row = next((r for r in reversed(rows[-2:]) if _same_row(r[-1], word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    out: list[Line] = []
    for row in rows:
        row.sort(key=_by_left)
        start = 0
        for i in range(1, len(row)):
            white = row[i].left - row[i - 1].right
            if white > _GUTTER and white > 1.1 * max(row[i].size, row[i - 1].size):
                out.append(_line(row[start:i], page, boxed))
                start = i
        out.append(_line(row[start:], page, boxed))
    return out


_by_baseline = attrgetter("baseline", "left")
_by_left = attrgetter("left")


def _same_row(one: Word, other: Word) -> bool:
    apart = abs(one.baseline - other.baseline)
    return apart <= 1.2 or apart <= 0.25 * min(one.size, other.size)


_BULLETS = "•●○▪■–-‣·◦➢➤✓☐☑☒o□❑*"


def _line(words: Sequence[Word], page: int, boxed: int) -> Line:
    first, last = words[0], words[-1]
    main, most, letters, bold = first, 0.0, 0, 0
    top, right, bottom = first.top, first.right, first.bottom
    marks: tuple[str, ...] = ()
    for word in words:
        count = len(word.text)
        letters += count
        bold += count if word.bold else 0
        if count * word.size > most:
            main, most = word, count * word.size
        top = word.top if word.top < top else top
        right = word.right if word.right > right else right
        bottom = word.bottom if word.bottom > bottom else bottom
        if word.mark:
            marks += (word.mark,)
    hyphen = last.hyphen and not last.mark
    is_bold = bold > 0.9 * letters
    line = (first.left, top, right, bottom, main.baseline, main.size, is_bold, marks, hyphen, boxed, tuple(words))
    return Line(_joined(words), page, *line)


def _joined(words: Sequence[Word]) -> str:
    """Words with a space between them, except where there is no white at all (a change of font inside a word)."""
    parts = [words[0].text]
    for before, word in zip(words, words[1:], strict=False):
        glued = word.left - before.right < 0.08 * min(before.size, word.size) and not before.mark
        glued = glued and not (before is words[0] and _is_marker(before.text))
        parts.append(word.text if glued else " " + word.text)
    return "".join(parts)


# --- bullets that stand apart from their text -----------------------------------------------------------------------------


def glue_bullets(lines: list[Line]) -> list[Line]:
    """A bullet or number with a tab behind it is a line of its own until here."""
    out: list[Line] = []
    rest = sorted(lines, key=lambda x: (round(x.baseline, 1), x.left))
    for line in rest:
        before = out[-1] if out else None
        if before is not None and _is_marker(before.text) and _beside(before, line):
            out[-1] = Line(
                f"{before.text} {line.text}", line.page, before.left, min(before.top, line.top), line.right,
                max(before.bottom, line.bottom), line.baseline, line.size, line.bold, line.marks, line.hyphen, line.boxed,
                before.words + line.words,
            )  # fmt: skip
        else:
            out.append(line)
    return out


def _is_marker(text: str) -> bool:
    return (
        text in _BULLETS
        or "\ue000" <= text[:1] <= "\uf8ff"
        or bool(re.fullmatch(r"(?:\d{1,2}(?:\.\d{1,2})*|[a-zA-Z])[.)]?", text))
    )


def _beside(marker: Line, line: Line) -> bool:
    return abs(marker.baseline - line.baseline) <= 2.0 and 0 <= line.left - marker.right <= 45 and marker.boxed == line.boxed


# --- drawn tables and boxes -----------------------------------------------------------------------------------------------


def _regions(page: Page) -> list[_Region]:
    """Groups of ruling lines and outlines that touch each other, largest first."""
    regions: list[_Region] = []
    for rule in page.rules:
        if rule.width > 0.97 * page.width and rule.height > 0.97 * page.height:
            continue  # the background of the page
        if max(rule.width, rule.height) < 8:
            continue
        touching = [r for r in regions if _touches(r, rule)]
        merged = _Region(rule.left, rule.top, rule.right, rule.bottom, [rule])
        for region in touching:
            merged = _merged(merged, region)
            regions.remove(region)
        regions.append(merged)
    large = [r for r in regions if r.right - r.left > 30 and r.bottom - r.top > 10]
    return sorted(large, key=lambda r: (r.top, r.left))


def _touches(region: _Region, rule: Rule) -> bool:
    return (
        rule.left <= region.right + _SNAP and rule.right >= region.left - _SNAP
        and rule.top <= region.bottom + _SNAP and rule.bottom >= region.top - _SNAP
    )  # fmt: skip


def _merged(one: _Region, other: _Region) -> _Region:
    return _Region(
        min(one.left, other.left), min(one.top, other.top), max(one.right, other.right), max(one.bottom, other.bottom),
        one.rules + other.rules,
    )  # fmt: skip


def _separate_boxes(region: _Region) -> list[_Region]:
    """The frames of a drawing whose frames are joined by lines or arrows; nothing when there are fewer than two."""
    frames = [r for r in region.rules if r.width > 25 and r.height > 12]
    groups: list[_Region] = []
    for frame in frames:
        touching = [g for g in groups if _overlaps(g, frame)]
        merged = _Region(frame.left, frame.top, frame.right, frame.bottom, [frame])
        for group in touching:
            merged = _merged(merged, group)
            groups.remove(group)
        groups.append(merged)
    whole = (region.left, region.top, region.right, region.bottom)
    same = len(groups) == 1 and (groups[0].left, groups[0].top, groups[0].right, groups[0].bottom) == whole
    return (
        [] if same or not groups or len(groups[0].rules) == len(region.rules) else sorted(groups, key=lambda r: (r.top, r.left))
    )


def _overlaps(region: _Region, rule: Rule) -> bool:
    return rule.left < region.right and rule.right > region.left and rule.top < region.bottom and rule.bottom > region.top


def _is_box(region: _Region, words: Sequence[Word], page: Page) -> bool:
    """A frame or coloured area around running text, not a lone underline or a page border."""
    tall = region.bottom - region.top
    if tall > 0.85 * page.height or not any(not is_line(r) for r in region.rules) and len(region.rules) < 3:
        return False
    return len(words) >= 2 and tall > 12


def _edges(region: _Region) -> tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]:
    """Horizontal edges (y, x from, x to) and vertical edges (x, y from, y to) of everything drawn in a region."""
    across: list[tuple[float, float, float]] = []
    down: list[tuple[float, float, float]] = []
    for r in region.rules:
        if r.height <= 3.0:
            across.append(((r.top + r.bottom) / 2, r.left, r.right))
        elif r.width <= 3.0:
            down.append(((r.left + r.right) / 2, r.top, r.bottom))
        else:
            across += [(r.top, r.left, r.right), (r.bottom, r.left, r.right)]
            down += [(r.left, r.top, r.bottom), (r.right, r.top, r.bottom)]
    return across, down


def _snapped(values: Sequence[float]) -> list[float]:
    """Values nearer than _SNAP as one, ascending."""
    out: list[list[float]] = []
    for value in sorted(values):
        if out and value - out[-1][-1] <= _SNAP:
            out[-1].append(value)
        else:
            out.append([value])
    return [sum(group) / len(group) for group in out]


def _table(page: int, region: _Region, words: Sequence[Word]) -> Table | None:
    """The table that the ruling lines of a region draw; None when they draw fewer than two columns or rows."""
    across, down = _edges(region)
    ys = _snapped([y for y, _, _ in across])
    xs = _snapped([x for x, _, _ in down])
    xs = _with_ends(xs, region.left, region.right)
    if len(xs) < 3 and len(ys) >= 3:
        xs = _columns_by_white(words, region)
    if len(xs) < 3 or len(ys) < 3:
        return None
    grid = _Grid(xs, ys, across, down, open_sides=len(down) == 0)
    if not grid.is_sound():
        return None
    rows, places = grid.cells(words)
    filled = [r for r in rows if any(c.text for c in r)]
    if len(filled) < 2 or max(len(r) for r in filled) < 2:
        return None
    kept = [(r, p) for r, p in zip(rows, places, strict=True) if any(c.text for c in r)]
    headers = _header_rows(kept, words, region)
    return Table(page, region.left, region.top, region.right, region.bottom, tuple(tuple(r) for r, _ in kept),
                 tuple(p for _, p in kept), headers)  # fmt: skip


def _with_ends(xs: list[float], left: float, right: float) -> list[float]:
    """A table may lack its outer vertical lines."""
    if xs and xs[0] - left > 12:
        xs = [left, *xs]
    if xs and right - xs[-1] > 12:
        xs = [*xs, right]
    return xs


def _columns_by_white(words: Sequence[Word], region: _Region) -> list[float]:
    """Column borders of a table with horizontal lines only: strips that no word crosses."""
    spans = sorted((w.left, w.right) for w in words)
    borders = [region.left]
    reach = spans[0][1] if spans else region.left
    for left, right in spans:
        if left - reach >= 6:
            borders.append((reach + left) / 2)
        reach = max(reach, right)
    return [*borders, region.right]


@dataclass(slots=True)
class _Grid:
    """Columns and rows between ruling lines; a missing piece of a line joins the cells on both sides."""

    xs: list[float]
    ys: list[float]
    across: list[tuple[float, float, float]]
    down: list[tuple[float, float, float]]
    open_sides: bool

    def cells(self, words: Sequence[Word]) -> tuple[list[list[Cell]], list[tuple[float, float, float, float]]]:
        """The cells of each row with their spans, and the rectangle of each row."""
        columns, rows = len(self.xs) - 1, len(self.ys) - 1
        owner = self._owners(columns, rows)
        held: dict[tuple[int, int], list[Word]] = {}
        for word in words:
            place = self._place(word)
            held.setdefault(owner[place], []).append(word)
        out: list[list[Cell]] = []
        for y in range(rows):
            out.append([self._cell(owner, held, x, y, columns, rows) for x in range(columns) if owner[y, x] == (y, x)])
        return out, [(self.xs[0], self.ys[y], self.xs[-1], self.ys[y + 1]) for y in range(rows)]

    def is_sound(self) -> bool:
        """Whether every cell is a rectangle: boxes joined by arrows give other shapes."""
        columns, rows = len(self.xs) - 1, len(self.ys) - 1
        cells: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for place, first in self._owners(columns, rows).items():
            cells.setdefault(first, []).append(place)
        for places in cells.values():
            height = max(y for y, _ in places) - min(y for y, _ in places) + 1
            width = max(x for _, x in places) - min(x for _, x in places) + 1
            if height * width != len(places):
                return False
        return True

    def _owners(self, columns: int, rows: int) -> dict[tuple[int, int], tuple[int, int]]:
        """For each place in the grid the top-left place of the cell it belongs to."""
        owner: dict[tuple[int, int], tuple[int, int]] = {}
        for y in range(rows):
            for x in range(columns):
                if x and not self._vertical_between(x, y):
                    owner[y, x] = owner[y, x - 1]
                elif y and not self._horizontal_between(x, y):
                    owner[y, x] = owner[y - 1, x]
                else:
                    owner[y, x] = (y, x)
        return owner

    def _vertical_between(self, x: int, y: int) -> bool:
        if self.open_sides:
            return True
        middle = (self.ys[y] + self.ys[y + 1]) / 2
        return any(abs(at - self.xs[x]) <= _SNAP and low - 1 <= middle <= high + 1 for at, low, high in self.down)

    def _horizontal_between(self, x: int, y: int) -> bool:
        middle = (self.xs[x] + self.xs[x + 1]) / 2
        return any(abs(at - self.ys[y]) <= _SNAP and low - 1 <= middle <= high + 1 for at, low, high in self.across)

    def _place(self, word: Word) -> tuple[int, int]:
        x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        column = sum(1 for border in self.xs[1:-1] if border <= x)
        row = sum(1 for border in self.ys[1:-1] if border <= y)
        return row, column

    def _cell(
        self,
        owner: dict[tuple[int, int], tuple[int, int]],
        held: dict[tuple[int, int], list[Word]],
        x: int,
        y: int,
        columns: int,
        rows: int,
    ) -> Cell:
        across, down = 1, 1
        while x + across < columns and owner[y, x + across] == (y, x):
            across += 1
        while y + down < rows and owner[y + down, x] == (y, x):
            down += 1
        return Cell(cell_text(held.get((y, x), [])), across, down)


def cell_text(words: Sequence[Word]) -> str:
    """The words of a cell, line by line, with hyphens at line ends repaired."""
    from ingest.clean import join_hyphenated

    text = ""
    for line in sorted(lines_of(words, 0), key=lambda x: (round(x.baseline, 0), x.left)) if words else ():
        text = join_hyphenated(text, line.text)
    return text


def _header_rows(
    kept: Sequence[tuple[list[Cell], tuple[float, float, float, float]]], words: Sequence[Word], region: _Region
) -> int:
    """The rows at the top whose words are all bold, or that have a fill of their own; at most two, never all."""
    count = 0
    for cells, (_, top, _, bottom) in kept[: min(2, len(kept) - 1)]:
        mine = [w for w in words if top <= (w.top + w.bottom) / 2 <= bottom]
        if not mine or not all(w.bold for w in mine) or len([c for c in cells if c.text]) < 2:
            break
        count += 1
    if count and all(w.bold for w in words):
        return 1
    if count == 0 and _shaded(kept[0][1], kept[1][1], region):
        return 1
    return count


def _shaded(first: tuple[float, float, float, float], second: tuple[float, float, float, float], region: _Region) -> bool:
    def fills(place: tuple[float, float, float, float]) -> bool:
        middle = (place[1] + place[3]) / 2
        return any(
            r.filled and r.height > 8 and r.top <= middle <= r.bottom and r.height < 2.2 * (place[3] - place[1])
            for r in region.rules
        )

    return fills(first) and not fills(second)


# --- tables without lines -------------------------------------------------------------------------------------------------


def _open_tables(lines: list[Line], page: Page) -> tuple[list[Table], list[Line]]:
    """Rows of three or more short segments whose left edges agree are a table without lines."""
    rows = _rows(lines)
    tables: list[Table] = []
    rest: list[Line] = []
    i = 0
    while i < len(rows):
        j = i
        while j < len(rows) and _agrees(rows[i], rows[j]):
            j += 1
        if j - i >= 3:
            tables.append(_open_table(rows[i:j], page.number))
        else:
            rest += [line for row in rows[i : max(j, i + 1)] for line in row]
        i = max(j, i + 1)
    return tables, rest


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda x: (x.baseline, x.left)):
        if rows and abs(rows[-1][0].baseline - line.baseline) <= 1.5:
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda x: x.left)
    return rows


def _agrees(first: list[Line], row: list[Line]) -> bool:
    if len(first) < 3 or len(row) != len(first):
        return False
    return all(abs(a.left - b.left) <= 3 and len(b.text) <= 60 for a, b in zip(first, row, strict=True))


def _open_table(rows: Sequence[Sequence[Line]], page: int) -> Table:
    cells = tuple(tuple(Cell(line.text) for line in row) for row in rows)
    places = tuple((row[0].left, min(x.top for x in row), row[-1].right, max(x.bottom for x in row)) for row in rows)
    headers = 1 if all(x.bold for x in rows[0]) and not all(x.bold for x in rows[1]) else 0
    return Table(
        page, min(p[0] for p in places), places[0][1], max(p[2] for p in places), places[-1][3], cells, places, headers
    )


# --- reading order --------------------------------------------------------------------------------------------------------


def _in_order(items: Sequence[Item]) -> list[tuple[Item, float]]:
    """Boxes are read as a whole; the rest by columns."""
    units = [_Unit([(i, 0.0)]) for i in items if not getattr(i, "boxed", 0)]
    for number in sorted({i.boxed for i in items if isinstance(i, Line) and i.boxed}):
        inside = glue_bullets([i for i in items if isinstance(i, Line) and i.boxed == number])
        units.append(_Unit(_read([_Unit([(line, 0.0)]) for line in inside])))
    return _read(units)


def _read(units: list[_Unit]) -> list[tuple[Item, float]]:
    reach = max((u.right for u in units), default=0.0)
    return [placed for unit in _ordered(units, reach) for placed in unit.items]


@dataclass(slots=True)
class _Unit:
    """Something that is read without interruption: a line, a table, or a whole box. items: with the reach of their column."""

    items: list[tuple[Item, float]]
    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    def __post_init__(self) -> None:
        things = [item for item, _ in self.items]
        self.left = min(i.left for i in things)
        self.top = min(i.top for i in things)
        self.right = max(i.right for i in things)
        self.bottom = max(i.bottom for i in things)

    @property
    def size(self) -> float:
        """The size of the type, 0 for a table."""
        first = self.items[0][0]
        return first.size if isinstance(first, Line) else 0.0


def _ordered(units: list[_Unit], reach: float, depth: int = 0) -> list[_Unit]:
    """Units in reading order; each line learns how far its column reaches."""
    at = _gutter(units) if depth < 4 and len(units) >= 2 * _SIDE_LINES else None
    if at is None:
        return _top_down(units, reach)
    out: list[_Unit] = []
    for band in _bands(units, at):
        if not _two_sided(band, at):
            out += _top_down(band, reach)
            continue
        left = [u for u in band if u.right <= at]
        right = [u for u in band if u.left >= at]
        left, below = _heading_below(left, right)
        out += _ordered(left, max(u.right for u in left), depth + 1) + _ordered(right, max(u.right for u in right), depth + 1)
        out += _top_down(below, reach)
    return out


def _heading_below(left: list[_Unit], right: list[_Unit]) -> tuple[list[_Unit], list[_Unit]]:
    """A heading under both columns opens what comes next, although it is short enough to look like the left column."""
    floor = max(u.bottom for u in right)
    usual = median(u.size for u in left)
    last = max(left, key=lambda u: u.top)
    if len(left) > 1 and last.top > floor and last.size > 1.1 * usual:
        return [u for u in left if u is not last], [last]
    return left, []


def _top_down(units: list[_Unit], reach: float) -> list[_Unit]:
    """By line, from the left within a line."""
    rows: list[list[_Unit]] = []
    for unit in sorted(units, key=lambda u: (u.top, u.left)):
        if len(unit.items) == 1:
            unit.items = [(unit.items[0][0], reach)]
        row = rows[-1] if rows else None
        if row is not None and unit.top < row[0].bottom - 0.6 * min(unit.bottom - unit.top, row[0].bottom - row[0].top):
            row.append(unit)
        else:
            rows.append([unit])
    return [unit for row in rows for unit in sorted(row, key=lambda u: u.left)]


def _gutter(units: Sequence[_Unit]) -> float | None:
    """The x that parts the most lines into two columns, or None."""
    best, most = None, 0
    for x in _candidates(units):
        count = sum(len(band) for band in _bands(units, x) if _two_sided(band, x))
        if count > most:
            best, most = x, count
    return best


def _candidates(units: Sequence[_Unit]) -> Iterator[float]:
    """Just left of where several lines begin."""
    lefts = sorted(u.left for u in units)
    i = 0
    while i < len(lefts):
        j = i
        while j < len(lefts) and lefts[j] - lefts[i] <= 4:
            j += 1
        if j - i >= 2 and i > 0:
            yield lefts[i] - _GUTTER / 2
        i = j


def _bands(units: Sequence[_Unit], x: float) -> list[list[_Unit]]:
    """The units from top to bottom, cut at each one that crosses x."""
    bands: list[list[_Unit]] = [[]]
    for unit in sorted(units, key=lambda u: u.top + u.bottom):
        if unit.left < x < unit.right:
            bands += [[unit], []]
        else:
            bands[-1].append(unit)
    return [band for band in bands if band]


def _two_sided(band: Sequence[_Unit], x: float) -> bool:
    """Whether both sides of x hold a column here: enough lines, side by side, with white between them."""
    left = [u for u in band if u.right <= x]
    right = [u for u in band if u.left >= x]
    if _count(left) < _SIDE_LINES or _count(right) < _SIDE_LINES or _paired(left, right):
        return False
    if min(u.left for u in right) - max(u.right for u in left) < _GUTTER * 0.8:
        return False
    together = min(max(u.bottom for u in left), max(u.bottom for u in right)) - max(
        min(u.top for u in left), min(u.top for u in right)
    )
    height = median(u.bottom - u.top for u in band)
    return together > 1.5 * height


def _paired(left: Sequence[_Unit], right: Sequence[_Unit]) -> bool:
    """Whether boxes stand side by side in rows, as in a flow chart; those are read row by row."""
    tops = [[u.top for u in side if len(u.items) > 1] for side in (left, right)]
    fewer, more = sorted(tops, key=len)
    return len(fewer) >= 2 and all(any(abs(a - b) < 8 for b in more) for a in fewer)


def _count(units: Sequence[_Unit]) -> int:
    return sum(len(u.items) for u in units)
