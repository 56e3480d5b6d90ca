"""Documents made by code, as word processors and web sites make them: bytes of DOCX, ODT, PDF, HTML, Markdown and text."""



from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be found in a document. headings: paths joined with ' > ', in order.  cells: rows of tables.  order: phrases
    that must follow one another.  absent: phrases that must be in no passage.  notes: footnotes.  items: list items."""

    headings: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...] = ()
    order: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A made document: file name, how to make its bytes, what must be found in it."""

    name: str
    make: Callable[[], bytes]
    expected: Expected


# --- DOCX -----------------------------------------------------------------------------------------------------------------


def docx(body: str, parts: Mapping[str, str] = {}) -> bytes:
    """A Word document of hand-written XML. parts: further members below word/, without the namespace wrapper."""
    names = {"styles": "styles", "numbering": "numbering", "footnotes": "footnotes", "comments": "comments"}
    overrides = "".join(
        f'<Override PartName="/word/{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.{n}+xml"/>'
        for n in names
        if n in parts
    )
    members = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
        f'document.main+xml"/>{overrides}</Types>',
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{W}" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        f"<w:body>{body}</w:body></w:document>",
    }
    for name, xml in parts.items():
        members[f"word/{name}.xml"] = f'<?xml version="1.0"?><w:{name} xmlns:w="{W}">{xml}</w:{name}>'
    return zipped(members)


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip of these members; the first one is stored, as ODT wants its mimetype."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (name, data) in enumerate(members.items()):
            archive.writestr(name, data, zipfile.ZIP_STORED if i == 0 else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def p(text: str, style: str = "", extra: str = "") -> str:
    """A Word paragraph; `text` may hold runs."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{extra}</w:pPr>{text if text.startswith('<w:') else r(text)}</w:p>"


def r(text: str, properties: str = "") -> str:
    """A Word run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def item(text: str, number: int, level: int = 0) -> str:
    """A Word list item of list `number`."""
    return p(text, extra=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def tc(text: str, properties: str = "") -> str:
    """A Word table cell."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def tr(*cells: str, header: bool = False) -> str:
    """A Word table row."""
    return f"<w:tr><w:trPr>{'<w:tblHeader/>' if header else ''}</w:trPr>{''.join(cells)}</w:tr>"


DUTCH_STYLES = (
    '<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Kop1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Kop2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="EigenKop"><w:name w:val="Eigen kop"/><w:basedOn w:val="Kop2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Inhopg1"><w:name w:val="toc 1"/></w:style>'
)
LISTS = (
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def dutch_word() -> bytes:
    """Dutch style ids, a contents list, a style based on a heading, lists that restart."""
    body = (
        p("Huisregels", "Titel") + p("Inleiding 3", "Inhopg1") + p("Inleiding", "Kop1") + p("Dit is de inleiding van het stuk.")
        + p("Doel", "EigenKop") + p("Het doel is rust.") + item("eerste stap", 1) + item("tussenstap", 1, 1)
        + item("tweede stap", 1) + p("Slot", "Kop1") + item("opnieuw begonnen", 3) + item("een punt", 2)
    )  # fmt: skip
    return docx(body, {"styles": DUTCH_STYLES, "numbering": LISTS})


def tracked_word() -> bytes:
    """Insertions, deletions, moved text, comments, hidden text, a footnote, a text box written twice, a content control."""
    author = 'w:id="1" w:author="A" w:date="2026-01-01T00:00:00Z"'
    box = f"<w:txbxContent>{p('Tekst in het kader.')}</w:txbxContent>"
    body = (
        p("Afspraken", "Kop1")
        + "<w:p>" + r("Bel binnen ") + f"<w:del {author}><w:r><w:delText>48 uur</w:delText></w:r></w:del>"
        + f"<w:ins {author}>{r('24 uur')}</w:ins>" + r(" terug.") + r("GEHEIM", "<w:vanish/>")
        + '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>'
        + f"<w:moveFrom {author}>{p('Verhuisde zin.')}</w:moveFrom>" + p("Daarna komt dit.")
        + f"<w:moveTo {author}>{p('Verhuisde zin.')}</w:moveTo>"
        + "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>" + box + "</w:drawing></mc:Choice>"
        + "<mc:Fallback><w:pict>" + box + "</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + f"<w:sdt><w:sdtPr/><w:sdtContent>{p('Ingevuld veld.')}</w:sdtContent></w:sdt>"
        + p("Vervolg", "Kop1") + p("Hier gaat het verder." + "")
    )  # fmt: skip
    notes = (
        '<w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="2">{p("Ook in het weekend.")}</w:footnote>'
    )
    comments = f'<w:comment w:id="0" w:author="B">{p("Klopt dit nog?")}</w:comment>'
    return docx(body, {"styles": DUTCH_STYLES, "footnotes": notes, "comments": comments})


def word_tables() -> bytes:
    """A header row, cells merged across and down, a remark over the whole width, a frame of one cell."""
    table = (
        "<w:tbl>" + tr(tc("Kleur"), tc("Wie"), tc("Termijn"), header=True)
        + tr(tc("Rood", '<w:vMerge w:val="restart"/>'), tc("achterwacht"), tc("15 minuten"))
        + tr(tc("", "<w:vMerge/>"), tc("coördinator"), tc("2 uur"))
        + tr(tc("Groen"), tc("niemand", '<w:gridSpan w:val="2"/>'))
        + tr(tc("Bij twijfel: bel.", '<w:gridSpan w:val="3"/>')) + "</w:tbl>"
    )  # fmt: skip
    frame = "<w:tbl>" + tr(tc("Let op: dit is een kader.")) + "</w:tbl>"
    return docx(p("Termijnen", "Kop1") + table + p("Na de tabel.") + frame, {"styles": DUTCH_STYLES})


# --- ODT ------------------------------------------------------------------------------------------------------------------

_ODT = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
)


def odt(body: str, styles: str = "") -> bytes:
    """An OpenDocument text of hand-written XML."""
    content = (
        f'<?xml version="1.0"?><office:document-content {_ODT}><office:automatic-styles>{styles}</office:automatic-styles>'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "META-INF/manifest.xml": manifest}
    )


def open_document() -> bytes:
    """Outline levels, nested lists, spans, a note, tracked deletion, repeated spaces."""
    styles = (
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
        '<text:list-level-style-bullet text:level="2"/></text:list-style>'
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Weg ermee.</text:p></text:deletion></text:changed-region>"
        '</text:tracked-changes><text:h text:outline-level="1">Werkwijze</text:h>'
        "<text:p>Bel<text:s/>eerst<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Of stuur een bericht."
        "</text:p></text:note-body></text:note> even.</text:p>"
        '<text:list text:style-name="L1"><text:list-item><text:p>voorbereiden</text:p><text:list><text:list-item><text:p>lezen</text:p>'
        "</text:list-item></text:list></text:list-item><text:list-item><text:p>gaan</text:p></text:list-item></text:list>"
        '<text:h text:outline-level="2">Overzicht</text:h><table:table><table:table-header-rows><table:table-row>'
        "<table:table-cell><text:p>Dag</text:p></table:table-cell><table:table-cell><text:p>Uur</text:p></table:table-cell>"
        "</table:table-row></table:table-header-rows><table:table-row>"
        '<table:table-cell table:number-rows-spanned="2"><text:p>maandag</text:p></table:table-cell>'
        "<table:table-cell><text:p>10.00</text:p></table:table-cell></table:table-row><table:table-row><table:covered-table-cell/>"
        "<table:table-cell><text:p>12.00</text:p></table:table-cell></table:table-row></table:table>"
    )
    return odt(body, styles)


# --- PDF ------------------------------------------------------------------------------------------------------------------

_LONG = (
    "De vertrouwenspersoon luistert eerst en vraagt daarna rustig door naar wat de ouder ziet en voelt. Zo ontstaat er ruimte om "
    "samen te kijken wat nodig is en wie daarbij kan helpen. "
)


def two_columns() -> bytes:
    """Three pages with a running header, footer and page number; two columns on the second page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageBreak, PageTemplate, Paragraph

    def furniture(canvas: object, document: object) -> None:
        canvas.setFont("Helvetica", 8)  # type: ignore[attr-defined]
        canvas.drawString(72, 810, "Handboek hulplijn deel 4")  # type: ignore[attr-defined]
        canvas.drawString(72, 30, "vertrouwelijk")  # type: ignore[attr-defined]
        canvas.drawRightString(520, 30, f"Pagina {document.page} van 3")  # type: ignore[attr-defined]

    out = io.BytesIO()
    wide = Frame(72, 60, 450, 720, id="wide")
    left, right = Frame(72, 60, 215, 720, id="left"), Frame(307, 60, 215, 720, id="right")
    document = BaseDocTemplate(out, pagesize=A4)
    document.addPageTemplates(
        [PageTemplate("one", [wide], onPage=furniture), PageTemplate("two", [left, right], onPage=furniture)]
    )
    style = getSampleStyleSheet()
    head, body = style["Heading1"], style["BodyText"]
    sub = style["Heading2"]
    style["Title"].fontSize, style["Title"].leading = 26, 32
    story = [
        Paragraph("Luisteren", style["Title"]), Paragraph("Waarom luisteren", head), Paragraph("EERSTE. " + _LONG * 3, body),
        Paragraph("De ouder vertelt over ver-<br/>trouwen, over een e-<br/>mail en over in- en uit-<br/>gaande brieven.", body),
        NextPageTemplate("two"), PageBreak(), Paragraph("Hoe je luistert", head),
    ]  # fmt: skip
    story += [Paragraph(f"Alinea {n}. " + _LONG * 3, body) for n in range(1, 9)]
    story += [NextPageTemplate("one"), PageBreak(), Paragraph("Daarna", head), Paragraph("Kort vervolg", sub)]
    story += [Paragraph("LAATSTE. " + _LONG, body)]
    document.build(story)
    return out.getvalue()


def pdf_table() -> bytes:
    """A ruled table with cells merged across and down, between paragraphs."""
    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    style = getSampleStyleSheet()
    data = [
        ["Kleur", "Wie", "Termijn"],
        ["Rood", "achterwacht", "15 minuten"],
        ["", "coördinator", "2 uur"],
        ["Groen", "niemand", ""],
    ]
    rules = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("SPAN", (0, 1), (0, 2)), ("SPAN", (1, 3), (2, 3)),
    ]  # fmt: skip
    story = [
        Paragraph("Termijnen", style["Heading1"]), Paragraph("De tabel zegt wie er belt. " + _LONG, style["BodyText"]),
        Table(data, style=rules), Paragraph("Na de tabel staat nog een zin. " + _LONG, style["BodyText"]),
    ]  # fmt: skip
    out = io.BytesIO()
    SimpleDocTemplate(out).build(story)
    return out.getvalue()


def drawn_pdf(draw: Callable[[object], None]) -> bytes:
    """A PDF drawn by hand; `draw` gets a reportlab canvas of A4 size."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    draw(canvas)
    canvas.save()
    return out.getvalue()


def foot_notes() -> bytes:
    """A raised number in the text and small notes at the foot of the page, a rotated watermark, bullets, dot leaders."""

    def draw(c: object) -> None:
        def line(x: float, y: float, text: str, size: float = 11, font: str = "Helvetica") -> None:
            c.setFont(font, size)  # type: ignore[attr-defined]
            c.drawString(x, y, text)  # type: ignore[attr-defined]

        line(72, 770, "Vertrouwelijkheid", 20, "Helvetica-Bold")
        line(72, 730, "Inhoud", 14, "Helvetica-Bold")
        line(72, 710, "Wat je deelt ................................ 1")
        line(72, 695, "Wat je niet deelt ........................... 2")
        line(72, 660, "Wat je deelt", 14, "Helvetica-Bold")
        line(72, 640, "Je deelt alleen wat de ouder wil delen")
        after = 72 + c.stringWidth("Je deelt alleen wat de ouder wil delen", "Helvetica", 11)  # type: ignore[attr-defined]
        line(after + 1, 645, "1", 6)
        line(after + 7, 640, "en nooit meer dan dat. Ook een")
        line(72, 626, "naam is al een gegeven.")
        line(76, 600, "•")
        line(90, 600, "met de coördinator, als dat nodig is voor de veiligheid van")
        line(90, 586, "de ouder of van jou;")
        line(76, 572, "•")
        line(90, 572, "met niemand anders.")
        line(72, 90, "1  Toestemming mag mondeling.", 8)
        c.saveState()  # type: ignore[attr-defined]
        c.translate(200, 300)  # type: ignore[attr-defined]
        c.rotate(45)  # type: ignore[attr-defined]
        line(0, 0, "CONCEPT", 60)
        c.restoreState()  # type: ignore[attr-defined]

    return drawn_pdf(draw)


def framed_boxes() -> bytes:
    """Boxes drawn around text, joined by arrows, written to the file in another order than one reads them."""

    def draw(c: object) -> None:
        boxes = [(300, 560, "Nee: bel de coördinator"), (72, 700, "Is er nu gevaar?"), (72, 560, "Ja: bel eerst 112")]
        for x, y, text in boxes:
            c.rect(x, y, 180, 50)  # type: ignore[attr-defined]
            c.setFont("Helvetica", 11)  # type: ignore[attr-defined]
            c.drawString(x + 8, y + 28, text)  # type: ignore[attr-defined]
            c.drawString(x + 8, y + 12, "Blijf daarna rustig.")  # type: ignore[attr-defined]
        c.line(120, 700, 120, 610)  # type: ignore[attr-defined]
        c.line(160, 700, 380, 610)  # type: ignore[attr-defined]
        c.setFont("Helvetica-Bold", 18)  # type: ignore[attr-defined]
        c.drawString(72, 780, "Protocol")  # type: ignore[attr-defined]
        c.setFont("Helvetica", 11)  # type: ignore[attr-defined]
        c.drawString(72, 520, "Onder de kaders staat gewone tekst die over de hele breedte van de bladzijde loopt.")  # type: ignore[attr-defined]

    return drawn_pdf(draw)


# --- the set --------------------------------------------------------------------------------------------------------------

HTML = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Site</title><style>p{}</style></head><body>
<header><p>Kop van de site</p></header><nav><a href="/">Menu</a></nav><div class="cookie-banner">Wij gebruiken cookies</div>
<main><h1>Gesprek</h1><p>Begin rustig.<sup><a href="#fn1">1</a></sup></p><h2>Stappen</h2>
<ol start="3"><li>drie<ul><li>diep</li></ul></li><li><p>vier</p></li></ol>
<details><summary>Mag ik stoppen?</summary><p>Ja, altijd.</p></details>
<h2>Tabel</h2><table><thead><tr><th>Naam</th><th colspan="2">Tijd</th></tr></thead><tbody><tr><td rowspan="2">Ans</td><td>10</td>
<td>11</td></tr><tr><td>12</td><td>13</td></tr></tbody></table><aside class="kader"><p>Een kader.</p></aside>
<section class="footnotes"><ol><li id="fn1">Neem de tijd. <a href="#r">↩</a></li></ol></section></main>
<aside>Reclame</aside><footer>Voettekst</footer><script>document.write("nee")</script></body></html>"""
OLD_HTML = """<HTML><BODY><P>Menu<UL><LI>a</UL><H1>Oud</H1>Losse tekst<BR>op twee regels<P>Alinea zonder einde
<H2>Begrippen</H2><DL><DT>LSD<DD>luisteren, samenvatten, doorvragen</DL><IMG SRC=x ALT="Twee mensen praten"></BODY></HTML>"""
MARKDOWN = """---\r\ntitle: Regels\r\nstatus: geldig\r\n---\r\n# Regels\r\n\r\nTekst met **vet**, [een koppeling](http://x.example) en \
een noot.[^a]\r\n\r\n1. een\r\n   - onder een\r\n2. twee\r\n\r\n[^a]: De noot.\r\n\r\n## Tabel\r\n\r\n| A | B |\r\n|---|---|\r\n| 1 \
| 2 |\r\n| ^^ | 3 |\r\n\r\n> [!kader] Let op\r\n> In het kader.\r\n\r\n```\ncode blijft\n```\r\n"""
TEXT = """VOORBEELDDOCUMENT - verzonnen
Titel: Onkosten
Versie: 1

ONKOSTEN EN DECLARATIES

Reiskosten
----------

Je krijgt 0,23 euro per kilometer. Dat declareer je binnen twee
maanden.

- trein
- bus
  met overstap

1.2 Telefoon

De werktelefoon is van de hulplijn.
"""
QUESTIONS = """Vragen van vrijwilligers

Vraag: Mag ik een cadeau aannemen?
Antwoord: Alleen iets kleins.

Vraag 2: Mag ik mijn nummer geven?
Antwoord: Nee, nooit.
"""

MADE: tuple[Made, ...] = (
    Made("dutch_word.docx", dutch_word, Expected(
        ("Huisregels", "Huisregels > Inleiding", "Huisregels > Inleiding > Doel", "Huisregels > Slot"),
        items=("1. eerste stap", "a) tussenstap", "2. tweede stap", "1. opnieuw begonnen", "een punt"), absent=("Inleiding 3",))),
    Made("tracked_word.docx", tracked_word, Expected(
        ("Afspraken", "Vervolg"),
        order=("Bel binnen 24 uur terug.", "Daarna komt dit.", "Verhuisde zin.", "Tekst in het kader.", "Ingevuld veld.", "Ook in het weekend.",
               "Hier gaat het verder."),
        absent=("48 uur", "GEHEIM", "Klopt dit nog"), notes=("Ook in het weekend.",))),
    Made("word_tables.docx", word_tables, Expected(
        ("Termijnen",), order=("Bij twijfel", "Na de tabel", "dit is een kader"),
        cells=(("Kleur", "Wie", "Termijn"), ("Rood", "achterwacht", "15 minuten"), ("Rood", "coördinator", "2 uur"),
               ("Groen", "niemand", "niemand"), ("Bij twijfel: bel.",)))),
    Made("open_document.odt", open_document, Expected(
        ("Werkwijze", "Werkwijze > Overzicht"), order=("Bel eerst even.", "voorbereiden", "lezen", "gaan", "Of stuur een bericht."),
        cells=(("Dag", "Uur"), ("maandag", "10.00"), ("maandag", "12.00")), absent=("Weg ermee",),
        notes=("Of stuur een bericht.",), items=("1. voorbereiden", "lezen", "2. gaan"))),
    Made("two_columns.pdf", two_columns, Expected(
        ("Luisteren", "Luisteren > Waarom luisteren", "Luisteren > Hoe je luistert", "Luisteren > Daarna", "Luisteren > Daarna > Kort vervolg"),
        order=("EERSTE", "over vertrouwen, over een e-mail en over in- en uitgaande brieven.",
               *(f"Alinea {n}." for n in range(1, 9)), "LAATSTE"),
        absent=("Handboek hulplijn deel 4", "vertrouwelijk", "Pagina 1", "van 3"))),
    Made("pdf_table.pdf", pdf_table, Expected(
        ("Termijnen",), order=("De tabel zegt", "achterwacht", "Na de tabel"),
        cells=(("Kleur", "Wie", "Termijn"), ("Rood", "achterwacht", "15 minuten"), ("Rood", "coördinator", "2 uur"),
               ("Groen", "niemand", "niemand")))),
    Made("foot_notes.pdf", foot_notes, Expected(
        ("Vertrouwelijkheid", "Vertrouwelijkheid > Wat je deelt"),
        order=("Je deelt alleen wat de ouder wil delen en nooit meer dan dat. Ook een naam is al een gegeven.",),
        items=("met de coördinator, als dat nodig is voor de veiligheid van de ouder of van jou;", "met niemand anders."),
        notes=("Toestemming mag mondeling.",), absent=("CONCEPT", "....", "delen1"))),
    Made("framed_boxes.pdf", framed_boxes, Expected(
        ("Protocol",), order=("Is er nu gevaar?", "Ja: bel eerst 112", "Nee: bel de coördinator", "Onder de kaders"))),
    Made("page.html", HTML.encode, Expected(
        ("Gesprek", "Gesprek > Stappen", "Gesprek > Stappen > Mag ik stoppen?", "Gesprek > Tabel"),
        cells=(("Naam", "Tijd", "Tijd"), ("Ans", "10", "11"), ("Ans", "12", "13")), items=("3. drie", "diep", "4. vier"),
        absent=("Menu", "cookies", "Reclame", "Voettekst", "Kop van de site", "nee"), notes=("Neem de tijd.",),
        order=("Begin rustig.", "Neem de tijd.", "3. drie", "Ja, altijd.", "Een kader."))),
    Made("old.html", OLD_HTML.encode, Expected(
        ("Oud", "Oud > Begrippen"), items=("a", "LSD: luisteren, samenvatten, doorvragen"),
        order=("Losse tekst op twee regels", "Alinea zonder einde", "[Twee mensen praten]"))),
    Made("rules.md", MARKDOWN.encode, Expected(
        ("Regels", "Regels > Tabel"), cells=(("A", "B"), ("1", "2"), ("1", "3")), items=("1. een", "onder een", "2. twee"),
        notes=("De noot.",), order=("Tekst met vet, een koppeling en een noot.", "In het kader.", "code blijft"),
        absent=("status: geldig", "x.example"))),
    Made("utf8.txt", TEXT.encode, Expected(
        ("ONKOSTEN EN DECLARATIES", "ONKOSTEN EN DECLARATIES > Reiskosten", "ONKOSTEN EN DECLARATIES > Reiskosten > 1.2 Telefoon"),
        items=("trein", "bus met overstap"), order=("binnen twee maanden.", "De werktelefoon"), absent=("verzonnen", "Versie: 1"))),
    Made("windows.txt", lambda: TEXT.replace("trein", "één café").encode("cp1252"), Expected(
        ("ONKOSTEN EN DECLARATIES", "ONKOSTEN EN DECLARATIES > Reiskosten", "ONKOSTEN EN DECLARATIES > Reiskosten > 1.2 Telefoon"),
        items=("één café", "bus met overstap"))),
    Made("utf16.txt", lambda: TEXT.replace("trein", "één café").encode("utf-16"), Expected(
        ("ONKOSTEN EN DECLARATIES", "ONKOSTEN EN DECLARATIES > Reiskosten", "ONKOSTEN EN DECLARATIES > Reiskosten > 1.2 Telefoon"),
        items=("één café", "bus met overstap"))),
    Made("questions.txt", QUESTIONS.encode, Expected(
        ("Vragen van vrijwilligers", "Vragen van vrijwilligers > Mag ik een cadeau aannemen?",
         "Vragen van vrijwilligers > Mag ik mijn nummer geven?"), order=("Alleen iets kleins.", "Nee, nooit."))),
)  # fmt: skip
