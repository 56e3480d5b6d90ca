"""axe-core finds no serious or critical violation (contrast included) on any page, light or dark, wide or narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

Opener = Callable[..., Visit]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Any) -> list[str]:
    """Serious and critical violations, each with the first element it is about."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("path", ["/kennisbank", "/kennisbank/N01@2.1", "/over", "/en/inloggen"])
def test_pages_to_read_have_no_serious_violation(visit: Opener, path: str, look: str) -> None:
    here = visit(color_scheme=look)
    assert violations(here.go(path)) == []


@pytest.mark.parametrize(("look", "size"), [("light", DESKTOP), ("dark", PHONE), ("light", PHONE), ("dark", DESKTOP)])
def test_asking_has_no_serious_violation_from_welcome_to_source(visit: Opener, look: str, size: tuple[int, int]) -> None:
    here = visit(size, color_scheme=look)
    page = here.go("/")
    found = violations(page)
    answer = here.ask("Hoe lang bewaren we een dossier? Mail naar ouder@voorbeeld.nl")
    answer.get_by_role("button", name="Leg eenvoudiger uit").click()
    answer.get_by_role("button", name="Klopt niet").click()
    answer.get_by_role("button", name="Bekijk wat je verstuurt").click()
    answer.locator(".vb-preview").wait_for()
    answer.locator('.vb-source[data-bron^="N01"]').click()
    page.locator("#vb-bron mark").first.wait_for()
    page.locator("#vb-bron summary").first.click()
    found += violations(page)
    page.keyboard.press("Escape")
    here.ask("er staat iemand met een mes in de keuken", 2)
    assert [*found, *violations(page)] == []
