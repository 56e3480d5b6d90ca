"""A file that a trainer sends: is it what its name says, is it small enough, what is in it, and a safe name to keep it under.

An upload is looked at in a child process (ingest/sandbox.py), is kept in the corpus folder alone, and is never given back.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from corpus.catalogue import FORMATS
from corpus.errors import SourceUnreadable
from corpus.release import file_sha256
from ingest import wording
from ingest.lint import instructions, personal_data
from ingest.parse import check_kind
from ingest.sandbox import Job, parse_all
from ingest.split import split

SHOWN = 12  # findings and pieces of one file that are shown


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent. name: as its sender called it; may be anything."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One passage of a text, as a confidant may get to see it."""

    heading: tuple[str, ...]
    text: str
    words: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is in a file. problem: why it cannot be read; hint: what to do. findings: personal data, orders to a computer."""

    name: str
    title: str = ""
    words: int = 0
    pieces: tuple[Piece, ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


def checked(upload: Upload, most_mb: int) -> bytes:
    """The bytes, when they may be kept. Raises SourceUnreadable."""
    ending = PurePath(upload.name).suffix.lower()
    kind = FORMATS.get(ending)
    if kind is None:
        raise wording.unsupported(ending, sorted(FORMATS))
    if len(upload.data) > most_mb * 1_000_000:
        raise wording.too_large(len(upload.data) / 1_000_000, most_mb)
    if not upload.data:
        raise wording.empty()
    check_kind(upload.data, kind, ending)
    if (
        kind in ("markdown", "text", "html")
        and b"\x00" in upload.data
        and not upload.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        raise wording.no_plain_text()
    return upload.data


def free_name(folder: Path, code: str, version: str, sent: str) -> str:
    """A file name of plain letters that is not in use: CODE_words_vVERSION.ending."""
    path = PurePath(sent.replace("\\", "/"))
    words = _plain(path.stem)[:60]
    code, version = _plain(code)[:40] or "tekst", _plain(version)[:20]
    stem = words if words.startswith(code) else f"{code}_{words}".strip("_")
    stem = stem if version in stem else f"{stem}_v{version}"
    name, n = f"{stem}{path.suffix.lower()}", 1
    while (folder / name).exists():
        n += 1
        name = f"{stem}_{n}{path.suffix.lower()}"
    return name


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9.]+", "_", letters).strip("_.")


def report(upload: Upload, most_mb: int, *, ocr: bool = False) -> FileReport:
    """Read a file as ingest would, without keeping it."""
    name = PurePath(upload.name.replace("\\", "/")).name[:120]
    try:
        data = checked(upload, most_mb)
    except SourceUnreadable as error:
        return FileReport(name, problem=str(error), hint=error.hint)
    with tempfile.TemporaryDirectory(prefix="vraagbaak-") as folder:
        path = Path(folder) / f"tekst{PurePath(name).suffix.lower()}"
        path.write_bytes(data)
        return report_on(path, name, ocr=ocr)


def report_on(path: Path, name: str, *, ocr: bool = False) -> FileReport:
    """What is in a file of the corpus folder."""
    job = Job("nieuw@1", str(path), file_sha256(path))
    for _, result in parse_all([job], ocr=ocr):
        if isinstance(result, SourceUnreadable):
            return FileReport(name, problem=str(result), hint=result.hint)
        found = [f"{f.kind}: {f.text}" for f in (*personal_data(result), *instructions(result))]
        pieces = tuple(Piece(p.heading, p.text, len(p.text.split())) for p in split(result))
        words = len(result.text.split())
        return FileReport(name, result.title, words, pieces, result.warnings, some(found))
    return FileReport(name, problem=str(wording.reader_crashed()), hint=wording.reader_crashed().hint)


def some(lines: Sequence[str]) -> tuple[str, ...]:
    """Each line once, in order, the first few."""
    return tuple(Counter(lines))[:SHOWN]
