"""How much of a question a piece of text covers: shared words by rarity, closeness of meaning, and the type of answer asked for.

Used twice with the same numbers: to choose the sentences of an answer, and (assistant/confidence.py) to decide whether there
is an answer at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from assistant.model import Scored, Unit
from corpus.analyse import Concept
from corpus.model import Document, Hit, Source
from corpus.reading import Read
from corpus.search import HybridSearch
from corpus.units import units_of

_NUMBER = (
    r"\d|\b(een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|vijftien|twintig|dertig|veertig|zestig|honderd|half|halve)\b"
)
_TIME = (
    rf"({_NUMBER})[^.;|]{{0,25}}\b(uur|uren|minuten|minuut|dag|dagen|werkdag|werkdagen|week|weken|maand|maanden|jaar|jaren|keer)\b"
    r"|\b\d{1,2}[.:]\d\d\b|\b(meteen|direct|onmiddellijk|dezelfde dag|zelfde dag|vooraf|dagelijks|wekelijks|maandelijks|nooit|altijd)\b"
    r"|\b(maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo)\b"
)
# (question asks, text that answers it contains); the first that fits counts. Patterns run on lower-case text.
_ASKS: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(asks), re.compile(answers))
    for name, asks, answers in (
        (
            "time",
            r"\b(hoe ?lang|hoelang|hoe snel|wanneer|binnen hoe|binnen welke|termijn|tot wanneer|hoe laat|hoe vaak|vanaf wanneer|openingstijd\w*|"
            r"hoe oud|leeftijd|how long|when|how soon|how often|how quickly)\b",
            _TIME,
        ),
        (
            "number",
            r"\b(hoeveel|maximaal|maximum|minimaal|minimum|aantal|hoe groot|kosten|vergoeding|bedrag|how many|how much)\b",
            _NUMBER,
        ),
        (
            "who",
            r"\b(wie|bij wie|aan wie|naar wie|met wie|who|whom)\b",
            r"\b(coördinator|coordinator|achterwacht|bestuur|trainer|\w*persoon|\w*medewerker|\w*beheerder|ouders?|politie|jurist|huisarts|"
            r"gemeente|kind|jongere|hulpvrager|je|jij|iedereen|niemand)\b|\b112\b",
        ),
        (
            "may",
            r"\b(mag|mogen|moet|moeten|kan|kun|kunnen|hoef|hoeft|verplicht|verboden|toegestaan|may|must|can|allowed|have to|should)\b",
            r"\b(mag|mogen|moet|moeten|kan|kun|kunnen|hoef|hoeft|hoeven|nooit|altijd|alleen|niet|geen|verplicht|toestemming|wel|nee|ja)\b",
        ),
        (
            "meaning",
            r"\b(wat is|wat was|wat zijn|wat betekent|betekenis|betekent|verschil|what is|what does|difference|staat .{0,20}voor)\b",
            r"\b(is|zijn|betekent|staat voor|heet|noemen|bedoelen)\b|^[^.]{2,50}[:=]",
        ),
    )
)


LIKELY_UNIT = 1.0  # what a unit that is surely asked for, by the classifier of phrasings, gains over one that surely is not
ASKED_UNIT = 0.5  # what a question that is word for word a known phrasing adds to the score of the words that answer it
READ = 1.0  # what the encoder's cosine adds to the score of a unit, where the texts were encoded
WORDS_READ = 0.8  # ... and the share of its words that still counts then
COSINE, TYPED = 0.35, 0.15  # what the static cosine, where nothing was encoded, and an answer of the type asked for add to a unit
LONGEST = 1.5  # how many hundreds of words of a passage count


class Weights(NamedTuple):
    """What each signal adds to the value of a passage; all signals but the last run from 0 to about 1.

    asked: how like the nearest phrasing is that it answers; votes: which share of the nearest phrasings it answers; likely: how likely the classifier of
    phrasings finds it (`expected`); fused: the score of the search;
    best: its best unit; named: what its headings hold of the question's words; near: how close the last heading is; length: hundreds of words.
    """

    asked: float
    votes: float
    likely: float
    fused: float
    best: float
    named: float
    near: float
    length: float

    def value(self, signals: Sequence[float]) -> float:
        """What `signals`, in the order of the fields, are worth together."""
        return sum(weight * signal for weight, signal in zip(self, signals, strict=True))

    @property
    def highest(self) -> float:
        """The highest value there can be; a hit's score is the share of it."""
        best = max(WORDS_READ + READ, 1 + COSINE) + TYPED + ASKED_UNIT
        return self.asked + self.votes + self.likely + self.fused + self.best * best + self.named + self.near + self.length * LONGEST


