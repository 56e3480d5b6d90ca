"""Sources -> ODT as LibreOffice writes it: outline levels, real lists, tables with merged cells, a header and a footer."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from corpus.render_docx import fixed_zip
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
    spans,
)

HEAD, WARM = "#dfe9ef", "#fdf7e6"


def odt(source: WrittenSource) -> bytes:
    """The document; the same bytes for the same source."""
    return _Writer(source).bytes()


class _Writer:
    """Builds one document from top to bottom; odfpy trees are filled by appending."""

    def __init__(self, source: WrittenSource) -> None:
        from odf.opendocument import OpenDocumentText

        self.source = source
        self.notes = dict(source.notes)
        self.document: Any = OpenDocumentText()
        self.styles: dict[str, Any] = {}
        self.tables = 0

    def bytes(self) -> bytes:
        self._styles()
        self._page()
        self._properties()
        text = self.document.text
        text.addElement(self._p(EXAMPLE_LINE))
        self._rows([(f"**{name}**", value) for name, value in self.source.metadata()], (0.25, 0.75), text)
        self._blocks(self.source.blocks, text)
        out = BytesIO()
        self.document.write(out)
        return fixed_zip(_canonical(out.getvalue()))

    # --- styles and page --------------------------------------------------------------------------------------------------

    def _styles(self) -> None:
        from odf.style import ParagraphProperties, TextProperties

        sans = {"fontfamily": "Liberation Sans"}
        self._style(
            "Standard",
            "paragraph",
            ParagraphProperties(marginbottom="0.2cm"),
            TextProperties(**sans, fontsize="11pt", language="nl", country="NL"),
        )
        for level, size in ((1, "20pt"), (2, "15pt"), (3, "12pt")):
            look = ParagraphProperties(margintop="0.5cm", marginbottom="0.2cm", keepwithnext="always")
            self._style(
                f"Heading {level}",
                "paragraph",
                look,
                TextProperties(**sans, fontsize=size, fontweight="bold"),
                defaultoutlinelevel=str(level),
            )
        self._style(
            "Cell",
            "paragraph",
            ParagraphProperties(marginbottom="0.05cm"),
            TextProperties(fontsize="10pt"),
            parentstylename="Standard",
        )
        self._style("Bold", "text", TextProperties(fontweight="bold"))
        self._style("Italic", "text", TextProperties(fontstyle="italic"))
        self._style("Mono", "text", TextProperties(fontfamily="Liberation Mono"))
        for name, colour in (("Plain", ""), ("Head", HEAD), ("Warm", WARM)):
            self._cell_style(name, colour)
        self._list_styles()

    def _style(self, name: str, family: str, *properties: Any, **attributes: str) -> None:
        from odf.style import Style

        style = Style(name=name, family=family, **attributes)
        for part in properties:
            style.addElement(part)
        self.styles[name] = style
        self.document.styles.addElement(style)

    def _cell_style(self, name: str, colour: str) -> None:
        from odf.style import Style, TableCellProperties

        style = Style(name=name, family="table-cell")
        fill = {"backgroundcolor": colour} if colour else {}
        style.addElement(TableCellProperties(border="0.5pt solid #9bb0bd", padding="0.1cm", **fill))
        self.styles[name] = style
        self.document.automaticstyles.addElement(style)

    def _list_styles(self) -> None:
        from odf.style import ListLevelProperties
        from odf.text import ListLevelStyleBullet, ListLevelStyleNumber, ListStyle

        bullets, numbers = ListStyle(name="Bullets"), ListStyle(name="Numbers")
        for level in (1, 2, 3):
            place = {"spacebefore": f"{0.6 * (level - 1):.1f}cm", "minlabelwidth": "0.6cm"}
            bullet = ListLevelStyleBullet(level=str(level), bulletchar="•")
            number = ListLevelStyleNumber(level=str(level), numformat="1", numsuffix=".")
            for style, rule in ((bullets, bullet), (numbers, number)):
                rule.addElement(ListLevelProperties(**place))
                style.addElement(rule)
        # a box to tick is its own bullet
        ticks = ListStyle(name="Ticks")
        ticks.addElement(ListLevelStyleNumber(level="1", numformat=""))
        self.document.styles.addElement(ticks)
        self.document.styles.addElement(bullets)
        self.document.styles.addElement(numbers)

    def _page(self) -> None:
        from odf.style import (
            Footer,
            FooterStyle,
            Header,
            HeaderFooterProperties,
            HeaderStyle,
            MasterPage,
            PageLayout,
            PageLayoutProperties,
        )
        from odf.text import P, PageNumber

        layout = PageLayout(name="A4")
        paper = {"pagewidth": "21cm", "pageheight": "29.7cm", "printorientation": "portrait"}
        layout.addElement(PageLayoutProperties(margin="2.3cm", **paper))
        for part, inner in ((HeaderStyle(), {"marginbottom": "0.4cm"}), (FooterStyle(), {"margintop": "0.4cm"})):
            part.addElement(HeaderFooterProperties(minheight="0.6cm", **inner))
            layout.addElement(part)
        self.document.automaticstyles.addElement(layout)
        page = MasterPage(name="Standard", pagelayoutname=layout)
        header, footer = Header(), Footer()
        header.addElement(P(text=f"{self.source.code} {self.source.title} (voorbeelddocument)"))
        line = P(text=f"Versie {self.source.version}, bladzijde ")
        line.addElement(PageNumber(selectpage="current"))
        footer.addElement(line)
        page.addElement(header)
        page.addElement(footer)
        self.document.masterstyles.addElement(page)

    def _properties(self) -> None:
        from odf.dc import Creator, Date, Language, Title
        from odf.meta import CreationDate

        stamp = datetime.combine(self.source.valid_from, datetime.min.time()).isoformat()
        known = (
            (Title, self.source.title),
            (Creator, self.source.owner),
            (Language, "nl-NL"),
            (Date, stamp),
            (CreationDate, stamp),
        )
        for part, value in known:
            self.document.meta.addElement(part(text=value))

    # --- blocks -----------------------------------------------------------------------------------------------------------

    def _blocks(self, blocks: Sequence[Block], into: Any) -> None:
        from odf.text import H

        for block in blocks:
            match block:
                case Heading(level=level, text=text):
                    heading = H(outlinelevel=str(level), stylename=self.styles[f"Heading {min(level, 3)}"])
                    self._spans(heading, text)
                    into.addElement(heading)
                case Paragraph(text=text):
                    into.addElement(self._p(text))
                case List():
                    into.addElement(self._list(block))
                case Table():
                    self._table(block, into)
                case Box(title=title, blocks=inside) | Fold(title=title, blocks=inside):
                    self._box(title, inside, into)
                case Columns(blocks=inside):
                    self._blocks(inside, into)

    def _p(self, text: str, style: str = "Standard") -> Any:
        from odf.text import P

        paragraph = P(stylename=self.styles[style])
        self._spans(paragraph, text)
        return paragraph

    def _list(self, block: List) -> Any:
        from odf.text import List as OdfList
        from odf.text import ListItem

        made = OdfList(stylename="Numbers" if block.start else "Ticks" if block.items[0].text.startswith("[ ]") else "Bullets")
        for n, item in enumerate(block.items):
            entry = ListItem(startvalue=str(block.start)) if n == 0 and block.start > 1 else ListItem()
            entry.addElement(self._p(item.text))
            for child in item.children:
                if isinstance(child, List):
                    entry.addElement(self._list(child))
                elif isinstance(child, Paragraph):
                    entry.addElement(self._p(child.text))
            made.addElement(entry)
        return made

    def _columns(self, table: Any, shares: Sequence[float]) -> None:
        from odf.style import Style, TableColumnProperties
        from odf.table import TableColumn

        self.tables += 1
        for n, share in enumerate(shares):
            style = Style(name=f"T{self.tables}.{n}", family="table-column")
            style.addElement(TableColumnProperties(columnwidth=f"{16.4 * share:.2f}cm"))
            self.document.automaticstyles.addElement(style)
            table.addElement(TableColumn(stylename=style))

    def _rows(self, rows: Sequence[Sequence[str]], shares: Sequence[float], into: Any) -> None:
        from odf.table import Table as Grid
        from odf.table import TableCell, TableRow

        grid = Grid(name=f"Tabel{self.tables + 1}")
        self._columns(grid, shares)
        for row in rows:
            line = TableRow()
            for n, text in enumerate(row):
                cell = TableCell(stylename=self.styles["Head" if n == 0 else "Plain"])
                cell.addElement(self._p(text, "Cell"))
                line.addElement(cell)
            grid.addElement(line)
        into.addElement(grid)
        into.addElement(self._p(""))

    def _table(self, table: Table, into: Any) -> None:
        from odf.table import CoveredTableCell, TableHeaderRows, TableRow
        from odf.table import Table as Grid

        grid = Grid(name=f"Tabel{self.tables + 1}")
        self._columns(grid, table.shares())
        cells = {(c.row, c.column): c for c in table.cells()}
        for r, row in enumerate(table.rows):
            line = TableRow()
            for c in range(len(row)):
                line.addElement(self._cell(cells[r, c]) if (r, c) in cells else CoveredTableCell())
            if r == 0:
                head = TableHeaderRows()
                head.addElement(line)
                line = head
            grid.addElement(line)
        into.addElement(grid)
        into.addElement(self._p(""))

    def _cell(self, cell: Any) -> Any:
        from odf.table import TableCell

        covers = {"numberrowsspanned": str(cell.rows)} if cell.rows > 1 else {}
        covers |= {"numbercolumnsspanned": str(cell.columns)} if cell.columns > 1 else {}
        made = TableCell(stylename=self.styles["Head" if cell.row == 0 else "Plain"], **covers)
        made.addElement(self._p(f"**{cell.text}**" if cell.row == 0 and cell.text else cell.text, "Cell"))
        return made

    def _box(self, title: str, blocks: Sequence[Block], into: Any) -> None:
        from odf.table import Table as Grid
        from odf.table import TableCell, TableRow

        grid, line, cell = Grid(name=f"Kader{self.tables + 1}"), TableRow(), TableCell(stylename=self.styles["Warm"])
        self._columns(grid, (1.0,))
        if title:
            cell.addElement(self._p(f"**{title}**"))
        self._blocks(blocks, cell)
        line.addElement(cell)
        grid.addElement(line)
        into.addElement(grid)
        into.addElement(self._p(""))

    # --- runs -------------------------------------------------------------------------------------------------------------

    def _spans(self, into: Any, text: str) -> None:
        from odf.teletype import addTextToElement
        from odf.text import Span as Run

        for span in spans(text):
            if span.note:
                into.addElement(self._note(span.note))
                continue
            target = into
            for style in _looks(span):
                run = Run(stylename=self.styles[style])
                target.addElement(run)
                target = run
            addTextToElement(target, span.text)

    def _note(self, label: str) -> Any:
        from odf.text import Note, NoteBody, NoteCitation

        note, body = Note(id=f"noot{label}", noteclass="footnote"), NoteBody()
        note.addElement(NoteCitation(text=label))
        body.addElement(self._p(self.notes[label]))
        note.addElement(body)
        return note


def _canonical(data: bytes) -> bytes:
    """The same archive with canonical XML: odfpy declares every namespace that the process has met so far, in that order."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith(".xml"):
                content = ElementTree.canonicalize(content.decode()).encode()
            new.writestr(info, content)
    return out.getvalue()


def _looks(span: Span) -> list[str]:
    return [name for name, wanted in (("Bold", span.bold), ("Italic", span.italic), ("Mono", span.code)) if wanted]
