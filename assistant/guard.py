"""Before anything is searched: is somebody in danger, is a person to be judged, is the assistant being ordered about?

The answer is a Verdict with at most one card of each kind. No download, no clock, no memory: the same question in the same
conversation always gives the same verdict. A question is read as concepts (guard.toml), and what surrounds a concept decides:
denied, long ago, solved, a figure of speech, a film, or asked about in general. Where the rules see no danger, a small linear
model that knows many phrases gives a second opinion. In doubt the crisis card is shown.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from assistant.cards import Cards
from assistant.model import Card, Turn
from assistant.second_opinion import Opinion, features, load_opinions
from assistant.understand import Hit, Lexicon, Reading, clean_text, word_set

ENOUGH = 1.0  # the weight of danger at which the card is shown; one concept of weight 1 is enough
AROUND = ("now", "presence")
ABOUT = frozenset({"person", "label", "yes_no_about", "judge_act"})  # without one of these a question about method judges nobody
FADING = (1.0, 0.6, 0.4)  # how much the first, second and third weak sign count
TOLD = 0.4  # a story without a question about method: why else is it typed here?
FOLLOWED_TURNS = 6  # how far back a crisis carries over to "en nu?"
MOST_CLAUSES = 10  # of a text that orders the assistant about and asks something too
FEW_WORDS = 6  # a question with no more words than this may lean on the one before it

_WORD = re.compile(r"[^\W_]+")
_CLAUSES = re.compile(r"(?<=[.!?;:])\s+|\n+|,?\s+(?:en|and|maar|but)\s+", re.IGNORECASE)
_FOLLOWERS = word_set("en maar ook of dus ok oke okee ja nee hoe wat and but also so then ok yes no what")
_ANEW = word_set("maar toch nu weer opnieuw but now again nou")
_LEET = "013457@$"
_LEET_TABLE = str.maketrans(_LEET, "oieastas")
_MIXED = re.compile(r"\b(?=\w*[a-z])(?=\w*[0-9@$])[\w@$]{3,40}")
_SIGNS = {
    "markup": re.compile(
        r"</?\s*(?:system|systeem|script|b|i|assistant|user|prompt|instruct\w*|img|iframe)\b[^<>]{0,80}>|```|"
        r"\[/?(?:system|systeem|inst)\w*\]"
    ),
    "heading": re.compile(r"#{3,}|-{3,} ?(?:einde|end|begin|start|nieuw)|\b(?:admin|root|system|systeem|sudo) ?[>#$]"),
    "encoded": re.compile(
        r"(?:%[0-9a-f]{2}){4,}|\b(?:base64|rot13)\b|\b(?:[0-9a-f]{2}){8,}\b(?=.{0,40}(?:decode|voer|doe|volg))"
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard found. protocol: a question about emergencies in general, so the card and an answer.

    injection: the text orders the assistant about; asking: what is left of it to search with, without the clauses that order, "" for
    all of it.  reasons: for trainers, in English; they quote patterns of the lexicon, never the question.
    """

    crisis: Card | None = None
    judgement: Card | None = None
    protocol: bool = False
    injection: bool = False
    asking: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Danger:
    """How much danger a text speaks of, what about, and whether it only asks in general."""

    weight: float = 0.0
    topic: str = ""
    general: bool = False
    over: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.weight >= ENOUGH


@dataclass(frozen=True, slots=True)
class Concept:
    """What the lexicon says about a concept of danger."""

    weight: float
    topic: str


def _without_filler(words: Sequence[str]) -> tuple[str, ...]:
    """Words without "ook alweer", which says that somebody forgot something and nothing of what: the model knew it from drills alone."""
    return tuple(w for i, w in enumerate(words) if not (w == "alweer" or (w == "ook" and words[i + 1 : i + 2] == ("alweer",))))


