"""What the pages of trainers need from other rooms: the audit log, the assistant on any release, the figures, the gaps.

    GET /beheer/export.zip          everything of the release that answers, and the original files
    GET /kwaliteit/verslag/NAME     the report of a run

`ingest` and `assistant` may not know each other, and neither knows accounts or the log; here they meet.
"""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.about_page import Quality
from assistant.answer import Assistant, Shelved
from assistant.cards import load_cards
from assistant.journal import Journal
from assistant.model import Answer, Language
from corpus import release as releases
from corpus.errors import NoRelease, ReleaseError, UsageError
from evals.bench import Job
from ingest.desk import Tools
from ingest.drafts import Asked, Gate
from vraagbaak.audit import Audit
from vraagbaak.serve import TrainerPage, may, who
from vraagbaak.settings import Settings

if TYPE_CHECKING:
    import gradio as gr
    from starlette.requests import Request
    from starlette.responses import Response

    from evals.run import Run

TOLD = ("vital_strict", "citation_precision", "verbatim", "flawed_shown", "abstention_recall", "card_missed")
OPEN_AT_ONCE = 3  # releases: the one that answers, the draft, and one to compare with


@dataclass(slots=True)
class Workbench:
    """One per app. assistant: the one that answers confidants."""

    home: Path
    settings: Settings
    assistant: Assistant
    journal: Journal | None = None
    _opened: dict[tuple[int, str], Shelved] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _measuring: threading.Lock = field(default_factory=threading.Lock)
    job: Job = field(init=False)

    def __post_init__(self) -> None:
        """One measurement at a time for both languages of the page."""
        self.job = Job(self.measure)

    @property
    def audit(self) -> Audit:
        """The log of changes."""
        return Audit(self.home)

    def tools(self) -> Tools:
        """For the page Beheer."""
        return Tools(
            log=self.audit.append, ready=self.audit.ready, ask=self.asked, measured=self.measured, measure=self.measure,
            questions=self.questions, check_cards=load_cards, rows=self.rows, gaps=self.gaps, today=self.assistant.today,
        )  # fmt: skip

    def rows(self, newest: int) -> Sequence[tuple[str, str, str, str]]:
        """The newest rows of the log, newest first: (time, who, what, about)."""
        return tuple((r.time, r.actor, r.action, r.subject) for r in reversed(self.audit.rows(newest=newest)))

    def corpus_page(self, language: Language) -> gr.Blocks:
        """Beheer."""
        from ingest.page import build

        return build(home=self.home, settings=self.settings, language=language, may=may, who=who, tools=self.tools())

    def evals_page(self, language: Language) -> gr.Blocks:
        """Kwaliteit."""
        from evals.page import Tools as Needed
        from evals.page import build

        tools = Needed(self.audit.append, self.audit.ready, self.job, self.assistant.masker, self.journal)
        return build(home=self.home, language=language, may=may, who=who, tools=tools)

    # --- questions on any release -----------------------------------------------------------------------------------------

    def asked(self, number: int, question: str) -> Asked:
        """What a confidant would get from a release. Nothing of it is kept."""
        with self._shelved(number) as shelved:
            answer = Assistant(lambda: shelved, self.assistant.masker, self.assistant.today).ask(question)
            return Asked(question, shown_lines(answer))

    @contextmanager
    def _shelved(self, number: int) -> Iterator[Shelved]:
        """A release, opened; only so many stay open. The number of a draft is used again, its manifest is not."""
        from assistant.cli import assistant_settings
        from assistant.wiring import open_shelved

        with self._lock:
            file = releases.release_folder(self.home, number) / "manifest.json"
            if not file.is_file():
                raise NoRelease(f"release {number} does not exist", hint="reload the page")
            key = (number, releases.file_sha256(file))
            if key not in self._opened:
                while len(self._opened) >= OPEN_AT_ONCE:
                    self._opened.pop(next(iter(self._opened))).search.release.close()
                self._opened[key] = open_shelved(
                    self.home, assistant_settings(self.settings, one_shot=True), number, check=False
                )
            yield self._opened[key]

    # --- figures ----------------------------------------------------------------------------------------------------------

    def questions(self) -> Sequence[str]:
        """The questions of the test set that stand alone; those for tuning, because these may be looked at."""
        from evals.items import Splits, chosen, load

        return tuple(
            item.question for item in chosen(load(), Splits.read(), "dev") if not item.history and item.variant != "english"
        )

    def measured(self, number: int) -> Gate | None:
        """What the newest run on exactly this release says; None when the test set is not about these texts."""
        from evals.bench import fits, gate_of, newest_run

        with self._shelved(number) as shelved:
            if not fits(shelved):
                return None
            return _gate(gate_of, newest_run(self.home, shelved))

    def measure(self, number: int, progress: Callable[[int, int], None]) -> Gate | None:
        """Ask the release every question of the test set; one measurement at a time."""
        from assistant.cli import assistant_settings
        from assistant.wiring import open_shelved
        from evals.bench import fits, gate_of, measured

        if not self._measuring.acquire(blocking=False):
            raise UsageError("a measurement is running already", hint="wait until it is done")
        try:
            # a release of its own: a question that a trainer tries must not wait for the measurement
            shelved = open_shelved(self.home, assistant_settings(self.settings, one_shot=True), number, check=False)
            with shelved.search.release:
                if not fits(shelved):
                    return None
                return _gate(gate_of, measured(self.home, shelved, self.assistant.masker, "dev", progress))
        finally:
            self._measuring.release()

    # --- gaps -------------------------------------------------------------------------------------------------------------

    def gaps(self, language: Language) -> str:
        """Topics and questions without a good answer."""
        from assistant.gaps import from_feedback, from_items, gaps_html, nearest

        try:
            number = releases.current_number(self.home)
        except ReleaseError:
            return gaps_html((), (), language)
        with self._shelved(number) as shelved:
            helper = Assistant(lambda: shelved, self.assistant.masker, self.assistant.today)
            rows, questions = _lost_items(self.home, shelved)
            lost = from_items(rows, questions, lambda question: nearest(helper.ask(question)))
            if self.journal is None:
                return gaps_html((), lost, language)
            sent = from_feedback(self.journal.list(), helper.ask, shelved.calibration.threshold)
            return gaps_html(self.journal.topic_counts(), (*sent, *lost), language)

    # --- files ------------------------------------------------------------------------------------------------------------

    def export(self, request: Request) -> Response:
        """Everything in open formats, as one zip."""
        from starlette.responses import Response as Bytes

        if not may(request, "corpus.view"):
            return Bytes(status_code=403)
        data = export_zip(self.home, self._folder())
        return Bytes(
            data, media_type="application/zip", headers={"Content-Disposition": 'attachment; filename="vraagbaak-export.zip"'}
        )

    def _folder(self) -> Path:
        from ingest.cli import corpus_folder

        return corpus_folder(None, self.settings, self.home)

    def report(self, request: Request) -> Response:
        """The page of a run."""
        from starlette.responses import HTMLResponse, PlainTextResponse

        from evals.bench import report_of

        if not may(request, "evals.view"):
            return PlainTextResponse("403", 403)
        name = str(request.path_params["name"])
        page = report_of(self.home, name) if re.fullmatch(r"[\w-]{1,80}", name) else ""
        if not page:
            return PlainTextResponse("404", 404)
        return HTMLResponse(page.replace("<script>", f'<script nonce="{request.state.nonce}">'))


