"""Which known phrasing is a question like? Short texts against a short text, by their words and by their meaning.

A folder `asked` of a release holds, derived from its table of asks:

    vectors.npy              float16 (asks, dimension): each phrasing embedded as a question
    places.npy               int32 (asks, 3): row of the passage that answers it (-1: no text does), start, end of the answer
    covered.npy              bool (passages,): whether anybody wrote phrasings for the source of a passage
    words.txt                one feature per line: "t" stem, "p" part of a compound, "g" four letters, with a prefix
    offsets.npy, asks.npy, weights.npy   for each feature the phrasings that have it and its weight there

Likeness is the cosine of tf-idf bags (BM25 has no upper end; a cosine says on its own how alike two questions are) and of
vectors, mixed. 1 is the same question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.lexical import LexicalIndex, mapped
from corpus.model import Ask, Passage

FOLDER = "asked"
SHARES = {"t": 1.0, "p": 0.6, "g": 0.25}  # of stems, parts of compounds and letter grams; as in the lexical leg
VOTERS = 20  # nearest phrasings that vote on where the answer is
USUAL = 10  # phrasings that have a word, from which on it is nobody's typing error
NEAREST = 200  # phrasings that are looked at further
MEANING = 0.4  # of the likeness; the rest is words. Chosen on the development items
MEANING_READ = 0.7  # ... when the encoder says how alike two questions are


def write(folder: Path, asks: Sequence[Ask], vectors: np.ndarray, passages: Sequence[Passage], lexical: LexicalIndex) -> None:
    """Make the index of `asks` in `folder`. vectors: (asks, dimension); lexical: of the same release, for its analyser."""
    folder.mkdir(parents=True)
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
    np.save(folder / "places.npy", places_of(asks, passages))
    sources = {ask.source for ask in asks}
    np.save(folder / "covered.npy", np.array([passage.source in sources for passage in passages], bool))
    bags = [_bag(lexical, ask.text) for ask in asks]
    number: dict[str, int] = {}
    features = np.array([number.setdefault(feature, len(number)) for bag in bags for feature in bag], np.int64)
    of = np.repeat(np.arange(len(asks), dtype=np.int32), [len(bag) for bag in bags])
    counts = np.array([n for bag in bags for n in bag.values()], np.float64)
    frequency = np.bincount(features, minlength=len(number))
    weights = counts * _rarity(frequency, len(asks))[features]
    lengths = np.sqrt(np.bincount(of, weights * weights, minlength=len(asks)))
    weights /= np.where(lengths > 0, lengths, 1.0)[of]
    order = np.argsort(features, kind="stable")
    np.save(folder / "offsets.npy", np.concatenate(([0], np.cumsum(frequency))).astype(np.int64))
    np.save(folder / "asks.npy", of[order])
    np.save(folder / "weights.npy", weights[order].astype(np.float32))
    (folder / "words.txt").write_text("\n".join(number), encoding="utf-8")


def places_of(asks: Sequence[Ask], passages: Sequence[Passage]) -> NDArray[np.int32]:
    """int32 (asks, 3): row of the passage that answers (-1: none), start and end of the words that do."""
    by_source: dict[str, list[tuple[int, Passage]]] = {}
    for row, passage in enumerate(passages):
        by_source.setdefault(passage.source, []).append((row, passage))
    found = np.full((len(asks), 3), -1, np.int32)
    for at, ask in enumerate(asks):
        # a heading stands before its passage and in none: the next one answers
        row = next((r for r, p in by_source.get(ask.source, ()) if ask.start < p.end), -1)
        found[at] = row, ask.start, ask.end
    return found


def _bag(lexical: LexicalIndex, text: str) -> dict[str, float]:
    """Weight of each feature of a text, before rarity."""
    analyser = lexical.analyser
    bags = [analyser.features(key).bags() for key in analyser.keys(text)]
    return {f"{space}{f}": share for some in bags for (space, share), bag in zip(SHARES.items(), some, strict=True) for f in bag}


def _highest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Where the highest values above zero stand, highest first, equal ones in their order; more than `count` when the last are equal."""
    edge = np.partition(values, len(values) - count)[len(values) - count] if len(values) > count else 0.0
    found = np.flatnonzero((values >= edge) & (values > 0))
    return found[np.argsort(-values[found], kind="stable")]


def _rarity(frequency: int | NDArray[np.int64], asks: int) -> NDArray[np.float64]:
    return np.asarray(np.log1p((asks + 0.5) / (np.asarray(frequency) + 0.5)), np.float64)


def _unit(bag: Mapping[str, float]) -> dict[str, float]:
    length = float(np.sqrt(sum(w * w for w in bag.values()))) or 1.0
    return {feature: weight / length for feature, weight in bag.items()}


@dataclass(frozen=True, slots=True)
class Like:
    """What a question is like. rows: passage row -> (likeness of its nearest phrasing, start, end of the words that answer it).

    gap: likeness of the nearest question that no text answers.  votes: passage row -> share of the VOTERS nearest phrasings that it
    answers; gap_votes: share of them that no text answers. One near phrasing may mislead; a neighbourhood of them seldom does.
    read: cosine by the encoder of the nearest phrasing that an allowed passage answers; one of a passage that may not answer says nothing.
    likely: passage row -> probability that it is asked for; told: passage row -> (start, end, probability) of the words in it that are; nowhere:
    that nothing answers (corpus/likely.py; 0 without an encoder).
    """

    rows: Mapping[int, tuple[float, int, int]]
    gap: float = 0.0
    votes: Mapping[int, float] = field(default_factory=dict)
    gap_votes: float = 0.0
    read: float = 0.0
    likely: Mapping[int, float] = field(default_factory=dict)
    told: Mapping[int, tuple[tuple[int, int, float], ...]] = field(default_factory=dict)
    nowhere: float = 0.0


