"""What the encoder is taught, in batches: questions beside the texts that answer them, and beside those that do not.

Used by evals/train_encoder.py; a file of its own because what is taught changes more often than how.
"""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.phrasings import parse_phrasings
from evals.judged import Judged

TEXTS = Path(__file__).parent.parent / "corpus" / "texts"
QUESTION, PASSAGE = "query: ", "passage: "
PUBLIC, ASKED, JUDGED = 0.1, 0.15, 0.4  # shares of the batches; the rest is questions with the sentence that answers them
Pair = tuple[str, str, object]  # question, text, key: pairs with the same key are not each other's counter-examples


def json_lines(path: Path) -> Iterable[dict[str, Any]]:
    """Rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence with where it stands, the whole passage, and the ways to ask for it. answer: "" for what no text answers."""

    source: str
    answer: str
    passage: str
    asks: tuple[str, ...]


def entries_of_sample() -> list[Entry]:
    """The phrasings of the sample corpus with the texts that the encoder will read of it (corpus/reading.py)."""
    from corpus.embedder import HashEmbedder
    from corpus.encoder import HashEncoder
    from corpus.reading import release_texts
    from corpus.release import open_release
    from ingest.build import ingest

    known = parse_phrasings((TEXTS / "phrasings.toml").read_bytes())
    with tempfile.TemporaryDirectory() as home:
        ingest(Path(home), TEXTS, HashEmbedder())
        with open_release(Path(home)) as release:
            passages, texts = release.passages(), release_texts(release, HashEncoder())
    homes: dict[str, list[int]] = {}
    for number, passage in enumerate(passages):
        homes.setdefault(passage.source.partition("@")[0], []).append(number)
    found = []
    for entry in known.known:
        quote = " ".join(entry.quote.split())
        row = next((r for r in homes.get(entry.source, ()) if quote[:60] in " ".join(passages[r].text.split())), None)
        if row is not None:
            place = texts.units[sum(texts.counts[:row])].partition(" : ")[0] if texts.counts[row] else ""
            found.append(Entry(entry.source, f"{PASSAGE}{place} : {quote}", PASSAGE + texts.passages[row], entry.asks))
    return found + [Entry("", "", "", gap.asks) for gap in known.gaps]


def public_pairs(data: Path, chance: random.Random) -> list[Pair]:
    """Headings with the text below them, questions with answers, halves of articles."""
    found: list[Pair] = []
    for row in json_lines(data / "train" / "pairs.jsonl.gz"):
        kind = row["source"].partition(":")[0]
        if kind in ("laws_heading", "docs_heading", "laws_qa") or (kind == "laws_adjacent" and chance.random() < 0.1):
            pair = (row["anchor"][:200], row["positive"][:420], row["anchor"])
            found += [pair] * (4 if kind in ("laws_qa", "docs_heading") else 1)
    chance.shuffle(found)
    often: Counter[object] = Counter()
    kept = []
    for pair in found:
        often[pair[2]] += 1
        if often[pair[2]] <= 6:  # "Algemene bepalingen" stands above thousands of articles
            kept.append(pair)
    return kept


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions, texts, and for each question which texts answer it (1), do not (0), or are not to be judged (-1).

    nowhere: the questions know whether anything answers them, so that "nothing of this" is taught as well.
    """

    left: Sequence[str]
    right: Sequence[str]
    fits: NDArray[np.int8]
    nowhere: bool


class Batches:
    """What is taught, a batch at a time."""

    def __init__(self, entries: Sequence[Entry], pairs: Sequence[Pair], judged: Sequence[Judged], chance: random.Random) -> None:
        self._entries, self._pairs, self._judged, self._chance, self._next = entries, pairs, judged, chance, 0
        self._asks = [(i, ask) for i, entry in enumerate(entries) if entry.answer for ask in entry.asks]
        self._gaps = [(i, ask) for i, entry in enumerate(entries) if not entry.answer for ask in entry.asks]
        self._by_source: dict[str, list[tuple[int, str]]] = {}
        for i, ask in self._asks:
            self._by_source.setdefault(entries[i].source, []).append((i, ask))

    def draw(self) -> Batch:
        """One batch."""
        what = self._chance.random()
        if what < PUBLIC:
            return paired(self._public(), False)
        if what < PUBLIC + ASKED:
            return paired(self._asked(), False)
        if what < PUBLIC + ASKED + JUDGED and self._judged:
            return self._held_against()
        gaps = [(QUESTION + ask, None, None) for _, ask in self._chance.sample(self._gaps, min(6, len(self._gaps)))]
        return paired([*self._answers(), *gaps], True)

    def _some(self, count: int) -> list[tuple[int, str]]:
        if self._chance.random() < 0.5:
            sources = list(self._by_source)
            [source] = self._chance.choices(sources, [len(self._by_source[s]) for s in sources])
            pool = self._by_source[source]
            return self._chance.sample(pool, min(count, len(pool)))
        return self._chance.sample(self._asks, min(count, len(self._asks)))

    def _answers(self) -> list[Pair]:
        some = self._some(40)
        if self._chance.random() < 0.25:
            return [(QUESTION + ask, self._entries[i].passage, self._entries[i].passage) for i, ask in some[:16]]
        return [(QUESTION + ask, self._entries[i].answer, i) for i, ask in some]

    def _asked(self) -> list[Pair]:
        found: list[Pair] = []
        for i, ask in self._some(44) + self._chance.sample(self._gaps, min(4, len(self._gaps))):
            others = [other for other in self._entries[i].asks if other != ask]
            if others:
                found.append((QUESTION + ask, QUESTION + self._chance.choice(others), i))
        return found

    def _public(self) -> list[Pair]:
        some = self._pairs[self._next : self._next + 24]
        self._next = (self._next + 24) % (len(self._pairs) - 24)
        return [(QUESTION + a, PASSAGE + b, key) for a, b, key in some]

    def _held_against(self) -> Batch:
        """Questions with texts that a search brings up for them: those that answer must stand before those that do not."""
        some = self._chance.sample(self._judged, min(16, len(self._judged)))
        texts: dict[str, None] = {}
        for one in some:
            few = self._chance.sample(one.others, min(4 if one.answers else 3, len(one.others)))
            texts |= dict.fromkeys((*one.answers[:2], *few))  # the first of them answer best
        fits = np.zeros((len(some), len(texts)), np.int8)
        for row, one in enumerate(some):
            fits[row] = [1 if text in one.answers else -1 if text in one.helps else 0 for text in texts]
        return Batch([QUESTION + one.question for one in some], [PASSAGE + text for text in texts], fits, nowhere=True)


def paired(pairs: Sequence[tuple[str, str | None, object]], nowhere: bool) -> Batch:
    """A batch of pairs: the own text answers, others do not, but for those with the same key; a question without a text has no answer."""
    right = [(text, key) for _, text, key in pairs if text is not None]
    fits = np.zeros((len(pairs), len(right)), np.int8)
    for row, (_, text, key) in enumerate(pairs):
        if text is not None:
            fits[row] = [-1 if other == key else 0 for _, other in right]
            fits[row, row] = 1
    return Batch([question for question, _, _ in pairs], [text for text, _ in right], fits, nowhere)
