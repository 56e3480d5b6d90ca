"""Which answer does a question ask for? A classifier that the phrasings of a release teach: a class for each answer, and for what has none.

The nearest phrasing says whose words a question resembles; a classifier weighs all of them at once, and learns which
differences matter between answers that stand close together. It is multinomial logistic regression over the vectors of the encoder. What it starts from
is the mean of the phrasings of each answer (prototypical networks: Snell et al. 2017), so an answer with two phrasings is no worse
off than by its mean. Plain arithmetic with a fixed seed: the same phrasings give the same weights. In the folder `reading` of a release:

    likely.npz    weights float16 (classes, dimension + 1); places int32 (classes, 3), the row of the passage that answers (-1: none), start and end
                  of the words that do; key: of the phrasings and the encoder, so that the same ones are not learned from again
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.asked import places_of
from corpus.model import Ask, Passage

FILE = "likely.npz"
NAME = "likely-2"  # named in the manifest: another way to learn makes another release
SEEDS = Path(__file__).parent / "texts" / FILE  # what the phrasings of the sample texts taught, so that nobody's first run learns it
SHARPNESS = 20.0  # of the means that it starts from: cosines times this are logits
FEWEST = 3  # questions of a topic without an answer; a smaller topic joins the one it is nearest to
STEPS, BATCH = 280, 1024  # phrasings a step; the sample has a hundred thousand, so each is seen about three times
RATE, SMOOTHING = 0.1, 0.05  # step of Adam (Kingma and Ba 2015); share of each target that is spread over all classes
MOMENTS = 0.9, 0.99
LEAST = 1e-4  # a passage that is less likely is left out
Known = Callable[[str], "NDArray[np.float16] | None"]
"""Weights that were learned before under a key, if they were."""


@dataclass(frozen=True, slots=True)
class Shares:
    """rows: passage row -> probability that it is asked for.  places: passage row -> (start, end, probability) of the words in it that are asked
    for.  nowhere: probability that nothing answers."""

    rows: Mapping[int, float]
    places: Mapping[int, tuple[tuple[int, int, float], ...]]
    nowhere: float


def nothing_known(_: str) -> None:
    """For whoever learns everything anew."""


@dataclass(frozen=True, slots=True)
class Classes:
    """of: int32 (asks,), the class of each phrasing; stands: int32 (classes,), a phrasing of each class, -1 where no text answers it."""

    of: NDArray[np.int32]
    stands: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.stands)


def classes_of(asks: Sequence[Ask], vectors: NDArray[np.float32]) -> Classes:
    """One class for each place that answers, and one for each topic without an answer of which enough is asked. vectors: (asks, dimension)."""
    of = _numbered(asks)
    count = int(of.max(initial=-1)) + 1
    stands = np.full(count, -1, np.int32)
    for at in range(len(asks) - 1, -1, -1):
        stands[of[at]] = at if asks[at].source else -1
    nowhere = stands < 0
    large = np.flatnonzero(nowhere & (np.bincount(of, minlength=count) >= FEWEST))
    small = np.setdiff1d(np.flatnonzero(nowhere), large)
    if len(small) and len(large):
        means, into = _means(of, vectors, count), np.arange(count)
        into[small] = large[np.argmax(means[small] @ means[large].T, axis=1)]
        kept, joined = np.unique(into[of], return_inverse=True)
        stands, of = stands[kept], joined.astype(np.int32)
    return Classes(of, stands)


def _numbered(asks: Sequence[Ask]) -> NDArray[np.int32]:
    """int32 (asks,): the same number for phrasings of one answer or topic, in the order in which these are met."""
    numbers: dict[tuple[str, int, int], int] = {}
    return np.array([numbers.setdefault((ask.source, ask.start, ask.end), len(numbers)) for ask in asks], np.int32)


def _means(of: NDArray[np.int32], vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """float32 (count, dimension), unit length: the mean direction of the vectors of each class."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, of, vectors)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)


