"""A source as HTML: the section around a quotation with its words highlighted, what changed, and the page of a PDF.

Pure functions but one: `page_picture` draws a page with pypdfium2. Every word of a document is escaped here.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.model import Language
from assistant.reading import Comparison, Section, anchor_of, body_text, compared, headings, section_around, standing, worded
from assistant.ui_wording import ui
from assistant.wording import day
from corpus.errors import ReleaseError
from corpus.model import Block, Document, Rect, Source
from corpus.release import Release, file_sha256

_PDFIUM = threading.Lock()  # PDFium is not safe to use from two threads
PICTURE_WIDTH = 900  # pixels: sharp on a phone that shows it 360 points wide


@dataclass(frozen=True, slots=True)
class Marks:
    """Which part of a text is highlighted: offsets in the canonical text; empty when start == end."""

    start: int = 0
    end: int = 0


NO_MARKS = Marks()

# --- blocks -> HTML ---------------------------------------------------------------------------------------------------------


def marked(document: Document, start: int, end: int, marks: Marks) -> str:
    """text[start:end] escaped, with the part inside `marks` in <mark>."""
    low, high = max(start, min(marks.start, end)), min(end, max(marks.end, start))
    if low >= high:
        return escape(document.text[start:end])
    before, inside, after = document.text[start:low], document.text[low:high], document.text[high:end]
    return f"{escape(before)}<mark>{escape(inside)}</mark>{escape(after)}"


def blocks_html(document: Document, blocks: Sequence[Block], marks: Marks, *, top: int = 3) -> str:
    """Blocks as headings, paragraphs, lists and tables. top: the HTML level of the highest heading."""
    anchors = {h.start: h for h in headings(document)}
    lowest = min((anchors[b.start].level for b in blocks if b.start in anchors), default=1)
    parts: list[str] = []
    for kind, run in _runs(blocks):
        if kind == "list_item":
            parts.append(_list(document, run, marks))
        elif kind == "table_row":
            parts.append(_table(document, run, marks))
        elif kind == "notice":
            parts.append(f'<div class="vb-notices">{"".join(_notice(document, b, marks) for b in run)}</div>')
        else:
            parts += [_block(document, b, marks, anchors, top - lowest) for b in run]
    return "".join(parts)


def _runs(blocks: Sequence[Block]) -> Iterable[tuple[str, list[Block]]]:
    """Neighbours that belong together: list items, rows of one table."""
    run: list[Block] = []
    kind = ""
    for block in blocks:
        now = "table_row" if block.kind == "table_header" else block.kind
        starts = block.kind == "table_header"
        if run and (now != kind or starts):
            yield kind, run
            run = []
        kind = now
        run.append(block)
    if run:
        yield kind, run


def _block(document: Document, block: Block, marks: Marks, anchors: Any, shift: int) -> str:
    body = marked(document, block.start, block.end, marks).replace("\n", "<br>")
    if block.kind == "heading":
        heading = anchors[block.start]
        level = min(6, max(2, heading.level + shift))
        return f'<h{level} id="{escape(heading.anchor)}">{body}</h{level}>'
    if block.kind in ("box", "footnote", "caption"):
        return f'<p class="vb-{block.kind}">{body}</p>'
    return f"<p>{body}</p>"


def _notice(document: Document, block: Block, marks: Marks) -> str:
    """A line about the file itself; a row of two cells reads as "Versie: 3.0"."""
    cells = _cells(document, block, marks) if len(block.cells) == 2 else [marked(document, block.start, block.end, marks)]
    return f'<p class="vb-notice">{": ".join(cells)}</p>'


def _list(document: Document, run: Sequence[Block], marks: Marks) -> str:
    """List items with their depth as a class: a flat list is read out correctly and cannot be nested wrongly."""
    items = []
    for block in run:
        depth = min(3, max(1, block.level))
        numbered = re.match(r"\(?\w{1,3}[.)]\s", document.text[block.start : block.end])
        items.append(
            f'<li class="vb-depth-{depth}{" vb-numbered" if numbered else ""}">'
            f"{marked(document, block.start, block.end, marks)}</li>"
        )
    return f"<ul>{''.join(items)}</ul>"


def _table(document: Document, run: Sequence[Block], marks: Marks) -> str:
    rows = []
    header = next((b.cells for b in run if b.kind == "table_header"), None) or next((b.header for b in run if b.header), ())
    if header:
        rows.append("<thead><tr>" + "".join(f'<th scope="col">{escape(c)}</th>' for c in header) + "</tr></thead>")
    rows.append("<tbody>")
    for block in run:
        if block.kind == "table_header":
            continue
        cells = "".join(
            f'<td data-kop="{escape(header[i]) if i < len(header) else ""}">{cell}</td>' for i, cell in enumerate(_cells(document, block, marks))
        )
        rows.append(f"<tr>{cells}</tr>")
    rows.append("</tbody>")
    return f'<div class="vb-table" tabindex="0" role="group"><table>{"".join(rows)}</table></div>'


def _cells(document: Document, block: Block, marks: Marks) -> list[str]:
    """The cells of a row with their highlights; the whole row when its cells cannot be told apart."""
    text = document.text[block.start : block.end]
    parts = text.split(" | ")
    if len(parts) != len(block.cells):
        return [marked(document, block.start, block.end, marks)]
    cells, at = [], block.start
    for part in parts:
        cells.append(marked(document, at, at + len(part), marks))
        at += len(part) + len(" | ")
    return cells


# --- facts about a source ---------------------------------------------------------------------------------------------------


def badge(source: Source, today: date, language: Language) -> str:
    """The standing of a version as a small label."""
    now = standing(source, today)
    return f'<span class="vb-badge vb-{now}">{escape(ui(now, language))}</span>'


def facts(source: Source, today: date, language: Language) -> tuple[str, ...]:
    """Version, dates and owner in words."""
    lines = [ui("version", language, version=source.version)]
    if source.valid_from:
        lines.append(ui("since", language, date=day(source.valid_from, language)))
    if source.valid_until:
        lines.append(ui("until", language, date=day(source.valid_until, language)))
    if source.review_by:
        late = "review_late" if source.review_overdue(today) else "review"
        lines.append(ui(late, language, date=day(source.review_by, language)))
    if source.owner:
        lines.append(ui("owner", language, owner=source.owner))
    return tuple(lines)


def named(source: Source) -> str:
    """Code and title, once: "N01 Werkinstructie registratie"."""
    return source.title if source.title.startswith(source.code) else f"{source.code} {source.title}"


def address(source: str, prefix: str = "") -> str:
    """Where the whole text can be read. prefix: "" or "/en"."""
    return f"{prefix}/kennisbank/{quote(source, safe='@')}"


def standing_notice(release: Release, source: Source, today: date, language: Language, prefix: str) -> str:
    """A warning above a text that does not hold; "" above one that does."""
    now = standing(source, today)
    if now == "valid":
        return ""
    words = ui("concept_banner" if now == "concept" else "expired_banner", language) if now != "not_yet" else ui("not_yet", language)
    newer = next((s for s in release.sources if s.code == source.code and s.answers_on(today)), None)
    link = f' <a href="{escape(address(newer.key, prefix))}">{escape(ui("open_new", language))}: {escape(named(newer))}, ' \
           f'{escape(ui("version", language, version=newer.version).lower())}</a>' if newer else ""  # fmt: skip
    return f'<p class="vb-notice vb-warn" role="note">{escape(words)}{link}</p>'


# --- the view that a citation opens ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A quotation: which source version and which offsets in its canonical text."""

    source: str
    start: int
    end: int


