"""The page Beheer in Gradio: tabs, forms and buttons. What they do is in `desk`.

Each event makes an `Actor` of the person behind its request, and every action asks that actor again: a button that is not shown
protects nothing. A file that is sent is read once and removed from where Gradio put it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.model import STATUSES, Source
from ingest import cli, drafts, proposals
from ingest.desk import LOG_ROWS, Desk, Tools
from ingest.edit import EDITABLE, Actor, Bench, EditError
from ingest.page_html import bad, changes_log
from ingest.page_html import releases as releases_html
from ingest.ui_wording import Language
from ingest.upload import Upload

if TYPE_CHECKING:
    import gradio as gr

KEEP_UPLOAD_S = 1800  # a file that was sent and not kept is forgotten
AT_ONCE = 4  # events of one kind; a build of a release waits for the writer's lock anyway
_WAITING = '<div class="vb-ghost"></div>'
_HTML: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
_DAYS = ("valid_from", "valid_until", "review_by")


def build(
    *, home: Path, settings: Any, language: Language, may: Callable[[Any, str], bool], who: Callable[[Any], str], tools: Tools
) -> gr.Blocks:
    """The page. may, who: asked with the request of every event."""
    desk = Desk(open_bench(home, settings, tools.today), tools, language, bool(settings.serve.accounts))

    def actor(request: Any) -> Actor:
        name = who(request)
        return Actor(name, lambda action: may(request, action), lambda *row: tools.log(name, *row), tools.ready)

    return _Page(desk, actor).blocks()


def open_bench(home: Path, settings: Any, today: Callable[[], date] = date.today) -> Bench:
    """The bench of the settings (vraagbaak.settings.Settings)."""

    def made(folder: Path, **more: Any) -> Any:
        return cli.build(folder, home, settings, **more)

    return Bench(home, made, settings.corpus.path, settings.serve.upload_mb, today)


@dataclass(slots=True)
class _Live:
    """Parts of the page that are filled anew after every action, with what fills them."""

    parts: list[tuple[Any, Callable[[], Any]]]

    def add(self, part: Any, fill: Callable[[], Any]) -> Any:
        """Remember a part."""
        self.parts.append((part, fill))
        return part


class _Page:
    """Builds the blocks; one per language."""

    def __init__(self, desk: Desk, actor: Callable[[Any], Actor]) -> None:
        self.desk, self.actor, self.live = desk, actor, _Live([])
        # connected last, when every part that must be filled anew is known: (trigger, handler, inputs, outputs, kind)
        self.pending: list[tuple[Any, Callable[..., Any], Any, Any, str]] = []

    def blocks(self) -> gr.Blocks:
        """The whole page."""
        import gradio as gr

        ui = self.desk.ui
        with gr.Blocks(title=ui("title"), fill_width=True, analytics_enabled=False) as blocks:
            with gr.Column(elem_classes="vb-bench"):
                gr.HTML(f'<h1 class="vb-title">{escape(ui("title"))}</h1><p class="vb-lead">{escape(ui("lead"))}</p>', **_HTML)
                self.live.add(gr.HTML(_WAITING, elem_id="vb-stand", **_HTML), self.desk.state)
                self.current = self.live.add(gr.State(0), self._current)
                self.seen = self.live.add(gr.State(None), lambda: drafts.open_draft(self.desk.bench.home))
                with gr.Tabs():
                    for name in ("texts", "add", "try", "attention", "cards", "gaps", "log"):
                        with gr.Tab(ui(f"tab_{name}"), elem_id=f"vb-tab-{name}") as opened:
                            self._gaps(opened) if name == "gaps" else getattr(self, f"_{name}")()
            parts = [part for part, _ in self.live.parts]
            blocks.load(self._refresher(), None, parts, show_progress="hidden", api_visibility="private")
            for trigger, handler, inputs, outputs, kind in self.pending:
                self._connect(trigger, handler, inputs, outputs, kind)
        queued: gr.Blocks = blocks.queue(default_concurrency_limit=AT_ONCE, api_open=False)
        return queued

    # --- events -----------------------------------------------------------------------------------------------------------

    def act(
        self, trigger: Any, handler: Callable[..., Any], inputs: Sequence[Any], notice: Any, *, progress: bool = False
    ) -> None:
        """A change: `handler(actor, *values)` gives HTML for `notice`; afterwards the page is filled anew."""
        self.pending.append((trigger, self._guarded(handler, 1, progress), list(inputs), [notice], "act"))

    def view(self, trigger: Any, handler: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Looking at something: `handler(actor, *values)` gives a value for each output, or HTML for the only one."""
        self.pending.append((trigger, self._guarded(handler, len(outputs), False), list(inputs), list(outputs), "view"))

    def _connect(self, trigger: Any, handler: Callable[..., Any], inputs: Any, outputs: Any, kind: str) -> None:
        done = trigger(handler, inputs, outputs, api_visibility="private", trigger_mode="once", show_progress="minimal")
        if kind == "act":
            parts = [part for part, _ in self.live.parts]
            done.then(self._refresher(), None, parts, api_visibility="private", show_progress="hidden")

    def _guarded(self, handler: Callable[..., Any], outputs: int, progress: bool) -> Callable[..., Any]:
        """The event for Gradio: the role is asked first, and an error becomes a sentence in the first output."""
        import gradio as gr

        def run(request: Any, *values: Any) -> Any:
            return self._ran(handler, outputs, request, values)

        def run_with_progress(request: Any, bar: Any = gr.Progress(), *values: Any) -> Any:  # noqa: B008 - Gradio's way to ask for it
            def told(*where: Any) -> None:
                done, total = where[-2:]
                bar(done / max(total, 1))

            return self._ran(handler, outputs, request, (*values, told))

        chosen = run_with_progress if progress else run
        chosen.__annotations__["request"] = gr.Request  # how Gradio learns that it should hand over the request
        return chosen

    def _ran(self, handler: Callable[..., Any], outputs: int, request: Any, values: Sequence[Any]) -> Any:
        import gradio as gr

        try:
            actor = self.actor(request)
            actor.need("corpus.view")
            return handler(actor, *values)
        except Exception as error:
            told = self.desk.told(error)
            return told if outputs == 1 else (told, *(gr.skip() for _ in range(outputs - 1)))

    def _refresher(self) -> Callable[..., Any]:
        import gradio as gr

        def refresh(request: Any) -> list[Any]:
            if not self.actor(request).may("corpus.view"):
                return [gr.skip() for _ in self.live.parts]
            return [self._filled(fill) for _, fill in self.live.parts]

        refresh.__annotations__["request"] = gr.Request
        return refresh

    def _filled(self, fill: Callable[[], Any]) -> Any:
        import gradio as gr

        try:
            return fill()
        except Exception as error:
            self.desk.told(error)  # leaves its place in the log
            return gr.skip()

    def _current(self) -> int:
        kept = drafts.kept_releases(self.desk.bench.home)
        return next((k.number for k in kept if k.current), 0)

    # --- tabs -------------------------------------------------------------------------------------------------------------

    def _notice(self, name: str) -> Any:
        import gradio as gr

        return gr.HTML("", elem_id=f"vb-melding-{name}", **_HTML)

    def _pick(self, label: str, name: str, choices: Callable[[], Sequence[tuple[str, Any]]]) -> Any:
        """A list to choose from, filled anew after every action."""
        import gradio as gr

        part = gr.Dropdown([], label=label, value=None, elem_id=f"vb-kies-{name}", filterable=True)
        return self.live.add(part, lambda: gr.Dropdown(choices=list(choices()), value=None))

    def _keys(self) -> list[tuple[str, str]]:
        return [(f"{s.key} {s.title}", s.key) for s in self.desk.bench.sources()]

    def _fields(self, names: Sequence[str], prefix: str) -> dict[str, Any]:
        import gradio as gr

        ui = self.desk.ui
        made: dict[str, Any] = {}
        for name in names:
            if name == "status":
                made[name] = gr.Dropdown(list(STATUSES), label=ui("f_status"), value="geldig", elem_id=f"vb-{prefix}-{name}")
            else:
                info = ui("f_code_info") if name == "code" else None
                made[name] = gr.Textbox(
                    label=ui(f"f_{name}"), info=info, max_lines=1, max_length=300, elem_id=f"vb-{prefix}-{name}"
                )
        return made

    def _texts(self) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        self.live.add(gr.HTML("", elem_id="vb-teksten", **_HTML), desk.texts)
        pick = self._pick(ui("pick_text"), "tekst", self._keys)
        row = gr.State(None)
        with gr.Row():
            fields = self._fields(EDITABLE, "veld")
        notice = self._notice("tekst")
        with gr.Row():
            save = gr.Button(ui("save"), variant="primary", elem_id="vb-opslaan")
            retire = gr.Button(ui("retire"), elem_id="vb-vervallen")
            look = gr.Button(ui("pieces_button"), elem_id="vb-geknipt")
        with gr.Accordion(ui("erase_title"), open=False):
            gr.HTML(f'<p class="vb-hint">{escape(ui("erase_lead"))}</p>', **_HTML)
            typed = gr.Textbox(label=ui("erase_confirm", what="CODE@VERSIE"), max_lines=1, elem_id="vb-wis-zeker")
            erase = gr.Button(ui("erase_button"), variant="stop", elem_id="vb-wis")

        def chosen(actor: Actor, key: str | None) -> tuple[Any, ...]:
            found = desk.bench.source(key) if key else None
            shown = [str(getattr(found, f) or "") if found else "" for f in fields]
            return "", found, *shown

        def saved(actor: Actor, seen: Source | None, *values: str) -> str:
            return desk.save(actor, seen, dict(zip(fields, values, strict=True)))

        def need(key: str | None) -> str:
            if not key:
                raise EditError("pick_text")
            return key

        self.view(pick.input, chosen, [pick], [notice, row, *fields.values()])
        self.act(save.click, saved, [row, *fields.values()], notice)
        self.act(retire.click, lambda actor, key: desk.retire(actor, need(key)), [pick], notice)
        self.view(look.click, lambda actor, key: desk.pieces(need(key)), [pick], [notice])
        self.act(erase.click, lambda actor, key, sure: desk.erase(actor, key or "", sure), [pick, typed], notice)

    def _add(self) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        what = gr.Radio(
            [(ui("new_text"), "new"), (ui("new_version"), "version")], value="new", label=ui("what_for"), elem_id="vb-soort"
        )
        old = self._pick(ui("version_of"), "oud", self._keys)
        file = gr.File(label=ui("file", mb=desk.bench.upload_mb), file_count="single", elem_id="vb-bestand", height=140)
        gr.HTML(f'<p class="vb-hint">{escape(ui("file_hint"))}</p>', **_HTML)
        shown = gr.HTML("", elem_id="vb-verslag", **_HTML)
        sent = gr.State(None, time_to_live=KEEP_UPLOAD_S)
        with gr.Row():
            fields = self._fields(("code", "title", "version", "owner", "audience", "valid_from", "review_by"), "nieuw")
        keep = gr.Button(ui("keep"), variant="primary", elem_id="vb-bewaren")
        notice = self._notice("bewaren")

        def looked_at(actor: Actor, path: str | None) -> tuple[Any, ...]:
            if not path:
                return "", None, None
            html, upload = desk.look_at(actor, path)
            return html, upload, None  # the box is emptied: the file is no longer where Gradio put it

        def kept(actor: Actor, upload: Upload | None, kind: str, key: str | None, *values: str) -> str:
            return desk.keep(actor, upload, None if kind == "new" else key or "", dict(zip(fields, values, strict=True)))

        self.view(file.upload, looked_at, [file], [shown, sent, file])
        self.act(keep.click, kept, [sent, what, old, *fields.values()], notice)

    def _try(self) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        make = gr.Button(ui("draft_button"), variant="primary", elem_id="vb-concept")
        notice = self._notice("concept")
        self._heading("changes_title")
        self.live.add(
            gr.HTML("", elem_id="vb-wijzigingen", **_HTML), lambda: desk.changes() if drafts.open_draft(desk.bench.home) else ""
        )
        self._heading("try_title", "try_hint")
        question = gr.Textbox(
            label=ui("try_label"), max_lines=3, max_length=1000, elem_id="vb-probeer-vraag",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
        )  # fmt: skip
        attempt = gr.Button(ui("try_button"), elem_id="vb-probeer")
        tried = gr.HTML("", elem_id="vb-geprobeerd", **_HTML)
        self._heading("compare_title")
        several = gr.Textbox(label=ui("compare_label"), lines=3, max_lines=8, elem_id="vb-vergelijk-vragen")
        compare = gr.Button(ui("compare_button"), elem_id="vb-vergelijk")
        compared = gr.HTML("", elem_id="vb-vergeleken", **_HTML)
        self._heading("gate_title")
        measured = self.live.add(gr.HTML("", elem_id="vb-poort", **_HTML), desk.gate)
        measure = gr.Button(ui("gate_button"), elem_id="vb-meet")
        reason = gr.Textbox(label=ui("reason"), max_lines=3, max_length=500, elem_id="vb-reden")
        with gr.Row():
            publish = gr.Button(ui("publish_button"), variant="primary", elem_id="vb-publiceer")
            discard = gr.Button(ui("discard_button"), elem_id="vb-weggooien")
        done = self._notice("publiceren")
        self._releases(reason, done)

        self.act(make.click, lambda actor, bar: desk.draft(actor, bar), [], notice, progress=True)
        self.view(attempt.click, lambda actor, text: desk.attempt(text), [question], [tried])
        self.view(question.submit, lambda actor, text: desk.attempt(text), [question], [tried])
        self.view(compare.click, lambda actor, text: desk.compare(text), [several], [compared])
        self.act(measure.click, lambda actor, bar: desk.measure(actor, bar), [], measured, progress=True)
        self.act(publish.click, desk.publish, [self.seen, reason], done)
        self.act(discard.click, lambda actor: desk.discard(actor), [], done)

    def _releases(self, reason: Any, done: Any) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        home = desk.bench.home
        self._heading("releases_title")
        self.live.add(
            gr.HTML("", elem_id="vb-uitgaven", **_HTML), lambda: releases_html(drafts.kept_releases(home), desk.language)
        )

        def numbers(earlier: bool) -> list[tuple[str, int]]:
            return [(str(k.number), k.number) for k in drafts.kept_releases(home) if not earlier or not (k.current or k.draft)]

        back = self._pick(ui("back_label"), "terug", lambda: numbers(True))
        roll = gr.Button(ui("back_button"), elem_id="vb-terugzetten")
        self._heading("diff_title")
        with gr.Row():
            old = self._pick(ui("diff_old"), "van", lambda: numbers(False))
            new = self._pick(ui("diff_new"), "naar", lambda: numbers(False))
        diff = gr.Button(ui("diff_button"), elem_id="vb-verschil-knop")
        differs = gr.HTML("", elem_id="vb-verschil", **_HTML)

        def difference(actor: Actor, one: int | None, two: int | None) -> str:
            return desk.diff(one, two) if one and two else bad(ui("back_pick"))

        self.act(roll.click, desk.roll_back, [back, self.current, reason], done)
        self.view(diff.click, difference, [old, new], [differs])

    def _heading(self, title: str, hint: str = "") -> None:
        import gradio as gr

        below = f'<p class="vb-hint">{escape(self.desk.ui(hint))}</p>' if hint else ""
        gr.HTML(f'<h2 class="vb-kop">{escape(self.desk.ui(title))}</h2>{below}', **_HTML)

    def _attention(self) -> None:
        import gradio as gr

        again = gr.Button(self.desk.ui("attention_refresh"), elem_id="vb-opnieuw-kijken", scale=0)
        shown = self.live.add(gr.HTML("", elem_id="vb-aandacht", **_HTML), self.desk.attention)
        self.view(again.click, lambda actor: self.desk.attention(), [], [shown])

    def _cards(self) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        gr.HTML(f"<p>{escape(ui('two_people'))}</p>" + ("" if desk.accounts else bad(ui("accounts_needed"))), **_HTML)
        notice = self._notice("kaarten")
        self._heading("queue_title")
        self.live.add(gr.HTML("", elem_id="vb-wachtrij", **_HTML), desk.queue)
        waits = self._pick(
            ui("queue_pick"),
            "voorstel",
            lambda: [(f"{p.subject} ({p.by}, {p.day})", p.id) for p in proposals.waiting(desk.bench.home)],
        )
        with gr.Row():
            approve, reject = (
                gr.Button(ui("approve"), variant="primary", elem_id="vb-keur-goed"),
                gr.Button(ui("reject"), elem_id="vb-wijs-af"),
            )
        self.act(approve.click, lambda actor, id: desk.decide(actor, id, True), [waits], notice)
        self.act(reject.click, lambda actor, id: desk.decide(actor, id, False), [waits], notice)
        self._card_form(notice)
        self._word_form(notice)

    def _card_form(self, notice: Any) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        self._heading("card_pick")
        pick = self._pick(
            ui("card_pick"), "kaart", lambda: [(f"{c['title']} ({s})", s) for s, c in proposals.cards(desk.bench).items()]
        )
        boxes = {
            name: gr.Textbox(
                label=ui(f"card_{name}"),
                lines=5 if name.startswith("lines") else 1,
                max_length=4000,
                elem_id=f"vb-kaart-{name}",
            )
            for name in proposals.CARD_FIELDS
        }
        send = gr.Button(ui("propose"), elem_id="vb-kaart-voorstel")

        def chosen(actor: Actor, subject: str | None) -> tuple[str, ...]:
            card = proposals.card(desk.bench, subject) if subject else {}
            found = (card.get(name, "") for name in boxes)
            return "", *("\n".join(v) if isinstance(v, list) else str(v) for v in found)

        def proposed(actor: Actor, subject: str | None, *values: str) -> str:
            return desk.propose_card(actor, subject, dict(zip(boxes, values, strict=True)))

        self.view(pick.input, chosen, [pick], [notice, *boxes.values()])
        self.act(send.click, proposed, [pick, *boxes.values()], notice)

    def _word_form(self, notice: Any) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        self._heading("word_title")

        def names() -> list[tuple[str, str]]:
            return [
                (f"{r['term']}: {', '.join(r['variants'])[:60]}", str(i)) for i, r in enumerate(proposals.relations(desk.bench))
            ]

        pick, before = self._pick(ui("word_pick"), "woord", names), gr.State({})
        with gr.Row():
            boxes = [
                gr.Textbox(label=ui(f"word_{n}"), max_lines=2, max_length=500, elem_id=f"vb-woord-{n}")
                for n in ("term", "variants", "weight")
            ]
        with gr.Row():
            send, drop = (
                gr.Button(ui("propose"), elem_id="vb-woord-voorstel"),
                gr.Button(ui("word_remove"), elem_id="vb-woord-schrap"),
            )

        def chosen(actor: Actor, place: str | None) -> tuple[Any, ...]:
            known = proposals.relations(desk.bench)
            row = known[int(place)] if place is not None and int(place) < len(known) else {}
            return (
                "",
                row,
                row.get("term", ""),
                ", ".join(row.get("variants", ())),
                str(row.get("weight", "")).replace(".", ","),
            )

        self.view(pick.input, chosen, [pick], [notice, before, *boxes])
        self.act(send.click, lambda actor, *v: desk.propose_word(actor, *v), [before, *boxes], notice)
        self.act(drop.click, lambda actor, was, *v: desk.drop_word(actor, was), [before, *boxes], notice)

    def _gaps(self, opened: Any) -> None:
        import gradio as gr

        shown = gr.HTML(_WAITING, elem_id="vb-gaten", **_HTML)

        def looked(actor: Actor) -> str:
            actor.need("gaps.view")
            return self.desk.tools.gaps(self.desk.language)

        self.view(opened.select, looked, [], [shown])  # asks some sixty questions, so only for who looks

    def _log(self) -> None:
        import gradio as gr

        desk, ui = self.desk, self.desk.ui
        self._heading("log_title")
        self.live.add(gr.HTML("", elem_id="vb-logboek", **_HTML), lambda: changes_log(desk.tools.rows(LOG_ROWS), desk.language))
        self._heading("export_title", "export_lead")
        gr.HTML(f'<p><a class="vb-small" href="/beheer/export.zip" download>{escape(ui("export_link"))}</a></p>', **_HTML)
