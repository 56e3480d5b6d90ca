"""What an operator may see: counts and durations in Prometheus' text format. No words of a question, answer, account or text.

    metrics = Metrics()
    answer = metrics.timed(lambda: assistant.ask(text))
    metrics_text(metrics, release=3, passages=1200, ready=True)

Labels come from closed lists, so that nothing typed by a person can become one.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

STATUSES = ("answered", "partly", "no_answer", "card")
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)  # upper bounds of the histogram, seconds
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Answered(Protocol):
    @property
    def status(self) -> str: ...


Found = TypeVar("Found", bound=_Answered)


@dataclass(slots=True)
class Metrics:
    """Counters of one process since it started; safe to share between threads."""

    started: float = field(default_factory=time.time)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    _errors: int = 0
    _switches: int = 0
    _seconds: float = 0.0
    _buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))

    def timed(self, ask: Callable[[], Found]) -> Found:
        """Ask, and count what came of it; an exception is counted and passed on."""
        begun = time.perf_counter()
        try:
            answer = ask()
        except Exception:
            with self._lock:
                self._errors += 1
            raise
        self.answered(answer.status, time.perf_counter() - begun)
        return answer

    def answered(self, status: str, seconds: float) -> None:
        """Count an answer. Raises ValueError for a status that does not exist: it could be a word somebody typed."""
        if status not in self._answers:
            raise ValueError(f"there is no status of that name; known: {', '.join(STATUSES)}")
        with self._lock:
            self._answers[status] += 1
            self._seconds += seconds
            self._buckets[bisect_left(BUCKETS_S, seconds)] += 1

    def switched(self) -> None:
        """Count a release that took over."""
        with self._lock:
            self._switches += 1

    def lines(self) -> Iterator[str]:
        """The counters, in Prometheus' text format."""
        with self._lock:
            answers, errors, switches = dict(self._answers), self._errors, self._switches
            seconds, buckets = self._seconds, list(self._buckets)
        yield from _head("vraagbaak_answers_total", "counter", "Answers by status.")
        for status, count in answers.items():
            yield f'vraagbaak_answers_total{{status="{status}"}} {count}'
        yield from _one("vraagbaak_errors_total", "counter", "Questions that ended in an error.", errors)
        yield from _one("vraagbaak_release_switches_total", "counter", "Releases that took over while serving.", switches)
        yield from _head("vraagbaak_answer_seconds", "histogram", "Time to answer a question.")
        total = 0
        for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), buckets, strict=True):
            total += count
            yield f'vraagbaak_answer_seconds_bucket{{le="{bound}"}} {total}'
        yield f"vraagbaak_answer_seconds_sum {seconds:.6f}"
        yield f"vraagbaak_answer_seconds_count {total}"
        yield from _one("vraagbaak_start_time_seconds", "gauge", "When this process started, Unix time.", round(self.started, 3))


def metrics_text(metrics: Metrics, *, release: int, passages: int, ready: bool, exact: bool = False) -> str:
    """The page for `/metrics`. release: the one that answers, 0 for none.  exact: Chroma is not in use, exact search answers."""
    lines = [
        *metrics.lines(),
        *_one("vraagbaak_ready", "gauge", "1 when questions can be answered.", int(ready)),
        *_one("vraagbaak_release", "gauge", "Number of the release that answers, 0 for none.", release),
        *_one("vraagbaak_passages", "gauge", "Passages in that release.", passages),
        *_one("vraagbaak_exact_search", "gauge", "1 when exact search answers instead of Chroma.", int(exact)),
    ]
    memory = resident_bytes()
    if memory is not None:
        lines += _one("process_resident_memory_bytes", "gauge", "Memory of this process.", memory)
    return "\n".join(lines) + "\n"


def resident_bytes() -> int | None:
    """Memory that this process holds; None where the system does not tell."""
    try:
        import resource
        from pathlib import Path

        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):
        return None


def _head(name: str, kind: str, told: str) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"


def _one(name: str, kind: str, told: str, value: float) -> Iterator[str]:
    yield from _head(name, kind, told)
    yield f"{name} {value}"
