"""The web app, composed: pages from the rooms, one door in front of them, and the models warmed up behind them.

Gradio makes the question page and the pages of trainers; each is a small app of its own at its own address, so that a page holds no
handler of another one. Everything else is plain HTML from `pages.py`. `doorman.py` decides who comes in.

Pages for trainers come in as `TrainerPage`s: `vraagbaak.trainers` makes them of the pages of `ingest` and `evals` and what these
need of other rooms. In every handler they ask `may(request, action)`; `who(request)` names the account for the audit log.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answer import Assistant
from assistant.journal import Journal
from assistant.page import AskPage, forget_idle
from assistant.page import build as build_ask
from corpus.errors import NoRelease, UsageError, VraagbaakError
from corpus.memory import few_arenas, trim
from ingest.cli import corpus_folder
from vraagbaak.access import Accounts, Action, access_settings, check_may_serve
from vraagbaak.doorman import Doorman, House, Mount, Visitor
from vraagbaak.pages import Pages
from vraagbaak.settings import Settings
from vraagbaak.theme import theme
from vraagbaak.wording import Language

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from assistant.wiring import AssistantSettings

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
FORGET_EVERY_S = 20.0
WARM_UP = "Waar staat het handboek?"  # asked once, so that the first reader does not wait for caches


@dataclass(frozen=True, slots=True)
class TrainerPage:
    """A Gradio page for trainers. name: of its title, in ui_wording. build: makes its blocks in a language.

    files: (path below the page, handler) of what the page links to.
    """

    path: str
    action: Action  # that opens the page; its handlers ask for more
    name: str
    build: Callable[[Language], gr.Blocks]
    uploads: bool = False
    files: tuple[tuple[str, Callable[[Any], Any]], ...] = ()


@dataclass(slots=True)
class Readiness:
    """Whether questions can be answered; set by the thread that warms up."""

    state: str = "loading"
    done: threading.Event = field(default_factory=threading.Event)

    def warm(self, assistant: Assistant, after: Callable[[], object] = lambda: None) -> None:
        """Open the release and answer once. after: something slower that questions do not wait for."""
        try:
            assistant.current()
            assistant.ask(WARM_UP)
            self.state = "ready"
        except NoRelease:
            self.state = "empty"
        except Exception as error:  # a page says so; a later release may mend it
            log.error("the assistant is not ready: %s", type(error).__name__)
            self.state = "broken"
        self.done.set()
        after()

    def now(self, assistant: Assistant) -> str:
        """The state of this moment: a release may have been published since."""
        if self.done.is_set() and self.state != "ready":
            try:
                assistant.current()
                self.state = "ready"
            except VraagbaakError:
                pass
        return self.state


def build_app(home: Path, settings: Settings, assistant: Assistant, *, host: str = "127.0.0.1", corpus: Path | None = None,
              accounts: Accounts | None = None, journal: Journal | None = None, readiness: Readiness | None = None,
              quality: Callable[[int], Any] = lambda release: None, trainer_pages: Sequence[TrainerPage] = ()) -> FastAPI:  # fmt: skip
    """The whole app. Raises UsageError when `host` can be reached by others and there are no accounts."""
    from fastapi import FastAPI

    access = access_settings(settings.serve)
    keys = accounts or Accounts(home, access)
    check_may_serve(host, access, keys)
    _private_uploads()
    ready = readiness or Readiness("ready")
    pages = Pages(home, lambda: corpus or corpus_folder(None, settings, home), assistant, keys, access, journal, lambda: ready.now(assistant), quality)
    asking: list[gr.Blocks] = []
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_tidying(journal, asking))
    for path, handler, methods in pages.routes():
        app.add_route(path, handler, methods=methods)
    for page in trainer_pages:
        for path, handler in page.files:
            app.add_route(page.path + path, handler, methods=["GET"])
    mounts = tuple(_mounted(app, settings, assistant, journal, trainer_pages, asking))
    house = House(access, keys, mounts, LOOPBACK if host in LOOPBACK else frozenset(), settings.serve.upload_mb * 1_000_000)
    app.add_middleware(Doorman, house=house)  # type: ignore[arg-type]
    return app


def _mounted(
    app: FastAPI, settings: Settings, assistant: Assistant, journal: Journal | None, trainer_pages: Sequence[TrainerPage],
    asking: list[gr.Blocks],
) -> list[Mount]:  # fmt: skip
    """Put every Gradio page at its address, the longest address first, and say what each needs. asking: gets the question pages."""
    mounts: list[Mount] = []
    languages: tuple[Language, ...] = ("en", "nl")
    for page in trainer_pages:
        for language in languages:
            files = frozenset(path.partition("{")[0] for path, _ in page.files)
            mount = Mount(_address(page.path, language), page.action, language, page.uploads, page.name, files)
            mounts.append(_mount(app, page.build(language), mount, settings))
    for language in languages:
        page_ = AskPage(assistant, language, journal is not None, settings.journal.days)
        blocks = build_ask(page_, lambda request: may(request, "ask"))
        asking.append(blocks)
        mounts.append(_mount(app, blocks, Mount(_address("", language), "ask", language), settings))
    return mounts


def _address(path: str, language: Language) -> str:
    return f"/en{path}" if language == "en" else path


def _mount(app: FastAPI, blocks: gr.Blocks, mount: Mount, settings: Settings) -> Mount:
    """Mount with every switch that keeps Gradio quiet: no history, schema, monitoring, sharing, MCP or footer."""
    import gradio as gr

    gr.mount_gradio_app(
        app,
        blocks,
        mount.path or "/",
        theme=theme(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        show_error=False,
        max_file_size=f"{settings.serve.upload_mb}mb",
        allowed_paths=[],
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None},
        auth_dependency=lambda request: getattr(request.state.visitor, "name", "") or "iedereen",
    )
    return mount


def visitor(request: Any) -> Visitor:
    """Who sent the request behind a Gradio handler (gr.Request) or a page."""
    inner = getattr(request, "request", None) or request
    found = getattr(inner.state, "visitor", None)
    return found if isinstance(found, Visitor) else Visitor(role="")


def may(request: Any, action: str) -> bool:
    """May the person behind this request do this? Ask it in every handler: a hidden button protects nothing."""
    return visitor(request).may(action)


def who(request: Any) -> str:
    """The account behind a request, "" without accounts."""
    return visitor(request).name


def _private_uploads() -> None:
    """Files that trainers send are kept where nobody else on the computer can read them, and go with this process at the latest."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="vraagbaak-")
        os.environ["GRADIO_TEMP_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _tidying(journal: Journal | None, asking: Sequence[gr.Blocks]) -> Callable[[Any], Any]:
    """While the app runs: delete old feedback every day, and forget browser sessions that are gone, also when nobody opens a page."""

    def forget(stop: threading.Event) -> None:
        while not stop.wait(FORGET_EVERY_S):
            for blocks in asking:
                forget_idle(blocks)
            trim()

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        stop = threading.Event()
        threading.Thread(target=forget, args=(stop,), daemon=True).start()
        if journal is not None:
            threading.Thread(target=journal.tidy_daily, args=(stop,), daemon=True).start()
        yield
        stop.set()

    return lifespan


# --- running it ---------------------------------------------------------------------------------------------------------------


def serve(home: Path, settings: Settings, host: str, port: int, open_browser: bool = False) -> None:
    """Serve until interrupted; the address is printed once pages can be opened."""
    from assistant.cli import assistant_settings
    from assistant.personal_data import Masker
    from assistant.wiring import assistant as open_assistant
    from vraagbaak.trainers import quality, trainer_pages  # imports this module for its types

    few_arenas()
    _quiet_libraries()
    access = access_settings(settings.serve)
    accounts = Accounts(home, access)
    check_may_serve(host, access, accounts)
    masker = Masker(cache=home / "deduce")
    wanted = assistant_settings(settings)
    helper = open_assistant(home, masker, replace(wanted, dense="exact"))
    readiness = Readiness()

    def slower() -> None:
        masker.wait()
        if wanted.dense == "chroma":
            _with_chroma(helper, home, wanted)

    threading.Thread(target=readiness.warm, args=(helper, slower), daemon=True).start()  # while Gradio is imported
    journal = Journal(home, retention_days=settings.journal.days, mask=masker.mask, ready=lambda: masker.ready)
    app = build_app(home, settings, helper, host=host, accounts=accounts, journal=journal, readiness=readiness,
                    quality=lambda release: quality(home, release), trainer_pages=trainer_pages(home, settings, helper))  # fmt: skip
    run(app, host, port, open_browser=open_browser)


def _with_chroma(helper: Assistant, home: Path, wanted: AssistantSettings) -> None:
    """Let Chroma search from the moment it is open. Importing it takes seconds, and until then exact search finds the same passages."""
    from assistant.wiring import CurrentRelease

    current = CurrentRelease(home, wanted)
    try:
        current()
    except VraagbaakError:  # no release yet, or a damaged one: the assistant says so itself
        return
    helper.current = current


def _quiet_libraries() -> None:
    """A terminal shows the address and our own messages, not what libraries say to their developers."""
    import warnings

    warnings.showwarning = lambda *args, **named: None  # filters are reset by some of them


def run(app: FastAPI, host: str, port: int, open_browser: bool = False) -> None:
    """Run an app until interrupted. Raises UsageError when the port is taken. Requests are not logged: their text is nobody's."""
    import uvicorn

    listening = _bound(host, port)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{listening.getsockname()[1]}/"

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(f"Vraagbaak: {address}", flush=True)  # noqa: T201
            if open_browser:
                import webbrowser

                webbrowser.open(address)

    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=3)
    try:
        Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        print(file=sys.stderr)  # noqa: T201


def _bound(host: str, port: int) -> Any:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}", hint="choose another port, as in: vraagbaak serve --port 7861") from error
    return listening
