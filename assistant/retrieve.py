"""Question -> Evidence: the hits that are allowed to support an answer. Expired versions and concepts never are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from assistant.model import Evidence, Question
from assistant.relevance import ALONE, PHRASED, Relevance, scored
from corpus.asked import NOTHING
from corpus.model import Document, Hit, Source
from corpus.search import PassageSearch

POOL = 30  # hits that are ranked again by their sentences
FOCUS = 0.3  # share of the asking clauses of a long question
DEPTH = 10  # hits that an answer may draw on, and that the JSON contract shows


class Shelf(Protocol):
    """What an answer needs of a release: its sources, and the canonical text of a source."""

    @property
    def number(self) -> int:
        """Release number."""
        ...

    @property
    def by_key(self) -> Mapping[str, Source]:
        """Sources by key."""
        ...

    def document(self, key: str) -> Document:
        """The canonical text and blocks of a source version."""
        ...


def retrieve(
    question: Question, search: PassageSearch, relevance: Relevance, shelf: Shelf, allowed: np.ndarray | None, depth: int = DEPTH
) -> Evidence:
    """The best passages among the allowed rows; `allowed` is None when every source may answer.

    A long question is searched twice, as a whole and by the clauses that ask, and the scores are added: the story around a
    question gives context, but must not outvote what is asked. The first of them are then ranked again by their sentences.
    depth: how many of those the evidence holds.
    """
    read = search.read(spoken(question))
    like = search.like(wordings(question), allowed, read)
    found = search.search(question.search, POOL, allowed, like, read)
    if question.asked != question.search:
        found = merged(found, search.search(question.asked, POOL, allowed, like, read), FOCUS)
    wanted = relevance.wanted(question.asked)
    weights = PHRASED if like else ALONE
    ranked = [
        scored(relevance, wanted, hit, shelf.by_key[hit.passage.source], shelf.document(hit.passage.source), weights, read)
        for hit in found[:POOL]
    ]
    ranked.sort(key=lambda s: (-s.value, s.hit.rank))
    hits = tuple(replace(s.hit, rank=rank, score=max(s.value, 0.0) / weights.highest) for rank, s in enumerate(ranked[:depth], start=1))
    kept = tuple(replace(s, hit=hit) for s, hit in zip(ranked, hits, strict=False))
    sources = {h.passage.source: shelf.by_key[h.passage.source] for h in hits}
    known = like or NOTHING
    return Evidence(question, hits, sources, kept, like.gap if like else None, known.gap_votes, read, known.read, known.nowhere)


def spoken(question: Question) -> str:
    """What the encoder reads of a question, once: the clauses that ask. It was raised on many languages, so English stays English."""
    return question.text if question.language == "en" and not question.history else question.asked


def wordings(question: Question) -> tuple[str, ...]:
    """The ways a question was put: as it stands alone, the clauses that ask, and in the language it was typed in."""
    typed = () if question.history else (question.text,)
    return tuple(dict.fromkeys((question.search, question.asked, *typed)))


def merged(whole: Sequence[Hit], asked: Sequence[Hit], share: float) -> tuple[Hit, ...]:
    """Both rankings in one, (1 - share) and `share` of their scores; ties by row."""
    scores: dict[int, float] = {}
    hits = {hit.row: hit for hit in sorted((*whole, *asked), key=lambda hit: hit.asked)}  # the likest phrasing stays
    for found, weight in ((whole, 1 - share), (asked, share)):
        for hit in found:
            scores[hit.row] = scores.get(hit.row, 0.0) + weight * hit.score
    order = sorted(scores, key=lambda row: (-scores[row], row))
    return tuple(replace(hits[row], score=scores[row], rank=rank) for rank, row in enumerate(order, start=1))


def evidence_of(question: Question, hits: tuple[Hit, ...], shelf: Shelf) -> Evidence:
    """Evidence of hits that were already found."""
    return Evidence(question, hits, {h.passage.source: shelf.by_key[h.passage.source] for h in hits})
