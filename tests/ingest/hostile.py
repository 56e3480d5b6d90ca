"""Files that should not be read, each with a word of the reason that a trainer must see."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable

from tests.ingest.made import docx, dutch_word, open_document, p, pdf_table, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("open sesame", canPrint=0))
    canvas.drawString(72, 700, "Dit mag niemand lezen zonder wachtwoord.")
    canvas.save()
    return out.getvalue()


def scanned_pdf() -> bytes:
    """A PDF with a picture only."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawImage(ImageReader(Image.new("L", (600, 800), 200)), 0, 0, 595, 842)
    canvas.save()
    return out.getvalue()


def bomb(ending: str) -> bytes:
    """A docx or odt whose main part unpacks to 600 MB."""
    out = io.BytesIO()
    whole = dutch_word() if ending == "docx" else open_document()
    main = "word/document.xml" if ending == "docx" else "content.xml"
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for info in source.infolist():
            if info.filename != main:
                target.writestr(info, source.read(info))
        with target.open(main, "w", force_zip64=True) as stream:
            block = b" " * 10_000_000
            for _ in range(60):
                stream.write(block)
    return out.getvalue()


def lying_bomb() -> bytes:
    """A docx that says its main part is small while it is not."""
    data = bytearray(bomb("docx"))
    real = struct.pack("<L", 600_000_000)
    at = data.find(real)
    while at >= 0:
        data[at : at + 4] = struct.pack("<L", 1_000)
        at = data.find(real, at + 4)
    return bytes(data)


def laughs() -> bytes:
    """The billion laughs: entities that blow up."""
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    xml = f'<?xml version="1.0"?><!DOCTYPE d [{"".join(lines)}]><w:document xmlns:w="x"><w:body>&a9;</w:body></w:document>'
    return changed_member(dutch_word(), "word/document.xml", xml.encode())


def changed_member(data: bytes, name: str, content: bytes | None) -> bytes:
    """A zip with one member replaced, or left out when `content` is None."""
    members: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        for info in source.infolist():
            members[info.filename] = source.read(info)
    if content is None:
        del members[name]
    else:
        members[name] = content
    return zipped(members)


def nested_docx() -> bytes:
    """Tables in tables, 400 deep."""
    inner = p("diep")
    for _ in range(400):
        inner = f"<w:tbl><w:tr><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    return docx(inner)


def noise() -> bytes:
    """Random bytes, always the same ones."""
    return random.Random(7).randbytes(20_000)


HOSTILE: tuple[tuple[str, Callable[[], bytes], str], ...] = (
    ("wachtwoord.pdf", locked_pdf, "wachtwoord"),
    ("wachtwoord.docx", lambda: OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(2000), "wachtwoord"),
    ("oud.docx", lambda: OLE + bytes(4000), "oud Word-document"),
    ("leeg.md", lambda: b"", "leeg"),
    ("leeg.pdf", lambda: b"", "leeg"),
    ("leeg.docx", lambda: b"", "leeg"),
    ("wit.txt", lambda: b" \n\t\n \r\n", "geen leesbare tekst"),
    ("alleen_lijnen.md", lambda: b"---\n\n***\n\n---\n", "geen leesbare tekst"),
    ("afgekapt.pdf", lambda: pdf_table()[:300], "beschadigd"),
    ("afgekapt.docx", lambda: dutch_word()[:-200], "beschadigd"),
    ("afgekapt.odt", lambda: open_document()[: len(open_document()) // 2], "beschadigd"),
    ("zonder_inhoud.docx", lambda: changed_member(dutch_word(), "word/document.xml", None), "ontbreekt"),
    (
        "kapotte_xml.docx",
        lambda: changed_member(dutch_word(), "word/document.xml", b"<w:document><w:body>"),
        "geen geldige XML",
    ),
    ("kapotte_xml.odt", lambda: changed_member(open_document(), "content.xml", b"<a><b></a>"), "geen geldige XML"),
    ("pdf.docx", pdf_table, "de inhoud is een pdf"),
    ("docx.pdf", dutch_word, "de inhoud is een Word-document"),
    ("odt.docx", open_document, "de inhoud is een OpenDocument-tekst"),
    ("plaatje.pdf", lambda: b"\x89PNG\r\n\x1a\n" + bytes(300), "de inhoud is een afbeelding"),
    ("archief.docx", lambda: zipped({"readme.txt": "hallo", "b.txt": "x"}), "de inhoud is een zip-archief"),
    ("bom.docx", lambda: bomb("docx"), "uitgepakt groter"),
    ("bom.odt", lambda: bomb("odt"), "uitgepakt groter"),
    ("liegt.docx", lying_bomb, "kan niet worden uitgepakt"),
    ("lachbom.docx", laughs, "verwijzingen die het geheugen"),
    ("scripts.html", lambda: b"<html><body><script>document.write('hoi daar')</script></body></html>", "alleen programmacode"),
    ("ruis.txt", noise, "vooral andere tekens"),
    ("ruis.md", noise, "vooral andere tekens"),
    ("nul.txt", lambda: b"\0" * 5000, "vooral andere tekens"),
    ("scan.pdf", scanned_pdf, "scan"),
    ("diep.docx", nested_docx, "diep"),
    ("tabel.xlsx", lambda: zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "worden niet gelezen"),
)