def view(release: Release, place: Place, today: date, language: Language, *, corpus: Path | None = None) -> str:
    """The source of a citation as an HTML fragment. Raises ReleaseError when the release has no such text.

    corpus: the folder with the original files, for the picture of a PDF page.
    """
    source = release.by_key.get(place.source)
    if source is None:
        raise ReleaseError(f"there is no source {place.source} in release {release.number}", hint="ask the question again")
    document = release.document(source.key)
    section = section_around(document, place.start, place.end)
    prefix = "/en" if language == "en" else ""
    pages = pages_of(document, place)
    parts = [
        _head(source, section, pages, today, language),
        standing_notice(release, source, today, language, prefix),
        f'<p class="vb-hint">{escape(ui("quoted_here", language))}</p>',
        _section(document, section, Marks(place.start, place.end)),
        _pictures(release, source, document, place, corpus, language),
        changes_html(compared(release, source, section), language),
        _whole(source, document, place, prefix, language),
    ]
    return "".join(parts)


def _head(source: Source, section: Section, pages: Sequence[int], today: date, language: Language) -> str:
    path = [h for h in section.heading if h != source.title]
    where = " › ".join(escape(h) for h in path)
    page = ui("page", language, pages=", ".join(map(str, pages))) if pages else ""
    place = " · ".join(p for p in (where, escape(page)) if p)
    lines = " · ".join(escape(f) for f in facts(source, today, language))
    return (
        f'<h2 class="vb-source-title" tabindex="-1">{escape(named(source))}</h2>'
        f'<p class="vb-meta">{badge(source, today, language)} {lines}</p>'
        + (f'<p class="vb-path"><span class="vb-sr">{escape(ui("where", language))}: </span>{place}</p>' if place else "")
    )