def trainer_pages(home: Path, settings: Settings, helper: Assistant) -> tuple[TrainerPage, ...]:
    """Beheer and Kwaliteit. helper: the assistant that answers confidants."""
    journal = Journal(home, retention_days=settings.journal.days)  # read only here: without a masker nothing can be stored
    bench = Workbench(home, settings, helper, journal)
    return (
        TrainerPage("/beheer", "corpus.view", "nav_corpus", bench.corpus_page, True, (("/export.zip", bench.export),)),
        TrainerPage("/kwaliteit", "evals.view", "nav_evals", bench.evals_page, False, (("/verslag/{name}", bench.report),)),
    )


def quality(home: Path, release: int) -> Quality | None:
    """The newest run on a release, for the page Over & privacy."""
    from evals.cli import runs
    from evals.run import Run
    from evals.table import BY_NAME

    for folder in reversed(runs(home)):
        run = Run.read(folder)
        if run.summary.get("release") == release:
            shown = ((BY_NAME[n].nl, run.estimates[n]) for n in TOLD if n in run.estimates)
            measures = tuple((what, f"{100 * e.value:.0f}%") for what, e in shown)
            return Quality(release, run.summary["items"], date.fromisoformat(run.summary["made_at"][:10]), measures)
    return None


def _gate(gate_of: Callable[[Run], tuple[bool, tuple[str, ...]]], run: Run | None) -> Gate:
    if run is None:
        return Gate(None)
    passed, lines = gate_of(run)
    return Gate(passed, lines)


def _lost_items(home: Path, shelved: Shelved) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, str]]:
    """Rows of the newest run on this release, with the questions of their items; only of the part that may be looked at."""
    from evals.bench import newest_run
    from evals.items import Splits, chosen, load

    run = newest_run(home, shelved)
    if run is None:
        return (), {}
    return run.rows, {item.id: item.question for item in chosen(load(), Splits.read(), "dev")}


def shown_lines(answer: Answer) -> tuple[str, ...]:
    """An answer as a confidant sees it, line by line: cards, sentences with their place, notices, whom to ask."""
    lines = [answer.card.title, *answer.card.lines] if answer.card else []
    for sentence in answer.sentences:
        places = [answer.citation(key) for key in sentence.citations]
        where = "; ".join(f"{c.source.replace('@', ' ')}, {c.heading[-1] if c.heading else ''}".rstrip(", ") for c in places)
        lines.append(f"{sentence.text} [{where}]")
    return (*lines, *(n.text for n in answer.notices), *answer.pointers)


def export_zip(home: Path, folder: Path) -> bytes:
    """The release that answers in open formats, and the files it was made of."""
    import tempfile

    from ingest.export import export

    out = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="vraagbaak-") as scratch, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        with releases.open_release(home) as release:
            export(release, Path(scratch))
        for root, below in ((Path(scratch), "uitgave"), (folder, "teksten")):
            for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink() and not p.name.startswith(".")):
                packed.write(path, f"{below}/{path.relative_to(root).as_posix()}")
    return out.getvalue()