class Guard:
    """Looks at each question first. cards: the texts to show; a kind without a card is still recognised in `reasons`."""

    def __init__(self, cards: Cards, opinions: Mapping[str, Opinion] | None = None) -> None:
        self.cards = cards
        self.opinions = load_opinions() if opinions is None else opinions
        self.lexicon, self.concepts = load_lexicon("guard.toml")
        self.judging, judged = load_lexicon("judging.toml")
        self.judged = {name: concept.weight for name, concept in judged.items()}
        self._kinds = {"crisis": self.lexicon.kinds(), "judgement": self.judging.kinds()}

    def check(self, text: str, history: Sequence[Turn] = ()) -> Verdict:
        """The verdict on a question in its conversation; never raises, whatever the text."""
        danger = self._danger_of(text, history)
        reading = self.judging.read(text)
        hits = self.judging.find(reading)
        judged = self._judged_of(text, reading, hits, history)
        ordered = self._ordered(text, hits)
        return Verdict(
            crisis=self.cards.card("crisis", danger.topic) if danger.found else None,
            judgement=self.cards.card("judgement") if judged else None,
            protocol=danger.found and danger.general,
            injection=bool(ordered),
            asking=self._without_orders(text) if ordered else "",
            reasons=danger.reasons + judged + ordered,
        )

    def _danger_of(self, text: str, history: Sequence[Turn]) -> Danger:
        """The danger of this question, or of an earlier one when this one only follows it up."""
        danger = self._danger(self.lexicon.read(text))
        if danger.over or danger.found and not danger.general or not history or not self._follows(text):
            return danger
        carried = danger
        for turn in reversed(history[-FOLLOWED_TURNS:]):
            before = self._danger(self.lexicon.read(turn.question))
            if before.found and not before.general:  # a question in general, here, is about this emergency all the same
                return replace(before, general=danger.found, reasons=("follows a crisis", *before.reasons))
            if before.found and not carried.found:
                carried = replace(before, reasons=("follows a question about a crisis", *before.reasons))
            if before.over or not self._follows(turn.question):
                break
        return carried

    def _follows(self, text: str) -> bool:
        """Is a question still about the emergency before it? "en nu?", "wat moet ik zeggen", "de buren bellen"; not "wat is intervisie"."""
        if follows := self.opinions.get("follows"):
            return follows.decides(False, self.features(text, "crisis"))
        words = _WORD.findall(text.casefold())
        return len(words) <= FEW_WORDS or bool(words[0] in _FOLLOWERS and len(words) <= 2 * FEW_WORDS)

    # ---- judging a person, and orders -----------------------------------------------------------

    def _judged_of(self, text: str, reading: Reading, hits: Sequence[Hit], history: Sequence[Turn]) -> tuple[str, ...]:
        """Why this question asks to judge somebody; one that only adds a person to the question before it does so when that one did."""
        judged = self._judged(reading, hits)
        if not judged or not history or not self._adds(text) or self._weight_judged(hits) >= ENOUGH:
            return judged
        before = history[-1].question
        earlier = self.judging.read(before)
        return judged if self._judged_of(before, earlier, self.judging.find(earlier), history[:-1][-FOLLOWED_TURNS:]) else ()

    def _judged(self, reading: Reading, hits: Sequence[Hit]) -> tuple[str, ...]:
        """Why this asks to judge somebody, by itself; () when it does not."""
        names = {hit.concept for hit in hits}
        if "_method" in names and not names & ABOUT:
            return ()
        second, ruled = self.opinions.get("judgement"), self._weight_judged(hits) >= ENOUGH
        if not (second.decides(ruled, self._judged_features(reading, hits)) if second else ruled):
            return ()
        reasons = tuple(
            f"{hit.concept}: {hit.pattern}" for hit in hits if hit.concept in self.judged and hit.concept != "order"
        )
        return reasons or ("judgement: second opinion",)

    def _weight_judged(self, hits: Sequence[Hit]) -> float:
        """How plainly the rules see a request to judge."""
        names = {hit.concept for hit in hits}
        weight = sum(self.judged[name] for name in names & self.judged.keys() - {"order"})
        if "opinion" not in names:
            weight -= 1.0 * ("_method" in names) + 1.0 * ("_reported" in names)
        return weight - 0.7 * ("_own" in names)

    @staticmethod
    def _adds(text: str) -> bool:
        """Does it put another person or case to the question before it? "en als hij 16 is", "en zijn tante": by itself that names somebody
        and says no more, which is all that the second opinion has to go by."""
        words = _WORD.findall(text.casefold())
        return len(words) <= FEW_WORDS and words[:1] in (["en"], ["and"])

    def _ordered(self, text: str, hits: Sequence[Hit]) -> tuple[str, ...]:
        """Why this is an order to the assistant; () when it is not."""
        clean = clean_text(text)
        reasons = [f"order: {hit.pattern}" for hit in hits if hit.concept == "order"]
        reasons += [f"order: {name}" for name, sign in _SIGNS.items() if sign.search(clean)]
        if not reasons and any(c in _LEET for c in clean):
            plain = self.judging.read(_MIXED.sub(lambda m: m[0].translate(_LEET_TABLE), clean))
            reasons = [f"order in disguise: {hit.pattern}" for hit in self.judging.find(plain) if hit.concept == "order"]
        return tuple(reasons)

    def _without_orders(self, text: str) -> str:
        """The text without as few of its clauses as leave no order; "" when every clause would go, or there are too many to try."""
        clauses = _CLAUSES.split(text)
        for gone in (1, 2) if len(clauses) <= MOST_CLAUSES else ():
            for dropped in combinations(reversed(range(len(clauses))), gone):  # orders tend to stand last
                rest = " ".join(c for at, c in enumerate(clauses) if at not in dropped)
                if rest.strip() and not self._ordered(rest, self.judging.find(self.judging.read(rest))):
                    return rest
        return ""

    # ---- what the recipe of the second opinion asks --------------------------------------------

    def danger(self, text: str) -> Danger:
        """The danger of one question by itself."""
        return self._danger(self.lexicon.read(text))

    def judges(self, text: str) -> bool:
        """Whether one question asks to judge somebody."""
        reading = self.judging.read(text)
        return bool(self._judged(reading, self.judging.find(reading)))

    # ---- second opinion ------------------------------------------------------------------------

    def features(self, text: str, label: str) -> frozenset[str]:
        """What the second opinion on "crisis", "protocol" or "judgement" looks at."""
        if label == "judgement":
            reading = self.judging.read(text)
            return self._judged_features(reading, self.judging.find(reading))
        reading = self.lexicon.read(text)
        return self._danger_features(Marks(reading, self.lexicon.find(reading)))

    def _judged_features(self, reading: Reading, hits: Sequence[Hit]) -> frozenset[str]:
        return features(reading.words, (hit.concept for hit in hits), self._kinds["judgement"])

    def _danger_features(self, marks: Marks) -> frozenset[str]:
        kept = [hit.concept for hit in marks.hits if not marks.excuse(hit)]
        excused = [f"not {hit.concept}" for hit in marks.hits if not hit.concept.startswith("_") and marks.excuse(hit)]
        signs = ["told" if marks.is_told() else "asked", "general" if marks.is_general() else "particular"]
        return features(_without_filler(marks.reading.words), [*kept, *excused, *signs], self._kinds["crisis"])

    # ---- danger ------------------------------------------------------------------------------

    def _danger(self, reading: Reading) -> Danger:
        marks = Marks(reading, self.lexicon.find(reading))
        kept: dict[str, list[Hit]] = {}
        reasons: list[str] = []
        for name in self.concepts:
            for hit in marks.of(name):
                why = marks.excuse(hit)
                reasons.append(f"{name}: {hit.pattern}" + (f" [{why}]" if why else ""))
                if not why:
                    kept.setdefault(name, []).append(hit)
        general = marks.is_general() and not (kept.keys() & {"presence"} and marks.of("_live"))
        told = marks.is_told()
        weights = self._weights(kept, general, told)
        topic = max(weights, key=lambda name: weights[name], default="")
        weight = sum(weights.values()) + self._around(kept, told) if weights else 0.0
        # "he is home again" and nothing else
        ended = not weights and any(not marks.negated(over) for over in marks.of("_over"))
        if self.opinions and reading.words and not ended:
            seen = self._danger_features(marks)
            told = self.opinions["crisis"].decides(weight >= ENOUGH and not general, seen)
            found = told or "stated" in kept or self.opinions["asked"].decides(weight >= ENOUGH and general, seen)
            if found is not (weight >= ENOUGH):
                reasons.append("second opinion" if found else "second opinion: no danger")
            weight = max(weight, ENOUGH) if found else min(weight, ENOUGH / 2)
            acute = any(self.concepts[name].weight >= ENOUGH for name in kept) and marks.is_certain()
            general = not acute and self.opinions["protocol"].decides(general, seen)
        return Danger(weight, self.concepts[topic].topic if topic else "", general, bool(marks.of("_over")), tuple(reasons))

    def _weights(self, kept: Mapping[str, Sequence[Hit]], general: bool, told: bool) -> dict[str, float]:
        """Weight of each concept of danger; of the weak ones every word counts once, a second for less than the first."""
        weights = {name: self.concepts[name].weight for name in kept if self.concepts[name].weight >= ENOUGH}
        if general and "protocol_topic" in kept:
            weights["protocol_topic"] = ENOUGH
        weak = sorted(
            (hit for name in kept if 0 < self.concepts[name].weight < ENOUGH and name not in AROUND for hit in kept[name]),
            key=lambda hit: -self.concepts[hit.concept].weight,
        )
        taken: list[Hit] = []
        for hit in weak:
            if all(hit.end <= other.start or other.end <= hit.start for other in taken) and len(taken) < len(FADING):
                share = self.concepts[hit.concept].weight * FADING[len(taken)] * (1.0 if told else 0.6)
                weights[hit.concept] = weights.get(hit.concept, 0.0) + share
                taken.append(hit)
        return weights

    def _around(self, kept: Mapping[str, Sequence[Hit]], told: bool) -> float:
        """What makes weak signs count: it is now, the caller is on the line, something is told and nothing about
        method is asked.
        """
        return sum(self.concepts[name].weight for name in AROUND if name in kept) + (TOLD if told else 0.0)


