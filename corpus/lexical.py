"""The lexical leg: BM25 over terms, compound parts and letter grams, in plain numpy files.

Scores are computed when the index is written (eager scoring, Lù 2024, "BM25S"), so a search only adds up
the rows of its features.  Title and heading count as extra occurrences, each with its own weight, in the
way of BM25F (Robertson, Zaragoza & Taylor 2004, "Simple BM25 extension to multiple weighted fields").

A folder holds, for each namespace (terms, parts, grams; and document_terms and so on, where the rows are
documents: a passage also earns a share of the score of the document it stands in):

    <name>.words.txt       one feature per line, in order of its number
    <name>.offsets.npy     int64 (features + 1,): where the rows of a feature begin
    <name>.rows.npy        int32: passage numbers, rising within a feature
    <name>.scores.npy      float32: what the feature adds to that passage

and document_of.npy (the document of each passage), meta.json (versions, sizes, settings) and vocabulary.tsv
(the words of the corpus, folded, with counts).
The arrays are opened memory-mapped and never written again.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from corpus.analyse import ANALYSER_VERSION, Analyser, Concept, Query
from corpus.lexicon import fold

NAMESPACES = ("terms", "parts", "grams")
CHUNK_ROWS = 4096  # counted at a time, fewer when texts are long: both bound the memory of a build
CHUNK_TOKENS = 250_000
MIN_WORD_COUNT = 2  # a word seen once may be a typing error: no part of a compound
MIN_SPELLED = 5  # shorter words have too many neighbours
_WORD = re.compile(r"[^\W\d_]+")

Rows = NDArray[np.int32]
Scores = NDArray[np.float32]


class IndexedText(NamedTuple):
    """What is searched of one passage."""

    title: str
    heading: str
    body: str
    document: str = ""  # passages of one document lend each other context; "" stands alone


@dataclass(frozen=True, slots=True)
class Tuning:
    """Settings of the ranking; one set for every corpus, chosen in benchmarks/public_sets.py."""

    k1: float = 1.2  # how soon further occurrences stop counting
    b: float = 0.9  # 0 = length does not matter, 1 = fully normalised
    title: float = 0.5  # occurrences that one word in the title counts for
    heading: float = 1.0
    terms: float = 1.0  # weights of the namespaces, applied at search time
    parts: float = 0.6
    grams: float = 0.2
    document: float = 1.0  # what the score of the whole document adds to that of its passage


@dataclass(frozen=True, slots=True)
class Postings:
    """One namespace: for feature number i the rows and scores between offsets[i] and offsets[i + 1]."""

    numbers: dict[str, int]
    offsets: NDArray[np.int64]
    rows: Rows
    scores: Scores

    def add_to(self, total: Scores, feature: str, weight: float) -> None:
        number = self.numbers.get(feature)
        if number is not None:
            span = slice(self.offsets[number], self.offsets[number + 1])
            total[self.rows[span]] += self.scores[span] * np.float32(weight)

    def frequency(self, feature: str) -> int:
        """In how many passages the feature occurs."""
        number = self.numbers.get(feature)
        return 0 if number is None else int(self.offsets[number + 1] - self.offsets[number])


# ---- writing -------------------------------------------------------------------------------------


def write(folder: Path, texts: Sequence[IndexedText], analyser: Analyser, tuning: Tuning = Tuning()) -> None:
    """Make an index of `texts` in `folder`; row i of a search result is texts[i].

    The words of the texts become the vocabulary of the analyser, so compounds of the corpus's own words
    are split; `LexicalIndex.open` restores it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keyed = _keys_of(texts, analyser, tuning)
    counts = _counts(keyed)
    analyser = analyser.with_vocabulary(w for w, n in counts.items() if n >= MIN_WORD_COUNT)
    bags = [analyser.features(key).bags() for key in keyed.keys]
    documents, owner = _documents(keyed, texts)
    np.save(folder / "document_of.npy", owner)
    for number, name in enumerate(NAMESPACES):
        found = [bag[number] for bag in bags]
        _write_namespace(folder, name, keyed, found, tuning)
        _write_namespace(folder, f"document_{name}", documents, found, tuning)
    lines = "".join(f"{word}\t{count}\n" for word, count in sorted(counts.items()))
    (folder / "vocabulary.tsv").write_text(lines, encoding="utf-8")
    meta = {
        "analyser": ANALYSER_VERSION,
        "fingerprint": analyser.fingerprint,
        "passages": len(texts),
        "tuning": asdict(tuning),
    }
    (folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Keyed:
    """All tokens as numbers of keys; passage i owns those between starts[i] and starts[i + 1]."""

    keys: list[str]
    tokens: NDArray[np.int32]
    weights: Scores  # how many occurrences a token counts for: 1 in the body
    starts: NDArray[np.int64]


def _keys_of(texts: Sequence[IndexedText], analyser: Analyser, tuning: Tuning) -> _Keyed:
    numbers: dict[str, int] = {}
    tokens, weights, starts = array("i"), array("f"), array("q", [0])
    for text in texts:
        for field, weight in zip(text[:3], (tuning.title, tuning.heading, 1.0), strict=True):
            if field and weight > 0:
                found = analyser.keys(field)
                tokens.extend([numbers.setdefault(key, len(numbers)) for key in found])
                weights.extend([weight] * len(found))
        starts.append(len(tokens))
    return _Keyed(list(numbers), _as(tokens, np.int32), _as(weights, np.float32), _as(starts, np.int64))


def _as(values: array[Any], kind: type[np.generic]) -> NDArray[Any]:
    return np.frombuffer(values, dtype=kind) if len(values) else np.zeros(0, dtype=kind)


def _documents(keyed: _Keyed, texts: Sequence[IndexedText]) -> tuple[_Keyed, Rows]:
    """The same tokens by document, and the document of each passage.

    Without shared documents there is no context: then there are no documents at all.
    """
    numbers: dict[str, int] = {}
    names = [text.document or f"\0{row}" for row, text in enumerate(texts)]
    owner = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int32)
    if len(numbers) == len(texts):
        return _Keyed(keyed.keys, keyed.tokens[:0], keyed.weights[:0], keyed.starts[:1]), owner[:0]
    by_document = np.argsort(np.repeat(owner, np.diff(keyed.starts)), kind="stable")
    sizes = np.bincount(owner, weights=np.diff(keyed.starts)).astype(np.int64)
    starts = np.concatenate((keyed.starts[:1], np.cumsum(sizes)))
    return _Keyed(keyed.keys, keyed.tokens[by_document], keyed.weights[by_document], starts), owner