NOTHING = Like({})


class AskIndex:
    """The phrasings of a release, opened for searching; reading only, safe to share between threads."""

    def __init__(self, folder: Path, lexical: LexicalIndex) -> None:
        """Raises OSError or ValueError when a file is missing or damaged."""
        self._lexical = lexical
        self._stored = mapped(folder / "vectors.npy")
        self._places: NDArray[Any] = np.load(folder / "places.npy")
        self.covered: NDArray[Any] = np.load(folder / "covered.npy")
        self._offsets, self._asks, self._weights = (mapped(folder / f"{name}.npy") for name in ("offsets", "asks", "weights"))
        words = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
        self._numbers = {word: i for i, word in enumerate(words)}
        self._worded = lru_cache(maxsize=64)(self._words)

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def _vectors(self) -> NDArray[Any]:
        """The phrasings embedded; only widened where no encoder says what they mean."""
        wide: NDArray[Any] = self._stored.astype(np.float32)
        return wide

    def like(
        self,
        said: Sequence[tuple[str, NDArray[Any]]],
        allowed: NDArray[np.bool_] | None = None,
        read: NDArray[np.float32] | None = None,
    ) -> Like:
        """What a question is like: of each passage the phrasing that is nearest to one of its wordings; the votes are on the first.

        said: wordings, at least one, each with its vector.  allowed: bool per passage row; other passages answer nothing.
        read: cosines of the question with each phrasing by the encoder, which then stand for meaning.
        """
        places = self._places[:, 0]
        answering = places >= 0 if allowed is None else (places >= 0) & allowed[places]
        every = [self._alike(text, vector, read) for text, vector in said]
        rows: dict[int, tuple[float, int, int]] = {}
        for alike in every:
            for row, found in self._nearest(alike, answering).items():
                rows[row] = max(found, rows.get(row, found))
        gap = max(float(alike[places < 0].max(initial=0.0)) for alike in every)
        near = np.where(answering | (places < 0), every[0] if read is None else read, -1.0)
        voters = places[_highest(near, VOTERS)[:VOTERS]]
        votes = {row: count / len(voters) for row, count in Counter(voters[voters >= 0].tolist()).items()}
        nearest = float(read[answering].max(initial=0.0)) if read is not None else 0.0
        return Like(rows, gap, votes, float((voters < 0).mean()) if len(voters) else 0.0, nearest)

    def usual(self, word: str) -> bool:
        """Whether so many phrasings have a word that it is no typing error, though no text has it."""
        terms = self._lexical.analyser.features(word).terms
        return any(self._frequency(f"t{term}") >= USUAL for term in terms)

    def bag(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The features of a text that phrasings have, by number, and the weight of each; of the whole text they would have unit length."""
        weighted = _unit({feature: weight * self._rarity(feature) for feature, weight in _bag(self._lexical, text).items()})
        known = [(self._numbers[feature], weight) for feature, weight in weighted.items() if feature in self._numbers]
        return np.array([number for number, _ in known], np.int64), np.array([weight for _, weight in known], np.float32)

    def _alike(self, text: str, vector: NDArray[Any], read: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """Likeness of each phrasing to one wording."""
        share = MEANING if read is None else MEANING_READ
        meaning = self._vectors @ vector.astype(np.float32) if read is None else read
        found: NDArray[np.float32] = (1 - share) * self._worded(text) + share * np.maximum(meaning, 0.0)
        return found

    def _nearest(self, alike: NDArray[np.float32], answering: NDArray[np.bool_]) -> dict[int, tuple[float, int, int]]:
        """Passage row -> its likest phrasing that answers, among the NEAREST, as (likeness, start, end)."""
        best: dict[int, tuple[float, int, int]] = {}
        for at in _highest(np.where(answering, alike, 0.0), NEAREST):
            row, start, end = self._places[at].tolist()
            best.setdefault(row, (float(alike[at]), start, end))
        return best

    def _words(self, question: str) -> NDArray[np.float32]:
        """Likeness of each phrasing by its words alone, 0..1."""
        words = np.zeros(len(self), np.float32)
        own = _bag(self._lexical, question)
        length = float(np.sqrt(sum((w * self._rarity(f)) ** 2 for f, w in own.items())))
        if length:
            for space, weighted in zip(SHARES, self._lexical.query(question), strict=True):
                for feature, weight in weighted.items():
                    self._add(words, f"{space}{feature}", SHARES[space] * weight / length)
        found: NDArray[np.float32] = np.minimum(words, np.float32(1.0))
        return found

    def _rarity(self, feature: str) -> float:
        return float(_rarity(self._frequency(feature), len(self)))

    def _frequency(self, feature: str) -> int:
        number = self._numbers.get(feature)
        return 0 if number is None else int(self._offsets[number + 1] - self._offsets[number])

    def _add(self, total: NDArray[np.float32], feature: str, weight: float) -> None:
        number = self._numbers.get(feature)
        if number is not None:
            span = slice(self._offsets[number], self._offsets[number + 1])
            total[self._asks[span]] += self._weights[span] * np.float32(weight * self._rarity(feature))
