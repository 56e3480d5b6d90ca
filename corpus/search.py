"""A question's words in, passages out: lexical and dense, fused by a measured weight.

`PassageSearch` is the port that the assistant knows; `ReleaseSearch` reads a release, `MemorySearch` is the small real one
for tests and for texts that were never released.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from corpus import asked, bayes
from corpus import lexical as lexical_index
from corpus.asked import AskIndex, Like
from corpus.encoder import Encoder, bundled_encoder
from corpus.errors import ReleaseError, ReleaseMismatch
from corpus.fuse import fuse, rrf
from corpus.lexical import IndexedText, LexicalIndex
from corpus.likely import Known
from corpus.model import Ask, Hit, Passage, Source
from corpus.reading import Read, ReadingIndex, Vectors, derive_reading, open_reading
from corpus.release import Contents, Derive, Manifest, Release
from corpus.vectors import ExactVectors, VectorIndex, make_chroma

if TYPE_CHECKING:
    from corpus.analyse import Analyser
    from corpus.embedder import Embedder
    from corpus.rerank import Reranker

log = logging.getLogger(__name__)
MANY = 10_000  # phrasings from which on a word that hardly any of them has, no text and no word list either, is a typing error
REST_S = 10  # a Chroma server that is away is not asked again for so long, so that not every question waits for it
Legs = Literal["fused", "rrf", "lexical", "dense"]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How passages are ranked. `weight` is measured (docs/decisions.md); the others are engineering."""

    legs: Legs = "fused"
    weight: float = 0.4  # of the dense leg, 0..1: 0 is lexical alone
    candidates: int = 60  # per leg before fusion; more changed nothing on the development sets
    asked: float = 0.5  # share of the known phrasings in the score, where there are any; 0 leaves them out
    read: float = 0.6  # share of what the encoder read, where it read the texts; 0 leaves it out


class PassageSearch(Protocol):
    """What the assistant needs of the shelf."""

    def search(
        self,
        question: str,
        limit: int = 10,
        allowed: np.ndarray | None = None,
        like: Like | None = None,
        read: Read | None = None,
    ) -> tuple[Hit, ...]:
        """The best passages, best first, at most `limit`; never one outside `allowed` (bool per row).

        like, read: which known phrasings the question is like and what it is near to, when that was found out already.
        """
        ...

    def like(self, said: Sequence[str], allowed: np.ndarray | None = None, read: Read | None = None) -> Like | None:
        """Which known phrasings the likest of some wordings is like; None where none are kept. read: of one of them."""
        ...

    def read(self, question: str) -> Read | None:
        """Cosines of a question by the encoder; None where nothing was encoded."""
        ...


