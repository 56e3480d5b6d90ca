"""catalogue.toml -> sources. Without a catalogue every readable file is a valid source.

    [[source]]
    code = "N01"                 # stays the same when a file is renamed or replaced
    title = "Werkinstructie registratie en dossier"
    version = "3.0"
    status = "geldig"            # geldig | vervallen | concept
    path = "N01_werkinstructie_registratie_v3.0.docx"
    owner = "coördinator methodiek"
    audience = "vertrouwenspersonen"
    valid_from = 2026-03-01
    valid_until = 2027-03-01     # first day on which it no longer holds; optional
    review_by = 2027-03-01
    supersedes = "N01@2.1"
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from corpus.errors import CatalogueError
from corpus.model import STATUSES, Source, text_hash

FILE = "catalogue.toml"
_DATES = ("valid_from", "valid_until", "review_by")
_REQUIRED = ("code", "title", "version", "status", "path")
_KNOWN = tuple(f.name for f in fields(Source) if f.name != "sha256")

# Supported formats by file name ending; ingest has a parser for each.
FORMATS: Mapping[str, str] = {
    ".md": "markdown", ".markdown": "markdown", ".txt": "text", ".pdf": "pdf", ".docx": "docx",
    ".odt": "odt", ".html": "html", ".htm": "html", ".xhtml": "html",
}  # fmt: skip


def read(folder: Path) -> tuple[Source, ...]:
    """The sources of a corpus folder, in catalogue order; CatalogueError names the row and what it should say."""
    if not folder.is_dir():
        raise CatalogueError(f"there is no folder {folder}", hint="give the folder with your texts: --corpus FOLDER")
    file = folder / FILE
    if not file.exists():
        return _uncatalogued(folder)
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file.name} is not valid TOML: {error}", hint="mend the line that is named") from error
    rows = raw.get("source", [])
    unknown = sorted(set(raw) - {"source"})
    if unknown or not isinstance(rows, list):
        raise CatalogueError(f"{file.name} has unknown parts: {', '.join(unknown)}", hint="only [[source]] tables are known")
    sources = tuple(_source(row, i) for i, row in enumerate(rows, start=1))
    return _checked(sources)


def _source(row: Mapping[str, Any], number: int) -> Source:
    name = f"source {number} ({row.get('code', 'no code')})"
    if unknown := sorted(set(row) - set(_KNOWN)):
        raise CatalogueError(f"{name} has unknown fields: {', '.join(unknown)}", hint=f"known fields: {', '.join(_KNOWN)}")
    if missing := [f for f in _REQUIRED if not str(row.get(f, "")).strip()]:
        raise CatalogueError(f"{name} lacks: {', '.join(missing)}", hint="fill these fields in catalogue.toml")
    if row["status"] not in STATUSES:
        raise CatalogueError(f"{name} has status '{row['status']}'", hint=f"use one of: {', '.join(STATUSES)}")
    for key in _DATES:
        if key in row and (not isinstance(row[key], date) or isinstance(row[key], datetime)):
            raise CatalogueError(f"{name}: {key} is not a date", hint="write it as 2026-03-01, without quotes")
    texts = {k: str(v).strip() for k, v in row.items() if k not in _DATES}
    return Source(**texts, **{k: row[k] for k in _DATES if k in row})  # type: ignore[arg-type]


def _checked(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    for what, values in (("key", [s.key for s in sources]), ("path", [s.path for s in sources])):
        if twice := [v for v, n in Counter(values).items() if n > 1]:
            raise CatalogueError(f"{what} used twice: {', '.join(twice)}", hint="each version has its own key and file")
    keys = {s.key for s in sources}
    for s in sources:
        if s.supersedes and s.supersedes not in keys:
            raise CatalogueError(f"{s.key} supersedes {s.supersedes}, which is not in the catalogue", hint="add it or remove the field")
        if s.valid_from and s.valid_until and s.valid_until < s.valid_from:
            raise CatalogueError(f"{s.key} ends before it starts", hint="check valid_from and valid_until")
    return close_superseded(sources)


def close_superseded(sources: Sequence[Source]) -> tuple[Source, ...]:
    """A version ends at the latest on the day its successor starts, also when its own row was not updated."""
    successor_from = {s.supersedes: s.valid_from for s in sources if s.supersedes and s.status == "geldig"}
    closed = []
    for s in sources:
        start = successor_from.get(s.key)
        if s.status == "geldig" and start and (s.valid_until is None or s.valid_until > start):
            s = replace(s, valid_until=start)
        closed.append(s)
    return tuple(closed)


def _uncatalogued(folder: Path) -> tuple[Source, ...]:
    """Every file in a supported format is a valid source; its title is found when it is read."""
    paths = sorted(p for p in folder.rglob("*") if _is_text(p, folder))
    return tuple(
        Source(code=_code(p.relative_to(folder).as_posix()), title="", version="1", status="geldig", path=p.relative_to(folder).as_posix())
        for p in paths
    )


def _is_text(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() in FORMATS and (path.is_file() or path.is_symlink())


def _code(relative: str) -> str:
    """A stable code for a file without a catalogue row: its path, shortened when that would be unwieldy."""
    stem = relative.rsplit(".", 1)[0]
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip("-")
    ending = relative.rsplit(".", 1)[-1].lower()
    # two files that differ in ending or in folder only must not share a code
    return f"{plain[:60]}-{ending}" if len(plain) <= 60 else f"{plain[:50]}-{text_hash(relative)[:8]}-{ending}"
