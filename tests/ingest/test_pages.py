"""Places on pages: rectangles where the words are, also on a turned page; labels; scans with and without OCR."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import ImageOps

from corpus.errors import SourceUnreadable
from ingest import ocr, parse_pdf
from ingest.limits import Reading
from ingest.parse import parse_bytes
from ingest.pdf_page import open_pdf, pages
from tests.ingest.hostile import scanned_pdf
from tests.ingest.made import drawn_pdf

SENTENCE = "De coördinator belt altijd binnen een uur terug."


def one_line(x: float, y: float, rotation: int = 0) -> bytes:
    """A page with one line that reads upright when the page is shown turned by `rotation` degrees."""

    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.setPageRotation(rotation)
        canvas.translate(x, y)
        canvas.rotate(rotation)
        canvas.drawString(0, 0, SENTENCE)

    return drawn_pdf(draw)


def test_a_rectangle_is_where_the_words_are_counted_from_the_top_left() -> None:
    (block,) = parse_bytes(one_line(100, 700), "a.pdf", "T@1").blocks
    (rect,) = block.rects
    assert rect.left == pytest.approx(100, abs=1.5)
    assert rect.top < 842 - 700 < rect.bottom
    assert rect.right == pytest.approx(100 + 12 * 0.5 * len(SENTENCE), rel=0.2)


@pytest.mark.parametrize(("rotation", "x", "y"), [(0, 100, 700), (90, 200, 100), (180, 500, 700), (270, 300, 500)])
def test_a_turned_page_is_measured_as_it_is_shown(rotation: int, x: float, y: float) -> None:
    document = open_pdf(one_line(x, y, rotation))
    (page,) = pages(document)
    picture = ImageOps.invert(document[0].render(scale=1).to_pil().convert("L"))
    document.close()
    left, top, right, bottom = picture.getbbox()  # of the ink
    assert " ".join(w.text for w in page.words) == SENTENCE
    assert min(w.left for w in page.words) == pytest.approx(left, abs=3)
    assert max(w.right for w in page.words) == pytest.approx(right, abs=3)
    assert min(w.top for w in page.words) <= top + 1
    assert max(w.bottom for w in page.words) >= bottom - 1


def test_page_labels_are_kept_only_where_they_differ_from_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_bytes(one_line(100, 700), "a.pdf", "T@1").page_labels == ()
    import pypdfium2 as pdfium

    monkeypatch.setattr(pdfium.PdfDocument, "get_page_label", lambda self, index: "iv")
    assert parse_bytes(one_line(100, 700), "a.pdf", "T@1").page_labels == ("iv",)


def test_a_scan_with_ocr_is_read_with_a_warning_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    words = SENTENCE.split()
    count = len(words) + 1
    table: dict[str, list[Any]] = {name: [1] * count for name in ("block_num", "par_num", "line_num")}
    table |= {"text": [*words, "#"], "conf": [95] * len(words) + [3], "left": [300 + 250 * i for i in range(count)]}
    table |= {"top": [400] * count, "width": [230] * count, "height": [50] * count}
    monkeypatch.setattr(ocr, "recognise", lambda document, page: tuple(ocr.words_of(table, 72 / 300)))
    parsed = parse_pdf.parse(scanned_pdf(), Reading(ocr=True))
    assert [p.text for p in parsed.pieces] == [SENTENCE]
    assert parsed.pieces[0].rects[0].left == pytest.approx(72)
    assert "herkend van een scan" in parsed.warnings[0]


def test_a_scan_without_ocr_says_what_to_do() -> None:
    with pytest.raises(SourceUnreadable, match="scan") as caught:
        parse_bytes(scanned_pdf(), "a.pdf", "T@1")
    assert "OCR" in caught.value.hint