def _counts(keyed: _Keyed) -> Counter[str]:
    """How often each folded word of letters occurs."""
    counts: Counter[str] = Counter()
    seen = np.bincount(keyed.tokens, minlength=len(keyed.keys))
    for key, count in zip(keyed.keys, seen.tolist(), strict=True):
        if key.isalpha() and key.islower():
            counts[fold(key)] += count
    return counts


class _Chunk(NamedTuple):
    """Occurrences in at most CHUNK_ROWS passages, sorted by feature and then by row."""

    first_row: int
    features: NDArray[np.int32]
    rows: NDArray[np.uint16]  # counted from first_row
    counts: Scores


def _write_namespace(folder: Path, name: str, keyed: _Keyed, found: Sequence[tuple[str, ...]], tuning: Tuning) -> None:
    """found: the features of each key, in order of `keyed.keys`."""
    numbers: dict[str, int] = {}
    lists = [[numbers.setdefault(f, len(numbers)) for f in features] for features in found]
    sizes = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    flat = np.fromiter((n for numbers_ in lists for n in numbers_), dtype=np.int32, count=int(sizes.sum()))
    begins = np.concatenate(([0], np.cumsum(sizes)))
    total = len(keyed.starts) - 1
    lengths = np.zeros(total, dtype=np.float32)
    chunks = [_chunk(keyed, first, last, begins, flat, lengths) for first, last in _spans(keyed.starts)]
    (folder / f"{name}.words.txt").write_text("\n".join(numbers), encoding="utf-8")
    _write_postings(folder, name, len(numbers), chunks, lengths, tuning)


