"""One page of a PDF as words and ruling lines: the only file that talks to PDFium.

Coordinates are PDF points from the top-left corner of the page as it is shown (after its crop box and rotation). Characters
are fetched in one batch and looked at per word, because every call into the library costs about a microsecond.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ingest import wording

_SOFT_HYPHENS = "\x02\ufffe\u00ad"  # PDFium's mark for a hyphen at the end of a line
_SPACES = " \t\r\n\xa0\x00\u2002\u2003\u2009\u202f"
_MAX_OBJECTS = 20_000
_THIN = 3.0  # points; a rectangle thinner than this is a line
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space. baseline: y on which it stands; size: of the font, in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float
    bold: bool
    mark: str = ""  # a raised footnote number at its end, which is not part of `text`
    hyphen: bool = False  # ends in a hyphen at the end of its line


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line or the outline of a rectangle. For a line, either the width or the height is (almost) zero."""

    left: float
    top: float
    right: float
    bottom: float
    filled: bool = False

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on a page. number counts from 1; pictures tells whether a large picture covers it."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    rules: tuple[Rule, ...]
    label: str = ""
    pictures: bool = False


def open_pdf(data: bytes) -> Any:
    """A pypdfium2 document; SourceUnreadable for one that is locked or damaged."""
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "assword" in str(error) or "ecurity" in str(error):
            raise wording.password() from error
        raise wording.damaged("het is geen geldige pdf") from error


def pages(document: Any) -> Iterator[Page]:
    """Every page, in order; a page that cannot be loaded counts as a page without text."""
    import pypdfium2 as pdfium

    for index in range(len(document)):
        label = document.get_page_label(index) or ""
        try:
            page = document[index]
        except pdfium.PdfiumError:
            yield Page(index + 1, 595.0, 842.0, (), (), label)
            continue
        try:
            yield _Reader(page, index + 1, label).read()
        finally:
            page.close()


@dataclass(slots=True)
class _Font:
    size: float
    bold: bool
    upright: bool


