"""The assistant as the evaluation sees it: one release, one day, everything it showed as spans of canonical text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from assistant.answer import Assistant, Shelved, TextMasker
from assistant.model import Answer, Language, Turn
from corpus.quotes import Span
from evals.anchors import Resolved, resolve
from evals.items import Anchor, Item

if TYPE_CHECKING:
    from assistant.wiring import AssistantSettings
    from corpus.release import Release
    from corpus.search import ReleaseSearch

DAY = date(2026, 10, 1)  # on which the items are asked: guidance that is valid on another day must not change a figure
DEEP = 50  # hits among which a lost passage is looked for

Place = tuple[str, int, int]  # source key, start, end


@dataclass(frozen=True, slots=True)
class World:
    """A release with an assistant on it. `ask` is the same code that answers in the app."""

    shelved: Shelved
    masker: TextMasker
    day: date = DAY

    @property
    def release(self) -> Release:
        """The release."""
        return self.shelved.search.release

    def ask(self, item: Item, *, hidden: np.ndarray | None = None, threshold: float | None = None) -> Answer:
        """Ask an item's question in its conversation. hidden: bool per row, passages that are taken away."""
        history = tuple(Turn(question) for question in item.history)
        return self.put(item.question, history, "en" if item.variant == "english" else "nl", hidden=hidden, threshold=threshold)

    def put(
        self,
        question: str,
        history: Sequence[Turn] = (),
        language: Language = "nl",
        *,
        hidden: np.ndarray | None = None,
        threshold: float | None = None,
    ) -> Answer:
        """Ask any question; see `ask`."""
        shelved = self.shelved
        if hidden is not None:
            shelved = replace(shelved, search=cast("ReleaseSearch", Hiding(shelved.search, hidden)))
        if threshold is not None:
            shelved = replace(shelved, calibration=replace(shelved.calibration, threshold=threshold))
        return Assistant(lambda: shelved, self.masker, lambda: self.day).ask(question, history, language)

    def deep(self, answer: Answer) -> tuple[Place, ...]:
        """The first 50 passages of an answer's question, to see whether a lost one was found at all."""
        search = self.shelved.search
        hits = search.search(answer.question.search, DEEP, search.answering(self.day))
        return tuple((h.passage.source, h.passage.start, h.passage.end) for h in hits)


class Hiding:
    """A search from which some rows are taken away. The word statistics stay those of the whole release."""

    def __init__(self, search: ReleaseSearch, hidden: np.ndarray) -> None:
        self._search, self._hidden = search, hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self._search, name)

    def answering(self, *arguments: Any, **named: Any) -> np.ndarray:
        """See ReleaseSearch.answering."""
        allowed: np.ndarray = self._search.answering(*arguments, **named) & ~self._hidden
        return allowed


@contextmanager
def opened(home: Path, settings: AssistantSettings, number: int | None = None) -> Iterator[World]:
    """The current release of a data directory (or another one), with the masker that the app uses."""
    from assistant.personal_data import Masker
    from assistant.wiring import open_shelved

    masker = Masker(cache=home / "deduce", background=True)
    shelved = open_shelved(home, settings, number)
    try:
        masker.wait()
        yield World(shelved, masker)
    finally:
        shelved.search.release.close()


# --- anchors in a release -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Anchored:
    """An item's anchors in a release: id -> place. lost: anchors that are not in its texts, with the reason."""

    places: Mapping[str, Place]
    lost: Mapping[str, str] = field(default_factory=dict)


def anchored(item: Item, release: Release, day: date = DAY) -> Anchored:
    """Resolve all anchors of an item; what is lost is reported, not raised."""
    places: dict[str, Place] = {}
    lost: dict[str, str] = {}
    for anchor in item.anchors:
        try:
            key, found = _resolved(anchor, release, day)
        except Exception as error:
            lost[anchor.id] = str(error)
        else:
            places[anchor.id] = (key, found.start, found.end)
    return Anchored(places, lost)


def _resolved(anchor: Anchor, release: Release, day: date) -> tuple[str, Resolved]:
    key = release.find(anchor.doc, day).key
    return key, resolve(release.document(key).text, anchor.exact, anchor.prefix, anchor.suffix)


def spans_in(places: Sequence[Place], source: str) -> list[Span]:
    """The spans that lie in one source."""
    return [(start, end) for key, start, end in places if key == source]


def touches(place: Place, others: Iterable[Place]) -> bool:
    """Whether a place shares a character with one of the others."""
    source, start, end = place
    return any(source == other and max(start, s) < min(end, e) for other, s, e in others)


def answering_rows(item: Item, world: World, where: Anchored) -> np.ndarray:
    """bool per row: passages that hold an anchor of the item, and all others of their sections.

    Taking these away makes an answerable question unanswerable, with the rest of the corpus as it was.
    """
    passages = _passages(world.release)
    touched = {(p.source, p.heading) for p in passages if touches((p.source, p.start, p.end), where.places.values())}
    return np.fromiter(((p.source, p.heading) in touched for p in passages), dtype=bool, count=len(passages))


@lru_cache(maxsize=4)
def _passages(release: Release) -> tuple[Any, ...]:
    return release.passages()


def passages_of(release: Release) -> tuple[Any, ...]:
    """All passages of a release, read once."""
    return _passages(release)


@dataclass(frozen=True, slots=True)
class Watch:
    """Seconds since it was made."""

    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Seconds."""
        return time.perf_counter() - self.started
