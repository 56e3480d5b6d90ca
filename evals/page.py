"""The page Kwaliteit in Gradio: the last figures, measuring in the background, history, comparing runs, promoting feedback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import release as releases
from corpus.errors import ReleaseError, UsageError, VraagbaakError
from evals.bench import Job, gate_of
from evals.cli import runs
from evals.ui_wording import Language, ui

if TYPE_CHECKING:
    import gradio as gr

    from assistant.answer import TextMasker
    from assistant.journal import Journal
    from evals.run import Run

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.5
HISTORY, FLIPS = 30, 20
HEADLINE = ("recall@5", "vital_strict", "utility")
_HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}


@dataclass(frozen=True, slots=True)
class Tools:
    """What other rooms do for this page. log: (actor, action, subject, detail). journal: None when there is no feedback."""

    log: Callable[[str, str, str, Mapping[str, object]], object]
    ready: Callable[[], object]
    job: Job
    masker: TextMasker
    journal: Journal | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The page without Gradio."""

    home: Path
    tools: Tools
    language: Language = "nl"
    items: Path | None = None  # another folder of items than the one of the program

    def ui(self, name: str, /, **values: object) -> str:
        """A text in the language of this page."""
        return ui(name, self.language, **values)

    def last(self) -> str:
        """The figures of the newest run."""
        from evals.run import Run

        known = runs(self.home)
        if not known:
            return f"<p>{escape(self.ui('not_measured'))}</p>"
        run = Run.read(known[-1])
        s = run.summary
        line = self.ui("last_line", release=s.get("release", "–"), day=s["made_at"][:10], items=s["items"])
        passed, reasons = gate_of(run)
        told = _good(self.ui("open")) if passed else _bad(self.ui("closed"))
        lines = "".join(f"<li>{escape(r)}</li>" for r in reasons[:FLIPS])
        return f"<p>{escape(line)}</p>{told}{f'<ul>{lines}</ul>' if lines else ''}{self._link(known[-1])}{self._figures(run)}"

    def _figures(self, run: Run) -> str:
        from evals.table import METRICS

        rows, below = [], 0
        for m in METRICS:
            e = run.estimates.get(m.name)
            if e is not None and m.floor is not None:
                met = m.better * (e.value - m.floor) >= 0
                below += not met
                short = "" if met else " ▾"
                floor = f"{'≥' if m.better > 0 else '≤'} {_number(m.floor)}{short}"
                what = m.nl if self.language == "nl" else m.en
                rows.append((escape(what), _number(e.value), f"{_number(e.low)} – {_number(e.high)}", floor))
        told = f"<p>{escape(self.ui('short', n=below, total=len(rows)))}</p>" if below else ""
        return told + _table(self.ui("last"), [self.ui(n) for n in ("figure", "value", "interval", "floor")], rows)

    def _link(self, folder: Path) -> str:
        if not (folder / "report.html").is_file():
            return ""
        return f'<p><a class="vb-small" href="/kwaliteit/verslag/{escape(folder.name)}" target="_blank" rel="noopener">{escape(self.ui("report"))}</a></p>'

    def history(self) -> str:
        """One row per run, newest first."""
        from evals.run import Run
        from evals.table import BY_NAME

        names = [BY_NAME[n].nl if self.language == "nl" else BY_NAME[n].en for n in HEADLINE]
        rows = []
        for folder in list(reversed(runs(self.home)))[:HISTORY]:
            s = Run.read(folder).summary
            values = (_number(s["figures"][n]["value"]) if n in s["figures"] else "–" for n in HEADLINE)
            rows.append(
                (
                    escape(s["made_at"][:16].replace("T", " ")),
                    str(s.get("release", "–")),
                    str(s["items"]),
                    *values,
                    self._link(folder) or "–",
                )
            )
        if not rows:
            return f"<p>{escape(self.ui('not_measured'))}</p>"
        heads = [self.ui("col_day"), self.ui("col_release"), self.ui("col_items"), *names, self.ui("col_report")]
        return _table(self.ui("history"), heads, rows)

    def choices(self) -> list[tuple[str, str]]:
        """Runs to compare."""
        return [(p.name, p.name) for p in reversed(runs(self.home))]

    def releases(self) -> list[tuple[str, int]]:
        """Releases to measure, newest first."""
        found = []
        for number in reversed(releases.numbers(self.home)):
            try:
                manifest = releases.Manifest.read(releases.release_folder(self.home, number))
            except ReleaseError:
                continue
            found.append((f"{number} ({self.ui('draft')})" if manifest.draft_of is not None else str(number), number))
        return found

    def compare(self, a: str | None, b: str | None) -> str:
        """Differences of figures, and the items that broke."""
        from evals.cli import run_named
        from evals.compare import compare
        from evals.table import BY_NAME

        known = {name for name, _ in self.choices()}
        if a not in known or b not in known:
            return _bad(self.ui("compare_pick"))
        found = compare(run_named(str(a), self.home), run_named(str(b), self.home))
        rows = [
            (escape(BY_NAME[n].nl if self.language == "nl" else BY_NAME[n].en), f"{d.value:+.3f}", f"{d.low:+.3f} – {d.high:+.3f}", _number(d.p))
            for n, d in found.differences.items() if n in BY_NAME
        ]  # fmt: skip
        table = _table(self.ui("compare"), [self.ui(n) for n in ("figure", "difference", "interval", "chance")], rows)
        broke = "".join(f"<li>{escape(f.id)}: {escape(f.question)}</li>" for f in found.broke[:FLIPS])
        mended = len(found.flips) - len(found.broke)
        return f"{table}<p>{escape(self.ui('broke', n=len(found.broke)))}</p><ul>{broke}</ul><p>{escape(self.ui('mended', n=mended))}</p>"

    def status(self) -> str:
        """Where the measurement stands."""
        job = self.tools.job
        if job.running:
            return _good(self.ui("running", done=job.done, total=job.total) if job.total else self.ui("starting"))
        if job.problem == "no_items":
            return _bad(self.ui("no_items"))
        if job.problem:
            return _bad(self.ui("failed", why=job.problem))
        return _good(self.ui("finished")) if job.total else ""

    def feedback(self) -> list[tuple[str, str]]:
        """Questions that were sent."""
        sent = self.tools.journal.list() if self.tools.journal is not None else ()
        return [(f"{f.day}: {f.question[:90]}", f.id) for f in sent if f.question.strip()]

    def promote(self, actor: str, id: str | None, wording: str, expect: str, near: str, reviewers: Sequence[str]) -> str:
        """Add an item from feedback. actor: for the log."""
        from evals import items, promote

        sent = next((f for f in (self.tools.journal.list() if self.tools.journal is not None else ()) if f.id == id), None)
        if sent is None:
            return _bad(self.ui("promote_none"))
        self.tools.ready()
        folder = self.items or items.FOLDER
        proposal = promote.propose(sent, wording, items.load(folder), self.tools.masker)
        names = [r.strip() for r in reviewers if r.strip()]
        promote.append(promote.block(proposal, expect, near, names, date.today()), folder)  # noqa: DTZ011 - the organisation's calendar
        items.load.cache_clear()
        self.tools.log(actor, "evals.promote", proposal.id, {"expect": expect, "reviewers": names})
        alike = self.ui("alike", ids=", ".join(proposal.alike)) if proposal.alike else ""
        return _good(self.ui("promoted", id=proposal.id, alike=alike))

    def told(self, error: Exception) -> str:
        """What a trainer is told about an error."""
        if isinstance(error, PermissionError):
            return _bad(self.ui("forbidden"))
        if isinstance(error, VraagbaakError):
            return _bad(f"{error} {error.hint}")
        log.error("a trainer's action failed: %s", type(error).__name__)
        return _bad(self.ui("bug"))


