"""Assistant.ask(): the whole pipeline on one screen.

guard -> rewrite -> retrieve -> decide -> draft -> verify. Nothing here knows Gradio, Chroma or a command line, nothing is
written to disk, and the text of a question leaves this function only masked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

from assistant import notices
from assistant.cards import Cards
from assistant.confidence import Calibration, confidence, shipped, signals
from assistant.conversation import Reading, log_odds, readings
from assistant.english import dutch_words, is_english
from assistant.fixed import Fixed
from assistant.focus import focus
from assistant.generate import ExtractiveGenerator, Generator
from assistant.guard import Verdict
from assistant.model import Answer, Draft, Evidence, Language, Masked, Notice, Question, Turn
from assistant.relevance import Relevance, Wanted
from assistant.retrieve import Shelf, retrieve
from assistant.verify import Verified, verify
from assistant.wording import say
from corpus.errors import ModelUnavailable
from corpus.model import Source
from corpus.search import ReleaseSearch

if TYPE_CHECKING:
    import numpy as np

MAX_CHARACTERS = 4000  # of a question; a longer one is read at its beginning and end


class QuestionGuard(Protocol):
    """What is decided before anything is searched."""

    def check(self, text: str, history: Sequence[Turn] = ()) -> Verdict:
        """Cards, and whether the text tries to give the assistant orders."""
        ...


class TextMasker(Protocol):
    """Hides personal data."""

    def mask(self, text: str, named: Callable[[str], bool] | None = None) -> Masked:
        """The text with placeholders instead of personal data. named: places that the texts themselves name, which may stay."""
        ...

    def indirect_hint(self, text: str) -> bool:
        """Whether somebody may be recognised without being named."""
        ...


@dataclass(frozen=True, slots=True)
class Shelved:
    """An opened release with everything that reads from it; replaced as a whole when a new release is published."""

    shelf: Shelf
    search: ReleaseSearch
    relevance: Relevance
    extractive: ExtractiveGenerator
    generator: Generator
    cards: Cards
    fixed: Fixed
    guard: QuestionGuard
    calibration: Calibration = field(default_factory=shipped)


@dataclass(slots=True)
class _Clock:
    """Milliseconds per step of one question."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + (time.perf_counter() - started) * 1000


@dataclass(slots=True)
class Assistant:
    """Answers questions from whatever release `current` gives. Safe to share between threads: it keeps nothing of a question."""

    current: Callable[[], Shelved]
    masker: TextMasker
    today: Callable[[], date] = date.today

    def ask(self, text: str, history: Sequence[Turn] = (), language: Language = "nl", *, only: Sequence[str] = ()) -> Answer:
        """Answer a question in the light of the conversation before it. only: source codes to search in, all without."""
        clock = _Clock()
        with clock.step("total"):
            past = tuple(Turn(shortened(turn.question), turn.answer) for turn in history)
            answer = self._ask(shortened(text), past, language, frozenset(only), clock)
        return replace(answer, timings_ms={k: round(v, 2) for k, v in clock.spent.items()})

    def _ask(self, text: str, history: tuple[Turn, ...], language: Language, only: frozenset[str], clock: _Clock) -> Answer:
        shelved = self.current()
        with clock.step("guard"):
            verdict = shelved.guard.check(text, history)
            masked = self.masker.mask(text, shelved.search.names)
            indirect = self.masker.indirect_hint(masked.text)
        past = tuple(Turn(self.masker.mask(turn.question, shelved.search.names).text, turn.answer) for turn in history)
        # what orders us about is not searched
        asking = self.masker.mask(verdict.asking, shelved.search.names).text if verdict.asking else masked.text
        asked = Question(masked.text, asking, "", past, language, masked.found)
        with clock.step("retrieve"):
            found = understood(asked, shelved, shelved.search.answering(self.today(), _named(only)))
        question = found.evidence.question
        base = self._base(question, shelved, found.evidence, notices.about_question(question, indirect=indirect, injection=verdict.injection))
        card = verdict.crisis or verdict.judgement
        shown = shelved.cards.in_language(card, language) if card else None
        if card and not (verdict.crisis and verdict.protocol):
            whom = () if verdict.crisis else notices.pointers(question, (), False, shelved.fixed.pointers(language))
            return replace(base, status="card", card=shown, pointers=whom)
        with clock.step("answer"):
            answered = self._answered(base, found, shelved)
        return replace(answered, card=shown)

    def _base(self, question: Question, shelved: Shelved, evidence: Evidence, told: Sequence[Notice]) -> Answer:
        """What every answer says, whatever its status."""
        return Answer(
            question, "no_answer", release=shelved.shelf.number, hits=evidence.hits, sources=evidence.sources, notices=tuple(told)
        )

    def _answered(self, base: Answer, found: Found, shelved: Shelved) -> Answer:
        """Decide, draft and verify; or abstain and say whom to ask."""
        evidence, wanted = found.evidence, found.wanted
        base = replace(base, confidence=round(found.sure, 4))
        if found.sure < shelved.calibration.threshold or not evidence.ranked:
            return abstained(base, evidence, shelved)
        verified, told, generator = self._drafted(evidence, shelved)
        if not verified.sentences:
            return abstained(replace(base, problems=verified.problems), evidence, shelved)
        missing = open_part(evidence.question, wanted, verified, shelved)
        language = evidence.question.language
        if missing:
            told = (*told, Notice("part_missing", say("part_missing", language, part=missing)))
        told = (*told, *notices.about_sources(verified.citations, shelved.shelf, self.today(), language))
        if language == "en":
            told = (Notice("english_source", say("english_source", "en")), *told)
        headings = [h for c in verified.citations for h in c.heading]
        return replace(
            base,
            status="partly" if missing else "answered",
            sentences=verified.sentences,
            citations=verified.citations,
            problems=verified.problems,
            notices=(*base.notices, *told),
            pointers=notices.pointers(evidence.question, headings, not missing, shelved.fixed.pointers(language)),
            generator=generator,
        )

    def _drafted(self, evidence: Evidence, shelved: Shelved) -> tuple[Verified, tuple[Notice, ...], str]:
        """A verified draft of the chosen generator; of the extractive one when a language model fails or too little is left."""
        analyser = shelved.search.lexical.analyser
        language = evidence.question.language
        told: tuple[Notice, ...] = ()
        if shelved.generator is not shelved.extractive:
            draft = self._written(evidence, shelved)
            verified = verify(draft, evidence, shelved.shelf, analyser)
            if verified.sentences and 2 * len(verified.sentences) >= len(draft.sentences):
                return verified, draft.notices, shelved.generator.name
            told = (Notice("model_failed", say("model_failed", language)),)
        draft = shelved.extractive.draft(evidence, shelved.shelf)
        return verify(draft, evidence, shelved.shelf, analyser), (*told, *draft.notices), shelved.extractive.name

    @staticmethod
    def _written(evidence: Evidence, shelved: Shelved) -> Draft:
        try:
            return shelved.generator.draft(evidence, shelved.shelf)
        except ModelUnavailable:
            return Draft(())


