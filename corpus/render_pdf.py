"""Sources -> PDF with a laid-out page: running header, contents, columns, boxes, merged cells, notes, hyphens at line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from corpus.render_pictures import drawing
from corpus.render_source import (
    EXAMPLE_LINE,
    Block,
    Box,
    Columns,
    Figure,
    Fold,
    Heading,
    List,
    Paragraph,
    Span,
    Table,
    WrittenSource,
    plain,
    spans,
)  # fmt: skip

FONT = "DejaVuSans"  # Bitstream Vera licence with public-domain changes: may be embedded and passed on
INK, PALE, WARM, RULE = "#1d2b33", "#e6eef3", "#fdf7e6", "#9bb0bd"
WITH_CONTENTS = frozenset({"H01", "H08"})
COMPACT = {"N02": 0.82}
# H04 shows words broken at line ends, as a word processor does. Only these words are ever broken.
HYPHENATED_DOCUMENTS = frozenset({"H04"})
HYPHENATION = """
    be-ge-lei-ding be-ge-lei-din-gen be-reik-baar-heid be-roeps-ge-heim be-schik-baar coör-di-na-tor coör-di-na-to-ren
    con-tact-no-ti-tie di-rec-te ge-heim-hou-ding ge-heim-hou-dings-ver-kla-ring ge-meen-schap ge-meen-te ge-schen-ken
    ge-sprek-ken ge-zins-le-den ge-drags-co-de hulp-lijn hulp-vra-ger hulp-vra-gers hulp-ver-le-ner in-for-ma-tie
    jour-na-list or-ga-ni-sa-tie per-soons-ge-ge-vens pri-vé-num-mer toe-stem-ming ver-trou-we-lijk ver-trou-we-lijk-heid
    ver-trou-wens-per-soon ver-trou-wens-per-so-nen vrij-wil-li-ger vrij-wil-li-gers werk-te-le-foon wijk-agent
    ver-ant-woor-de-lijk-heid voor-beeld ver-kla-ring ge-drag be-stuur fa-mi-lie af-spraak af-spra-ken al-tijd be-ge-leid
    col-le-ga con-tact ge-sprek jon-ge-re men-sen mo-ment ou-der ou-ders re-gel re-gels so-ci-a-le te-le-foon ver-tel-len
    vra-gen we-ten an-de-ren ie-mand ach-ter-wacht aan-drin-gen be-kend be-ken-den ma-ken no-dig
"""


def pdf(source: WrittenSource) -> bytes:
    """The laid-out document; the same bytes for the same source."""
    if source.code == "N21":
        return _scan(source)
    _fonts()
    out = BytesIO()
    document = _document(out, source)
    document.multiBuild(list(_story(source)))
    return out.getvalue()


@cache
def _fonts() -> None:
    """DejaVu Sans, which matplotlib carries: a Unicode font, so ë, ’ and - come out as typed."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    looks = {"": "", "-Bold": "-Bold", "-Italic": "-Oblique", "-BoldItalic": "-BoldOblique"}
    for look, file in looks.items():
        pdfmetrics.registerFont(TTFont(FONT + look, str(_font_folder() / f"DejaVuSans{file}.ttf")))
    pdfmetrics.registerFont(TTFont(FONT + "-Mono", str(_font_folder() / "DejaVuSansMono.ttf")))
    pdfmetrics.registerFontFamily(FONT, FONT, FONT + "-Bold", FONT + "-Italic", FONT + "-BoldItalic")


