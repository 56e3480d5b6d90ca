"""Plain text -> pieces: find the encoding, then read structure from what people type when they have no styles.

Headings are underlined, numbered, or in capitals; lists start with a dash, star, bullet or number; a paragraph ends at a
blank line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest import wording
from ingest.clean import join_hyphenated
from ingest.limits import DEFAULT, Reading
from ingest.pieces import Parsed, Piece
from ingest.structure import is_front_matter

_UNDERLINE = re.compile(r"^\s*([=\-~*_#])\1{2,}\s*$")
_RULE = re.compile(r"^\s*([=\-~*_#+])(?:\s*\1){2,}\s*$")
_MARKED = re.compile(r"^(#{1,6})\s+(\S.*?)\s*#*$")
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})[.)]?\s+([^\W\d_].*)$")
_CHAPTER = re.compile(r"^(?:hoofdstuk|deel|bijlage|paragraaf|artikel|stap)\s+\w{1,4}\b[:.\s-]*.*$", re.IGNORECASE)
_BULLET = re.compile(r"^(\s*)(?:[-*•●○▪■–‣·o]|\[[ xX]?\])\s+(?=\S)")
_COUNT = re.compile(r"^(\s*)((?:\d{1,3}|[a-z])[.)])\s+(?=\S)")
_TERM = re.compile(r"^[^\s:][^:.?!|]{0,60}:\s+\S")
_QA = re.compile(r"^\s*(?:vraag|antwoord|v|a|q)\s*\d{0,3}\s*[.:)]\s+\S", re.IGNORECASE)
_COLUMNS = re.compile(r"\t+| {3,}|\s*\|\s*")
_TOC = re.compile(r"(?:\.\s?){4,}\s*\d{1,4}\s*$")
_ALLOWED_CONTROLS = "\t\n\r\f\x0b\x1a\x1b"
_WINDOWS = "cp1252"


def parse(data: bytes, reading: Reading = DEFAULT) -> Parsed:
    """The pieces of a plain text file."""
    text, warnings = decode(data)
    pieces = tuple(_pieces(text))
    if not pieces:
        raise wording.no_text()
    return Parsed(pieces, warnings)


# --- encoding -------------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Text in any common encoding, and a warning where that took a guess; SourceUnreadable for bytes that are no text."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _checked(data.decode(name, "replace"), data), ()
    if wide := _wide(data):
        return _checked(data.decode(wide, "replace"), data), (wording.encoding_guessed(wide.upper()),)
    try:
        return _checked(data.decode("utf-8"), data), ()
    except UnicodeDecodeError:
        return _single_byte(data)


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: in Western text every other byte is zero."""
    sample = data[:4000]
    if len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0) / len(sample) * 2, sample[1::2].count(0) / len(sample) * 2
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 and odd < 0.1 else ""


