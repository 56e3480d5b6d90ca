"""The release that answers, with the vectors of another embedding: a draft that answers nobody until it is published.

It is made from the release itself, not from the folder of documents: the same texts, passages and cards, so that a comparison of
the two shows what the embedding does and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import release as releases
from corpus.release import Contents, Release
from corpus.search import ask_vectors, derive_all, embedded_text, with_document
from ingest.build import analyser_with, checks, embedding_of, reading_with
from ingest.embed_cache import EmbedCache

if TYPE_CHECKING:
    from corpus.embedder import Embedder
    from corpus.encoder import Encoder


def re_embed(
    home: Path, embedder: Embedder, *, chroma_url: str = "", progress: Any = None, encoder: Encoder | None = None
) -> int:
    """Write the draft; returns its number. progress: called with (stage, done, in total). encoder: reads the texts again too.

    Raises NoRelease, WriterBusy.
    """
    tell: Callable[[str, int, int], None] = progress or (lambda stage, done, total: None)
    with releases.writer(home), releases.open_release(home) as current:
        titles = {s.key: s.title for s in current.sources}
        passages = current.passages()
        with EmbedCache(home / "embeddings.sqlite", embedder) as cache:
            vectors, _ = cache.vectors(
                [embedded_text(p, titles[p.source]) for p in passages], lambda *done: tell("embed", *done)
            )
        contents = replace(contents_of(current), embedding=embedding_of(embedder), vectors=with_document(vectors, passages))
        analyser = analyser_with(contents.files.get("synonyms.toml"))
        asked = ask_vectors(contents.asks, embedder)
        contents = replace(contents, analyser=analyser.fingerprint, note=f"embedding {embedder.name}", ask_vectors=asked)
        tell("index", 0, 1)
        number = releases.write_release(
            home, contents, derive_all(analyser, reading_with(home, encoder, tell)), checks(chroma_url), publish=False
        )
        tell("index", 1, 1)
    return number


def contents_of(current: Release) -> Contents:
    """Everything a release is made of, as it was written."""
    manifest = current.manifest
    parsed = ((document, current.parsed(document.source)) for document in current.documents())
    return Contents(
        sources=current.sources,
        documents=tuple((document, *how) for document, how in parsed if how is not None),
        passages=current.passages(),
        vectors=current.vectors,
        embedding=manifest.embedding,
        analyser=manifest.analyser,
        parser=manifest.parser,
        report=current.report(),
        files={p.name: p.read_bytes() for p in current.folder.iterdir() if p.suffix == ".toml"},
        settings=manifest.settings,
        note=manifest.note,
        asks=current.asks(),
    )
