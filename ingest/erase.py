"""Erase a source for good: a new release without it, every older release that holds it removed, and a proof.

The proof reads every byte of the data directory and looks for each sentence of the erased text that no remaining text contains,
and for each of its vectors in the vector files. The file in the corpus folder belongs to the trainer and is not touched. Its key
and the hash of the file are kept in `erased.json` (ingest.erased): while the file or its row in catalogue.toml is still there, the
next ingest leaves it out and says so in its report. A new version, or a new name, with other bytes is read again.

Killed half way: asking for the same erasure again finishes it, because the older releases go last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from corpus import reading
from corpus import release as releases
from corpus.encoder import Encoder, bundled_encoder
from corpus.errors import ReleaseError
from corpus.model import Document, text_hash
from corpus.release import Contents, Release
from corpus.search import derive_all, embedded_text
from corpus.sentences import sentences
from corpus.vectors import remove_collections
from ingest import erased
from ingest.build import analyser_with, checks, collections, reading_with
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


def erase(home: Path, name: str, *, chroma_url: str = "", encoder: Encoder | None = None) -> Proof:
    """Erase `CODE` (all its versions) or `CODE@VERSION`. Raises ReleaseError when no release holds it.

    chroma_url: the server that holds the vectors of the releases as well; what cannot be removed there is in the proof.
    encoder: the one that read the release, when that is not the bundled one.
    """
    with releases.writer(home):
        releases.remove_remains(home)  # a build or removal that was killed may hold the text
        current = releases.open_release(home)
        held = _held(home, name)
        if not held.keys:
            raise ReleaseError(f"no release holds '{name}'", hint="run: vraagbaak corpus check")
        erased.remember(home, held.files)
        stays = [d for d in current.documents() if d.source not in held.keys]
        reads = (encoder or bundled_encoder()) if (current.folder / reading.FOLDER).is_dir() else None
        number = _without(home, current, held.keys, checks(chroma_url), reads)
        current.close()
        _forget_vectors(home, number, reads)
        named = collections(home)
        removed = tuple(n for n in releases.numbers(home) if n != number)
        left = _forget_collections(chroma_url, [named[n] for n in removed if n in named])
        for old in removed:
            releases.remove_release(home, old)
    proof = _proof(home, name, number, removed, _wanted(held.texts, stays), held.vectors)
    return replace(proof, found=(*proof.found, *left))


def _forget_collections(chroma_url: str, names: Collection[str]) -> tuple[str, ...]:
    """Take the collections of removed releases off the server; what went wrong, if anything."""
    if not chroma_url:
        return ()
    try:
        remove_collections(chroma_url, names)
    except ReleaseError as error:
        return (f"{chroma_url}: vectors ({error})",)
    return ()


@dataclass(frozen=True, slots=True)
class _Held:
    """What the releases hold under a name. files: (key, sha256) of every file that was read for it."""

    keys: frozenset[str]
    files: tuple[tuple[str, str], ...]
    texts: tuple[Document, ...]
    vectors: tuple[np.ndarray, ...]


def _held(home: Path, name: str) -> _Held:
    """The keys meant by a name, and every text and vector that any release holds of them."""
    files: dict[tuple[str, str], None] = {}
    texts: list[Document] = []
    vectors: list[np.ndarray] = []
    for number in releases.numbers(home):
        with releases.open_release(home, number, check=False) as release:
            mine = {s.key: s for s in release.sources if name in (s.key, s.code)}
            files.update({(key, (release.parsed(key) or (s.sha256,))[0]): None for key, s in mine.items()})
            texts += [release.document(key) for key in mine if release.parsed(key)]
            rows = [i for i, s in enumerate(release.source_of_row) if release.sources[s].key in mine]
            vectors += [np.asarray(release.vectors[i]) for i in rows]
            vectors += reading.stored(release, mine)
    return _Held(frozenset(key for key, _ in files), tuple(files), tuple(texts), tuple(vectors))


def _without(
    home: Path, current: Release, keys: Collection[str], check: Callable[[Path], None], encoder: Encoder | None
) -> int:
    """Write the current release again without some sources."""
    manifest = current.manifest
    kept = [i for i, s in enumerate(current.source_of_row) if current.sources[s].key not in keys]
    documents = []
    for document in current.documents():
        parsed = current.parsed(document.source)
        if document.source not in keys and parsed is not None:
            documents.append((document, *parsed))
    files = {p.name: p.read_bytes() for p in current.folder.iterdir() if p.suffix == ".toml"}
    asks = [(ask, vector) for ask, vector in zip(current.asks(), current.ask_vectors, strict=True) if ask.source not in keys]
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
        asks=tuple(ask for ask, _ in asks),
        ask_vectors=np.array([vector for _, vector in asks]),
    )
    analyser = analyser_with(files.get("synonyms.toml"))
    return releases.write_release(home, contents, derive_all(analyser, reading_with(home, encoder)), check)


def _forget_vectors(home: Path, number: int, encoder: Encoder | None) -> None:
    with releases.open_release(home, number, check=False) as release:
        titles = {s.key: s.title for s in release.sources}
        hashes = {text_hash(embedded_text(p, titles[p.source])) for p in release.passages()}
        if encoder is not None:
            hashes |= {text_hash(text) for text in reading.release_texts(release, encoder).all}
    keep_only(home / "embeddings.sqlite", hashes)


def _wanted(gone: Sequence[Document], stays: Sequence[Document]) -> list[bytes]:
    """Sentences of the erased texts that no remaining text contains."""
    remaining = "\n".join(d.text for d in stays)
    found: dict[str, None] = {}
    for document in gone:
        for start, end in sentences(document.text):
            sentence = document.text[start:end]
            if len(sentence) >= SHORTEST and sentence not in remaining:
                found[sentence] = None
    return [s.encode("utf-8") for s in found]


def _proof(home: Path, name: str, number: int, removed: tuple[int, ...], wanted: list[bytes], vectors: Sequence[np.ndarray]) -> Proof:
    left = releases.open_release(home, number)
    remaining = {v.tobytes() for v in (*np.asarray(left.vectors), *reading.stored(left))}
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