def _single_byte(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Windows-1252 where that gives plausible Dutch, else what charset-normalizer thinks."""
    western = data.decode(_WINDOWS, "replace")
    if _plausible(western):
        return _checked(western, data), (wording.encoding_guessed("Windows-1252"),)
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    name = best.encoding if best is not None else _WINDOWS
    return _checked(data.decode(name, "replace"), data), (wording.encoding_guessed(name),)


def _plausible(text: str) -> bool:
    """Whether the letters beyond ASCII are those of Western European words: few, and mostly inside or at the end of words."""
    odd = [c for c in text if ord(c) > 127]
    usual = sum(c in "éèëêáàäâóòöôíìïîúùüûçñÉËÖÜÄÏÈÀÇ€‘’“”–—…•·°²³½¼«»´`©®±µ§\u00a0\u00ad" for c in odd)
    return len(odd) <= 0.12 * len(text) + 3 and usual >= 0.8 * len(odd)


def _checked(text: str, data: bytes) -> str:
    """The text; SourceUnreadable when it is noise: control characters and undecodable bytes, as in a binary file."""
    sample = text[:20_000]
    noise = sum((ord(c) < 32 and c not in _ALLOWED_CONTROLS) or c == "\ufffd" or "\x7f" <= c <= "\x9f" for c in sample)
    if noise > max(2, 0.02 * len(sample)):
        raise wording.no_plain_text()
    return text


# --- structure ------------------------------------------------------------------------------------------------------------


def _pieces(text: str) -> Iterator[Piece]:
    lines = [line.rstrip() for line in re.split(r"\r\n|\r|\n|\f|\x0b", text)]
    levels = _Levels()
    i, first = 0, True
    while i < len(lines):
        if not lines[i].strip() or _RULE.match(lines[i]) or _TOC.search(lines[i]):
            i += 1
            continue
        if heading := _heading(lines, i, first):
            look, words, used = heading
            yield Piece("heading", words, levels.of(look))
            first = False
            i += used
            continue
        end = _block_end(lines, i)
        block = list(_block(lines[i:end]))
        first = first and all(is_front_matter(piece) for piece in block)
        yield from block
        i = end


class _Levels:
    """Levels by order of appearance: a new look of heading stands one below the heading before it, a known look where it
    stood. The looks themselves say nothing; one author's dashes are another one's capitals."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._last = 0

    def of(self, look: str) -> int:
        if look.startswith("#"):
            self._last = len(look)
            return self._last
        if look not in self._known:
            self._known[look] = self._last + 1
        self._last = self._known[look]
        return self._last


def _heading(lines: list[str], i: int, first: bool) -> tuple[str, str, int] | None:
    """(look, words, number of lines) of a heading that starts at line i. first: nothing but a notice came before it."""
    line = lines[i].strip()
    if len(line) > 120:
        return None
    if marked := _MARKED.match(line):
        return marked[1], marked[2], 1
    below = lines[i + 1] if i + 1 < len(lines) else ""
    if (under := _UNDERLINE.match(below)) and not _RULE.match(line) and not _BULLET.match(line):
        return f"underlined {under[1]}", line, 2
    if i > 0 and lines[i - 1].strip() and not _RULE.match(lines[i - 1]):
        return None
    if _ends_like_prose(line):
        return None
    if _is_capitals(line):
        return "capitals", line, 1
    return None if below.strip() else _lone_heading(line, first)


def _lone_heading(line: str, first: bool) -> tuple[str, str, int] | None:
    """A line between blank lines that is numbered, named as a chapter, asks something, or opens the text."""
    if numbered := _NUMBERED.match(line):
        return f"numbered {numbered[1].count('.')}", line, 1
    if _CHAPTER.match(line):
        return "chapter", line, 1
    if line.endswith("?") and not _QA.match(line):
        return "question", line, 1
    if first and len(line) <= 80 and not _item(line) and not _is_row(line) and not is_front_matter(Piece("paragraph", line)):
        return "title", line, 1
    return None


def _ends_like_prose(line: str) -> bool:
    return line.endswith((".", ",", ";", ":", "!"))


def _is_capitals(line: str) -> bool:
    letters = [c for c in line if c.isalpha()]
    return len(letters) >= 4 and all(c.isupper() for c in letters) and len(line) <= 80 and not _BULLET.match(line)


def _block_end(lines: list[str], start: int) -> int:
    """The first line after `start` that does not belong to the same run of text."""
    end = start + 1
    while end < len(lines) and lines[end].strip() and not _RULE.match(lines[end]):
        under = _UNDERLINE.match(lines[end + 1]) if end + 1 < len(lines) else None
        if under and len(lines[end]) <= 120:
            break
        end += 1
    return end


def _block(lines: list[str]) -> Iterator[Piece]:
    """A run of lines as list items, a simple table, term lines, or one paragraph."""
    if len(lines) >= 2 and all(_is_row(line) for line in lines):
        yield from _rows(lines)
        return
    terms = len(lines) >= 2 and all(_TERM.match(line) for line in lines)
    current: Piece | None = None
    for line in lines:
        starts = _item(line)
        if starts is None and (terms or _QA.match(line)):
            starts = Piece("paragraph", line.strip())
        if starts is None and current is not None:
            current = _longer(current, line)
            continue
        if current is not None:
            yield current
        current = starts or Piece("paragraph", line.strip())
    if current is not None:
        yield current


def _item(line: str) -> Piece | None:
    if bullet := _BULLET.match(line):
        return Piece("list_item", line[bullet.end() :], _depth(bullet[1]))
    if count := _COUNT.match(line):
        return Piece("list_item", f"{count[2]} {line[count.end() :]}", _depth(count[1]))
    return None


def _depth(indent: str) -> int:
    return 1 + len(indent.expandtabs(4)) // 3


def _longer(piece: Piece, line: str) -> Piece:
    return Piece(piece.kind, join_hyphenated(piece.text, line.strip()), piece.level)


def _is_row(line: str) -> bool:
    """Three cells or more, or two apart by a bar or tab."""
    cells = _cells(line)
    return len(cells) >= 3 or (len(cells) == 2 and ("|" in line or "\t" in line.strip()))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _COLUMNS.split(line.strip().strip("|")) if cell.strip()]


def _rows(lines: list[str]) -> Iterator[Piece]:
    rows = [tuple(_cells(line)) for line in lines if re.search(r"\w", line)]
    header = rows[0]
    for number, row in enumerate(rows):
        if number == 0 and len(rows) > 1:
            yield Piece("table_header", cells=row)
        else:
            yield Piece("table_row", cells=row, header=header)
