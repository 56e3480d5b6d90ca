"""The written sources of the sample corpus: front matter and a small, strict subset of Markdown.

Every renderer works from the blocks of this module, so a writer edits words once and never a PDF or DOCX.
The extras beside plain Markdown are boxes, folds, columns, merged table cells, tracked changes and comments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from corpus.errors import CatalogueError

EXAMPLE_LINE = (
    "VOORBEELDDOCUMENT - fictief, opgesteld voor het testen van een vraagbaak. "
    "Niet afkomstig van SMN. Niet gebruiken in echte hulpverlening."
)
CHECKBOX = "☐"
# as shares of the width of a text column: a letter in a table, and the white space beside the text of a cell
_LETTER, _PADDING = 0.0115, 0.03
_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text with one look. `note` and `comment` spans carry no running text of their own."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    inserted: bool = False
    deleted: bool = False
    note: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    children: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Item, ...]
    start: int = 0  # the number of the first item; 0 for a list with bullets


@dataclass(frozen=True, slots=True)
class Cell:
    row: int
    column: int
    rows: int
    columns: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]  # the first row is the header

    def cells(self) -> Iterator[Cell]:
        """The cells that carry text, with how many rows and columns each covers ("^^" and "<<" are covered)."""
        for r, row in enumerate(self.rows):
            for c, text in enumerate(row):
                if text not in ("^^", "<<"):
                    yield Cell(r, c, self._covered_down(r, c), self._covered_right(r, c), text)

    def _covered_down(self, r: int, c: int) -> int:
        n = 1
        while r + n < len(self.rows) and self.rows[r + n][c] == "^^":
            n += 1
        return n

    def _covered_right(self, r: int, c: int) -> int:
        n = 1
        while c + n < len(self.rows[r]) and self.rows[r][c + n] == "<<":
            n += 1
        return n

    def shares(self) -> tuple[float, ...]:
        """How much of the width each column should get (sums to 1): room for its longest word, the rest by usual length."""
        cells = [c for c in self.cells() if c.columns == 1]
        needs, wishes = [], []
        for column in range(len(self.rows[0])):
            texts = [plain(c.text) for c in cells if c.column == column] or [""]
            words: list[float] = [len(w) for t in texts for w in re.split(r"[\s/]", t)]
            words += [len(w) * 1.15 for w in self.rows[0][column].split()]  # the header is bold
            needs.append(min(max(words), 22) * _LETTER + _PADDING)
            empty = sum(not t for t in texts) * 2 > len(texts)  # a column to write in
            wishes.append(30.0 if empty else min(sum(len(t) for t in texts) / len(texts), 90) + 1)
        spare = max(0.0, 1 - sum(needs))
        widths = [need + spare * wish / sum(wishes) for need, wish in zip(needs, wishes, strict=True)]
        return tuple(w / sum(widths) for w in widths)


@dataclass(frozen=True, slots=True)
class Box:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    alt: str
    name: str


Block = Heading | Paragraph | List | Table | Box | Fold | Columns | Figure


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """One text as its writer keeps it."""

    code: str
    title: str
    version: str
    status: str
    owner: str
    audience: str
    valid_from: date
    valid_until: date | None
    review_by: date
    supersedes: str
    format: str
    body: str
    path: Path
    blocks: tuple[Block, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # (label, text) of each footnote, in order of definition

    @property
    def key(self) -> str:
        return f"{self.code}@{self.version}"

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The block that stands at the top of every rendered file, in the words a trainer reads."""
        rows = [
            ("Titel", self.title), ("Documentcode", self.code), ("Versie", self.version), ("Status", self.status),
            ("Eigenaar", self.owner), ("Vastgesteld op", dutch_date(self.valid_from)),
            ("Herzien voor", dutch_date(self.review_by)), ("Doelgroep", self.audience),
        ]  # fmt: skip
        if self.valid_until:
            rows.insert(6, ("Vervallen per", dutch_date(self.valid_until)))
        return tuple(rows)


