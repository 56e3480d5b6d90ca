"""Question -> Evidence: the hits that are allowed to support an answer. Expired versions and concepts never are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from assistant.model import Evidence, Question
from corpus.model import Document, Hit, Source
from corpus.search import PassageSearch

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


def retrieve(question: Question, search: PassageSearch, shelf: Shelf, allowed: np.ndarray | None) -> Evidence:
    """The best passages among the allowed rows; `allowed` is None when every source may answer."""
    hits = search.search(question.search, DEPTH, allowed)
    return evidence_of(question, hits, shelf)


def evidence_of(question: Question, hits: tuple[Hit, ...], shelf: Shelf) -> Evidence:
    """Evidence of hits that were already found."""
    return Evidence(question, hits, {h.passage.source: shelf.by_key[h.passage.source] for h in hits})
