"""Releases of many passages for the benchmarks of search and answers, made once and kept in a cache folder."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.common import CACHE, disk_bytes
from benchmarks.made import PASSAGES_PER_DOCUMENT, documents

_VERSION = 4  # raised when the made corpus changes


@dataclass(frozen=True, slots=True)
class Built:
    """What it took. Sizes in bytes; `_s`: seconds on the clock, `_cpu`: seconds of processor, which a busy machine changes less."""

    passages: int
    embed_s: float
    embed_cpu: float
    lexical_s: float
    lexical_cpu: float
    chroma_s: float
    chroma_cpu: float
    lexical_bytes: int
    vectors_bytes: int
    chroma_bytes: int
    database_bytes: int
    peak_mb: float  # of the process that made it


def home_of(passages: int) -> Path:
    """The data directory with a release of so many passages; made when it is not there."""
    home = CACHE / f"release-{passages}-{_VERSION}"
    if not (home / "built.json").is_file():
        _make(home, passages)
    return home


def built(passages: int) -> Built:
    """What making it took."""
    return Built(**json.loads((home_of(passages) / "built.json").read_text("ascii")))


def _contents(passages: int) -> Iterator[tuple[object, object, list[object]]]:
    """(source, document, passages) of each document; a paragraph is a passage."""
    from corpus.model import Block, Document, Passage, Source, passage_id

    count = -(-passages // PASSAGES_PER_DOCUMENT)
    left = passages
    for i, (title, made) in enumerate(documents(count)):
        source = Source(code=f"D{i:06d}", title=title, version="1", status="geldig", path=f"d{i}.md", sha256=f"{i:064x}")
        text, blocks, mine = "", [], []
        for section in made:
            for paragraph in section.paragraphs[:left]:
                begin = len(text)
                text += paragraph + "\n\n"
                end = begin + len(paragraph)
                blocks.append(Block("paragraph", begin, end, (title, section.heading)))
                id_ = passage_id(source.key, (title, section.heading), paragraph, 0)
                mine.append(Passage(id_, source.key, (title, section.heading), (), begin, end, paragraph))
            left -= len(section.paragraphs[:left])
        yield source, Document(source.key, text, tuple(blocks), (), (), title), mine


def _processor() -> float:
    """Seconds of processor of this process and its children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _make(home: Path, passages: int) -> None:
    from corpus import release
    from corpus.embedder import bundled
    from corpus.release import Contents, Embedding
    from corpus.search import check_release, derive_chroma, derive_lexical, embedded_text, with_document
    from ingest.build import PARSER, analyser_with, companions
    from ingest.cli import sample_folder

    embedder = bundled()
    sources, texts, found = [], [], []
    for source, document, mine in _contents(passages):
        sources.append(source)
        texts.append((document, source.sha256, PARSER))  # type: ignore[attr-defined]
        found += mine
    titles = {s.key: s.title for s in sources}  # type: ignore[attr-defined]
    begun, cpu = time.perf_counter(), time.process_time()
    vectors = np.zeros((len(found), embedder.dimension), np.float16)
    for i in range(0, len(found), 5000):
        vectors[i : i + 5000] = embedder.passages([embedded_text(p, titles[p.source]) for p in found[i : i + 5000]])
    vectors = with_document(vectors, found)
    embed_s, embed_cpu = time.perf_counter() - begun, time.process_time() - cpu
    files = companions(sample_folder(), None)
    analyser = analyser_with(files.get("synonyms.toml"))
    contents = Contents(
        tuple(sources), tuple(texts), tuple(found), vectors,
        Embedding(embedder.name, embedder.revision, embedder.dimension), analyser.fingerprint, PARSER, files=files,
    )  # fmt: skip
    spent: dict[str, tuple[float, float]] = {}

    def timed(name: str, step: release.Derive) -> release.Derive:
        def derive(folder: Path, made: Contents) -> None:
            begun, cpu = time.perf_counter(), _processor()
            step(folder, made)
            spent[name] = time.perf_counter() - begun, _processor() - cpu

        return derive

    with release.writer(home):
        steps = timed("lexical", derive_lexical(analyser)), timed("chroma", derive_chroma)
        number = release.write_release(home, contents, steps, check_release)
    folder = release.release_folder(home, number)
    told = Built(
        len(found), embed_s, embed_cpu, *spent["lexical"], *spent["chroma"], disk_bytes(folder / "lexical"),
        (folder / "vectors.npy").stat().st_size, disk_bytes(folder / "chroma"), (folder / "release.sqlite").stat().st_size,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )  # fmt: skip
    (home / "built.json").write_text(json.dumps(asdict(told)), "ascii")