# fitted on the questions kept apart (`vraagbaak evals ranking`, docs/decisions.md, 29): where people wrote phrasings, the words of sentences add little to them
PHRASED = Weights(asked=3.6, votes=1.0, likely=2.55, fused=2.25, best=0.0, named=0.5, near=0.05, length=0.05)
# chosen on public sets (docs/decisions.md, 12)
ALONE = Weights(asked=0.0, votes=0.0, likely=0.0, fused=4.0, best=1.0, named=0.8, near=0.5, length=0.15)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question, ready to be compared. concepts: its content words with what covers each; rarities: of those words."""

    concepts: tuple[Concept, ...]
    rarities: tuple[float, ...]
    unknown: float  # share of the question's rarity that the corpus does not know at all, 0..1
    vector: np.ndarray
    kind: str  # of answer asked for: "time", "number", "who", "may", "meaning" or ""

    @property
    def total(self) -> float:
        """What full coverage adds up to."""
        return sum(self.rarities)

    @property
    def content(self) -> int:
        """How many content words it has."""
        return len(self.concepts)


class Relevance:
    """Compares texts with questions, by the words and vectors of one search index."""

    def __init__(self, search: HybridSearch) -> None:
        self._index, self._embedder, self._search = search.lexical, search.embedder, search
        self._features = lru_cache(maxsize=20_000)(self._analysed)
        self.wanted = lru_cache(maxsize=64)(self._wanted)
        self._vectors: dict[str, np.ndarray] = {}
        self._units: dict[int, tuple[Unit, ...]] = {}

    def _wanted(self, text: str) -> Wanted:
        """Analyse a question once."""
        concepts = self._index.concepts(text)
        rarities = tuple(self._concept_rarity(c) for c in concepts)
        total = sum(rarities)
        unknown = sum(r for c, r in zip(concepts, rarities, strict=True) if not self._known(c))
        return Wanted(concepts, rarities, unknown / total if total else 0.0, self._embedder.query(text), asked_for(text))

    def _known(self, concept: Concept) -> bool:
        return any(all(self._index.known(stem) for stem in way) for way, _ in concept.ways)

    def _concept_rarity(self, concept: Concept) -> float:
        """How rare a word is; for a word the corpus does not have, that of the likeliest word it does have.

        One is added to the idf: in a folder of a few texts every word is common, and none should count for nothing.
        """
        known = [way for way, _ in concept.ways if all(self._index.known(stem) for stem in way)]
        if not known or self._index.known(concept.term):
            return 1.0 + self._index.idf(concept.term)
        return 1.0 + max(min(self._index.idf(stem) for stem in way) for way in known)

    def _analysed(self, text: str) -> frozenset[str]:
        found = self._index.analyser.analyse(text)
        return frozenset(found.terms) | frozenset(found.parts)

    def features(self, text: str) -> frozenset[str]:
        """The stems and compound parts of a text."""
        return self._features(text)

    def covered(self, wanted: Wanted, features: frozenset[str]) -> tuple[float, ...]:
        """For each content word how well the features cover it: 1 the word itself, less for parts and related words, 0 not."""
        return tuple(max((worth for way, worth in c.ways if features.issuperset(way)), default=0.0) for c in wanted.concepts)

    def coverage(self, wanted: Wanted, features: frozenset[str]) -> float:
        """Share of the question's words, by rarity, that the features hold; 0..1."""
        return _share(wanted.total, _tries(wanted, features), features)

    def cosines(self, wanted: Wanted, texts: Sequence[str]) -> np.ndarray:
        """Cosine of each text with the question; remembers vectors, because the same few sentences come back."""
        missing = [t for t in dict.fromkeys(texts) if t not in self._vectors]
        if missing:
            if len(self._vectors) > 20_000:
                self._vectors.clear()
                missing = list(dict.fromkeys(texts))
            self._vectors.update(zip(missing, self._embedder.passages(missing), strict=True))
        if not texts:
            return np.zeros(0, np.float32)
        found: np.ndarray = np.stack([self._vectors[t] for t in texts]) @ wanted.vector
        return found

    def units_at(self, hit: Hit, document: Document) -> tuple[Unit, ...]:
        """The units of a passage of this release (a hit knows its row); remembered, because the same few hundred passages come back."""
        if hit.row not in self._units:
            if len(self._units) > 5_000:
                self._units.clear()
            self._units[hit.row] = units_of(document, hit.passage)
        return self._units[hit.row]

    def near(self, read: Read | None, row: int) -> np.ndarray | None:
        """Cosine of the question with each unit of a passage by the encoder; None where nothing was encoded."""
        return None if read is None or self._search.reading is None else self._search.reading.units(read, row)

    def units(self, wanted: Wanted, units: Sequence[Unit], context: str, read: np.ndarray | None = None) -> np.ndarray:
        """How well each unit answers, about 0..1.3. context: title and headings, which a unit may lean on. read: see `near`."""
        around = self.features(context)
        held = [self.features(u.text) for u in units]
        tries = _tries(wanted, around.union(*held))
        total = wanted.total
        covered = np.array([0.75 * _share(total, tries, own) + 0.25 * _share(total, tries, own | around) for own in held])
        typed = np.array([answers(wanted.kind, u.text) for u in units])
        # weights chosen on the development items (docs/decisions.md, 9): words say most, meaning breaks ties
        if read is not None:
            return np.asarray(WORDS_READ * covered + READ * np.maximum(read, 0) + TYPED * typed)
        found: np.ndarray = covered + COSINE * np.maximum(self.cosines(wanted, [u.text for u in units]), 0) + TYPED * typed
        return found