def _section(document: Document, section: Section, marks: Marks) -> str:
    dots = '<p class="vb-dots" aria-hidden="true">…</p>'
    body = blocks_html(document, section.blocks, marks)
    # ids belong to the page of the whole text; here they could clash with another opened source
    body = re.sub(r'(<h[2-6]) id="[^"]*"', r"\1", body)
    return f'<div class="vb-section" lang="nl">{dots if section.cut_before else ""}{body}{dots if section.cut_after else ""}</div>'


def pages_of(document: Document, place: Place) -> tuple[int, ...]:
    """The pages on which the quotation stands."""
    return tuple(sorted({p for b in document.blocks if b.start < place.end and place.start < b.end for p in b.pages}))


def _whole(source: Source, document: Document, place: Place, prefix: str, language: Language) -> str:
    anchor = anchor_of(document, place.start)
    link = f"{address(source.key, prefix)}?van={place.start}&tot={place.end}#{'citaat' if place.end > place.start else anchor}"
    return (
        f'<p class="vb-whole"><a href="{escape(link)}" target="_blank" rel="noopener">{escape(ui("whole_text", language))}'
        f' <span class="vb-sr">{escape(ui("new_tab", language))}</span></a></p>'
    )


def changes_html(comparison: Comparison | None, language: Language) -> str:
    """What changed since the older version, word by word; "" when there is no older version."""
    if comparison is None:
        return ""
    older = comparison.older
    if not comparison.pieces:
        body = f"<p>{escape(ui('changed_new', language, version=older.version))}</p>"
    elif not comparison.differs:
        body = f"<p>{escape(ui('changed_same', language, version=older.version))}</p>"
    else:
        until = older.valid_until
        lead = ui("changed_lead", language, version=older.version, date=day(until, language)) if until else ui(
            "changed_lead_open", language, version=older.version
        )  # fmt: skip
        body = f'<p class="vb-hint">{escape(lead)}</p><p class="vb-diff" lang="nl">{"".join(_piece(p.kind, p.text, language) for p in comparison.pieces)}</p>'
    return f"<details class='vb-changed'><summary>{escape(ui('changed', language))}</summary>{body}</details>"


def compared_whole(release: Release, source: Source, language: Language) -> str:
    """What changed in a whole text since its older version; "" when there is none or it cannot be read."""
    document = release.document(source.key)
    older = release.by_key.get(source.supersedes)
    if older is None:
        return ""
    try:
        before = body_text(release.document(older.key))
    except ReleaseError:
        return ""
    return changes_html(Comparison(older, worded(before, body_text(document))), language)


def _piece(kind: str, text: str, language: Language) -> str:
    body = escape(text).replace("\n", "<br>")
    if kind == "gone":
        return f'<del><span class="vb-sr">{escape(ui("changed_gone", language))}: </span>{body}</del> '
    if kind == "added":
        return f'<ins><span class="vb-sr">{escape(ui("changed_added", language))}: </span>{body}</ins> '
    return f"{body} "


# --- pages of a PDF -----------------------------------------------------------------------------------------------------------


def original(release: Release, source: Source, corpus: Path | None) -> Path | None:
    """The file a text was read from; None when it is gone or no longer the same file."""
    if corpus is None:
        return None
    path = (corpus / source.path).resolve()
    known = next((sha for key, _, sha in release.manifest.sources if key == source.key), "")
    if not path.is_relative_to(corpus.resolve()) or not path.is_file() or file_sha256(path) != known:
        return None
    return path


def rects_of(document: Document, place: Place) -> tuple[Rect, ...]:
    """The rectangles of the blocks that the quotation touches."""
    return tuple(r for b in document.blocks if b.start < place.end and place.start < b.end for r in b.rects)