def _good(text: str) -> str:
    return f'<p class="vb-notice" role="status">{escape(text)}</p>'


def _bad(text: str) -> str:
    return f'<p class="vb-notice vb-warn" role="alert">{escape(text)}</p>'


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if value != 1 else "1"


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f'<tr><th scope="row">{first}</th>{"".join(f"<td>{c}</td>" for c in rest)}</tr>' for first, *rest in rows)
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return (
        f'<div class="vb-table" tabindex="0" role="group" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# --- Gradio ---------------------------------------------------------------------------------------------------------------


def build(
    *, home: Path, language: Language, may: Callable[[Any, str], bool], who: Callable[[Any], str], tools: Tools
) -> gr.Blocks:
    """The page as Gradio blocks. may, who: asked with the request of every event."""
    import gradio as gr

    desk = Desk(home, tools, language)
    words = desk.ui

    def guarded(action: str, handler: Callable[..., Any], outputs: int) -> Callable[..., Any]:
        def run(request: Any, *values: Any) -> Any:
            try:
                if not may(request, action):
                    raise PermissionError(action)
                return handler(request, *values)
            except Exception as error:
                told = desk.told(error)
                return told if outputs == 1 else (told, *(gr.skip() for _ in range(outputs - 1)))

        run.__annotations__["request"] = gr.Request  # how Gradio learns that it should hand over the request
        return run

    def heading(name: str, hint: str = "") -> None:
        below = f'<p class="vb-hint">{escape(words(hint))}</p>' if hint else ""
        gr.HTML(f'<h2 class="vb-kop">{escape(words(name))}</h2>{below}', **_HTML)

    with gr.Blocks(title=words("title"), fill_width=True, analytics_enabled=False) as blocks:
        with gr.Column(elem_classes="vb-bench"):
            gr.HTML(
                f'<h1 class="vb-title">{escape(words("title"))}</h1><p class="vb-lead">{escape(words("lead"))}</p>', **_HTML
            )
            heading("run_title")
            pick = gr.Dropdown([], label=words("run_pick"), elem_id="vb-meet-uitgave")
            start = gr.Button(words("run_button"), variant="primary", elem_id="vb-meten")
            status = gr.HTML("", elem_id="vb-meting", **_HTML)
            heading("last")
            last = gr.HTML("", elem_id="vb-cijfers", **_HTML)
            heading("history")
            history = gr.HTML("", elem_id="vb-metingen", **_HTML)
            heading("compare")
            with gr.Row():
                one = gr.Dropdown([], label=words("compare_a"), elem_id="vb-meting-van")
                two = gr.Dropdown([], label=words("compare_b"), elem_id="vb-meting-naar")
            compare = gr.Button(words("compare_button"), elem_id="vb-metingen-vergelijk")
            compared = gr.HTML("", elem_id="vb-metingen-verschil", **_HTML)
            heading("promote", "promote_lead")
            sent = gr.Dropdown([], label=words("promote_pick"), elem_id="vb-gestuurd")
            wording = gr.Textbox(label=words("promote_wording"), max_length=1000, elem_id="vb-formulering")
            expect = gr.Radio(
                [(words("expect_answer"), "answer"), (words("expect_abstain"), "abstain")],
                value="answer",
                label=words("promote_expect"),
            )
            near = gr.Textbox(label=words("promote_nearest"), max_length=300)
            with gr.Row():
                first, second = (
                    gr.Textbox(label=words("promote_first"), max_length=64),
                    gr.Textbox(label=words("promote_second"), max_length=64),
                )
            add = gr.Button(words("promote_button"), elem_id="vb-word-testvraag")
            added = gr.HTML("", elem_id="vb-toegevoegd", **_HTML)
        clock = gr.Timer(LOOK_EVERY_S, active=False)

        live = [status, clock, last, history, pick, one, two, sent]

        def look(request: Any) -> tuple[Any, ...]:
            if tools.job.running:
                return desk.status(), gr.Timer(active=True), *(gr.skip() for _ in live[2:])
            known = desk.choices()
            lists = (
                gr.Dropdown(choices=desk.releases()),
                gr.Dropdown(choices=known),
                gr.Dropdown(choices=known),
                gr.Dropdown(choices=desk.feedback()),
            )
            return desk.status(), gr.Timer(active=False), desk.last(), desk.history(), *lists

        def started(request: Any, number: int | None) -> tuple[Any, ...]:
            if number is None:
                raise UsageError(words("run_pick"))
            tools.job.start(number)
            return desk.status(), gr.Timer(active=True)

        def promoted(request: Any, id: str | None, said: str, what: str, nearby: str, one_: str, two_: str) -> str:
            return desk.promote(who(request), id, said, what, nearby, (who(request) or one_, two_))

        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        blocks.load(guarded("evals.view", look, len(live)), None, live, **quiet)
        clock.tick(guarded("evals.view", look, len(live)), None, live, **quiet)
        start.click(guarded("evals.run", started, 2), [pick], [status, clock], **quiet)
        compare.click(guarded("evals.view", lambda request, a, b: desk.compare(a, b), 1), [one, two], [compared], **quiet)
        add.click(guarded("evals.edit", promoted, 1), [sent, wording, expect, near, first, second], [added], **quiet)
    queued: gr.Blocks = blocks.queue(default_concurrency_limit=4, api_open=False)
    return queued
