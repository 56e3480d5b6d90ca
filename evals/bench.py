"""Measuring from the pages: does the test set fit these texts, the newest run on a release, one measurement in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError, VraagbaakError
from evals.cli import evals_folder, runs

if TYPE_CHECKING:
    from assistant.answer import Shelved, TextMasker
    from evals.run import Run

FITS = 0.5  # share of the quotes of the test set that must stand in the texts; below it the test set is about other texts
Progress = Callable[[int, int], None]


def fits(shelved: Shelved, day: date | None = None) -> bool:
    """Whether the test set is about the texts of this release."""
    from evals.items import load
    from evals.world import anchored

    release = shelved.search.release
    codes = {s.code for s in release.sources}
    items = [i for i in load() if i.anchors]
    if sum(not codes.isdisjoint(i.docs) for i in items) < FITS * len(items):
        return False  # no need to look for every quote
    found = [anchored(i, release, day or _today()) for i in items]
    placed, lost = sum(len(a.places) for a in found), sum(len(a.lost) for a in found)
    return bool(placed) and placed >= FITS * (placed + lost)


def _today() -> date:
    """Items are asked on the evaluation's own day, or today when that is later: a text may be newer than the test set."""
    from evals.world import DAY

    return max(DAY, date.today())  # noqa: DTZ011 - a day in the organisation's calendar


def measured(home: Path, shelved: Shelved, masker: TextMasker, split: str, progress: Progress) -> Run:
    """Ask a release every question of a split, and keep the run with its report."""
    from evals.cli import _report
    from evals.run import measure
    from evals.world import World

    run = measure(World(shelved, masker, _today()), split, progress=progress)
    folder = run.write(evals_folder(home))
    _report(run, home, folder / "report.html")
    return run


def newest_run(home: Path, shelved: Shelved) -> Run | None:
    """The newest run on exactly this release; the number of a draft that was thrown away is used again, its texts are not."""
    from evals.run import Run, corpus_hash

    manifest = shelved.search.release.manifest
    for folder in reversed(runs(home)):
        run = Run.read(folder)
        s = run.summary
        if s.get("release") == manifest.number and s["made_at"] >= manifest.made_at:
            return run if s.get("corpus") == corpus_hash(shelved.search.release) else None
    return None


def gate_of(run: Run) -> tuple[bool, tuple[str, ...]]:
    """(whether the gate is open, its reasons). Without an accepted run only what may never happen counts."""
    from evals.gate import BASELINE, Baseline, gate

    accepted = (
        Baseline.read()
        if BASELINE.exists()
        else Baseline({"figures": {}, "singles": {}, "splits_sha256": run.summary["splits_sha256"]}, ())
    )
    reasons = gate(run, accepted)
    return not any(r.level == "fail" for r in reasons), tuple(r.text for r in reasons)


def report_of(home: Path, name: str) -> str:
    """The report of a run as HTML; "" when there is none."""
    path = evals_folder(home) / name / "report.html"
    return path.read_text("utf-8") if path.is_file() else ""


@dataclass(slots=True)
class Job:
    """One measurement at a time, in a thread, so that closing the page does not end it."""

    work: Callable[[int, Progress], Any]  # (release, progress)
    done: int = 0
    total: int = 0
    problem: str = ""
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def running(self) -> bool:
        """Whether it is busy."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Until it is done, or this long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def start(self, release: int) -> None:
        """Begin. Raises UsageError while another one runs."""
        with self._lock:
            if self.running:
                raise UsageError("a measurement is running already", hint="wait until it is done")
            self.done, self.total, self.problem = 0, 0, ""
            self._thread = threading.Thread(target=self._run, args=(release,), daemon=True)
            self._thread.start()

    def _run(self, release: int) -> None:
        def told(done: int, total: int) -> None:
            self.done, self.total = done, total

        try:
            if self.work(release, told) is None:
                self.problem = "no_items"
        except VraagbaakError as error:
            self.problem = f"{error} {error.hint}"
        except Exception as error:  # a thread has nobody to raise to
            self.problem = type(error).__name__
