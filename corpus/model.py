"""What a source is, what a document is, what a passage is: the shelf's nouns, and nothing about how they are stored.

Offsets everywhere are positions in the *canonical text* of one source version: the text as it was cleaned once by ingest.
The offset invariant, relied upon by citations: `document.text[block.start:block.end]` is the block, and the blocks stand in
order, do not overlap, and leave only whitespace between them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Status = Literal["geldig", "vervallen", "concept"]
STATUSES: tuple[Status, ...] = ("geldig", "vervallen", "concept")

UnitKind = Literal["sentence", "list_item", "table_row", "lead_in"]
BlockKind = Literal["heading", "paragraph", "list_item", "table_row", "table_header", "footnote", "box", "caption", "notice"]

REVIEW_WARNING = timedelta(days=30)  # trainers asked for a month to arrange a review


@dataclass(frozen=True, slots=True)
class Source:
    """One version of one text: a row of the catalogue. `path` is relative to the corpus folder."""

    code: str
    title: str
    version: str
    status: Status
    path: str
    sha256: str = ""
    owner: str = ""
    audience: str = ""
    valid_from: date | None = None
    valid_until: date | None = None  # first day on which this version no longer holds
    review_by: date | None = None
    supersedes: str = ""  # "N01@2.1"

    @property
    def key(self) -> str:
        """`CODE@VERSION`: unique in a release."""
        return f"{self.code}@{self.version}"

    def answers_on(self, today: date) -> bool:
        """Whether this version may support an answer on that day."""
        started = self.valid_from is None or self.valid_from <= today
        ended = self.valid_until is not None and self.valid_until <= today
        return self.status == "geldig" and started and not ended

    def review_overdue(self, today: date) -> bool:
        """Whether the text should have been looked at again before that day."""
        return self.review_by is not None and self.review_by < today

    def review_soon(self, today: date) -> bool:
        """Whether the review date falls within the next 30 days."""
        return self.review_by is not None and today <= self.review_by <= today + REVIEW_WARNING


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on a page in PDF points from the top-left corner; page counts from 1."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item or table row of a document, with its place.

    heading: the heading path above this block (for a heading: including itself).  level: heading level or list depth.
    pages: page numbers counted from 1, empty where the format has none.  cells: the cells of a table row, whose texts are
    joined with " | " in the canonical text.  header: the column headings of the table this row stands in.
    """

    kind: BlockKind
    start: int
    end: int
    heading: tuple[str, ...] = ()
    level: int = 0
    pages: tuple[int, ...] = ()
    rects: tuple[Rect, ...] = ()
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The canonical text of one source version, as blocks."""

    source: str  # Source.key
    text: str
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()
    page_labels: tuple[str, ...] = ()  # label of page 1, 2, ...; empty where they equal the numbers
    title: str = ""  # what the document itself says its title is


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and cited: whole blocks under one heading. `text == document.text[start:end]`."""

    id: str
    source: str  # Source.key
    heading: tuple[str, ...]
    pages: tuple[int, ...]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item or table row of a passage. start, end: offsets in the canonical text."""

    kind: UnitKind
    source: str
    passage: str
    start: int
    end: int
    text: str
    header: tuple[str, ...] = ()  # column headings, for a table row


@dataclass(frozen=True, slots=True)
class Ask:
    """A way to ask for the words `start`..`end` of a source version; without a source, for something no text answers: `start` then numbers
    the topic."""

    text: str
    source: str = ""  # Source.key
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, with its fused score (0..1) and the score of each leg; rank counts from 1."""

    passage: Passage
    score: float
    lexical: float  # BM25, unbounded
    dense: float  # cosine, -1..1
    rank: int = 0
    row: int = -1  # position of the passage in the release
    asked: float = 0.0  # likeness of the nearest known phrasing that this passage answers, 0..1
    place: tuple[int, int] = (0, 0)  # the words that answer that phrasing: offsets in the canonical text
    read: float | None = None  # cosine of its best unit by the encoder, -1..1; None where nothing was encoded
    votes: float = 0.0  # share of the nearest known phrasings that this passage answers, 0..1
    likely: float = 0.0  # probability that its words are what is asked for, by the classifier that the phrasings taught (corpus/likely.py)
    told: tuple[tuple[int, int, float], ...] = ()  # (start, end, probability) of the words in it that are: offsets in the canonical text


def text_hash(text: str) -> str:
    """Hex SHA-256 of the UTF-8 text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def passage_id(source_key: str, heading: tuple[str, ...], text: str, occurrence: int = 0) -> str:
    """A passage's id depends on content and place only: stable under re-ingest and under reordering of files.

    occurrence: how many identical passages under the same heading of the same source came before this one.
    """
    place = "\x1f".join((source_key, *heading, text, str(occurrence)))
    return "p" + hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:20]
