"""The only file of the assistant that chooses concrete classes, and the one that follows the release pointer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from assistant.answer import Assistant, Shelved, TextMasker
from assistant.cards import default_cards
from assistant.confidence import Calibration, shipped
from assistant.fixed import read_fixed
from assistant.generate import ExtractiveGenerator, Generator
from assistant.guard import Guard
from assistant.relevance import Relevance
from corpus.embedder import Embedder, open_embedder
from corpus.encoder import Encoder, bundled_encoder
from corpus.errors import ReleaseError, VraagbaakError
from corpus.memory import give_back
from corpus.release import Release, current_number, open_release
from corpus.rerank import Reranker, open_reranker
from corpus.search import ReleaseSearch, SearchSettings, collection_name
from corpus.search import release_analyser as release_analyser
from corpus.vectors import ChromaVectors, VectorIndex

log = logging.getLogger(__name__)
POINTER_EVERY_S = 1.0  # how often a running app looks whether another release was published


@dataclass(frozen=True, slots=True)
class LanguageModelSettings:
    """url: an OpenAI-compatible server; empty: no language model. seconds: for a whole answer."""

    url: str = ""
    model: str = ""
    seconds: float = 20.0
    allow_remote: bool = False


@dataclass(frozen=True, slots=True)
class AssistantSettings:
    """dense: "exact" reads the vectors of the release, without Chroma; a process that answers one question starts
    two seconds sooner that way, and finds the same passages."""

    search: SearchSettings = SearchSettings()
    dense: Literal["chroma", "exact"] = "chroma"
    chroma_url: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""
    reranker: str = ""  # name or folder of a CrossEncoder
    reranker_seconds: float = 1.5  # per question
    language_model: LanguageModelSettings = LanguageModelSettings()
    calibration: Calibration | None = None  # of when to answer; None: the one that ships, for what the release has
    encoder: Callable[[], Encoder] = bundled_encoder


def open_shelved(
    home: Path, settings: AssistantSettings, number: int | None = None, *, check: bool = True, reranker: Reranker | None = None
) -> Shelved:
    """Open a release (the current one by default) with everything that reads from it. reranker: see `shelve`."""
    release = open_release(home, number, check=check)
    try:
        return shelve(release, settings, reranker=reranker)
    except BaseException:
        release.close()
        raise


def shelve(
    release: Release, settings: AssistantSettings, *, embedder: Embedder | None = None, reranker: Reranker | None = None
) -> Shelved:
    """Put an opened release behind search, relevance, cards and guard. embedder: other than the one the manifest names.

    reranker: one that is loaded already, so that it outlives the release.
    """
    search = ReleaseSearch(
        release,
        embedder or release_embedder(release, settings),
        release_analyser(release),
        dense=_dense(release, settings),
        settings=settings.search,
        reranker=reranker,
        encoder=settings.encoder,
    )
    relevance = Relevance(search)
    extractive = ExtractiveGenerator(relevance)
    when = settings.calibration or shipped(search.phrasings is not None, search.reading is not None)
    cards = default_cards(release.folder)
    fixed = read_fixed(release.folder / "cards.toml")
    shelved = Shelved(release, search, relevance, extractive, extractive, cards, fixed, Guard(cards), when)
    return replace(shelved, generator=_generator(extractive, settings, shelved))


def release_embedder(release: Release, settings: AssistantSettings) -> Embedder:
    """The embedding that made the release's vectors."""
    made = release.manifest.embedding
    # what the release was made with; an older release does not say, and then the settings do
    return open_embedder(made.name, made.query_prefix or settings.query_prefix, made.passage_prefix or settings.passage_prefix)


def _dense(release: Release, settings: AssistantSettings) -> VectorIndex | None:
    """Chroma when it can be opened; None, which means exact search, when not."""
    if settings.dense == "exact":
        return None
    try:
        if settings.chroma_url:
            return ChromaVectors.connect(settings.chroma_url, collection_name(release.manifest))
        return ChromaVectors.open(release.folder / "chroma")
    except ReleaseError as error:
        log.warning("vector index not usable, searching exactly: %s", error)
        return None


def _generator(extractive: ExtractiveGenerator, settings: AssistantSettings, shelved: Shelved) -> Generator:
    if not settings.language_model.url:
        return extractive
    from assistant.language_model import LanguageModelGenerator

    return LanguageModelGenerator(settings.language_model, extractive)


class CurrentRelease:
    """Callable that gives the opened current release, and re-opens when another one was published.

    A release that cannot be opened leaves the one before it in charge. `fresh` releases are opened in the thread that asks, so a
    question after a publication waits once; the old release stays open until the next switch, because others may be reading it.
    """

    def __init__(self, home: Path, settings: AssistantSettings = AssistantSettings()) -> None:
        self._home, self._settings = home, settings
        self._reranker = open_reranker(settings.reranker, settings.reranker_seconds)
        self._lock = threading.Lock()
        self._now: Shelved | None = None
        self._before: Shelved | None = None
        self._refused: int | None = None
        self._looked = 0.0

    def __call__(self) -> Shelved:
        with self._lock:
            if self._now is None or time.monotonic() - self._looked > POINTER_EVERY_S:
                self._look()
            assert self._now is not None
            return self._now

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            number = current_number(self._home)
            if self._now is not None and number in (self._now.shelf.number, self._refused):
                return
            fresh = open_shelved(self._home, self._settings, reranker=self._reranker)
        except VraagbaakError as error:
            if self._now is None:
                raise
            self._refused = _number_or_none(self._home)
            log.error("the new release cannot be opened, the old one keeps answering: %s", error)
            return
        oldest = self._before
        self._before, self._now, self._refused = self._now, fresh, None
        if oldest is not None:
            _close(oldest)
            del oldest
            give_back()

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            _close(self._before)
            _close(self._now)
            self._before = self._now = None


def _number_or_none(home: Path) -> int | None:
    try:
        return current_number(home)
    except ReleaseError:
        return None


def _close(shelved: Shelved | None) -> None:
    if shelved is None:
        return
    shelved.search.release.close()
    if isinstance(shelved.search.vectors, ChromaVectors):
        shelved.search.vectors.close()


def assistant(home: Path, masker: TextMasker, settings: AssistantSettings = AssistantSettings()) -> Assistant:
    """An assistant on the current release of a data directory."""
    return Assistant(CurrentRelease(home, settings), masker)


Opener = Callable[[Path], Assistant]
