"""A release in open formats: canonical texts, passages and metadata, readable without this program."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from corpus.release import Release


def export(release: Release, folder: Path) -> tuple[Path, ...]:
    """Write `texts/CODE@VERSION.txt`, passages.jsonl, phrasings.jsonl, sources.json, manifest.json and the TOML files.

    Returns what was written.
    """
    texts = folder / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    written = []
    for document in release.documents():
        path = texts / f"{document.source.replace('/', '-')}.txt"
        path.write_bytes(document.text.encode("utf-8"))
        written.append(path)
    for name, rows in (("passages.jsonl", release.passages()), ("phrasings.jsonl", release.asks())):
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text("".join(lines), "utf-8")
        written.append(folder / name)
    sources = folder / "sources.json"
    sources.write_text(json.dumps([asdict(s) for s in release.sources], ensure_ascii=False, indent=1, default=str), "utf-8")
    manifest = folder / "manifest.json"
    manifest.write_bytes((release.folder / "manifest.json").read_bytes())
    for file in release.folder.glob("*.toml"):
        (folder / file.name).write_bytes(file.read_bytes())
        written.append(folder / file.name)
    return (*written, sources, manifest)