@cache
def _font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.enums import TA_LEFT
    from reportlab.lib.styles import ParagraphStyle

    body = ParagraphStyle(
        "body", fontName=FONT, fontSize=9.2, leading=13.2, spaceAfter=6, textColor=HexColor(INK), alignment=TA_LEFT,
        embeddedHyphenation=1, allowWidows=0, allowOrphans=0,
    )  # fmt: skip
    bold = FONT + "-Bold"

    def like(name: str, **changes: Any) -> Any:
        return ParagraphStyle(name, parent=body, **changes)

    return {
        "body": body,
        "small": like("small", fontSize=7.4, leading=10, spaceAfter=2),
        "cell": like("cell", fontSize=8.2, leading=11, spaceAfter=0),
        "head": like("head", fontSize=8.2, leading=11, spaceAfter=0, fontName=bold),
        "chart": like("chart", fontSize=7.6, leading=10, spaceAfter=1.5),
        "charthead": like("charthead", fontSize=7.9, leading=10.4, spaceAfter=2, fontName=bold),
        "boxhead": like("boxhead", fontName=bold, spaceAfter=3),
        "h1": like("h1", fontName=bold, fontSize=19, leading=24, spaceBefore=10, spaceAfter=10),
        "h2": like("h2", fontName=bold, fontSize=13.5, leading=17, spaceBefore=12, spaceAfter=5, keepWithNext=1),
        "h3": like("h3", fontName=bold, fontSize=10.4, leading=14, spaceBefore=8, spaceAfter=3, keepWithNext=1),
        "toc0": like("toc0", fontSize=9.2, leading=14, leftIndent=0, spaceAfter=0),
    }


def _document(out: BytesIO, source: WrittenSource) -> Any:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    class Document(BaseDocTemplate):  # type: ignore[misc]
        def afterFlowable(self, flowable: Any) -> None:
            if getattr(flowable, "contents_entry", ""):
                self.notify("TOCEntry", (0, flowable.contents_entry, self.page))

    # a text that must fit on one sheet is set on a larger page and then scaled down
    scale = COMPACT.get(source.code, 1.0)
    width, height, margin, top = A4[0] / scale, A4[1] / scale, 62, 64
    document = Document(
        out, pagesize=A4, invariant=1, title=source.title, author=source.owner, subject=source.key,
        creator="Vraagbaak voorbeeldcorpus", lang="nl-NL", leftMargin=margin, rightMargin=margin,
    )  # fmt: skip
    frame = Frame(margin, top, width - 2 * margin, height - 2 * top, 0, 0, 0, 0, id="body")

    def running(canvas: Any, doc: Any) -> None:
        _running(canvas, doc.page, source, (width, height))

    def scaled(canvas: Any, _: Any) -> None:
        canvas.scale(scale, scale)

    # drawn after the body, so that the first words in the file are those of the example line
    document.addPageTemplates([PageTemplate("page", [frame], onPage=scaled, onPageEnd=running)])
    return document


def _running(canvas: Any, page: int, source: WrittenSource, size: tuple[float, float]) -> None:
    width, height = size
    canvas.saveState()
    canvas.setFont(FONT, 7.4)
    canvas.setStrokeColor(RULE)
    if page > 1:
        canvas.drawString(62, height - 42, f"{source.code} {source.title}")
        canvas.drawRightString(width - 62, height - 42, "voorbeelddocument")
        canvas.line(62, height - 47, width - 62, height - 47)
    canvas.line(62, 50, width - 62, 50)
    canvas.drawString(62, 39, f"Versie {source.version}")
    canvas.drawRightString(width - 62, 39, f"bladzijde {page}")
    canvas.restoreState()


# --- the flow of the document ---------------------------------------------------------------------------------------------


def _story(source: WrittenSource) -> Iterator[Any]:
    yield _paragraph(EXAMPLE_LINE, "small")
    yield _metadata(source)
    waiting = dict(source.notes)
    due: list[str] = []  # notes whose reference was seen, printed at the end of their section
    blocks = list(source.blocks)
    for n, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level == 2:
            yield from _notes(due, waiting)
            due = []
            if source.code in WITH_CONTENTS and not any(isinstance(b, Heading) and b.level == 2 for b in blocks[:n]):
                yield from _contents()
        due += _references(block)
        if _starts_chart(block) and not _starts_chart(blocks[n - 1]):
            yield _chart([b for b in blocks if _starts_chart(b) and isinstance(b, Box)])
        elif not _starts_chart(block):
            yield from _flow(block, source.code in HYPHENATED_DOCUMENTS)
    yield from _notes(due, waiting)


