"""The first passages put in a better order by a CrossEncoder that reads question and passage together.  (adapter)

Optional and slow: 20 passages of 256 word pieces take a model of 12 small layers about two seconds on two cores. So it has
a time budget per question, begins with the passages that stand first, and while the model is still being loaded the order
stays as it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from corpus.errors import EmbeddingMissing
from corpus.model import Hit

log = logging.getLogger(__name__)
AT_ONCE = 4  # passages scored between two looks at the clock
DEPTH = 20  # further down, a relevant passage is too rare to pay for the time
MAX_TOKENS = 256

Scorer = Callable[[str, Sequence[str]], np.ndarray]
"""float32 (len(texts),): how well each text answers the question; only their order counts."""


class Reranker(Protocol):
    """Puts hits in another order."""

    depth: int

    def rerank(self, question: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The same hits, best first."""
        ...


class TimedReranker:
    """Reranks within `seconds`: what was not read in time keeps its place below what was."""

    def __init__(self, load: Callable[[], Scorer], seconds: float, depth: int = DEPTH) -> None:
        """load: gives the scorer; called at once, in a thread of its own."""
        self.depth, self._seconds = depth, seconds
        self._scorer: Scorer | None = None
        self._loading = threading.Thread(target=self._load, args=(load,), daemon=True, name="reranker")
        self._loading.start()

    def _load(self, load: Callable[[], Scorer]) -> None:
        try:
            self._scorer = load()
        except Exception as error:  # a missing or damaged model must not stop anybody from searching
            log.error("searching without the reranker: %s", error)

    def wait(self) -> bool:
        """Wait until the model is loaded; False when it cannot be."""
        self._loading.join()
        return self._scorer is not None

    def rerank(self, question: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """See Reranker. A hit gets the score of its new place, so that scores keep their meaning for whoever reads them."""
        scorer, head = self._scorer, hits[: self.depth]
        if scorer is None or len(head) < 2:
            return hits
        scores = self._scores(scorer, question, [hit.passage.text for hit in head])
        order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
        ordered = [head[i] for i in order] + list(hits[len(scores) :])
        return tuple(replace(hit, score=place.score, rank=place.rank) for hit, place in zip(ordered, hits, strict=True))

    def _scores(self, scorer: Scorer, question: str, texts: Sequence[str]) -> list[float]:
        """Scores of the first texts: as many as are likely to fit in the time."""
        started, scores = time.monotonic(), list[float]()
        for begin in range(0, len(texts), AT_ONCE):
            some = texts[begin : begin + AT_ONCE]
            spent = time.monotonic() - started
            if scores and spent + spent / len(scores) * len(some) > self._seconds:
                break
            scores += [float(s) for s in scorer(question, some)]
        return scores


def cross_encoder(name: str, *, download: bool = False) -> Scorer:
    """A sentence-transformers CrossEncoder by name or folder, on one thread. Raises EmbeddingMissing when it is not here."""
    import torch
    from sentence_transformers import CrossEncoder

    try:
        model: Any = CrossEncoder(name, device="cpu", max_length=MAX_TOKENS, local_files_only=not download)
    except Exception as error:  # the hub, transformers and safetensors each raise their own
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EmbeddingMissing(
            f"the reranker '{name}' cannot be opened: {why}", hint="take [search] reranker out of settings.toml"
        ) from error

    def scores(question: str, texts: Sequence[str]) -> np.ndarray:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            found = model.predict([(question, text) for text in texts], batch_size=len(texts), show_progress_bar=False)
        finally:
            torch.set_num_threads(before)
        return np.asarray(found, dtype=np.float32).reshape(len(texts))

    return scores


def open_reranker(name: str, seconds: float) -> TimedReranker | None:
    """The reranker that the settings name, being loaded; None for none."""
    return TimedReranker(lambda: cross_encoder(name), seconds) if name else None
