"""Tables of every format: rows of cells with spans become pieces of which each can be read by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.model import BlockKind, Rect
from ingest.pieces import Piece

_MAX_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as a format gives it. across, down: how many columns and rows it spans.  continues_above: it belongs to the
    cell above it (formats that mark the lower cells instead of counting)."""

    text: str
    across: int = 1
    down: int = 1
    continues_above: bool = False


def table_pieces(
    rows: Sequence[Sequence[Cell]], headers: int, *, pages: tuple[int, ...] = (), rects: Sequence[tuple[Rect, ...]] = ()
) -> Iterator[Piece]:
    """The rows of a table. headers: how many rows at the top name the columns.  rects: per row, where the format has them.

    A merged cell is repeated in every row and column it covers; a cell over the whole row stays one cell.
    """
    grid = [_trimmed(row) for row in spread(rows)]
    names = column_names(grid[:headers])
    for number, cells in enumerate(grid):
        kind: BlockKind = "table_header" if number < headers else "table_row"
        if any(cells):
            place = rects[number] if number < len(rects) else ()
            where = tuple(sorted({r.page for r in place})) or pages
            yield Piece(kind, pages=where, rects=place, cells=cells, header=() if number < headers else names)


def spread(rows: Sequence[Sequence[Cell]]) -> list[tuple[str, ...]]:
    """Rows of texts in which merged cells are filled to the right and down."""
    grid: list[tuple[str, ...]] = []
    open_below: dict[int, tuple[int, str]] = {}  # column -> (rows still covered, text)
    for row in rows:
        line: list[str] = []
        waiting = list(row)
        covered: dict[int, tuple[int, str]] = {}
        while waiting or len(line) in open_below:
            column = len(line)
            if column >= _MAX_COLUMNS:
                break
            if column in open_below:
                left, text = open_below[column]
                line.append(text)
                if left > 1:
                    covered[column] = (left - 1, text)
                continue
            cell = waiting.pop(0)
            text = cell.text.strip()
            if cell.continues_above:
                text = grid[-1][column] if grid and column < len(grid[-1]) else ""
            for offset in range(min(cell.across, _MAX_COLUMNS)):
                line.append(text)
                if cell.down > 1:
                    covered[column + offset] = (cell.down - 1, text)
        open_below = covered
        grid.append(_whole_row(row, line))
    return grid


def _whole_row(row: Sequence[Cell], line: list[str]) -> tuple[str, ...]:
    """A remark over the whole width of the table is one cell."""
    return (line[0],) if len(row) == 1 and len(line) > 1 and row[0].across == len(line) else tuple(line)


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    return cells if any(cells) else ()


def column_names(headers: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """One name per column from one or more header rows: "Termijn" above "Rood" gives "Termijn: Rood"."""
    width = max((len(row) for row in headers), default=0)
    names: list[str] = []
    for column in range(width):
        parts: list[str] = []
        for row in headers:
            cell = row[column] if column < len(row) else ""
            if cell and cell not in parts:
                parts.append(cell)
        names.append(": ".join(parts))
    return tuple(names)
