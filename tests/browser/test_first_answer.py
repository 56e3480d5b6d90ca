"""The walk every volunteer makes, in real Chromium on a real server: ask, read, tap a number, see the words in their source."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import world
from tests.fakes import small_corpus

WAYS = [(1280, "/"), (360, "/en/")]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(world.CHROMIUM is None, reason="there is no chromium on this machine: apt-get install -y chromium-headless-shell"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("walk")
    environment = {**os.environ, "VRAAGBAAK_HOME": str(place / "home")}
    command = [sys.executable, "-m", "vraagbaak.cli"]
    subprocess.run([*command, "ingest", "--corpus", str(small_corpus(place / "texts"))], env=environment, check=True, capture_output=True)
    log = place / "serve.log"
    with log.open("w") as out:
        server = subprocess.Popen([*command, "serve", "--port", "7971"], env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield _printed_address(log, server)
    finally:
        server.terminate()
        server.wait(20)


def _printed_address(log: Path, server: subprocess.Popen[bytes]) -> str:
    for _ in range(240):
        line = next((x for x in log.read_text().splitlines() if "http://127.0.0.1" in x), "")
        if line:
            return line[line.index("http") :].strip()
        assert server.poll() is None, log.read_text()
        time.sleep(0.25)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with world.browser() as chromium:
        yield chromium


@pytest.mark.parametrize(("width", "path"), WAYS)
def test_a_question_gets_an_answer_and_a_citation_shows_the_words_in_their_source(browser: Any, address: str, width: int, path: str) -> None:
    context = browser.new_context(locale="nl-NL", viewport={"width": width, "height": 780})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address.rstrip("/") + path)
    box = page.locator("textarea").first
    box.fill("Hoe lang bewaren we een dossier?")
    box.press("Enter")
    page.wait_for_selector(".vb-cite")
    assert "12 maanden" in page.locator(".vb-answer").first.inner_text()
    page.locator(".vb-cite").first.click()
    marked = page.locator("mark")
    marked.first.wait_for(state="visible")
    assert "12 maanden" in " ".join(marked.all_inner_texts())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(url.startswith((address.rstrip("/"), "data:", "blob:")) or "127.0.0.1" in url for url in asked), asked
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "dossier" not in stored
    context.close()


@pytest.mark.parametrize(("width", "path"), WAYS)
def test_an_emergency_shows_the_card_with_a_link_to_112_first(browser: Any, address: str, width: int, path: str) -> None:
    context = browser.new_context(locale="nl-NL", viewport={"width": width, "height": 780})
    page = context.new_page()
    page.goto(address.rstrip("/") + path)
    box = page.locator("textarea").first
    box.fill("HIJ STAAT NU MET EEN MES IN DE KEUKEN WAT MOET IK DOEN")
    box.press("Enter")
    page.wait_for_selector(".vb-card")
    assert page.locator('a[href="tel:112"]').first.is_visible()
    assert "112" in page.locator(".vb-card li").first.inner_text()
    context.close()
