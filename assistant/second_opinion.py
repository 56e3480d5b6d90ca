"""A small linear model beside the rules: it has read many phrases and knows words that no rule names.

A text is a bag of features that people can read: words, beginnings of words, pairs, letter runs, concepts that the rules found,
whether something is told or asked, and short runs in which words of one kind count as one word ("vader heeft mes" and "broer
heeft pistool" are both "kin heeft weapon"). The weights are made by `python -m evals.train_guard` (second_opinion.json.gz) and
`python -m evals.train_follow_ups` (follow_ups.json.gz); no library is needed to use them.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

WEIGHTS = "second_opinion.json.gz"
FOLLOWING = "follow_ups.json.gz"
STEM_LETTERS = 5
GRAM_LETTERS = (3, 4, 5)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A trained model. bias and weights are log odds.

    threshold: probability from which it says yes by itself; floor: probability below which it overrules a yes of the rules.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float
    floor: float = 0.0

    def probability(self, features: frozenset[str]) -> float:
        """0..1: how much the text is like the phrases with the label."""
        if not features:
            return 0.0
        total = math.fsum(self.weights[name] for name in features if name in self.weights)  # exact, so in any order
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.bias + total / math.sqrt(len(features))))))

    def decides(self, rules: bool, features: frozenset[str]) -> bool:
        """Yes or no, from what the rules say and the features."""
        return self.probability(features) >= (self.floor if rules else self.threshold)


def features(words: Sequence[str], marks: Iterable[str], kinds: Mapping[str, str]) -> frozenset[str]:
    """The features of a text.  words: as the lexicon reads them.  marks: concepts and other signs that the rules found.
    kinds: word -> the kind of word it is, for words that may stand for each other.
    """
    found = {f"m={mark}" for mark in marks}
    for word in words:
        found.update(_of_word(word))
    found.update(f"b={one} {other}" for one, other in zip(words, words[1:], strict=False))
    found.update(
        f"t={a[:STEM_LETTERS]} {b[:STEM_LETTERS]} {c[:STEM_LETTERS]}"
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    )
    alike = [kinds.get(word, word) for word in words]
    for size in (2, 3, 4):
        found.update("k=" + " ".join(alike[at : at + size]) for at in range(len(alike) - size + 1))
    found.update(f"j={a} _ {b}" for a, b in zip(alike, alike[2:], strict=False))
    if words:
        found.add("start=" + " ".join(alike[:2]))
        found.add(f"first={words[0]}")
        found.add(f"last={words[-1]}")
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> tuple[str, ...]:
    return (f"w={word}", f"s={word[:STEM_LETTERS]}", *_grams(f"<{word}>"))


def _grams(word: str) -> Iterator[str]:
    for size in GRAM_LETTERS:
        for at in range(len(word) - size + 1):
            yield f"g={word[at : at + size]}"


@lru_cache(maxsize=1)
def load_opinions() -> Mapping[str, Opinion]:
    """The bundled models by name; none of a file that is not there, for the recipes that make them."""
    folder = Path(__file__).parent
    found = (folder / name for name in (WEIGHTS, FOLLOWING))
    tables = [json.loads(gzip.decompress(path.read_bytes())) for path in found if path.exists()]
    return {name: Opinion(row["bias"], row["weights"], row["threshold"], row["floor"]) for table in tables for name, row in table.items()}
