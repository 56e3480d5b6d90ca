"""bytes -> Document: the one place that chooses a parser, after looking at what the bytes say they are.

Every parser is a pure function `parse(data: bytes, reading: Reading) -> Parsed` that raises SourceUnreadable with a reason
and a next step. The PDF parser is native code and all parsers read files of strangers, so ingest runs them in child
processes with a time and memory bound (ingest/sandbox.py).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PurePath

from corpus.catalogue import FORMATS
from corpus.errors import SourceUnreadable
from corpus.model import Document
from ingest import wording
from ingest.limits import DEFAULT, Reading
from ingest.pieces import Parsed, assemble
from ingest.structure import refine

PARSER = "parse-1"  # named in the manifest; raised when the same file would give another canonical text

Parser = Callable[[bytes, Reading], Parsed]

_PARSERS = {
    "markdown": "ingest.parse_markdown",
    "text": "ingest.parse_text",
    "pdf": "ingest.parse_pdf",
    "docx": "ingest.parse_docx",
    "odt": "ingest.parse_odt",
    "html": "ingest.parse_html",
}
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
)
_FEW_WORDS = 12


def parse(path: Path, source: str, reading: Reading = DEFAULT, sha256: str = "") -> Document:
    """Read and parse a file in this process. sha256: when given, the bytes must be those (the file may change meanwhile)."""
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise wording.unsupported(path.suffix, sorted(FORMATS))
    data = read_bounded(path, reading.limits.file_mb)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise wording.changed_while_reading()
    return parse_bytes(data, path.name, source, reading)


def parse_bytes(data: bytes, name: str, source: str, reading: Reading = DEFAULT) -> Document:
    """Parse the bytes of a file called `name`."""
    ending = PurePath(name).suffix.lower()
    kind = FORMATS.get(ending)
    if kind is None:
        raise wording.unsupported(ending, sorted(FORMATS))
    check_kind(data, kind, ending)
    parsed = parser_for(kind)(data, reading)
    document = assemble(source, refine(parsed))
    if not any(c.isalnum() for c in document.text):
        raise wording.no_text()
    return _with_warning(document)


def parser_for(kind: str) -> Parser:
    """The parser of a format; imported only now, because the libraries behind it are heavy."""
    parser: Parser = import_module(_PARSERS[kind]).parse
    return parser


def read_bounded(path: Path, limit_mb: int) -> bytes:
    """The bytes of a file; SourceUnreadable when it is empty, larger than `limit_mb`, or gone."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > limit_mb * 1_000_000:
                raise wording.too_large(size / 1_000_000, limit_mb)
            data = stream.read(size + 1)  # a file that grows meanwhile is noticed by its checksum
    except FileNotFoundError as error:
        raise wording.vanished() from error
    except OSError as error:
        raise wording.cannot_open(error.strerror) from error
    if not data:
        raise wording.empty()
    return data


def check_kind(data: bytes, kind: str, ending: str) -> None:
    """SourceUnreadable when the first bytes belong to another format than the name says."""
    found = recognise(data)
    if found == "ole":
        raise wording.password() if _is_encrypted_office(data) else wording.old_word()
    if found in ("docx", "odt", "office") and found == kind:
        return
    if found and found != kind and not (found == "html" and kind in ("markdown", "text")):
        raise wording.other_format(found, ending)
    if kind in ("docx", "odt") and not found:
        raise wording.damaged("het begin van het bestand ontbreekt")


def recognise(data: bytes) -> str:
    """What the bytes say they are: a key of wording.KIND_NAMES, or '' when they say nothing."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ")
    found = next((kind for magic, kind in _MAGIC if start.startswith(magic)), "")
    if found == "zip":
        return _inside_zip(data)
    if not found and start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return found


def _inside_zip(data: bytes) -> str:
    names = data[:4096] + data[-65_536:]  # the local header of the first member, and the directory at the end
    if b"word/document" in names or b"word/_rels" in names:
        return "docx"
    if b"opendocument.text" in data[:200]:
        return "odt"
    if b"[Content_Types].xml" in names:
        return "docx" if b"word/" in data else "office"
    return "odt" if b"content.xml" in names and b"META-INF/" in names else "zip"


def _is_encrypted_office(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data


def _with_warning(document: Document) -> Document:
    words = len(document.text.split())
    if words >= _FEW_WORDS:
        return document
    warnings = (*document.warnings, wording.very_little_text(words))
    return Document(document.source, document.text, document.blocks, warnings, document.page_labels, document.title)


def failure(error: BaseException, reading: Reading) -> SourceUnreadable:
    """Whatever a parser raised, as a row for the report."""
    if isinstance(error, SourceUnreadable):
        return error
    if isinstance(error, MemoryError):
        return wording.too_much_memory(reading.limits.memory_mb)
    if isinstance(error, RecursionError):
        return wording.too_deep()
    return wording.reader_failed(type(error).__name__)