def _metadata(source: WrittenSource) -> Any:
    rows = [[_paragraph(name, "head"), _paragraph(value, "cell")] for name, value in source.metadata()]
    return _grid(rows, [0.2, 0.8], header=False)


def _contents() -> Iterator[Any]:
    from reportlab.platypus import PageBreak
    from reportlab.platypus.tableofcontents import TableOfContents

    yield _paragraph("Inhoud", "h3")
    contents = TableOfContents(dotsMinLevel=0)
    contents.levelStyles = [_styles()["toc0"]]
    yield contents
    yield PageBreak()


def _references(block: Block) -> list[str]:
    from corpus.render_source import walk

    found: list[str] = []
    for part in walk([block]):
        texts = [part.text] if isinstance(part, Paragraph) else [i.text for i in part.items] if isinstance(part, List) else []
        found += [s.note for text in texts for s in spans(text) if s.note]
    return found


def _notes(labels: Sequence[str], texts: dict[str, str]) -> Iterator[Any]:
    from reportlab.platypus import HRFlowable

    if labels:
        yield HRFlowable(width="30%", thickness=0.6, color=RULE, hAlign="LEFT", spaceBefore=4, spaceAfter=3)
    for label in labels:
        yield _paragraph(f"{label} {texts[label]}", "small")


def _flow(block: Block, hyphenate: bool = False) -> Iterator[Any]:
    from reportlab.platypus import CondPageBreak

    match block:
        case Heading(level=level, text=text):
            yield CondPageBreak(80)  # a heading alone at the foot of a page helps nobody
            heading = _paragraph(text, f"h{min(level, 3)}")
            heading.contents_entry = plain(text) if level == 2 else ""
            yield heading
        case Paragraph(text=text):
            yield _paragraph(text, "body", hyphenate)
        case List():
            yield _list(block, hyphenate)
        case Table():
            yield from _table(block)
        case Box(title=title, blocks=inside) | Fold(title=title, blocks=inside):
            yield from _box(title, inside, hyphenate)
        case Columns(blocks=inside):
            yield _columns(inside, hyphenate)
        case Figure(alt=alt, name=name):
            yield drawing(name, FONT)
            yield _paragraph(f"*Afbeelding: {alt}*", "small")


def _paragraph(text: str, style: str, hyphenate: bool = False) -> Any:
    from reportlab.platypus import Paragraph as Flowable

    return Flowable("".join(_span(s, hyphenate) for s in spans(text)), _styles()[style])


def _span(span: Span, hyphenate: bool) -> str:
    if span.note:
        return f'<super size="6">{span.note}</super>'
    out = escape(_with_soft_hyphens(span.text) if hyphenate else span.text)
    out = f'<font name="{FONT}-Mono">{out}</font>' if span.code else out
    out = f"<i>{out}</i>" if span.italic else out
    return f"<b>{out}</b>" if span.bold else out


@cache
def _breaks() -> tuple[tuple[re.Pattern[str], str], ...]:
    pairs = {word.replace("-", ""): word for word in HYPHENATION.split()}
    return tuple((re.compile(rf"\b{plain_word}\b"), word.replace("-", "\u00ad")) for plain_word, word in sorted(pairs.items()))


def _with_soft_hyphens(text: str) -> str:
    for pattern, broken in _breaks():
        text = pattern.sub(broken, text)
    return text


def _list(block: List, hyphenate: bool) -> Any:
    from reportlab.platypus import ListFlowable, ListItem

    items = []
    for item in block.items:
        parts = [_paragraph(item.text, "body", hyphenate)]
        for child in item.children:
            parts += list(_flow(child, hyphenate))
        items.append(ListItem(parts, spaceAfter=0))
    ticks = block.items[0].text.startswith("[ ]")  # a box to tick is its own bullet
    look: dict[str, Any] = {"bulletType": "bullet", "start": " " if ticks else "•"}
    if block.start:
        look = {"bulletType": "1", "start": block.start, "bulletFormat": "%s."}
    return ListFlowable(items, leftIndent=17, bulletFontName=FONT, bulletFontSize=9.2, bulletDedent=15, spaceAfter=6, **look)