def learned(classes: Classes, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights, float32 (classes, dimension + 1); the last column is what a class has before anything is asked. vectors: (asks, dimension)."""
    count, chance = len(classes), np.random.default_rng(0)
    weights = np.concatenate([SHARPNESS * _means(classes.of, vectors, count), np.zeros((count, 1), np.float32)], axis=1)
    inputs = np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    waiting = np.zeros(0, np.int64)
    for step in range(1, STEPS + 1):
        if not len(waiting):
            waiting = chance.permutation(len(vectors))
        some, waiting = waiting[:BATCH], waiting[BATCH:]
        wrong = _shares(inputs[some] @ weights.T)
        wrong -= SMOOTHING / count
        wrong[np.arange(len(some)), classes.of[some]] -= 1 - SMOOTHING
        slope = wrong.T @ inputs[some] / len(some)
        first += (1 - MOMENTS[0]) * (slope - first)
        second += (1 - MOMENTS[1]) * (slope * slope - second)
        size = RATE * (1 - step / (STEPS + 1))
        weights -= size * (first / (1 - MOMENTS[0] ** step)) / (np.sqrt(second / (1 - MOMENTS[1] ** step)) + 1e-8)
    return weights


def _shares(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares that add up to 1 in each row; changes `logits`."""
    logits -= logits.max(axis=-1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=-1, keepdims=True)
    return logits


def key_of(asks: Sequence[Ask], revision: str) -> str:
    """Changes when other phrasings, or others together, or another encoder would be learned from; not when words stand elsewhere."""
    settings = (SHARPNESS, FEWEST, STEPS, BATCH, RATE, SMOOTHING, MOMENTS)
    named = [f"{number} {ask.text}" for number, ask in zip(_numbered(asks).tolist(), asks, strict=True)]
    return hashlib.sha256("\n".join((revision, repr(settings), *named)).encode("utf-8", "surrogatepass")).hexdigest()


def write(folder: Path, asks: Sequence[Ask], vectors: NDArray[np.float16], passages: Sequence[Passage], revision: str, known: Known) -> Classes:
    """Learn, unless the weights are `known`, and write; returns the classes. vectors: (asks, dimension) by the encoder of that revision."""
    wide = vectors.astype(np.float32)
    classes, key = classes_of(asks, wide), key_of(asks, revision)
    weights = known(key)
    if weights is None:
        weights = learned(classes, wide).astype(np.float16)
    places = np.full((len(classes), 3), -1, np.int32)
    answered = np.flatnonzero(classes.stands >= 0)
    places[answered] = places_of([asks[at] for at in classes.stands[answered]], passages)
    with (folder / FILE).open("wb") as stream:
        np.savez(stream, key=np.array(key), weights=weights, places=places)
    return classes


def stored(file: Path, key: str) -> NDArray[np.float16] | None:
    """The weights that a file holds under a key; None when it has others or cannot be read."""
    try:
        kept = _read(file)
    except (OSError, ValueError):
        return None
    return np.asarray(kept["weights"], np.float16) if str(kept["key"]) == key else None


def _read(file: Path) -> Mapping[str, NDArray[Any]]:
    """What a file holds. Raises OSError when it is missing, ValueError when it is damaged."""
    try:
        with file.open("rb") as stream, np.load(stream) as kept:  # a damaged file would stay open otherwise
            return {name: kept[name] for name in ("key", "weights", "places")}
    except (KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file.name} is damaged: {error}") from error


def learned_of(file: Path, rows: NDArray[np.bool_]) -> list[NDArray[np.float16]]:
    """What was learned for the answers of some passages, a vector for each. rows: bool per passage, and one more for what has no answer."""
    if not file.is_file():
        return []
    kept = _read(file)
    return list(kept["weights"][rows[kept["places"][:, 0]], :-1])


class Likely:
    """The classifier of a release, opened; reading only, safe to share between threads."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or ValueError when the file is missing or damaged."""
        kept = _read(file)
        weights = kept["weights"].astype(np.float32)
        self._weights, self._before, self._places = weights[:, :-1], weights[:, -1], kept["places"]

    def logits(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (classes,) of a question. vector: (dimension,)."""
        found: NDArray[np.float32] = self._weights @ vector + self._before
        return found

    def shares(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_] | None = None) -> Shares:
        """Who shares the probability that something is asked for.

        allowed: bool per passage row; what other passages answer is left out, as if nobody had ever asked for it.
        """
        rows = self._places[:, 0]
        counts = np.ones(len(rows), bool) if allowed is None else (rows < 0) | allowed[rows]
        if not counts.any():
            return Shares({}, {}, 0.0)
        shares, places = _shares(logits[counts]), self._places[counts]
        total = np.bincount(places[:, 0] + 1, shares)
        likely = np.flatnonzero(total[1:] > LEAST)
        told: dict[int, list[tuple[int, int, float]]] = {}
        for at in np.flatnonzero((shares > LEAST) & (places[:, 0] >= 0)).tolist():
            row, start, end = places[at].tolist()
            told.setdefault(row, []).append((start, end, float(shares[at])))
        return Shares(dict(zip(likely.tolist(), total[likely + 1].tolist(), strict=True)), {row: tuple(some) for row, some in told.items()}, float(total[0]))