class HybridSearch:
    """Lexical and dense legs over the same rows."""

    def __init__(
        self,
        lexical: LexicalIndex,
        vectors: VectorIndex,
        exact: ExactVectors,
        embedder: Embedder,
        passages: Callable[[Sequence[int]], Sequence[Passage]],
        settings: SearchSettings = SearchSettings(),
        reranker: Reranker | None = None,
        phrasings: AskIndex | None = None,
        reading: ReadingIndex | None = None,
    ) -> None:
        self.phrasings, self._reading = phrasings, reading
        self.lexical, self.vectors, self.exact, self.embedder = lexical, vectors, exact, embedder
        self._passages, self.settings, self.reranker = passages, settings, reranker
        self._rests_until = 0.0  # on the monotonic clock: a vector index that failed is left alone for a while
        self._embed = lru_cache(maxsize=64)(embedder.query)  # one question is embedded once, whatever asks for it

    def search(
        self,
        question: str,
        limit: int = 10,
        allowed: np.ndarray | None = None,
        like: Like | None = None,
        read: Read | None = None,
    ) -> tuple[Hit, ...]:
        """See PassageSearch."""
        depth = max(self.settings.candidates, limit)
        nothing = np.zeros(0, np.int32), np.zeros(0, np.float32)
        words = self.lexical.search(question, depth, allowed) if self.settings.legs != "dense" else nothing
        vector = self._embed(question) if self.settings.legs != "lexical" else np.zeros(0, np.float32)
        meaning = self._nearest(vector, depth, allowed) if vector.any() else nothing
        wanted = max(limit, self.reranker.depth) if self.reranker else limit
        rows, scores = self._fused(words, meaning, depth)
        read = read or self.read(question)
        if read is not None:
            rows, scores = self._with_reading(rows, scores, read, allowed, depth)
        like = like or self.like((question,), allowed, read) or asked.NOTHING
        hits = self._hits(*self._with_asked(rows, scores, like, wanted), words, vector, read)
        return self.reranker.rerank(question, hits)[:limit] if self.reranker else hits

    def like(self, said: Sequence[str], allowed: np.ndarray | None = None, read: Read | None = None) -> Like | None:
        """See PassageSearch."""
        if self.phrasings is None or self.settings.legs != "fused" or not self.settings.asked:
            return None
        near = read.asks if read is not None else None
        said = [self._mended(text) for text in said]
        like = self.phrasings.like([(text, self._embed(text)) for text in said], allowed, near)
        if read is None or self._reading is None or self._reading.likely is None or self._reading.words is None:
            return like
        words = self._reading.words.logits(*self.phrasings.bag(said[0]))
        shares = self._reading.likely.shares(read.classes + bayes.SHARE * words, allowed)
        return replace(like, likely=shares.rows, told=shares.places, nowhere=shares.nowhere)

    @property
    def reading(self) -> ReadingIndex | None:
        """What the encoder made of the texts, when the settings want it used."""
        return self._reading if self.settings.legs == "fused" and self.settings.read else None

    def read(self, question: str) -> Read | None:
        """See PassageSearch."""
        return self.reading.read(self._mended(question)) if self.reading is not None else None

    def _mended(self, text: str) -> str:
        """A question without its typing errors, where enough phrasings are kept to tell these from the words of callers."""
        if self.phrasings is None or len(self.phrasings) < MANY:
            return text
        return self.lexical.mended(text, self.phrasings.usual)

    def names(self, words: str) -> bool:
        """Whether these are names of the texts; a name that is an ordinary word as well ("Huizen") is none, for the texts may mean the word."""
        return bool(words.split()) and all(map(self.lexical.names, words.split()))

    def _with_reading(
        self, rows: np.ndarray, scores: np.ndarray, read: Read, allowed: np.ndarray | None, limit: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The fused ranking and the encoder's in one. A passage is as near as its text and its best sentence are, half and half."""
        near = 0.5 * (read.passages + read.best)
        if allowed is not None:
            near = np.where(allowed, near, -1.0)
        found = np.argsort(-near, kind="stable")[:limit]
        found = found[near[found] > 0]
        return fuse(rows, scores, found.astype(np.int32), near[found], weight=self.settings.read, limit=limit)

    def _with_asked(self, rows: np.ndarray, scores: np.ndarray, like: Like, limit: int) -> tuple[np.ndarray, np.ndarray, Like]:
        """The fused ranking and the known phrasings in one.

        A text that nobody wrote phrasings for must not lose to one that has them: its passages count as if they were as like the
        question as the likest phrasing, had as many votes as the passage with most and were as likely as the likeliest, to the degree that the
        other legs favour them.
        """
        if self.phrasings is None or not like.rows:
            return rows[:limit], scores[:limit], like
        share, most = self.settings.asked, max(likeness for likeness, _, _ in like.rows.values())
        fused = dict(zip(rows.tolist(), scores.tolist(), strict=True))
        alike = {row: (score * most, 0, 0) for row, score in fused.items() if not self.phrasings.covered[row]} | dict(like.rows)
        total = {row: (1 - share) * fused.get(row, 0.0) + share * alike.get(row, (0.0,))[0] for row in {**fused, **alike}}
        order = sorted(total, key=lambda row: (-total[row], row))[:limit]
        bare = {row: score for row, score in fused.items() if not self.phrasings.covered[row]}
        votes, likely = (
            {row: score * max(known.values(), default=0.0) for row, score in bare.items()} | dict(known) for known in (like.votes, like.likely)
        )
        found = replace(like, rows=alike, votes=votes, likely=likely)
        return np.array(order, np.int32), np.array([total[row] for row in order], np.float32), found

    def _nearest(self, vector: np.ndarray, depth: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The nearest rows, with cosines that do not depend on who found them: a store rounds in a way of its own, and an approximate one
        misses some near the end of its list, so it is asked for twice as many."""
        rows = np.sort(self._found(vector, 2 * depth, allowed)[0])
        scores = self.cosines(rows, vector)
        order = np.lexsort((rows, -scores))[:depth]
        return rows[order].astype(np.int32), scores[order]

    def _found(self, vector: np.ndarray, depth: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        if time.monotonic() < self._rests_until:
            return self.exact.nearest(vector, depth, allowed)
        try:
            rows, scores = self.vectors.nearest(vector, depth, allowed)
        except ReleaseError as error:
            log.warning("searching exactly for %d seconds: %s", REST_S, error)
            self._rests_until = time.monotonic() + REST_S
            return self.exact.nearest(vector, depth, allowed)
        reachable = self.exact.count() if allowed is None else int(allowed.sum())
        if len(rows) < min(depth, reachable) // 2:  # a strict filter starved the approximate index
            return self.exact.nearest(vector, depth, allowed)
        return rows, scores

    def _fused(
        self, words: tuple[np.ndarray, np.ndarray], meaning: tuple[np.ndarray, np.ndarray], limit: int
    ) -> tuple[np.ndarray, np.ndarray]:
        match self.settings.legs:
            case "lexical":
                return words[0][:limit], words[1][:limit]
            case "dense":
                return meaning[0][:limit], meaning[1][:limit]
            case "rrf":
                return rrf(words[0], meaning[0], limit)
            case _:
                return fuse(*words, *meaning, weight=self.settings.weight, limit=limit)

    def _hits(
        self,
        rows: np.ndarray,
        scores: np.ndarray,
        like: Like,
        words: tuple[np.ndarray, np.ndarray],
        vector: np.ndarray,
        read: Read | None,
    ) -> tuple[Hit, ...]:
        lexical = dict(zip(words[0].tolist(), words[1].tolist(), strict=True))
        found = self._passages([int(row) for row in rows])
        cosines = self.cosines(rows, vector)
        answers = [like.rows.get(int(row), (0.0, 0, 0)) for row in rows]
        near = read.best[rows].tolist() if read is not None else [None] * len(rows)
        return tuple(
            Hit(
                passage, float(score), lexical.get(row, 0.0), float(cosine), rank, row, likeness, (start, end), close,
                like.votes.get(row, 0.0), like.likely.get(row, 0.0), like.told.get(row, ()),
            )
            for rank, (passage, row, score, cosine, (likeness, start, end), close) in enumerate(
                zip(found, rows.tolist(), scores, cosines, answers, near, strict=True), start=1
            )
        )

    def cosines(self, rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """float32 per row: cosine with `vector`; zeros for an empty vector."""
        if not len(rows) or not vector.any():
            return np.zeros(len(rows), np.float32)
        return np.asarray(self.exact.rows(rows), dtype=np.float32) @ vector.astype(np.float32)


class ReleaseSearch(HybridSearch):
    """Search in one release. dense: an opened vector index; exact search over the release's vectors without one."""

    def __init__(
        self,
        release: Release,
        embedder: Embedder,
        analyser: Analyser,
        *,
        dense: VectorIndex | None = None,
        settings: SearchSettings = SearchSettings(),
        reranker: Reranker | None = None,
        encoder: Callable[[], Encoder] = bundled_encoder,
    ) -> None:
        check_embedding(release, embedder)
        exact = ExactVectors(release.vectors)
        lexical = open_lexical(release, analyser)
        phrasings = open_asked(release, lexical)
        passages = cached_passages(release.passages)
        reading = open_reading(release, encoder) if settings.read else None
        super().__init__(lexical, dense or exact, exact, embedder, passages, settings, reranker, phrasings, reading)
        self.release = release

    def answering(self, today: date, only: Callable[[Source], bool] = lambda source: True) -> np.ndarray:
        """bool per row: whether its source may answer on that day and passes `only`."""
        return self.release.allowed(lambda source: source.answers_on(today) and only(source))


def cached_passages(read: Callable[[Sequence[int]], Sequence[Passage]], size: int = 4096) -> Callable[..., Sequence[Passage]]:
    """The same reader, remembering passages: the same few hundred are read again and again."""
    kept: dict[int, Passage] = {}

    def passages(rows: Sequence[int]) -> Sequence[Passage]:
        missing = [row for row in rows if row not in kept]
        if missing:
            if len(kept) + len(missing) > size:
                kept.clear()
                missing = list(rows)
            kept.update(zip(missing, read(missing), strict=True))
        return [kept[row] for row in rows]

    return passages


def collection_name(manifest: Manifest) -> str:
    """Of a release on a Chroma server: its number and the checksum of its vectors, so that two corpora never mix."""
    return f"vraagbaak-{manifest.number:04d}-{manifest.checksums['vectors.npy'][:12]}"


def check_embedding(release: Release, embedder: Embedder) -> None:
    """ReleaseMismatch when the release's vectors were made by another embedding."""
    made = release.manifest.embedding
    if (made.revision, made.dimension) != (embedder.revision, embedder.dimension):
        raise ReleaseMismatch(
            f"release {release.number} was embedded with {made.name} ({made.revision[:12]}), "
            f"the settings say {embedder.name} ({embedder.revision[:12]})",
            hint="run: vraagbaak ingest",
        )


def release_analyser(release: Release) -> Analyser:
    """The analyser with the synonyms that were published with the release."""
    from corpus.analyse import Analyser, Synonyms, english_relations, load_synonyms, spoken_dutch
    from corpus.lexicon import load_lexicon

    file = release.folder / "synonyms.toml"
    known = load_synonyms(file) if file.exists() else Synonyms()
    # relations widen questions only, so those of spoken Dutch and of English need no index of their own
    relations = (*known.relations, *spoken_dutch().relations, *english_relations())
    return Analyser(load_lexicon(), synonyms=Synonyms(relations, known.never))


def open_lexical(release: Release, analyser: Analyser) -> LexicalIndex:
    """The release's lexical index; ReleaseMismatch when another analyser made it, or when a file of it cannot be read."""
    try:
        return LexicalIndex.open(release.folder / "lexical", analyser)
    except (ValueError, OSError, EOFError, KeyError) as error:
        name = f"the lexical index of release {release.number}"
        raise ReleaseMismatch(f"{name}: {error}", hint="run: vraagbaak ingest --rebuild") from error


def open_asked(release: Release, lexical: LexicalIndex) -> AskIndex | None:
    """The release's known phrasings; None where it has none, ReleaseMismatch when they cannot be read."""
    folder = release.folder / asked.FOLDER
    try:
        return AskIndex(folder, lexical) if folder.is_dir() else None
    except (ValueError, OSError, EOFError) as error:
        name = f"the phrasings of release {release.number}"
        raise ReleaseMismatch(f"{name}: {error}", hint="run: vraagbaak ingest --rebuild") from error


def indexed_text(passage: Passage, title: str) -> IndexedText:
    """What is indexed of a passage: its text, with title and headings as context."""
    return IndexedText(title=title, heading=" / ".join(passage.heading), body=passage.text, document=passage.source)


def embedded_text(passage: Passage, title: str) -> str:
    """What is embedded of a passage. The quote never contains the context that is added here."""
    places = [title, *(h for h in passage.heading if h != title)]
    return ". ".join(p for p in places if p) + ".\n" + passage.text


BLENDED_AT_ONCE = 65_536  # passages
DOCUMENT_SHARE = 0.5  # of a passage's vector that its whole document gives; +1.3 nDCG@10 on rijksvac (docs/benchmarks.md)


def with_document(vectors: np.ndarray, passages: Sequence[Passage], share: float = DOCUMENT_SHARE) -> np.ndarray:
    """float16 (passages, dimension), unit length: each passage's vector leaned towards the mean of its document.

    A passage of a few lines says too little of what it is about; its document says the rest.
    """
    blended = np.zeros(vectors.shape, np.float16)
    if not len(passages):
        return blended
    _, document = np.unique([p.source for p in passages], return_inverse=True)
    sums = np.zeros((int(document.max()) + 1, vectors.shape[1]), np.float32)
    steps = [slice(begin, begin + BLENDED_AT_ONCE) for begin in range(0, len(vectors), BLENDED_AT_ONCE)]
    for some in steps:  # in steps, because float32 copies of a million vectors are gigabytes
        np.add.at(sums, document[some], vectors[some].astype(np.float32))
    whole = _unit(sums)
    for some in steps:
        blended[some] = _unit((1 - share) * vectors[some].astype(np.float32) + share * whole[document[some]])
    return blended


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit


def derive_lexical(analyser: Analyser) -> Callable[[Path, Contents], None]:
    """A step of `write_release` that writes the lexical index."""

    def derive(folder: Path, contents: Contents) -> None:
        titles = {s.key: s.title for s in contents.sources}
        texts = [indexed_text(p, titles[p.source]) for p in contents.passages]
        lexical_index.write(folder / "lexical", texts, analyser)

    return derive


def derive_asked(analyser: Analyser) -> Derive:
    """A step of `write_release` after the lexical one: the index of known phrasings, when there are any."""

    def derive(folder: Path, contents: Contents) -> None:
        if contents.asks:
            lexical = LexicalIndex.open(folder / "lexical", analyser)
            asked.write(folder / asked.FOLDER, contents.asks, contents.ask_vectors, contents.passages, lexical)

    return derive


def ask_vectors(asks: Sequence[Ask], embedder: Embedder) -> np.ndarray:
    """float32 (asks, dimension): each phrasing embedded as a question."""
    number = {text: row for row, text in enumerate(dict.fromkeys(a.text for a in asks))}
    if hasattr(embedder, "queries"):
        made = embedder.queries(list(number))
    else:
        made = np.array([embedder.query(text) for text in number], np.float32).reshape(len(number), embedder.dimension)
    return np.asarray(made[[number[a.text] for a in asks]], np.float32)


def derive_all(analyser: Analyser, reading: tuple[Encoder, Vectors, Known] | None = None) -> tuple[Derive, ...]:
    """Every derived index of a release, in the order that they need each other. reading: with what the encoder reads, if it does."""
    read = (derive_reading(*reading),) if reading else ()
    return together(derive_lexical(analyser), derive_chroma), derive_asked(analyser), *read


def derive_chroma(folder: Path, contents: Contents) -> None:
    """A step of `write_release` that writes and checks the embedded Chroma index, from the vectors that are in the folder."""
    make_chroma(folder)


def together(*steps: Derive) -> Derive:
    """Steps of `write_release` at the same time: Chroma is built by a child process while this one builds the lexical index."""

    def derive(folder: Path, contents: Contents) -> None:
        with ThreadPoolExecutor(len(steps)) as pool:
            for done in [pool.submit(step, folder, contents) for step in steps]:
                done.result()

    return derive


def check_release(folder: Path) -> None:
    """The last step before a release is published: raises when it cannot be trusted."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    if not all(np.isfinite(vectors[i : i + BLENDED_AT_ONCE]).all() for i in range(0, len(vectors), BLENDED_AT_ONCE)):
        raise ReleaseError("the embedding gave vectors that are not numbers", hint="run: vraagbaak models use bundled")


class MemorySearch(HybridSearch):
    """The same search over passages that live in memory: for tests, previews and small texts."""

    def __init__(
        self,
        passages: Sequence[Passage],
        embedder: Embedder,
        analyser: Analyser,
        folder: Path,
        titles: Mapping[str, str] | None = None,
        settings: SearchSettings = SearchSettings(),
    ) -> None:
        known: Mapping[str, Any] = titles or {}
        lexical_index.write(folder, [indexed_text(p, known.get(p.source, "")) for p in passages], analyser)
        texts = [embedded_text(p, known.get(p.source, "")) for p in passages]
        vectors = embedder.passages(texts) if texts else np.zeros((0, embedder.dimension), np.float32)
        exact = ExactVectors(with_document(vectors, passages))
        super().__init__(
            LexicalIndex.open(folder, analyser), exact, exact, embedder, lambda rows: [passages[r] for r in rows], settings
        )
