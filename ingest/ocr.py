"""Text of a scanned page, through tesseract with its Dutch data: optional, and only when a trainer asks for it.

The words come back with their places on the page, so that a citation of a scan can be highlighted like any other.
"""

from __future__ import annotations

from typing import Any

from ingest import wording
from ingest.pdf_page import Word

_DPI = 300
_LANGUAGES = "nld+eng"
_SURE = 40  # of 100; below this tesseract is guessing at specks


def recognise(document: Any, page: int) -> tuple[Word, ...]:
    """The words of page `page` (counted from 1) of a pypdfium2 document; SourceUnreadable when tesseract is not there."""
    try:
        import pytesseract
    except ImportError as error:
        raise wording.no_ocr() from error
    picture = document[page - 1].render(scale=_DPI / 72, grayscale=True).to_pil()
    try:
        found = pytesseract.image_to_data(picture, lang=_languages(pytesseract), output_type=pytesseract.Output.DICT)
    except (pytesseract.TesseractNotFoundError, pytesseract.TesseractError) as error:
        raise wording.no_ocr() from error
    return tuple(words_of(found, 72 / _DPI))


def _languages(pytesseract: Any) -> str:
    there = set(pytesseract.get_languages(config=""))
    return "+".join(x for x in _LANGUAGES.split("+") if x in there) or "eng"


def words_of(found: dict[str, list[Any]], scale: float) -> list[Word]:
    """Tesseract's table as words in points. All words of a line get the line's baseline and size, for specks vary."""
    lines: dict[tuple[int, int, int], list[int]] = {}
    for i, text in enumerate(found["text"]):
        if str(text).strip() and float(found["conf"][i]) >= _SURE:
            lines.setdefault((found["block_num"][i], found["par_num"][i], found["line_num"][i]), []).append(i)
    words: list[Word] = []
    for members in lines.values():
        heights = sorted(found["height"][i] for i in members)
        size = round(heights[len(heights) // 2] * scale * 2) / 2
        bottoms = sorted(found["top"][i] + found["height"][i] for i in members)
        baseline = bottoms[len(bottoms) // 2] * scale
        for i in members:
            left, top = found["left"][i] * scale, found["top"][i] * scale
            right, bottom = left + found["width"][i] * scale, top + found["height"][i] * scale
            words.append(Word(str(found["text"][i]), left, top, right, bottom, baseline, size, False))
    return words