def _grid(rows: list[list[Any]], shares: Sequence[float], *, header: bool = True, merged: Sequence[Any] = ()) -> Any:
    from reportlab.platypus import Table as Grid

    look: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, RULE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    look += [("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 4), *merged]
    if header:
        look.append(("BACKGROUND", (0, 0), (-1, 0), PALE))
    return Grid(
        rows,
        colWidths=[f"{100 * share:.2f}%" for share in shares],
        style=look,
        repeatRows=1 if header else 0,
        spaceBefore=4,
        spaceAfter=9,
    )


def _table(table: Table) -> Iterator[Any]:
    rows: list[list[Any]] = [["" for _ in row] for row in table.rows]
    merged = []
    for cell in table.cells():
        rows[cell.row][cell.column] = _paragraph(cell.text, "head" if cell.row == 0 else "cell")
        if cell.rows > 1 or cell.columns > 1:
            last = (cell.column + cell.columns - 1, cell.row + cell.rows - 1)
            merged.append(("SPAN", (cell.column, cell.row), last))
    yield _grid(rows, table.shares(), merged=merged)


def _box(title: str, blocks: Sequence[Block], hyphenate: bool) -> Iterator[Any]:
    from reportlab.platypus import Table as Grid

    parts = [_paragraph(title, "boxhead")] if title else []
    for block in blocks:
        parts += list(_flow(block, hyphenate))
    # one row per part, so that a long box may run on to the next page, but never after its title alone
    look = [("BOX", (0, 0), (-1, -1), 0.8, "#d9a92b"), ("BACKGROUND", (0, 0), (-1, -1), WARM)]
    look += [("NOSPLIT", (0, 0), (0, 1))] if len(parts) > 1 else []
    look += [("LEFTPADDING", (0, 0), (-1, -1), 9)]
    look += [("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1), ("TOPPADDING", (0, 0), (-1, 0), 6)]
    yield Grid([[part] for part in parts], colWidths=["100%"], style=look, spaceBefore=5, spaceAfter=9)


def _columns(blocks: Sequence[Block], hyphenate: bool) -> Any:
    from reportlab.platypus.flowables import BalancedColumns

    inside = [flowable for block in blocks for flowable in _flow(block, hyphenate)]
    return BalancedColumns(inside, nCols=2, innerPadding=20, needed=200, spaceAfter=8)


# --- the flow chart of N02 ------------------------------------------------------------------------------------------------


def _starts_chart(block: Block) -> bool:
    return isinstance(block, Box) and block.title.startswith(("Vraag ", "Uitkomst "))


_COLOURS = {"ROOD": "#f6c9c5", "ORANJE": "#fbdcb5", "GEEL": "#fbf1b8", "GROEN": "#d3ebcf"}


def _chart(boxes: Sequence[Box]) -> Any:
    from reportlab.platypus import Flowable

    class Chart(Flowable):  # type: ignore[misc]
        """Questions left, outcomes right. Drawn from the last box to the first: the text layer runs against the eye."""

        gap, part_left, part_right = 13.0, 0.44, 0.48

        def wrap(self, available: float, _: float) -> tuple[float, float]:
            self.across, self.left, self.right = available, available * self.part_left, available * self.part_right
            self.heights = [max(_height(q, self.left), _height(o, self.right)) for q, o in _pairs(boxes)]
            self.tall = sum(self.heights) + self.gap * len(self.heights)
            return available, self.tall

        def draw(self) -> None:
            tops = [self.tall - sum(self.heights[:n]) - self.gap * n for n in range(len(self.heights))]
            edge = self.across - self.right
            for n, (question, outcome) in reversed(list(enumerate(_pairs(boxes)))):
                bottom, height = tops[n] - self.heights[n], self.heights[n]
                colour = next((c for word, c in _COLOURS.items() if word in outcome.title), WARM)
                _draw_box(self.canv, outcome, edge, bottom, self.right, height, colour)
                _draw_box(self.canv, question, 0, bottom, self.left, height, PALE)
                _arrow(self.canv, self.left, tops[n] - height / 2, edge, tops[n] - height / 2, "ja")
                if n + 1 < len(tops):
                    _arrow(self.canv, self.left / 2, bottom, self.left / 2, bottom - self.gap, "nee")

    return Chart()


def _pairs(boxes: Sequence[Box]) -> list[tuple[Box, Box]]:
    questions = [b for b in boxes if b.title.startswith("Vraag ")]
    return list(zip(questions, [b for b in boxes if b.title.startswith("Uitkomst ")], strict=True))


def _chart_parts(box: Box, width: float) -> list[tuple[Any, float]]:
    lines = [(box.title, "charthead")]
    for block in box.blocks:
        if isinstance(block, Paragraph):
            lines.append((block.text, "chart"))
        elif isinstance(block, List):
            lines += [(f"• {item.text}", "chart") for item in block.items]
    parts = [_paragraph(text, style) for text, style in lines]
    return [(part, part.wrap(width - 14, 1000)[1] + part.style.spaceAfter) for part in parts]


def _height(box: Box, width: float) -> float:
    return sum(height for _, height in _chart_parts(box, width)) + 11


def _draw_box(canvas: Any, box: Box, x: float, y: float, width: float, height: float, fill: str) -> None:
    canvas.setFillColor(fill)
    canvas.setStrokeColor(INK)
    canvas.roundRect(x, y, width, height, 5, fill=1)
    top = y + height - 5
    for part, tall in _chart_parts(box, width):
        part.drawOn(canvas, x + 7, top - tall + part.style.spaceAfter)
        top -= tall


def _arrow(canvas: Any, x1: float, y1: float, x2: float, y2: float, word: str) -> None:
    canvas.setFillColor(INK)
    canvas.line(x1, y1, x2, y2)
    head = canvas.beginPath()
    across = (x2, y2, x2 - 5, y2 + 3, x2 - 5, y2 - 3) if y1 == y2 else (x2, y2, x2 - 3, y2 + 5, x2 + 3, y2 + 5)
    head.moveTo(*across[:2])
    head.lineTo(*across[2:4])
    head.lineTo(*across[4:])
    canvas.drawPath(head, fill=1)
    canvas.setFont(FONT + "-Bold", 7.4)
    canvas.drawString((x1 + x2) / 2 - 5 if y1 == y2 else x1 + 6, (y1 + y2) / 2 + (4 if y1 == y2 else -2), word)


# --- the scan of N21 ------------------------------------------------------------------------------------------------------


def _scan(source: WrittenSource) -> bytes:
    """A page that is one grey picture, slightly turned, as a copier makes it: nothing in it can be read as text."""
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    page = Image.new("L", (1240, 1754), 246)
    draw, y = ImageDraw.Draw(page), 130
    for text, size, gap in _scan_lines(source):
        font = ImageFont.truetype(str(_font_folder() / "DejaVuSans.ttf"), size)
        draw.text((130, y), text, fill=52, font=font)
        y += gap
    page = page.rotate(0.7, fillcolor=246, resample=Image.Resampling.BILINEAR)
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle("scan")
    canvas.drawImage(ImageReader(page), 0, 0, *A4)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _scan_lines(source: WrittenSource) -> Iterator[tuple[str, int, int]]:
    """(line, letter size, distance to the next line), in pixels at 150 per inch."""
    import textwrap

    for line in textwrap.wrap(EXAMPLE_LINE, 70):
        yield line, 22, 32
    for name, value in source.metadata():
        yield f"{name}: {value}", 20, 30
    yield "", 20, 40
    for block in source.blocks:
        if isinstance(block, Heading):
            yield plain(block.text), 44 if block.level == 1 else 32, 70
        elif isinstance(block, Paragraph):
            yield from ((line, 27, 42) for line in textwrap.wrap(plain(block.text), 56))
            yield "", 27, 22
        elif isinstance(block, List):
            yield from ((f"•  {plain(item.text)}", 27, 42) for item in block.items)
            yield "", 27, 22
