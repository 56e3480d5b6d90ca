"""A small world for browsers: six real texts, a real release of them, and the real app on a free port."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.journal import Journal

TEXTS = Path(__file__).parents[2] / "corpus" / "texts"
CODES = ("H08", "N01", "N06", "N18", "N13")
TODAY = date(2026, 11, 23)
# Debian builds both from one source; the shell has no window and takes two thirds of the time
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A running app. address: without a slash at the end."""

    address: str
    home: Path
    journal: Journal

    def at(self, path: str = "/") -> str:
        """The whole address of a path."""
        return self.address + path


def small_texts(folder: Path, codes: Collection[str] = CODES) -> Path:
    """A corpus folder with some of the sample texts, without phrasings: Word, PDF, Markdown, plain text, and one expired version."""
    folder.mkdir(parents=True)
    head, *blocks = (TEXTS / "catalogue.toml").read_text("utf-8").split("\n[[source]]\n")
    kept = [b for b in blocks if any(f'code = "{code}"' in b for code in codes)]
    (folder / "catalogue.toml").write_text("\n[[source]]\n".join((head, *kept)), "utf-8")
    for block in kept:
        name = block.split('path = "')[1].split('"')[0]
        shutil.copy(TEXTS / name, folder / name)
    for name in ("cards.toml", "synonyms.toml"):
        shutil.copy(TEXTS / name, folder / name)
    return folder


def released(home: Path, folder: Path) -> None:
    """A release of a folder with the bundled embedding."""
    from corpus.embedder import open_embedder
    from ingest.build import ingest
    from ingest.cli import chosen_encoder

    ingest(home, folder, open_embedder("bundled", "", ""), encoder=chosen_encoder())


@contextmanager
def site(home: Path, folder: Path, **more: Any) -> Iterator[Site]:
    """The app on a free port of this computer. more: for build_app."""
    from assistant.answer import Assistant
    from assistant.personal_data import Masker
    from assistant.wiring import AssistantSettings, CurrentRelease
    from vraagbaak.serve import build_app
    from vraagbaak.settings import Settings

    masker = Masker()  # patterns and role words; the name lists take minutes to build and have their own tests
    helper = Assistant(CurrentRelease(home, AssistantSettings(dense="exact")), masker, lambda: TODAY)
    journal = Journal(home, mask=masker.mask, today=lambda: TODAY)
    settings = more.pop("settings", Settings())
    app = build_app(home, settings, helper, corpus=folder, journal=journal, **more)
    with running(app) as address:
        helper.ask("Waar staat het handboek?")
        yield Site(address, home, journal)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serve an app in a thread; its address."""
    import socket

    import uvicorn

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
        assert thread.is_alive(), "the server did not start"
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine: apt-get install -y chromium-headless-shell")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()
