"""Rebuild the sample corpus: every written source becomes the file that a trainer would find in their folder.

    python -m corpus.render                  # corpus/sources -> corpus/texts
    python -m corpus.render --into FOLDER    # somewhere else

The same sources give the same bytes, so a changed file in version control is always a changed text. `catalogue.toml`
is written from the front matter of the sources; the two cannot disagree.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from corpus import render_source
from corpus.errors import CatalogueError, VraagbaakError
from corpus.render_docx import docx
from corpus.render_odt import odt
from corpus.render_pdf import pdf
from corpus.render_plain import html, markdown, text
from corpus.render_source import WrittenSource

HERE = Path(__file__).parent
SOURCES, TEXTS = HERE / "sources", HERE / "texts"

# A long name with spaces, brackets and an accent: people name files like this, so one such file belongs in the sample.
NAMES = {"N19_verslag_overleg_2026-05-11": "N19 Verslag coördinatorenoverleg 11 mei 2026 (concept, nog niet vastgesteld)"}

FORMATS: dict[str, tuple[str, Callable[[WrittenSource], bytes]]] = {
    "pdf": (".pdf", pdf),
    "docx": (".docx", docx),
    "odt": (".odt", odt),
    "html": (".html", html),
    "md": (".md", markdown),
    "txt": (".txt", lambda source: text(source).encode("utf-8")),
    # as an old Windows editor keeps it: its own letters, its own line ends
    "txt-cp1252": (".txt", lambda source: text(source, width=78).replace("\n", "\r\n").encode("cp1252")),
}

CATALOGUE_HEAD = """\
# De catalogus: een blok [[source]] per versie van een tekst. Wat elk veld betekent, staat in README.md.
# Dit bestand hoort bij het voorbeeldcorpus en is gemaakt uit corpus/sources met `make corpus-samples`; dat overschrijft
# wijzigingen in dit bestand. In je eigen map met teksten wijzig je de catalogus gewoon zelf.
"""


def sources(folder: Path = SOURCES) -> tuple[WrittenSource, ...]:
    """All written sources, by code and then by version."""
    found = [render_source.read(path) for path in sorted(folder.glob("*.md"))]
    return tuple(sorted(found, key=lambda s: (s.code, s.version)))


def file_name(source: WrittenSource) -> str:
    """The name of the rendered file; CatalogueError for a format that no renderer knows."""
    if source.format not in FORMATS:
        raise CatalogueError(f"{source.path.name} asks for format '{source.format}'", hint=f"use one of: {', '.join(FORMATS)}")
    stem = source.path.stem
    return NAMES.get(stem, stem) + FORMATS[source.format][0]


def render(source: WrittenSource) -> bytes:
    """The file as bytes; the same for the same source."""
    return FORMATS[source.format][1](source)


def catalogue(texts: Sequence[WrittenSource]) -> str:
    """catalogue.toml for these texts, in the given order."""
    return CATALOGUE_HEAD + "".join("\n" + _row(s) for s in texts)


def _row(s: WrittenSource) -> str:
    fields: list[tuple[str, str | date | None]] = [
        ("code", s.code), ("title", s.title), ("version", s.version), ("status", s.status), ("path", file_name(s)),
        ("owner", s.owner), ("audience", s.audience), ("valid_from", s.valid_from), ("valid_until", s.valid_until),
        ("review_by", s.review_by), ("supersedes", s.supersedes),
    ]  # fmt: skip
    lines = [f"{name} = {_quoted(value) if isinstance(value, str) else value.isoformat()}" for name, value in fields if value]
    return "[[source]]\n" + "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render_all(into: Path = TEXTS, folder: Path = SOURCES) -> tuple[Path, ...]:
    """Write every file and the catalogue; returns the paths. A file is touched only when its bytes change."""
    into.mkdir(parents=True, exist_ok=True)
    texts = sources(folder)
    wanted = {into / file_name(s): render(s) for s in texts}
    wanted[into / "catalogue.toml"] = catalogue(texts).encode()
    for path, data in wanted.items():
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    return tuple(wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus.render", description="Rebuild the files of the sample corpus.")
    parser.add_argument("--into", type=Path, default=TEXTS, help="folder for the rendered files (default: corpus/texts)")
    try:
        paths = render_all(parser.parse_args(arguments).into)
    except VraagbaakError as error:
        print(f"{error}\n{error.hint}")
        return 1
    print(f"{len(paths)} files in {paths[0].parent}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