class _Reader:
    """Reads one page; keeps PDFium's handles and the fonts of text objects seen."""

    def __init__(self, page: Any, number: int, label: str) -> None:
        import pypdfium2.raw as raw

        self._raw = raw
        self._page = page
        self._number = number
        self._label = label
        self._text_page = page.get_textpage()
        self._text = self._text_page.raw
        self._rotation = page.get_rotation()
        self._box = page.get_cropbox()
        self._fonts: dict[int, _Font] = {}
        self._named: dict[int, bool] = {}
        self._rect = raw.FS_RECTF()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()

    def read(self) -> Page:
        width, height = self._page.get_size()
        try:
            words = tuple(_with_marks(self._words()))
            rules, pictures = self._drawn(width * height)
        finally:
            self._text_page.close()
        return Page(self._number, width, height, words, rules, self._label, pictures)

    # --- text

    def _characters(self) -> str:
        """One character per PDFium index."""
        raw = self._raw
        count = raw.FPDFText_CountChars(self._text)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        written = raw.FPDFText_GetText(self._text, 0, count, buffer)
        text = bytes(buffer)[: 2 * (written - 1)].decode("utf-16-le", "replace")
        if len(text) == count and written - 1 == count:
            return text
        # some characters have no Unicode value or need two units: ask one by one so that indexes stay true
        codes = (raw.FPDFText_GetUnicode(self._text, i) for i in range(count))
        return "".join(chr(c) if 0 < c < 0x110000 and not 0xD800 <= c < 0xE000 else "\ufffd" if c else " " for c in codes)

    def _words(self) -> Iterator[Word]:
        text = self._characters()
        start = 0
        for i, character in enumerate(text):
            if character in _SPACES:
                if start < i:
                    yield from self._word(text, start, i)
                start = i + 1
            elif character in _SOFT_HYPHENS:
                if start < i:
                    yield from self._word(text, start, i, hyphen=True)
                start = i + 1
        if start < len(text):
            yield from self._word(text, start, len(text))

    def _word(self, text: str, start: int, end: int, hyphen: bool = False) -> Iterator[Word]:
        font = self._font(start)
        if not font.upright:
            return  # a watermark across the page
        first, last = self._loose_box(start), self._loose_box(end - 1)
        baseline = self._baseline(start)
        if last[0] < first[0] - 0.5 or abs(last[3] - first[3]) > 0.8 * font.size:
            yield from self._broken(text, start, end, hyphen)
            return
        mark_at = self._mark(text, start, end, font)
        mark = text[mark_at:end]
        right = self._loose_box(mark_at - 1)[2] if mark else last[2]
        words = text[start:mark_at] + ("-" if hyphen else "")
        yield Word(words, first[0], first[1], max(right, first[2]), first[3], baseline, font.size, font.bold, mark, hyphen)

    def _broken(self, text: str, start: int, end: int, hyphen: bool) -> Iterator[Word]:
        """Characters that PDFium took for one word but that stand on different lines."""
        begin = start
        before = self._loose_box(start)
        for i in range(start + 1, end):
            box = self._loose_box(i)
            if box[0] < before[0] - 0.5 or abs(box[3] - before[3]) > 0.8 * (before[3] - before[1] or 1.0):
                yield self._plain(text, begin, i, False)
                begin = i
            before = box
        yield self._plain(text, begin, end, hyphen)

    def _plain(self, text: str, start: int, end: int, hyphen: bool) -> Word:
        font = self._font(start)
        first, last = self._loose_box(start), self._loose_box(end - 1)
        words = text[start:end] + ("-" if hyphen else "")
        return Word(
            words, first[0], first[1], max(last[2], first[2]), first[3], self._baseline(start), font.size, font.bold, "", hyphen
        )

    def _mark(self, text: str, start: int, end: int, font: _Font) -> int:
        """Where a raised number at the end of a word begins; `end` when there is none."""
        i = end
        while i > start + 1 and text[i - 1] in "0123456789¹²³*":
            i -= 1
        if (
            i == end
            or self._font(end - 1).size > 0.8 * font.size
            and abs(self._baseline(end - 1) - self._baseline(start)) < 1.5
        ):
            return end
        while i < end and self._font(i).size > 0.8 * font.size and abs(self._baseline(i) - self._baseline(start)) < 1.5:
            i += 1
        return i

    def _font(self, index: int) -> _Font:
        raw = self._raw
        handle = raw.FPDFText_GetTextObject(self._text, index)
        key = _address(handle)
        if key and key in self._fonts:
            return self._fonts[key]
        matrix = raw.FS_MATRIX()
        size = raw.FPDFText_GetFontSize(self._text, index) or 1.0
        upright = True
        if raw.FPDFText_GetMatrix(self._text, index, matrix):
            across, up = (matrix.c**2 + matrix.d**2) ** 0.5, (matrix.a**2 + matrix.b**2) ** 0.5
            size *= across or up or 1.0
            tilted = abs(matrix.b) > 0.15 * up if self._rotation in (0, 180) else abs(matrix.a) > 0.15 * up
            upright = not tilted
        font = _Font(round(size, 2), self._is_bold(handle, index), upright)
        if key:
            self._fonts[key] = font
        return font

    def _is_bold(self, handle: Any, index: int) -> bool:
        raw = self._raw
        if not handle:
            return False
        font = raw.FPDFTextObj_GetFont(handle)
        key = _address(font)
        if key not in self._named:
            buffer = ctypes.create_string_buffer(256)
            flags = ctypes.c_int()
            raw.FPDFText_GetFontInfo(self._text, index, buffer, 256, flags)
            name = buffer.value.decode("latin-1").lower()
            heavy = raw.FPDFText_GetFontWeight(self._text, index) >= 600
            self._named[key] = heavy or any(part in name for part in _BOLD_NAMES)
        return self._named[key]

    # --- geometry

    def _loose_box(self, index: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of a character, as high as its font is."""
        self._raw.FPDFText_GetLooseCharBox(self._text, index, self._rect)
        r = self._rect
        return self._shown(r.left, r.bottom, r.right, r.top)

    def _baseline(self, index: int) -> float:
        self._raw.FPDFText_GetCharOrigin(self._text, index, self._x, self._y)
        return self._shown(self._x.value, self._y.value, self._x.value, self._y.value)[1]

    def _shown(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """From PDF space (origin at the bottom left, before rotation) to the page as shown."""
        x0, y0, x1, y1 = self._box
        if self._rotation == 0:
            return left - x0, y1 - top, right - x0, y1 - bottom
        if self._rotation == 90:
            return bottom - y0, left - x0, top - y0, right - x0
        if self._rotation == 180:
            return x1 - right, bottom - y0, x1 - left, top - y0
        return y1 - top, x1 - right, y1 - bottom, x1 - left

    def _drawn(self, area: float) -> tuple[tuple[Rule, ...], bool]:
        """Ruling lines and outlines, and whether a picture covers much of the page."""
        raw = self._raw
        rules: list[Rule] = []
        pictured = 0.0
        numbers = [ctypes.c_float() for _ in range(4)]
        for i in range(min(raw.FPDFPage_CountObjects(self._page.raw), _MAX_OBJECTS)):
            thing = raw.FPDFPage_GetObject(self._page.raw, i)
            kind = raw.FPDFPageObj_GetType(thing)
            if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE):
                continue
            if not raw.FPDFPageObj_GetBounds(thing, *numbers):
                continue
            left, bottom, right, top = (n.value for n in numbers)
            box = self._shown(left, bottom, right, top)
            if kind == raw.FPDF_PAGEOBJ_IMAGE:
                pictured += (box[2] - box[0]) * (box[3] - box[1])
            else:
                rules += self._rules(thing, box)
        return tuple(rules), pictured > 0.3 * area

    def _rules(self, thing: Any, box: tuple[float, float, float, float]) -> Iterator[Rule]:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(thing, fill, stroke)
        slanted = raw.FPDFPath_CountSegments(thing) == 2 and min(box[2] - box[0], box[3] - box[1]) > _THIN
        if (fill.value or stroke.value) and not slanted:
            yield Rule(*box, filled=bool(fill.value) and not stroke.value)


def _with_marks(words: Iterator[Word]) -> Iterator[Word]:
    """A small raised number right behind a word is the mark of a note, not a word."""
    before: Word | None = None
    for word in words:
        if before is not None and (word.text.isdigit() or word.text == "*") and _is_raised(before, word):
            before = replace(before, mark=word.text)
            continue
        if before is not None:
            yield before
        before = word
    if before is not None:
        yield before


def _is_raised(before: Word, word: Word) -> bool:
    beside = -1 <= word.left - before.right < 0.4 * before.size
    return word.size < 0.8 * before.size and beside and 1.5 < before.baseline - word.baseline < 0.8 * before.size


def _address(handle: Any) -> int:
    """What a pointer points at, 0 for a null pointer; an eighth of the time of ctypes.cast."""
    return ctypes.c_void_p.from_buffer(handle).value or 0 if handle else 0


def is_line(rule: Rule) -> bool:
    """Whether a rule is a line rather than an area."""
    return min(rule.width, rule.height) <= _THIN