def _spans(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) row of each chunk; a chunk has at least one row."""
    first, rows = 0, len(starts) - 1
    while first < rows:
        fitting = int(np.searchsorted(starts, starts[first] + CHUNK_TOKENS, side="right")) - 1
        last = min(max(fitting, first + 1), first + CHUNK_ROWS, rows)
        yield first, last
        first = last


def _chunk(keyed: _Keyed, first: int, last: int, begins: NDArray[np.int64], flat: NDArray[np.int32], lengths: Scores) -> _Chunk:
    """Count the features of passages first..last; fills `lengths` of these passages."""
    span = slice(int(keyed.starts[first]), int(keyed.starts[last]))
    tokens = keyed.tokens[span]
    passage = np.repeat(np.arange(last - first), np.diff(keyed.starts[first : last + 1]))
    sizes = begins[tokens + 1] - begins[tokens]
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    features = flat[np.repeat(begins[tokens], sizes) + within].astype(np.int64)
    rows, weights = np.repeat(passage, sizes), np.repeat(keyed.weights[span], sizes)
    lengths[first:last] = np.bincount(rows, weights=weights, minlength=last - first)
    pairs, index = np.unique(features * CHUNK_ROWS + rows, return_inverse=True)
    counts = np.bincount(index, weights=weights, minlength=len(pairs)).astype(np.float32)
    owner, row = np.divmod(pairs, CHUNK_ROWS)
    return _Chunk(first, owner.astype(np.int32), row.astype(np.uint16), counts)


def _write_postings(folder: Path, name: str, features: int, chunks: Sequence[_Chunk], lengths: Scores, tuning: Tuning) -> None:
    frequency = np.zeros(features, dtype=np.int64)
    for chunk in chunks:
        frequency += np.bincount(chunk.features, minlength=features)
    offsets = np.concatenate(([0], np.cumsum(frequency)))
    idf = _idf(frequency, len(lengths)).astype(np.float32)
    rows = np.zeros(int(offsets[-1]), dtype=np.int32)
    scores = np.zeros(int(offsets[-1]), dtype=np.float32)
    mean = float(lengths.mean()) if lengths.any() else 1.0
    norm = (tuning.k1 * (1 - tuning.b + tuning.b * lengths / mean)).astype(np.float32)
    free = offsets[:-1].copy()  # the next free place of each feature
    for chunk in chunks:
        seen = np.bincount(chunk.features, minlength=features)
        nth = np.arange(len(chunk.features)) - (np.cumsum(seen) - seen)[chunk.features]
        place = free[chunk.features] + nth
        free += seen
        rows[place] = chunk.rows + np.int32(chunk.first_row)
        scores[place] = idf[chunk.features] * chunk.counts * (tuning.k1 + 1) / (chunk.counts + norm[rows[place]])
    np.save(folder / f"{name}.offsets.npy", offsets)
    np.save(folder / f"{name}.rows.npy", rows)
    np.save(folder / f"{name}.scores.npy", scores)


def _idf(frequency: NDArray[np.int64] | int, passages: int) -> Any:
    """Natural log; positive even for a feature of every passage (Lucene's form of BM25)."""
    return np.log1p((passages - frequency + 0.5) / (frequency + 0.5))


# ---- searching -----------------------------------------------------------------------------------


class LexicalIndex:
    """An index opened for searching; reading only, safe to share between threads."""

    def __init__(
        self,
        analyser: Analyser,
        spaces: Mapping[str, Postings],
        passages: int,
        document_of: Rows,
        tuning: Tuning,
        speller: Speller,
    ) -> None:
        self.analyser = analyser
        self.tuning = tuning
        self.passages = passages
        self._document_of = document_of
        self._spaces = spaces
        self._speller = speller

    @classmethod
    def open(cls, folder: Path, analyser: Analyser, tuning: Tuning | None = None) -> LexicalIndex:
        """Open what `write` made.

        tuning: other weights for the namespaces; k1, b and the fields were fixed at writing.
        Raises ValueError when the index was made by another analyser, OSError when a file is missing.
        """
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["analyser"] != ANALYSER_VERSION:
            raise ValueError(f"the index was made by analyser {meta['analyser']!r}, this is {ANALYSER_VERSION!r}: make it anew")
        if meta["fingerprint"] != analyser.fingerprint:
            raise ValueError(
                f"the index was made with another lexicon or never-merge list ({meta['fingerprint']}, "
                f"now {analyser.fingerprint}): make it anew"
            )
        counts = dict(_read_counts(folder / "vocabulary.tsv"))
        own = analyser.with_vocabulary(w for w, n in counts.items() if n >= MIN_WORD_COUNT)
        names = (*NAMESPACES, *(f"document_{name}" for name in NAMESPACES))
        spaces = {name: _open_postings(folder, name) for name in names}
        owner = mapped(folder / "document_of.npy")
        return cls(own, spaces, meta["passages"], owner, tuning or Tuning(**meta["tuning"]), Speller(counts))

    def __len__(self) -> int:
        return self.passages

    def idf(self, term: str) -> float:
        """How rare a stem is: about 0 when every passage has it, highest when none has."""
        return float(_idf(self._spaces["terms"].frequency(term), max(self.passages, 1)))

    def search(self, query: str, limit: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """The best passages: row numbers and scores, by falling score and then rising row.

        allowed: True for each row that may be found.  Rows that share nothing with the query are never
        given, so there may be fewer than `limit`.
        """
        return best(self.score(self.query(query)), limit, allowed)

    def query(self, text: str) -> Query:
        """A question as weighted features, unknown words corrected by the words of the corpus."""
        return self.analyser.query(text, self._correct)

    def concepts(self, text: str) -> tuple[Concept, ...]:
        """The content words of a question with what would do for each."""
        return self.analyser.concepts(text, self._correct)

    def mended(self, text: str, known: Callable[[str], bool]) -> str:
        """The text with misspelled words replaced by the words of the corpus they are nearest to. known: words that stay although no text has them."""

        def better(found: re.Match[str]) -> str:
            key = found[0].lower()
            return ("" if known(key) else self._correct(key)) or found[0]

        return _WORD.sub(better, text)

    def names(self, word: str) -> bool:
        """Whether the texts have this very word, in any case, and it is no word of the language."""
        return fold(word) in self._speller and not self.analyser.is_word(word.lower())

    def known(self, term: str) -> bool:
        """Whether any passage has this stem, as a word or as part of a compound."""
        return any(self._spaces[name].frequency(term) for name in ("terms", "parts"))

    def score(self, query: Query) -> Scores:
        """The score of every passage; 0 where nothing is shared."""
        own = self._sum("", query, self.passages)
        if self.tuning.document and len(self._document_of):
            context = self._sum("document_", query, int(self._document_of.max()) + 1)
            own += np.float32(self.tuning.document) * context[self._document_of] * (own > 0)
        return own

    def _sum(self, prefix: str, query: Query, size: int) -> Scores:
        total = np.zeros(size, dtype=np.float32)
        for name, weighted in zip(NAMESPACES, query, strict=True):
            share, space = getattr(self.tuning, name), self._spaces[f"{prefix}{name}"]
            for feature, weight in weighted.items() if share else ():
                space.add_to(total, feature, share * weight)
        return total

    def _correct(self, key: str) -> str:
        terms, parts, _ = self.analyser.features(key)
        if not terms or self._spaces["terms"].frequency(terms[0]):
            return ""
        if parts and all(self._spaces["parts"].frequency(p) for p in parts):
            return ""
        return "" if self.analyser.is_word(key) else self._speller.nearest(fold(key))


def best(total: Scores, limit: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
    """The `limit` highest scores above zero; equal scores in order of row, also at the edge."""
    found = total > 0
    if allowed is not None:
        found &= allowed
    rows = np.flatnonzero(found)
    if limit <= 0:
        rows = rows[:0]
    if len(rows) > limit > 0:
        scores = total[rows]
        edge = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        rows = rows[scores >= edge]
    order = np.lexsort((rows, -total[rows]))[: max(limit, 0)]
    return rows[order].astype(np.int32), total[rows[order]]


def _open_postings(folder: Path, name: str) -> Postings:
    words = (folder / f"{name}.words.txt").read_text(encoding="utf-8")
    numbers = {word: i for i, word in enumerate(words.split("\n"))} if words else {}
    offsets, rows, scores = (mapped(folder / f"{name}.{kind}.npy") for kind in ("offsets", "rows", "scores"))
    return Postings(numbers, offsets, rows, scores)


def mapped(path: Path) -> NDArray[Any]:
    """An array that was saved, memory-mapped; an empty one cannot be mapped and is read."""
    if path.stat().st_size <= 128:
        return cast("NDArray[Any]", np.load(path, allow_pickle=False))
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return cast("NDArray[Any]", mapped.view(np.ndarray))  # still mapped, but slicing a memmap costs five times as much


def _read_counts(path: Path) -> Iterator[tuple[str, int]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, count = line.partition("\t")
        yield word, int(count)


# ---- typing errors -------------------------------------------------------------------------------


class Speller:
    """Finds the word of the corpus that an unknown word most likely is a misspelling of."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """counts: folded words with how often the corpus has them."""
        self._words = [w for w in counts if len(w) >= MIN_SPELLED]
        self._counts = counts
        self._lengths = np.fromiter(map(len, self._words), dtype=np.int16, count=len(self._words))
        self._initials = np.fromiter((ord(w[0]) for w in self._words), dtype=np.int32, count=len(self._words))
        self._letters = np.fromiter(map(_letters, self._words), dtype=np.uint32, count=len(self._words))

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def nearest(self, word: str) -> str:
        """One error in a word of 5 letters, two from 8 on; the most frequent wins; "" for none."""
        if len(word) < MIN_SPELLED:
            return ""
        errors = 1 if len(word) < 8 else 2
        differing = np.bitwise_count(self._letters ^ np.uint32(_letters(word)))
        close = (self._initials == ord(word[0])) & (np.abs(self._lengths - len(word)) <= errors)
        close &= differing <= 2 * errors
        ranked = [
            (distance, -self._counts[near], near)
            for near in (self._words[i] for i in np.flatnonzero(close))
            if (distance := OSA.distance(word, near, score_cutoff=errors)) <= errors
        ]
        return min(ranked)[2] if ranked else ""


def _letters(word: str) -> int:
    """A bit for each letter that occurs: one error changes at most two."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) % 32)
    return bits
