"""Our own addresses beside Gradio's: the knowledge base, about, sources, feedback, logging in, health. Thin: each reads the request,
calls a room, and wraps the HTML it gets in a page.

    GET  /kennisbank              all texts            POST /kennisbank   search (in the body, so that it is in no address or history)
    GET  /kennisbank/N01[@3.0]    one text; ?van=&tot= highlights
    GET  /over                    about and privacy    (all of these also below /en)
    GET  /bron?tekst=&van=&tot=   the section around a quotation, as a fragment; /bron/pagina adds &pagina= and gives a PNG
    POST /terugkoppeling/bekijk   what feedback would be stored, masked; POST /terugkoppeling stores it
    GET/POST /inloggen, POST /uitloggen, GET /healthz, GET /eigen/NAME (style, scripts)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from assistant import about_page, library_page, source_view
from assistant.about_page import Quality
from assistant.answer import Assistant, Shelved
from assistant.journal import Feedback, Journal, MaskerNotReady
from assistant.library_page import Reader
from assistant.page import told
from assistant.source_view import Marks, Place
from assistant.ui_wording import ui
from corpus.errors import ReleaseError, VraagbaakError
from vraagbaak import frame, wording
from vraagbaak.access import AccessSettings, Accounts, LoginRefused, csrf_fits
from vraagbaak.doorman import address_of, cookie, set_cookie
from vraagbaak.frame import Frame
from vraagbaak.theme import TYPES, static

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger(__name__)

LISTED_MOST = 40  # passages of one answer


@dataclass(frozen=True, slots=True)
class Pages:
    """What these pages need. corpus: gives the folder with the original files, which trainers may
    replace by their own. journal: None when no feedback can be stored."""

    home: Path
    corpus: Callable[[], Path]
    assistant: Assistant
    accounts: Accounts
    access: AccessSettings
    journal: Journal | None
    ready: Callable[[], str]  # "ready", "loading", or what is wrong in one word
    quality: Callable[[int], Quality | None] = lambda release: None

    def routes(self) -> list[tuple[str, Callable[[Request], Any], list[str]]]:
        """(path, handler, methods), for both languages where a page has two."""
        both: list[tuple[str, Callable[[Request], Any], list[str]]] = [
            ("/kennisbank", self.library, ["GET"]),
            ("/kennisbank", self.search, ["POST"]),
            ("/kennisbank/{name:path}", self.text, ["GET"]),
            ("/over", self.about, ["GET"]),
            ("/inloggen", self.login, ["GET"]),
            ("/inloggen", self.log_in, ["POST"]),
        ]
        one: list[tuple[str, Callable[[Request], Any], list[str]]] = [
            ("/bron", self.source, ["GET"]),
            ("/bron/pagina", self.picture, ["GET"]),
            ("/terugkoppeling/bekijk", self.preview, ["POST"]),
            ("/terugkoppeling", self.send, ["POST"]),
            ("/uitloggen", self.log_out, ["POST"]),
            ("/healthz", self.health, ["GET"]),
            ("/eigen/{name}", self.own_file, ["GET"]),
            ("/favicon.ico", self.icon, ["GET"]),
            ("/robots.txt", self.robots, ["GET"]),
        ]
        return [*both, *((f"/en{path}", handler, methods) for path, handler, methods in both), *one]

    # reading

    def library(self, request: Request) -> Response:
        """All texts."""
        here = _frame(request)
        return self._page(here, "library_title", lambda shelved: library_page.overview(shelved.search.release, self._reader(here)))

    async def search(self, request: Request) -> Response:
        """What was typed is in the body, and in nothing else."""
        from starlette.concurrency import run_in_threadpool

        here = _frame(request)
        words = _form(await request.body()).get("zoek", "")[:300]

        def found(shelved: Shelved) -> str:
            reader = self._reader(here)
            return library_page.overview(shelved.search.release, reader, library_page.searched(shelved, words, reader), words)

        return await run_in_threadpool(self._page, here, "library_title", found)

    def text(self, request: Request) -> Response:
        """One text, whole."""
        here = _frame(request)
        name = unquote(request.path_params["name"]).strip("/")
        marks = Marks(_number(request, "van"), _number(request, "tot"))
        try:
            title, body = library_page.text_page(self.assistant.current().search.release, name, self._reader(here), marks)
        except ReleaseError:
            return _html(frame.problem_page(here, ui("error_not_found", here.language), ui("error_not_found_hint", here.language)), 404)
        return _html(frame.page(here, title, body, "vb-wide"))

    def about(self, request: Request) -> Response:
        """Over & privacy; also without a release."""
        here = _frame(request)
        try:
            shelved: Shelved | None = self.assistant.current()
        except VraagbaakError:
            shelved = None
        quality = self.quality(shelved.shelf.number) if shelved else None
        body = about_page.about(shelved, self.assistant.today(), here.language, quality)
        return _html(frame.page(here, ui("about_title", here.language), body, "vb-narrow"))

    def _reader(self, here: Frame) -> Reader:
        return Reader(self.assistant.today(), here.language, self.home)

    def _page(self, here: Frame, title: str, body: Callable[[Shelved], str]) -> Response:
        try:
            inside, status = body(self.assistant.current()), 200
        except VraagbaakError as error:
            log.error("a page failed: %s", error)
            return _html(frame.problem_page(here, ui("error_title", here.language), told(error, here.language)), 503)
        return _html(frame.page(here, ui(title, here.language), inside), status)

    # sources

    def source(self, request: Request) -> Response:
        """The section around a quotation."""
        language: wording.Language = "en" if request.query_params.get("taal") == "en" else "nl"
        try:
            release = self.assistant.current().search.release
            html = source_view.view(release, _place(request), self.assistant.today(), language, corpus=self.corpus())
        except VraagbaakError:
            return _html(f'<p class="vb-notice vb-warn" role="alert">{ui("error_source", language)}</p>', 404)
        return _html(html)

    def picture(self, request: Request) -> Response:
        """The page of a PDF with the quotation marked."""
        from starlette.responses import PlainTextResponse, Response

        place, page = _place(request), _number(request, "pagina")
        try:
            release = self.assistant.current().search.release
            source = release.by_key.get(place.source)
            path = source_view.original(release, source, self.corpus()) if source else None
            if path is None or path.suffix.lower() != ".pdf":
                return PlainTextResponse("", 404)
            return Response(source_view.page_picture(path, release.document(place.source), place, page), media_type="image/png")
        except VraagbaakError:
            return PlainTextResponse("", 404)

    # feedback

    async def preview(self, request: Request) -> Response:
        """What would be stored, word for word; nothing is."""
        return await self._feedback(request, lambda journal, feedback: journal.masked(feedback))

    async def send(self, request: Request) -> Response:
        """Store what was shown before."""
        return await self._feedback(request, lambda journal, feedback: journal.add(feedback))

    async def _feedback(self, request: Request, act: Callable[[Journal, Feedback], Feedback]) -> Response:
        from starlette.concurrency import run_in_threadpool

        if not request.state.visitor.may("feedback") or self.journal is None:
            return _json({"error": "not allowed"}, 403)
        try:
            feedback = feedback_from(json.loads(await request.body()))
            done = await run_in_threadpool(act, self.journal, feedback)
        except MaskerNotReady:
            return _json({"error": "wait"}, 503)
        except (ValueError, TypeError, KeyError, AttributeError):
            return _json({"error": "not as expected"}, 400)
        except VraagbaakError as error:
            log.error("feedback could not be stored: %s", type(error).__name__)
            return _json({"error": "failed"}, 500)
        shown = {k: v for k, v in asdict(done).items() if k not in ("id", "day")}
        return _json(shown)

    # logging in

    def login(self, request: Request) -> Response:
        """The form."""
        return _html(frame.login_page(_frame(request), goal=_goal(request.query_params.get("doel", "/"))))

    async def log_in(self, request: Request) -> Response:
        """Open a session, or say why not; the same words for an unknown name and a wrong password."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import RedirectResponse

        here, form = _frame(request), _form(await request.body())
        goal = _goal(form.get("doel", "/"))
        address = address_of(request.scope, self.access)
        try:
            account = await run_in_threadpool(self.accounts.verify, form.get("naam", ""), form.get("wachtwoord", ""), address)
        except LoginRefused as refused:
            return _html(frame.login_page(here, refused.text(here.language), goal), 429 if refused.wait_s else 403)
        session = await run_in_threadpool(self.accounts.open_session, account)
        return RedirectResponse(goal, 303, {"Set-Cookie": set_cookie(session, request.scope, self.access)})

    async def log_out(self, request: Request) -> Response:
        """End the session; only from a page of that session."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import RedirectResponse

        token = cookie(request.headers.get("cookie", ""))
        session = await run_in_threadpool(self.accounts.session, token)
        if session is not None:
            if not csrf_fits(session, _form(await request.body()).get("csrf", "")):
                here = _frame(request)
                return _html(frame.problem_page(here, wording.say("csrf_wrong", here.language), ""), 403)
            await run_in_threadpool(self.accounts.close_session, token)
        return RedirectResponse("/inloggen", 303, {"Set-Cookie": set_cookie(None, request.scope, self.access)})

    # small things

    def health(self, request: Request) -> Response:
        """Whether questions can be answered; says nothing about who, what or how much."""
        state = self.ready()
        return _json({"status": state}, 200 if state in ("ready", "loading") else 503)

    def own_file(self, request: Request) -> Response:
        """A style sheet, script or picture of the app."""
        from starlette.responses import PlainTextResponse, Response

        name = request.path_params["name"]
        try:
            return Response(static(name), media_type=TYPES["." + name.rsplit(".", 1)[-1]])
        except (FileNotFoundError, KeyError):
            return PlainTextResponse("", 404)

    def icon(self, request: Request) -> Response:
        """For browsers that ask without looking in the page."""
        from starlette.responses import Response

        return Response(static("vraagbaak.svg"), media_type=TYPES[".svg"])

    def robots(self, request: Request) -> Response:
        """Nothing here is for search engines."""
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("User-agent: *\nDisallow: /\n")


def feedback_from(raw: Any) -> Feedback:
    """The feedback that a page sends. Raises ValueError, TypeError, KeyError or AttributeError for anything else."""

    def text(name: str) -> str:
        return str(raw.get(name) or "")

    def listed(name: str) -> tuple[str, ...]:
        return tuple(str(x) for x in list(raw.get(name) or ())[:LISTED_MOST])

    return Feedback(
        raw["verdict"], text("question"), text("note"), raw.get("status", "answered"), int(raw.get("release") or 0),
        listed("passages"), listed("shown"), text("topic"),
    )  # fmt: skip


def _goal(path: str) -> str:
    """Where to go after logging in: only ever a page of this site."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path
    return path if fine else "/"


def _place(request: Request) -> Place:
    return Place(request.query_params.get("tekst", ""), _number(request, "van"), _number(request, "tot"))


def _number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _form(body: bytes) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20).items()}


def _frame(request: Request) -> Frame:
    found: Frame = request.state.frame
    return found


def _html(text: str, status: int = 200) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(text, status)


def _json(value: object, status: int = 200) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(value, status)
