"""The question page in Gradio: one box, the conversation above it, and nothing that is kept longer than the window is open.

What was said before is held by the browser alone and comes along with the next question, masked, so that a dropped connection or a
restart of the server loses nothing, and no conversation can end up with somebody else. Gradio keeps the last values of the
components of a session in memory; `forget` removes these when the window is closed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from assistant import page_html
from assistant.answer import MAX_CHARACTERS, Assistant, Shelved
from assistant.model import Answer, Language, Turn
from assistant.page_html import Context
from assistant.reading import headings
from assistant.simpler import glossaries, simpler
from assistant.ui_wording import Example, ui
from assistant.wording import say
from corpus.errors import NoRelease, ReleaseError, VraagbaakError

if TYPE_CHECKING:
    import gradio as gr

log = logging.getLogger(__name__)

TURNS = 12  # earlier questions that are remembered
SAID_MOST = 4000  # characters of an earlier question or answer; more is cut, because a browser can send anything
IDLE_S = 60.0  # longer than any answer takes
AT_ONCE = 8  # questions that are answered at the same time; each takes one thread


@dataclass(frozen=True, slots=True)
class AskPage:
    """What the page needs. days: retention of feedback; feedback: whether it can be sent at all."""

    assistant: Assistant
    language: Language = "nl"
    feedback: bool = True
    days: int = 90

    def respond(self, text: str, past: str) -> tuple[str, str, str]:
        """(the new turn as HTML, the conversation for the browser to hold, what stays in the box) after a question. Never raises.

        past: the conversation as this function returned it before, "" at its beginning.
        """
        turns, number = conversation_from(past)
        if not text.strip():
            return page_html.failed(say("empty_question", self.language), self.language, number + 1), past, text
        try:
            answer = self.assistant.ask(text, turns, self.language)
            context = context_for(self.assistant.current(), answer, self.language, self.assistant.today())
            html = page_html.turn(answer, replace(context, feedback=self.feedback, days=self.days), number + 1)
        except Exception as error:  # the reader gets a sentence, the log gets no word of the question
            log.error("a question failed: %s at %s", type(error).__name__, _where(error))
            return page_html.failed(told(error, self.language), self.language, number + 1), past, text
        said = Turn(answer.question.text, " ".join(s.text for s in answer.sentences))
        return html, conversation_to((*turns, said), number + 1), ""

    def examples(self) -> str:
        """Questions to start with; what is wrong as long as no release can be opened."""
        try:
            return page_html.examples_html(examples(self.assistant.current(), self.assistant.today()), self.language)
        except VraagbaakError as error:
            return page_html.problem(told(error, self.language))


def conversation_to(turns: Sequence[Turn], number: int) -> str:
    """What the browser holds: how many questions there were, and the last of them with their answers, all masked."""
    return json.dumps({"n": number, "turns": [[t.question, t.answer[:SAID_MOST]] for t in turns[-TURNS:]]}, ensure_ascii=False)


def conversation_from(held: str) -> tuple[tuple[Turn, ...], int]:
    """The inverse of `conversation_to`. It comes from a browser: anything unexpected is an empty conversation."""
    try:
        raw = json.loads(held)
        turns = tuple(Turn(str(q)[:SAID_MOST], str(a)[:SAID_MOST]) for q, a in raw["turns"][-TURNS:])
        return turns, min(max(int(raw["n"]), len(turns)), 9999)
    except (ValueError, TypeError, KeyError):
        return (), 0


def examples(shelved: Shelved, today: date) -> tuple[Example, ...]:
    """Questions to start with, that the texts of this release can answer."""
    release = shelved.search.release
    valid = [s for s in release.sources if s.answers_on(today)]
    known = page_html.examples_for({s.code for s in valid})
    if known:
        return known
    questions: list[str] = []
    for source in valid[:30]:
        if release.parsed(source.key):
            questions += [h.text for h in headings(release.document(source.key)) if h.text.endswith("?")]
    return page_html.examples_for((), questions)


def context_for(shelved: Shelved, answer: Answer, language: Language, today: date) -> Context:
    """What the view of an answer needs of the release."""
    release = shelved.search.release
    answering = frozenset(s.key for s in release.sources if s.answers_on(today))
    plain = simpler(answer, release, glossaries(release.by_key, answering)) if answer.sentences else ()
    return Context(
        today,
        language,
        frozenset(s.code for s in release.sources if s.key in answering),
        plain,
        tuple((p.source, release.by_key[p.source]) for p in plain),
    )


def told(error: Exception, language: Language) -> str:
    """What the reader is told to do about an error."""
    if isinstance(error, NoRelease):
        return ui("error_no_release", language)
    if isinstance(error, ReleaseError):
        return ui("error_corpus", language)
    return ui("error_bug", language)


def _where(error: Exception) -> str:
    """File and line of the innermost frame: enough to find a bug, and no value of any variable."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


