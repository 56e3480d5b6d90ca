"""One release and one server for all browser tests, a Chromium for each module, a fresh browser context for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistant.model import Language
from assistant.ui_wording import ui
from tests.browser import world
from tests.browser.world import Site

DESKTOP, PHONE = (1280, 860), (360, 740)
both_ways = pytest.mark.parametrize("way", [(DESKTOP, "nl"), (PHONE, "en")], ids=["desktop-nl", "phone-en"], indirect=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if world.CHROMIUM is None:
        pytest.skip("there is no chromium on this machine: apt-get install -y chromium-headless-shell")
    base = tmp_path_factory.mktemp("browser")
    folder = world.small_texts(base / "texts")
    world.released(base / "home", folder)
    with world.site(base / "home", folder) as running:
        yield running


@pytest.fixture(scope="module")  # Playwright allows one of these at a time, and other modules may open their own
def chromium() -> Iterator[Any]:
    with world.browser() as opened:
        yield opened


@dataclass
class Visit:
    """A browser window of one person, with what it asked for and complained about."""

    site: Site
    page: Any
    language: Language = "nl"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def at(self, path: str = "/") -> str:
        """The whole address of a path in the language of this visit."""
        return self.site.at(path if self.language == "nl" else f"/{self.language}{path}")

    def says(self, name: str, /, **values: object) -> str:
        """What the page calls something in the language of this visit."""
        return ui(name, self.language, **values)

    def go(self, path: str = "/") -> Any:
        """Open a page in the language of this visit and wait until it can be used."""
        self.page.goto(self.at(path))
        if path.rstrip("/") in ("", "/en"):
            self.page.locator("#vb-vraag textarea").wait_for()
            self.page.locator(".vb-example").first.wait_for()
        return self.page

    def ask(self, question: str, turn: int = 1) -> Any:
        """Type a question, press enter, and wait for the answer."""
        box = self.page.locator("#vb-vraag textarea")
        box.fill(question)
        box.press("Enter")
        answer = self.page.locator(f"#beurt-{turn}")
        answer.wait_for()
        return answer


@pytest.fixture
def way(request: pytest.FixtureRequest) -> tuple[tuple[int, int], Language]:
    """The size and language of a visit: a desktop in Dutch, and for a test `both_ways` then a phone in English."""
    return getattr(request, "param", (DESKTOP, "nl"))


@pytest.fixture
def visit(site: Site, chromium: Any, way: tuple[tuple[int, int], Language]) -> Iterator[Callable[..., Visit]]:
    contexts: list[Any] = []

    def opened(size: tuple[int, int] = way[0], **more: Any) -> Visit:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **{"locale": "nl-NL", **more})
        context.set_default_timeout(10_000)
        contexts.append(context)
        seen = Visit(site, context.new_page(), way[1])
        context.on("request", lambda r: seen.requests.append(r.url))
        context.on("console", lambda m: seen.complaints.append(m.text) if m.type == "error" else None)
        seen.page.on("pageerror", lambda e: seen.complaints.append(str(e)))
        return seen

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def texts() -> Path:
    return world.TEXTS