_PLACEHOLDER = re.compile(r"\[[^\[\]]{2,20}\]")  # "[naam]": what was masked is no subject


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question, and how sure we are that it answers it, 0..1."""

    evidence: Evidence
    wanted: Wanted
    sure: float


def understood(asked: Question, shelved: Shelved, allowed: np.ndarray | None) -> Found:
    """What is found for a question; for one that may or may not lean on the question before it, what is found for the likelier reading."""
    ways = readings(asked.search, asked.history, shelved.search.lexical.analyser)
    found = [found_for(read_as(asked, way), shelved, allowed) for way in ways]
    if len(ways) == 1:
        return found[0]
    return max(zip(ways, found, strict=True), key=lambda pair: pair[0].odds + log_odds(pair[1].sure))[1]


def read_as(asked: Question, way: Reading) -> Question:
    """A question in one of its readings: standing alone, and in Dutch words."""
    whole = _PLACEHOLDER.sub(" ", way.text)
    search = dutch_words(whole) if is_english(asked.text) else whole
    return replace(asked, search=search, focus=focus(search), history=asked.history if way.joined else ())


def found_for(question: Question, shelved: Shelved, allowed: np.ndarray | None) -> Found:
    """The evidence of a question, and the confidence in it."""
    evidence = retrieve(question, shelved.search, shelved.relevance, shelved.shelf, allowed)
    wanted = shelved.relevance.wanted(question.asked)
    return Found(evidence, wanted, confidence(signals(shelved.relevance, wanted, evidence), shelved.calibration))


def shortened(text: str) -> str:
    """A question of a length that can be read: control characters out, the middle of a very long text left out."""
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", " ", text)
    if len(clean) <= MAX_CHARACTERS:
        return clean.strip()
    half = MAX_CHARACTERS // 2
    return f"{clean[:half]} … {clean[-half:]}".strip()


def _named(codes: frozenset[str]) -> Callable[[Source], bool]:
    return lambda source: not codes or source.code in codes


def abstained(base: Answer, evidence: Evidence, shelved: Shelved) -> Answer:
    """The honest answer when the corpus is silent: say so, show what comes nearest, name whom to ask."""
    language = evidence.question.language
    near = notices.nearest(evidence, language)
    told = [Notice("nothing_found", say("nothing_found", language))]
    if near:
        told.append(Notice("nearest", near))
    whom = notices.pointers(evidence.question, (), False, shelved.fixed.pointers(language))
    return replace(base, status="no_answer", notices=(*base.notices, *told), pointers=whom)


_CLAUSES = re.compile(r"(?<=[?!])\s+|\s+(?:en ook|en daarnaast|en verder)\s+|\?\s*en\s+", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.;:])\s+")


def open_part(question: Question, wanted: Wanted, verified: Verified, shelved: Shelved) -> str:
    """The clause of a question with several questions in it that the shown sentences do not touch; "" when all are."""
    # what comes before the last sentence of a clause is told, not asked
    clauses = [_SENTENCES.split(c.strip())[-1].strip(" ?!.,") for c in _CLAUSES.split(question.text)]
    clauses = [c for c in clauses if len(c.split()) >= 2]
    if len(clauses) < 2:
        return ""
    relevance = shelved.relevance
    shown = frozenset().union(*(relevance.features(c.quote) for c in verified.citations))
    shown |= frozenset().union(*(relevance.features(" . ".join(c.heading)) for c in verified.citations))
    for clause in clauses:
        part = relevance.wanted(clause)
        if part.content >= 1 and relevance.coverage(part, shown) < 0.34:
            return clause
    return ""
