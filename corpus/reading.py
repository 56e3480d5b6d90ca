"""What the encoder made of a release: vectors of its passages, of each sentence, and of each known phrasing.

A folder `reading` of a release holds, derived from its texts:

    encoder.txt     revision of the encoder; with another one the folder is not used
    passages.npy    float16 (passages, dimension)
    units.npy       float16 (units, dimension), the units of corpus/units.py in the order of the passages
    offsets.npy     int64 (passages + 1,): the units of passage i are offsets[i] .. offsets[i + 1]
    asks.npy        float16 (asks, dimension): each phrasing, read as a question
    likely.npz      the classifier that the phrasings teach (corpus/likely.py), where there are any
    words.npz       how their words are counted beside it (corpus/bayes.py)

Reading takes milliseconds a text, so a release gets this folder up to `MOST_TEXTS` texts; a larger one is searched by words and by the
static embedding alone. Search is exact: 50,000 vectors are compared in a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import asked, bayes, likely
from corpus.encoder import Encoder
from corpus.errors import ReleaseMismatch
from corpus.model import Ask, Document, Passage
from corpus.release import Contents, Derive, Release
from corpus.units import units_of

FOLDER = "reading"
MOST_TEXTS = 150_000  # passages, units and phrasings together; reading takes ten to fifteen milliseconds each on two cores
Vectors = Callable[[Sequence[str]], np.ndarray]
"""Vectors (float16) of texts that carry their prefix, made or remembered."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What is encoded of a release, with prefixes. counts: units per passage."""

    passages: tuple[str, ...]
    units: tuple[str, ...]
    counts: tuple[int, ...]
    asks: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every text once."""
        return tuple(dict.fromkeys((*self.passages, *self.units, *self.asks)))


def texts_of(
    passages: Sequence[Passage], asks: Sequence[Ask], documents: Mapping[str, Document], titles: Mapping[str, str], encoder: Encoder
) -> Texts:
    """The texts of a release. A sentence is read with the title and the heading above it: "Nee, nooit." says nothing alone."""
    whole, units, counts = [], [], []
    for passage in passages:
        title = titles[passage.source]
        above = [h for h in passage.heading if h != title]
        whole.append(encoder.passage_prefix + " . ".join((title, *above)) + "\n" + passage.text)
        found = units_of(documents[passage.source], passage)
        place = " . ".join((title, *above[-1:]))
        units += [f"{encoder.passage_prefix}{place} : {_flat(unit.text)}" for unit in found]
        counts.append(len(found))
    return Texts(tuple(whole), tuple(units), tuple(counts), tuple(encoder.question_prefix + ask.text for ask in asks))


def _flat(text: str) -> str:
    return " ".join(text.split())


def contents_texts(contents: Contents, encoder: Encoder) -> Texts:
    """The texts of a release that is being written."""
    documents = {document.source: document for document, _, _ in contents.documents}
    titles = {source.key: source.title for source in contents.sources}
    return texts_of(contents.passages, contents.asks, documents, titles, encoder)


def release_texts(release: Release, encoder: Encoder) -> Texts:
    """The texts of a release that was written."""
    documents = {document.source: document for document in release.documents()}
    return texts_of(release.passages(), release.asks(), documents, {s.key: s.title for s in release.sources}, encoder)


def derive_reading(encoder: Encoder, vectors: Vectors, known: likely.Known = likely.nothing_known) -> Derive:
    """A step of `write_release`: the folder `reading`, unless there is too much to read. known: what was learned of the same phrasings before."""

    def derive(folder: Path, contents: Contents) -> None:
        texts = contents_texts(contents, encoder)
        if 0 < len(texts.all) <= MOST_TEXTS:
            write(folder / FOLDER, texts, encoder, vectors)
            if contents.asks:
                vectors_of_asks = np.load(folder / FOLDER / "asks.npy")
                classes = likely.write(folder / FOLDER, contents.asks, vectors_of_asks, contents.passages, encoder.revision, known)
                bayes.write(folder / FOLDER, folder / asked.FOLDER, classes.of, len(classes))

    return derive


def write(folder: Path, texts: Texts, encoder: Encoder, vectors: Vectors) -> None:
    """Encode and write."""
    folder.mkdir(parents=True)
    for name, some in (("passages", texts.passages), ("units", texts.units), ("asks", texts.asks)):
        found = vectors(some) if some else np.zeros((0, encoder.dimension), np.float16)
        np.save(folder / f"{name}.npy", found.astype(np.float16))
    np.save(folder / "offsets.npy", np.array([0, *accumulate(texts.counts)], np.int64))
    (folder / "encoder.txt").write_text(encoder.revision, "utf-8")


@dataclass(frozen=True, slots=True)
class Read:
    """Cosines of one question, float32: with each passage, each unit and each phrasing; and how it fits each class of phrasings."""

    passages: NDArray[np.float32]
    units: NDArray[np.float32]
    asks: NDArray[np.float32]
    best: NDArray[np.float32]  # per passage that of its best unit, or its own where it has none
    classes: NDArray[np.float32]  # logits of corpus/likely.py; empty where there are no phrasings


class ReadingIndex:
    """The folder `reading` of a release, opened; reading only, safe to share between threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Raises OSError or ValueError when a file is missing or damaged or another encoder made it."""
        if (folder / "encoder.txt").read_text("utf-8") != encoder.revision:
            raise ValueError("another encoder made it")
        self._encoder = encoder
        self.passages, self._units, self._asks = (
            np.load(folder / f"{name}.npy").astype(np.float32) for name in ("passages", "units", "asks")
        )
        self._offsets: NDArray[np.int64] = np.load(folder / "offsets.npy")
        self.likely = likely.Likely(folder / likely.FILE) if len(self._asks) else None
        self.words = bayes.Words(folder / bayes.FILE) if len(self._asks) else None
        self.read = lru_cache(maxsize=64)(self._read)

    def _read(self, question: str) -> Read:
        """Cosines of a question; remembered, because several steps of one answer want them."""
        vector = self._encoder.passages([self._encoder.question_prefix + question])[0]
        passages, units = self.passages @ vector, self._units @ vector
        classes = self.likely.logits(vector) if self.likely is not None else np.zeros(0, np.float32)
        return Read(passages, units, self._asks @ vector, self._best(passages, units), classes)

    def units(self, read: Read, row: int) -> NDArray[np.float32]:
        """Cosines of the units of one passage, in reading order."""
        found: NDArray[np.float32] = read.units[self._offsets[row] : self._offsets[row + 1]]
        return found

    def _best(self, passages: NDArray[np.float32], units: NDArray[np.float32]) -> NDArray[np.float32]:
        best = passages.copy()
        filled = np.flatnonzero(np.diff(self._offsets) > 0)
        if len(filled):
            best[filled] = np.maximum.reduceat(units, self._offsets[filled])
        return best


def open_reading(release: Release, encoder: Callable[[], Encoder]) -> ReadingIndex | None:
    """What the encoder made of a release; None where it was too large, or was made without. Raises ReleaseMismatch."""
    folder = release.folder / FOLDER
    if not folder.is_dir():
        return None
    try:
        return ReadingIndex(folder, encoder())
    except (ValueError, OSError, EOFError) as error:
        name = f"the encoded texts of release {release.number}"
        raise ReleaseMismatch(f"{name}: {error}", hint="run: vraagbaak ingest --rebuild") from error


def stored(release: Release, keys: Collection[str] | None = None) -> list[NDArray[np.float16]]:
    """Every vector that the folder holds of some sources, of all without `keys`; what an erasure must not leave behind."""
    folder = release.folder / FOLDER
    if not folder.is_dir():
        return []
    offsets = np.load(folder / "offsets.npy")
    names = [release.sources[position].key for position in release.source_of_row]
    rows = np.array([keys is None or name in keys for name in names], bool)
    of_asks = np.array([keys is None or ask.source in keys for ask in release.asks()], bool)
    of_units = np.repeat(rows, np.diff(offsets))
    parts = ((name, mask) for name, mask in (("passages", rows), ("units", of_units), ("asks", of_asks)))
    found = [vector for name, mask in parts for vector in np.load(folder / f"{name}.npy")[mask]]
    return found + likely.learned_of(folder / likely.FILE, np.append(rows, keys is None))
