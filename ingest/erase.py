"""Erase a source for good: a new release without it, every older release that holds it removed, and a proof.

The proof reads every byte of the data directory and looks for each sentence of the erased text that no remaining text contains,
and for each of its vectors in the vector files. The file in the corpus folder belongs to the trainer and is not touched; its row
in catalogue.toml must be taken out, or the next ingest brings the text back: `erase` refuses as long as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from corpus import release as releases
from corpus.errors import ReleaseError
from corpus.model import Document, text_hash
from corpus.release import Contents, Release
from corpus.search import check_release, derive_chroma, derive_lexical, embedded_text
from corpus.sentences import sentences
from ingest.build import analyser_with
from ingest.embed_cache import keep_only

SHORTEST = 25  # characters of a sentence that is looked for: shorter ones ("Bel 112.") stand in many texts
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Proof:
    """What was erased and what a scan of the data directory still found."""

    source: str
    release: int
    removed_releases: tuple[int, ...]
    sentences: int
    vectors: int
    files: int
    found: tuple[str, ...]  # "file: what"

    @property
    def clean(self) -> bool:
        """Whether nothing of the text or its vectors was found."""
        return not self.found

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield f"erased {self.source}; release {self.release} answers, releases removed: {', '.join(map(str, self.removed_releases)) or 'none'}"
        yield f"scanned {self.files} files for {self.sentences} sentences and {self.vectors} vectors: {len(self.found)} found"
        yield from self.found


def erase(home: Path, name: str) -> Proof:
    """Erase `CODE` (all its versions) or `CODE@VERSION`. Raises ReleaseError when no release holds it."""
    with releases.writer(home):
        current = releases.open_release(home)
        keys, texts, vectors = _held(home, name)
        if not keys:
            raise ReleaseError(f"no release holds '{name}'", hint="run: vraagbaak corpus check")
        stays = [d for d in current.documents() if d.source not in keys]
        number = _without(home, current, keys)
        removed = tuple(n for n in releases.numbers(home) if n != number)
        current.close()
        for old in removed:
            releases.remove_release(home, old)
        _forget_vectors(home, number)
    return _proof(home, name, number, removed, _wanted(texts, stays), vectors)


def _held(home: Path, name: str) -> tuple[set[str], list[Document], np.ndarray]:
    """The keys meant by a name, and every text and vector that any release holds of them."""
    keys: set[str] = set()
    texts: list[Document] = []
    vectors: list[np.ndarray] = []
    for number in releases.numbers(home):
        with releases.open_release(home, number, check=False) as release:
            mine = {s.key for s in release.sources if name in (s.key, s.code)}
            keys |= mine
            texts += [release.document(key) for key in mine if release.parsed(key)]
            rows = [i for i, s in enumerate(release.source_of_row) if release.sources[s].key in mine]
            vectors += [np.asarray(release.vectors[i]) for i in rows]
    return keys, texts, np.array(vectors)


def _without(home: Path, current: Release, keys: set[str]) -> int:
    """Write the current release again without some sources."""
    manifest = current.manifest
    kept = [i for i, s in enumerate(current.source_of_row) if current.sources[s].key not in keys]
    documents = []
    for document in current.documents():
        parsed = current.parsed(document.source)
        if document.source not in keys and parsed is not None:
            documents.append((document, *parsed))
    files = {p.name: p.read_bytes() for p in current.folder.iterdir() if p.suffix == ".toml"}
    contents = Contents(
        sources=tuple(
            replace(s, supersedes="" if s.supersedes in keys else s.supersedes) for s in current.sources if s.key not in keys
        ),
        documents=tuple(documents),
        passages=current.passages(kept),
        vectors=np.asarray(current.vectors[kept]) if kept else np.zeros((0, manifest.embedding.dimension), np.float16),
        embedding=manifest.embedding,
        analyser=manifest.analyser,
        parser=manifest.parser,
        report=tuple(row for row in current.report() if row["source"] not in keys),
        files=files,
        settings=manifest.settings,
        note="after erasure",
    )
    return releases.write_release(home, contents, (derive_lexical(analyser_with(files.get("synonyms.toml"))), derive_chroma), check_release)


def _forget_vectors(home: Path, number: int) -> None:
    with releases.open_release(home, number, check=False) as release:
        titles = {s.key: s.title for s in release.sources}
        hashes = {text_hash(embedded_text(p, titles[p.source])) for p in release.passages()}
    keep_only(home / "embeddings.sqlite", hashes)


def _wanted(erased: list[Document], stays: list[Document]) -> list[bytes]:
    """Sentences of the erased texts that no remaining text contains."""
    remaining = "\n".join(d.text for d in stays)
    found: dict[str, None] = {}
    for document in erased:
        for start, end in sentences(document.text):
            sentence = document.text[start:end]
            if len(sentence) >= SHORTEST and sentence not in remaining:
                found[sentence] = None
    return [s.encode("utf-8") for s in found]


def _proof(home: Path, name: str, number: int, removed: tuple[int, ...], wanted: list[bytes], vectors: np.ndarray) -> Proof:
    left = releases.open_release(home, number)
    remaining = {v.tobytes() for v in np.asarray(left.vectors)}
    left.close()
    gone = [v for v in vectors if v.any() and v.tobytes() not in remaining]
    needles = [(b, "a sentence") for b in wanted]
    needles += [(v.tobytes(), "a vector") for v in gone] + [(v.astype(np.float32).tobytes(), "a vector") for v in gone]
    files = [p for p in sorted(home.rglob("*")) if p.is_file() and p.name != "writer.lock"]
    found = tuple(f"{p.relative_to(home)}: {what}" for p in files for what in scan(p, needles))
    return Proof(name, number, removed, len(wanted), len(gone), len(files), found)


def scan(path: Path, needles: list[tuple[bytes, str]]) -> Iterator[str]:
    """What of `needles` the bytes of a file hold; each kind once."""
    longest = max((len(n) for n, _ in needles), default=1)
    told: set[str] = set()
    tail = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            data = tail + chunk
            for needle, what in needles:
                if what not in told and needle in data:
                    told.add(what)
                    yield what
            tail = data[-longest:]