def _pictures(release: Release, source: Source, document: Document, place: Place, corpus: Path | None, language: Language) -> str:
    pages = sorted({r.page for r in rects_of(document, place)})
    if not pages or not source.path.lower().endswith(".pdf"):
        return ""
    if original(release, source, corpus) is None:
        return f'<p class="vb-hint">{escape(ui("no_picture", language))}</p>'
    figures = "".join(_figure(source, place, page, language) for page in pages[:3])
    return f"<details class='vb-pages' open><summary>{escape(ui('picture', language))}</summary>{figures}</details>"


def _figure(source: Source, place: Place, page: int, language: Language) -> str:
    link = f"/bron/pagina?tekst={quote(source.key, safe='@')}&van={place.start}&tot={place.end}&pagina={page}"
    alt = ui("picture_alt", language, page=page, title=source.title)
    caption = ui("page", language, pages=page)
    return (
        f'<figure><img src="{escape(link)}" alt="{escape(alt)}" loading="lazy" width="595" height="842">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def page_picture(path: Path, document: Document, place: Place, page: int, width: int = PICTURE_WIDTH) -> bytes:
    """A PNG of one page with the words of the quotation marked in place. page counts from 1. Raises ReleaseError."""
    import pypdfium2

    quoted = document.text[place.start : place.end]
    blocks = [r for r in rects_of(document, place) if r.page == page]
    with _PDFIUM:
        pdf = pypdfium2.PdfDocument(path)
        try:
            if not 1 <= page <= len(pdf):
                raise ReleaseError(f"page {page} does not exist", hint="ask the question again")
            opened = pdf[page - 1]
            rects = quote_rects(opened, quoted, blocks)
            scale = width / opened.get_width()
            image = opened.render(scale=scale).to_pil()
        finally:
            pdf.close()
    return _painted(image, rects, scale)


def quote_rects(page: Any, quoted: str, blocks: Sequence[Rect]) -> tuple[Rect, ...]:
    """The rectangles of the quoted words on a page, line by line; those of their blocks when the words are not found.

    The page's text has line ends and hyphens that the canonical text has not, so both are compared by letters and digits only.
    """
    text = page.get_textpage()
    height = page.get_height()
    page_chars = [(i, c) for i in range(text.count_chars()) if (c := text.get_text_range(i, 1)).isalnum()]
    letters = "".join(c.casefold()[:1] for _, c in page_chars)
    wanted = "".join(c.casefold()[:1] for c in quoted if c.isalnum())
    at = _best(letters, wanted, page_chars, text, height, blocks)
    if at < 0:
        return tuple(blocks)
    boxes = [text.get_charbox(i) for i, _ in page_chars[at : at + len(wanted)]]
    return _lines([Rect(blocks[0].page, left, height - top, right, height - bottom) for left, bottom, right, top in boxes])


def _best(letters: str, wanted: str, chars: Sequence[tuple[int, str]], text: Any, height: float, blocks: Sequence[Rect]) -> int:
    """Where the words start: the occurrence inside the blocks; -1 when there is none (a quotation over two pages)."""
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        left, bottom, right, top = text.get_charbox(chars[at][0])
        x, y = (left + right) / 2, height - (top + bottom) / 2
        if any(b.left - 3 <= x <= b.right + 3 and b.top - 3 <= y <= b.bottom + 3 for b in blocks):
            return at
        at = letters.find(wanted, at + 1)
    return -1


def _lines(boxes: Sequence[Rect]) -> tuple[Rect, ...]:
    """Rectangles of letters joined to one rectangle for each line."""
    lines: list[Rect] = []
    for box in boxes:
        last = lines[-1] if lines else None
        if last and box.top < last.bottom and box.bottom > last.top and box.left >= last.left:
            lines[-1] = Rect(last.page, last.left, min(last.top, box.top), max(last.right, box.right), max(last.bottom, box.bottom))
        else:
            lines.append(box)
    return tuple(lines)


def _painted(image: Any, rects: Sequence[Rect], scale: float) -> bytes:
    from PIL import Image, ImageChops, ImageDraw

    page = image.convert("RGB")
    layer = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(layer)
    for r in rects:
        draw.rectangle((r.left * scale - 2, r.top * scale - 2, r.right * scale + 2, r.bottom * scale + 2), fill=(255, 221, 120))
    out = io.BytesIO()
    ImageChops.multiply(page, layer).quantize(64).save(out, "PNG")  # the words stay black; 64 colours keep it small
    return out.getvalue()