def scored(relevance: Relevance, wanted: Wanted, hit: Hit, source: Source, document: Document, weights: Weights, read: Read | None = None) -> Scored:
    """A hit with its units scored and a value for the whole passage, 0..`weights.highest`. read: of the question."""
    units = relevance.units_at(hit, document)
    heading = hit.passage.heading
    context = " . ".join((source.title, *heading))
    scores = relevance.units(wanted, units, context, relevance.near(read, hit.row)) if units else np.zeros(0)
    scores = scores + ASKED_UNIT * hit.asked * np.array([_within(u, hit.place) for u in units])
    scores = scores + LIKELY_UNIT * np.array([expected(sum(share * _within(u, (start, end)) for start, end, share in hit.told)) for u in units])
    signals = (
        hit.asked,
        hit.votes,
        expected(hit.likely),
        hit.score,
        float(scores.max(initial=0.0)),
        relevance.coverage(wanted, relevance.features(" . ".join(heading))),
        float(relevance.cosines(wanted, heading[-1:])[0]) if heading else 0.0,
        min(hit.passage.text.count(" ") / 100, LONGEST),
    )
    return Scored(hit, units, tuple(float(s) for s in scores), weights.value(signals), signals)


def expected(probability: float) -> float:
    """A probability on the scale on which it adds to others: its logarithm, from 0 for one in ten thousand to 1 for certainty."""
    return 1 + math.log10(max(probability, 1e-4)) / 4


_Tries = list[tuple[float, list[tuple[tuple[str, ...], float]]]]


def _tries(wanted: Wanted, features: frozenset[str]) -> _Tries:
    """(rarity, ways) of each content word that some part of `features` may cover: nothing else need be tried on the parts."""
    found = ((r, [way for way in c.ways if features.issuperset(way[0])]) for r, c in zip(wanted.rarities, wanted.concepts, strict=True))
    return [(rarity, ways) for rarity, ways in found if ways]


def _share(total: float, tries: _Tries, features: frozenset[str]) -> float:
    """Share of the question's words, by rarity, that the features hold. total: of all rarities; tries: of these features or of more."""
    held = 0.0
    for rarity, ways in tries:
        best = 0.0
        for way, worth in ways:
            if worth > best and features.issuperset(way):
                best = worth
        held += rarity * best
    return min(1.0, held / total) if total else 0.0


def _within(unit: Unit, place: tuple[int, int]) -> float:
    """1.0 when most of a unit lies within the words that answer a known phrasing, or the other way round."""
    shared = min(unit.end, place[1]) - max(unit.start, place[0])
    return float(2 * shared >= min(unit.end - unit.start, place[1] - place[0]) > 0)


def asked_for(question: str) -> str:
    """The type of answer a question asks for, or ""."""
    low = question.lower()
    return next((name for name, asks, _ in _ASKS if asks.search(low)), "")


@lru_cache(maxsize=20_000)
def answers(kind: str, text: str) -> float:
    """1.0 when a text holds the type of answer that was asked for, 0.0 when not or when no type was asked for."""
    pattern = next((p for name, _, p in _ASKS if name == kind), None)
    return float(bool(pattern and pattern.search(text.lower())))