def dutch_date(day: date) -> str:
    """'1 maart 2026'."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def read(path: Path) -> WrittenSource:
    """One source file; CatalogueError names the file and the field that is wrong."""
    text = path.read_text("utf-8")
    match = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL)
    if not match:
        raise CatalogueError(f"{path.name} has no front matter", hint="start the file with a block between two lines ---")
    meta = dict(_field(line) for line in match.group(1).splitlines() if line.strip())
    try:
        source = _source(meta, match.group(2), path)
    except (KeyError, ValueError) as error:
        raise CatalogueError(f"{path.name}: wrong front matter: {error}", hint="see corpus/texts/README.md") from error
    lines, notes = _without_notes(source.body.splitlines())
    return replace(source, blocks=parse(lines), notes=notes)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), re.sub(r"\s+#.*$", "", value).strip().strip('"')


def _source(meta: dict[str, str], body: str, path: Path) -> WrittenSource:
    until = meta.get("valid_until", "")
    return WrittenSource(
        code=meta["code"], title=meta["title"], version=meta["version"], status=meta["status"], owner=meta["owner"],
        audience=meta["audience"], valid_from=date.fromisoformat(meta["valid_from"]),
        valid_until=date.fromisoformat(until) if until else None, review_by=date.fromisoformat(meta["review_by"]),
        supersedes=meta.get("supersedes", ""), format=meta["format"], body=body, path=path,
    )  # fmt: skip


def _without_notes(lines: Sequence[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    rest, notes = [], []
    for line in lines:
        if match := re.match(r"\[\^(\w+)\]: (.+)", line):
            notes.append((match.group(1), match.group(2)))
        else:
            rest.append(line)
    return rest, tuple(notes)


_LIST = re.compile(r"(-|\d+\.) +(.*)")
_STARTS_BLOCK = re.compile(r"#{1,6} |:::|>|\||!\[|(-|\d+\.) ")


def parse(lines: Sequence[str]) -> tuple[Block, ...]:
    """Blocks of a body or of the inside of a box, fold or list item."""
    blocks: list[Block] = []
    i = 0
    while i < len(lines):
        if not lines[i].strip():
            i += 1
            continue
        block, i = _block(lines, i)
        blocks.append(block)
    return tuple(blocks)


def _block(lines: Sequence[str], i: int) -> tuple[Block, int]:
    line = lines[i]
    if match := re.match(r"(#{1,6}) (.+)", line):
        return Heading(len(match.group(1)), match.group(2).strip()), i + 1
    if match := re.match(r"!\[(.*)\]\((.*)\)", line):
        return Figure(match.group(1), match.group(2)), i + 1
    if line.startswith(":::"):
        return _fenced(lines, i)
    if line.startswith(">"):
        return _box(lines, i)
    if line.startswith("|"):
        end = _run_end(lines, i, lambda s: s.startswith("|"))
        return _table(lines[i:end]), end
    if _LIST.match(line):
        return _list(lines, i)
    end = _run_end(lines, i + 1, lambda s: bool(s.strip()) and not _STARTS_BLOCK.match(s))
    return Paragraph(" ".join(s.strip() for s in lines[i:end])), end


def _run_end(lines: Sequence[str], i: int, belongs: Callable[[str], bool]) -> int:
    while i < len(lines) and belongs(lines[i]):
        i += 1
    return i


def _fenced(lines: Sequence[str], i: int) -> tuple[Block, int]:
    kind, _, title = lines[i][3:].strip().partition(" ")
    end = _run_end(lines, i + 1, lambda s: s.strip() != ":::")
    inside = parse(lines[i + 1 : end])
    if kind == "kolommen":
        return Columns(inside), end + 1
    return Fold(title.strip(), inside), end + 1


def _box(lines: Sequence[str], i: int) -> tuple[Block, int]:
    end = _run_end(lines, i, lambda s: s.startswith(">"))
    inside = [re.sub(r"^> ?", "", s) for s in lines[i:end]]
    match = re.match(r"\[!kader\] *(.*)", inside[0])
    return (Box(match.group(1).strip(), parse(inside[1:])) if match else Box("", parse(inside))), end


def _table(lines: Sequence[str]) -> Table:
    rows = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))) for line in lines]
    body = [row for n, row in enumerate(rows) if n != 1]  # the second line is the rule under the header
    width = len(body[0])
    return Table(tuple((row + ("",) * width)[:width] for row in body))


def _list(lines: Sequence[str], i: int) -> tuple[Block, int]:
    first = _LIST.match(lines[i])
    assert first is not None
    ordered = first.group(1) != "-"
    items: list[Item] = []
    while i < len(lines) and (match := _LIST.match(lines[i])) and (match.group(1) != "-") == ordered:
        end = _run_end(lines, i + 1, lambda s: s.startswith("  "))
        items.append(_item(match.group(2), lines[i + 1 : end]))
        i = end
        # a blank line inside a list does not end it when another item of the same kind follows at once
        if i + 1 < len(lines) and not lines[i].strip() and (m := _LIST.match(lines[i + 1])) and (m.group(1) != "-") == ordered:
            i += 1
    return List(tuple(items), int(first.group(1)[:-1]) if ordered else 0), i


def _item(text: str, more: Sequence[str]) -> Item:
    indent = min((len(s) - len(s.lstrip()) for s in more if s.strip()), default=0)
    inside = [s[indent:] for s in more]
    n = _run_end(inside, 0, lambda s: bool(s.strip()) and not _STARTS_BLOCK.match(s))
    return Item(" ".join([text, *(s.strip() for s in inside[:n])]).strip(), parse(inside[n:]))


_TOKEN = re.compile(r"(\*\*|\*|`|\{\+\+|\+\+\}|\{--|--\}|\{>>.*?<<\}|\[\^\w+\])")


def spans(text: str) -> Iterator[Span]:
    """The runs of one line of text, in order; a checkbox "[ ]" becomes the sign for it."""
    look = Span("")
    for part in _TOKEN.split(text.replace("[ ]", CHECKBOX)):
        match part:
            case "**":
                look = replace(look, bold=not look.bold)
            case "*":
                look = replace(look, italic=not look.italic)
            case "`":
                look = replace(look, code=not look.code)
            case "{++" | "++}":
                look = replace(look, inserted=part == "{++")
            case "{--" | "--}":
                look = replace(look, deleted=part == "{--")
            case _ if part.startswith("{>>"):
                yield Span("", comment=part[3:-3].strip())
            case _ if part.startswith("[^"):
                yield Span("", note=part[2:-1])
            case _ if part:
                yield replace(look, text=part)


def plain(text: str) -> str:
    """The text as it reads: no marks, no footnote references, tracked changes accepted."""
    return "".join(s.text for s in spans(text) if not s.deleted)


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """All blocks, also those inside boxes, folds, columns and list items, in reading order."""
    for block in blocks:
        yield block
        if isinstance(block, Box | Fold | Columns):
            yield from walk(block.blocks)
        elif isinstance(block, List):
            for item in block.items:
                yield from walk(item.children)


def texts(source: WrittenSource) -> Iterator[str]:
    """Every piece of plain text of a source: headings, paragraphs, items, cells, titles, footnotes."""
    for block in walk(source.blocks):
        match block:
            case Heading(text=text) | Paragraph(text=text):
                yield plain(text)
            case Box(title=title) | Fold(title=title):
                yield plain(title)
            case List(items=items):
                yield from (plain(item.text) for item in items)
            case Table():
                yield from (plain(cell.text) for cell in block.cells())
    yield from (plain(text) for _, text in source.notes)


def slug(text: str) -> str:
    """'Wat je niet doet' -> 'wat-je-niet-doet', for anchors."""
    letters = unicodedata.normalize("NFKD", plain(text).lower().replace("\u00ad", ""))
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[\u0300-\u036f]", "", letters)).strip("-")
