"""Sources -> DOCX as Word writes it: styles, numbered lists, merged cells, footnotes, comments, tracked changes."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from corpus.render_source import (
    EXAMPLE_LINE,
    Block,
    Box,
    Columns,
    Fold,
    Heading,
    List,
    Paragraph,
    Span,
    Table,
    WrittenSource,
    plain,
    spans,
)

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
FOOTNOTES_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
HEAD, WARM, GREY = "DFE9EF", "FDF7E6", "D9D9D9"
LEFT_OUT = "*bewust weggelaten*"  # cells of a form that must stay empty are grey
REVIEWER = "meelezer"


def docx(source: WrittenSource) -> bytes:
    """The document; the same bytes for the same source."""
    return _Writer(source).bytes()


def fixed_zip(data: bytes) -> bytes:
    """The same archive with one date for all parts, so that equal content gives equal bytes."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            part = zipfile.ZipInfo(info.filename, (2026, 1, 1, 0, 0, 0))
            part.compress_type, part.external_attr, part.create_system = info.compress_type, 0o644 << 16, 3
            new.writestr(part, old.read(info))
    return out.getvalue()


class _Writer:
    """Builds one document from top to bottom; python-docx documents are filled by appending."""

    def __init__(self, source: WrittenSource) -> None:
        from docx import Document

        self.source = source
        self.stamp = datetime(source.valid_from.year, source.valid_from.month, source.valid_from.day, 9, 0, tzinfo=UTC)
        self.document: Any = Document()
        self.notes = dict(source.notes)
        self.used: list[str] = []  # labels of the footnotes met so far, in order
        self.changes = 0

    def bytes(self) -> bytes:
        self._page()
        self._paragraph(EXAMPLE_LINE, "Normal")
        self._metadata()
        self._blocks(self.source.blocks, self.document)
        if self.used:
            self._footnotes_part()
        out = BytesIO()
        self.document.save(out)
        return fixed_zip(out.getvalue())

    # --- page and properties ----------------------------------------------------------------------------------------------

    def _page(self) -> None:
        from docx.enum.style import WD_STYLE_TYPE
        from docx.shared import Cm, Pt

        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.3)
        section.header.paragraphs[0].text = f"{self.source.code} {self.source.title} (voorbeelddocument)"
        footer = section.footer.paragraphs[0]
        footer.text = f"Versie {self.source.version}, bladzijde "
        _field(footer, "PAGE")
        normal = self.document.styles["Normal"]
        normal.font.name, normal.font.size = "Calibri", Pt(11)
        normal.paragraph_format.space_after = Pt(7)
        self.document.styles["Title"].paragraph_format.space_before = Pt(12)
        cell = self.document.styles.add_style("Tabeltekst", WD_STYLE_TYPE.PARAGRAPH)
        cell.base_style, cell.font.size = normal, Pt(9.5)
        cell.paragraph_format.space_after = Pt(2)
        self._dutch(normal)
        self._properties()

    def _dutch(self, style: Any) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "nl-NL")
        style.element.get_or_add_rPr().append(language)

    def _properties(self) -> None:
        p = self.document.core_properties
        p.title, p.author, p.subject = self.source.title, self.source.owner, f"{self.source.code} versie {self.source.version}"
        p.comments, p.keywords, p.language = "Voorbeelddocument, fictief", "", "nl-NL"
        p.last_modified_by, p.revision = self.source.owner, 1
        p.created = p.modified = self.stamp.replace(tzinfo=None)

    def _metadata(self) -> None:
        table = self.document.add_table(rows=0, cols=2, style="Table Grid")
        for name, value in self.source.metadata():
            left, right = table.add_row().cells
            self._cell(left, name, head=True)
            self._cell(right, value, head=False)
        _finish(table, (0.25, 0.75))
        self._gap()

    # --- blocks -----------------------------------------------------------------------------------------------------------

    def _blocks(self, blocks: Sequence[Block], into: Any) -> None:
        for block in blocks:
            match block:
                case Heading(level=level, text=text):
                    style = "Title" if level == 1 else f"Heading {level - 1}"
                    self._runs(into.add_paragraph(style=style), text)
                case Paragraph(text=text):
                    self._runs(into.add_paragraph(), text)
                case List():
                    self._list(block, into, 1)
                case Table():
                    self._table(block)
                case Box(title=title, blocks=inside) | Fold(title=title, blocks=inside):
                    self._box(title, inside)
                case Columns(blocks=inside):
                    self._blocks(inside, into)

    def _paragraph(self, text: str, style: str) -> None:
        self._runs(self.document.add_paragraph(style=style), text)

    def _list(self, block: List, into: Any, depth: int) -> None:
        style = ("List Number" if block.start else "List Bullet") + ("" if depth == 1 else f" {depth}")
        number = self._new_numbering(style, block.start) if block.start else 0
        for item in block.items:
            # a box to tick is the bullet
            paragraph = into.add_paragraph(style="List" if item.text.startswith("[ ]") else style)
            if number and paragraph.style.name == style:
                _use_numbering(paragraph, number)
            self._runs(paragraph, item.text)
            for child in item.children:
                if isinstance(child, List):
                    self._list(child, into, depth + 1)
                else:
                    self._blocks([child], into)

    def _new_numbering(self, style: str, start: int) -> int:
        """Each list counts from its own start; without this, Word numbers on where the list before it ended."""
        numbering = self.document.part.numbering_part.element
        own = self.document.styles[style].element.pPr.numPr.numId.val
        abstract = next(n.abstractNumId.val for n in numbering.num_lst if n.numId == own)
        num = numbering.add_num(abstract)
        num.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(num.numId)

    def _table(self, table: Table) -> None:
        grid = self.document.add_table(rows=len(table.rows), cols=len(table.rows[0]), style="Table Grid")
        for cell in table.cells():
            target = grid.cell(cell.row, cell.column)
            if cell.rows > 1 or cell.columns > 1:
                target = target.merge(grid.cell(cell.row + cell.rows - 1, cell.column + cell.columns - 1))
            self._cell(target, cell.text, head=cell.row == 0)
        _repeat_header(grid.rows[0])
        _finish(grid, table.shares())
        self._gap()

    def _gap(self) -> None:
        """Word glues two tables together unless a paragraph stands between them; a low one is enough."""
        from docx.shared import Pt

        gap = self.document.add_paragraph().paragraph_format
        gap.space_after, gap.line_spacing = Pt(0), Pt(8)

    def _cell(self, target: Any, text: str, *, head: bool) -> None:
        # merging joins the empty paragraphs of the cells; keep one
        for extra in target.paragraphs[1:]:
            extra._element.getparent().remove(extra._element)
        target.paragraphs[0].style = "Tabeltekst"
        self._runs(target.paragraphs[0], f"**{text}**" if head and text else text)
        if head or text == LEFT_OUT:
            _shade(target, HEAD if head else GREY)

    def _box(self, title: str, blocks: Sequence[Block]) -> None:
        cell = self.document.add_table(rows=1, cols=1, style="Table Grid").cell(0, 0)
        _shade(cell, WARM)
        first = cell.paragraphs[0]
        if title:
            self._runs(first, f"**{title}**")
        self._blocks(blocks, cell)
        if not title:
            first._element.getparent().remove(first._element)
        self._gap()

    # --- runs -------------------------------------------------------------------------------------------------------------

    def _runs(self, paragraph: Any, text: str) -> None:
        for span in spans(text):
            if span.note:
                self._footnote_reference(paragraph, span.note)
            elif span.comment:
                self._comment(paragraph, span.comment)
            else:
                self._run(paragraph, span)

    def _run(self, paragraph: Any, span: Span) -> None:
        run = paragraph.add_run(span.text)
        run.bold, run.italic = span.bold or None, span.italic or None
        if span.code:
            run.font.name = "Courier New"
        if span.inserted or span.deleted:
            self._track(run, "ins" if span.inserted else "del")

    def _track(self, run: Any, kind: str) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self.changes += 1
        change = OxmlElement(f"w:{kind}")
        for name, value in (("id", str(900 + self.changes)), ("author", REVIEWER), ("date", self._time())):
            change.set(qn(f"w:{name}"), value)
        run._r.addprevious(change)
        change.append(run._r)
        if kind == "del":
            for text in run._r.findall(qn("w:t")):
                text.tag = qn("w:delText")

    def _time(self) -> str:
        return self.stamp.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _comment(self, paragraph: Any, text: str) -> None:
        from docx.oxml.ns import qn

        # a comment hangs on a run; inserted text is no run of the paragraph itself, so there may be none yet
        runs = paragraph.runs[-1:] or [paragraph.add_run("")]
        comment = self.document.add_comment(runs, text=text, author=REVIEWER, initials="M")
        comment._comment_elm.set(qn("w:date"), self._time())

    def _footnote_reference(self, paragraph: Any, label: str) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self.used.append(label)
        run = paragraph.add_run()
        run.font.superscript = True
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(len(self.used)))
        run._r.append(reference)

    def _footnotes_part(self) -> None:
        """python-docx has no footnotes: the part is written here, with the two separators that Word expects as -1 and 0."""
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part

        notes = "".join(self._note_xml(n, label) for n, label in enumerate(self.used, start=1))
        separators = "".join(
            f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'
            for kind, number in (("separator", -1), ("continuationSeparator", 0))
        )
        declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        xml = f'{declaration}\n<w:footnotes xmlns:w="{W}">{separators}{notes}</w:footnotes>'
        package = self.document.part.package
        part = Part(PackURI("/word/footnotes.xml"), FOOTNOTES, xml.encode(), package)
        self.document.part.relate_to(part, FOOTNOTES_RELATION)

    def _note_xml(self, number: int, label: str) -> str:
        from xml.sax.saxutils import escape

        mark = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
        text = escape(" " + plain(self.notes[label]))
        return f'<w:footnote w:id="{number}"><w:p>{mark}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:footnote>'


def _shade(cell: Any, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _repeat_header(row: Any) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _finish(table: Any, shares: Sequence[float]) -> None:
    """Column widths that LibreOffice and Word agree on: in the grid and in each cell."""
    from docx.oxml import OxmlElement
    from docx.shared import Cm

    table.autofit = False
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Cm(16.4 * share)
    for row in table._tbl.tr_lst:
        row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for tc in row.tc_lst:
            tc.width = Cm(16.4 * sum(shares[tc.grid_offset : tc.grid_offset + tc.grid_span]))


def _use_numbering(paragraph: Any, number: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = number


def _field(paragraph: Any, code: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run()
    begin, end, instruction = OxmlElement("w:fldChar"), OxmlElement("w:fldChar"), OxmlElement("w:instrText")
    begin.set(qn("w:fldCharType"), "begin")
    end.set(qn("w:fldCharType"), "end")
    instruction.text = code
    for part in (begin, instruction, end):
        run._r.append(deepcopy(part))