# --- Gradio -------------------------------------------------------------------------------------------------------------------


def build(page: AskPage, allow: Callable[[Any], bool] = lambda request: True) -> gr.Blocks:
    """The page as Gradio blocks. allow: whether the person behind a request may ask; checked with every question."""
    import gradio as gr

    language = page.language
    title = f"{ui('app', language)} – {ui('nav_ask', language)}"
    with gr.Blocks(title=title, fill_width=True, analytics_enabled=False) as blocks:
        past = gr.Textbox("", visible=False)
        html: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
        gr.HTML(page_html.welcome(language), elem_id="vb-welkom", **html)
        gr.HTML('<div id="vb-eerder"></div>', **html)
        shown = gr.HTML("", elem_id="vb-gesprek", **html)
        gr.HTML(_busy(language), elem_id="vb-onder", **html)
        with gr.Row(elem_id="vb-vraagvak"):
            box = gr.Textbox(
                label=ui("ask_label", language),
                placeholder=ui("ask_placeholder", language),
                lines=1,
                max_lines=5,
                max_length=MAX_CHARACTERS,
                elem_id="vb-vraag",
                # no form history, no session restore, and no spelling service that sends the text away
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", autocorrect="off", spellcheck=False),
            )
            send = gr.Button(ui("ask_button", language), variant="primary", elem_id="vb-verstuur", scale=0)
            fresh = gr.Button(ui("ask_new", language), elem_id="vb-nieuw", scale=0)

        themes = gr.HTML("", elem_id="vb-voorbeelden", **html)

        def ask(text: str, held: str, request: Any) -> tuple[str, str, str]:
            if not allow(request):
                return page_html.failed(ui("forbidden", language), language, 1), held, text
            return page.respond(text, held)

        def leave(request: Any) -> None:
            forget(blocks, request.session_hash)

        for handler in (ask, leave):  # how Gradio learns that it should hand over the request
            handler.__annotations__["request"] = gr.Request
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": AT_ONCE}
        gr.on([box.submit, send.click], ask, [box, past], [shown, past, box], trigger_mode="once", **quiet)
        fresh.click(lambda: ("", "", ""), None, [shown, past, box], **quiet)
        blocks.load(page.examples, None, themes, **quiet)
        blocks.unload(leave)
    made: gr.Blocks = blocks.queue(default_concurrency_limit=AT_ONCE, api_open=False)
    return made


def _busy(language: Language) -> str:
    """The line that says that the answer is being looked for; filled and shown by app.js."""
    from html import escape

    words = {name: ui(name, language) for name in ("busy", "busy_long", "lost", "again")}
    data = " ".join(f'data-{name.replace("_", "-")}="{escape(text)}"' for name, text in words.items())
    return f'<div id="vb-bezig" {data} hidden><span class="vb-dots3" aria-hidden="true"></span><span class="vb-bezig-tekst"></span></div>'


def forget(blocks: Any, session: str | None) -> None:
    """Remove everything Gradio keeps of a browser session, the last value of each component among it."""
    holder = blocks.state_holder
    with holder.lock:
        holder.session_data.pop(session, None)
        holder.time_last_used.pop(session, None)
    blocks._queue.pending_messages_per_session.pop(session, None)  # an empty queue by now, or one that nobody reads


def forget_idle(blocks: Any, idle_s: float = IDLE_S) -> None:
    """Forget the sessions that were not used lately: a phone that lost its connection never says that it left.

    Nothing is lost by it, because the conversation is in the browser.
    """
    oldest = datetime.now() - timedelta(seconds=idle_s)  # noqa: DTZ005 - the clock Gradio reads
    for session, used in list(blocks.state_holder.time_last_used.items()):
        if used < oldest:
            forget(blocks, session)
