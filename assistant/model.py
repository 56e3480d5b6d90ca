"""A question, its evidence, an unverified draft, a verified answer: what flows through Walk B, and nothing about how.

Only `assistant.verify` makes an Answer with sentences, so a view that receives an Answer cannot show an unverified draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from corpus.model import Hit, Source
from corpus.model import Unit as Unit
from corpus.model import UnitKind as UnitKind

if TYPE_CHECKING:
    from corpus.reading import Read  # brings numpy, which the command line can do without

AnswerStatus = Literal["answered", "partly", "no_answer", "card"]
CardKind = Literal["crisis", "judgement"]
Language = Literal["nl", "en"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of this conversation and what was answered; lives in memory only."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose personal data was replaced. found: (kind, replacement) in the order of the text; never the data itself."""

    text: str
    found: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, masked. search: what it means on its own, with the conversation filled in, in Dutch words.
    focus: the clauses of it that ask; equal to `search` when the question is short or is all question."""

    text: str
    search: str
    focus: str = ""
    history: tuple[Turn, ...] = ()
    language: Language = "nl"
    masked: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> str:
        """What an answer is held against."""
        return self.focus or self.search


@dataclass(frozen=True, slots=True)
class Card:
    """A fixed text that trainers wrote: shown as it is, before anything else."""

    kind: CardKind
    id: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know beside the answer. kind: personal_data, expired_version, review_overdue, ..."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A hit with its units and how well each answers; value: of the whole passage, what ranks it. signals: what it is the sum of,
    before they are weighed (assistant/relevance.py, Weights)."""

    hit: Hit
    units: tuple[Unit, ...]
    scores: tuple[float, ...]
    value: float
    signals: tuple[float, ...] = ()

    @property
    def best(self) -> int:
        """Index of the unit that answers best."""
        return max(range(len(self.scores)), key=lambda i: self.scores[i])


@dataclass(frozen=True, slots=True)
class Evidence:
    """The hits that are allowed to support an answer to this question, best first; may be empty.
    ranked: the first few with their units scored, for generators and for the decision to answer.
    gap: likeness of the nearest question that is known to have no answer, 0..1; None where no phrasings are kept.
    gap_votes: share of the nearest known questions that have none.  read: what the encoder found near; None where nothing was encoded.
    asked_read: its cosine of the nearest known phrasing that an allowed passage answers.  nowhere: probability that nothing answers, by the
    classifier that the phrasings taught."""

    question: Question
    hits: tuple[Hit, ...]
    sources: Mapping[str, Source]  # by Source.key, of the hits
    ranked: tuple[Scored, ...] = ()
    gap: float | None = None
    gap_votes: float = 0.0
    read: Read | None = None
    asked_read: float = 0.0
    nowhere: float = 0.0


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence a generator proposes, with the passage units it says support it."""

    text: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Unverified text from a generator; never shown to anyone. missing: what part of the question it leaves open."""

    sentences: tuple[DraftSentence, ...]
    missing: str = ""
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """Where quoted words stand: `document(source).text[start:end] == quote`, checked by `verify`."""

    key: str  # "B1"
    source: str  # Source.key
    passage: str  # passage id
    heading: tuple[str, ...]
    pages: tuple[int, ...]
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verified sentence and the keys of its citations. header: column headings when it is a table row.

    heading: of its section, word for word, where a list or table begins that nothing else introduces: "Zinnen die je niet zegt" is not to be
    missed above the sentences below it. "" everywhere else.
    """

    text: str
    citations: tuple[str, ...]
    kind: UnitKind = "sentence"
    header: tuple[str, ...] = ()
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be shown. `problems` says what verification dropped and why, for trainers."""

    question: Question
    status: AnswerStatus
    card: Card | None = None
    confidence: float = 0.0
    release: int = 0
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    pointers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    generator: str = "extractive"

    def citation(self, key: str) -> Citation:
        """The citation with that key."""
        return next(c for c in self.citations if c.key == key)