@dataclass(slots=True)
class Marks:
    """The hits of a reading by concept, and what surrounds each."""

    reading: Reading
    hits: Sequence[Hit]
    by_concept: dict[str, list[Hit]] = field(default_factory=dict)

    figurative: set[int] = field(default_factory=set)
    denials: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for hit in self.hits:
            self.by_concept.setdefault(hit.concept, []).append(hit)
        self.figurative.update(at for hit in self.of("_idiom") for at in range(hit.start, hit.end))
        idle = {
            at for hit in self.of("_no_negation") for at in range(hit.start, hit.end)
        }  # "hij luistert niet" denies no danger
        self.denials += [hit.start for hit in self.of("_not") if hit.start not in idle]

    def of(self, concept: str) -> list[Hit]:
        return self.by_concept.get(concept, [])

    def in_sentence(self, concept: str, sentence: int) -> list[Hit]:
        return [hit for hit in self.of(concept) if self.reading.sentence[hit.start] == sentence]

    def is_general(self) -> bool:
        """Does it ask how things are done, rather than tell what happens?"""
        if len(self.reading.words) <= 8 and not self.of("_person") and not self.of("now"):
            return True
        asked = self.of("_general") and self.of("_asking")
        return bool(asked and (not self.of("_live") or (self.of("_hypothetical") and not self.of("_certain"))))

    def is_certain(self) -> bool:
        """Does it speak of this caller or this moment, and suppose nothing?"""
        return bool(self.of("_certain")) and not self.of("_hypothetical")

    def is_told(self) -> bool:
        """A story about people with no question about method in it; "wat moet ik doen" is no such question."""
        asking = [hit for hit in self.of("_asking") if not any(p.start <= hit.start < p.end for p in self.of("presence"))]
        return bool(self.of("_person")) and not asking

    def excuse(self, hit: Hit) -> str:
        """Why a hit is no danger; "" when it may be."""
        if hit.concept in AROUND:
            return ""
        if not self.figurative.isdisjoint(range(hit.start, hit.end)):
            return "figure of speech"
        if self.negated(hit):
            return "denied"
        if any(self._ends(over, hit) for over in self.of("_over") if not self.negated(over)):
            return "over"
        sentence = self.reading.sentence[hit.start]
        live = self.in_sentence("now", sentence)
        if self.in_sentence("_past", sentence) and not live:
            return "past"
        if not hit.concept.startswith("suicide") and self.in_sentence("_harmless", sentence) and not live:
            return "harmless"
        if hit.concept.startswith("departure") and self.in_sentence("_holiday", sentence):
            return "holiday"
        return ""

    def _ends(self, over: Hit, hit: Hit) -> bool:
        """Does "he is home again" speak of this hit? Not when the danger is told after it as something new."""
        if over.end > hit.start:
            return True
        between = self.reading.words[over.end : hit.start]
        same = self.reading.sentence[over.start] == self.reading.sentence[hit.start]
        return same and not _ANEW & set(between)

    def negated(self, hit: Hit) -> bool:
        """Is it said not to be so? For words of relief every "niet" counts: "niet als grapje"."""
        denials = [no.start for no in self.of("_not")] if hit.concept == "_over" else self.denials
        return any(self._denies(at, hit) for at in denials)

    def _denies(self, at: int, hit: Hit) -> bool:
        if self.reading.clause[at] not in (self.reading.clause[hit.start], self.reading.clause[hit.end - 1]):
            return False
        if hit.start - 3 <= at < hit.start or at == hit.end:
            return True
        inside = hit.spread and hit.start <= at < hit.end
        return inside and (at == hit.end - 2 or self.reading.words[at] in ("geen", "nooit", "no", "never"))


@lru_cache(maxsize=4)
def load_lexicon(name: str) -> tuple[Lexicon, Mapping[str, Concept]]:
    """A lexicon that is bundled with the assistant, and the weights of its concepts."""
    tables = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    rows = tables["concept"]
    chat = tables["chat"]
    patterns = {row["name"]: tuple(row["patterns"]) for row in rows} | {"_spelling": tuple(chat["spelling"].split())}
    concepts = {row["name"]: Concept(row["weight"], row.get("topic", "")) for row in rows if "weight" in row}
    return Lexicon(patterns, tables["classes"], chat["words"], chat["glue"]), concepts
