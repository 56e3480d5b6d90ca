"""With accounts: nobody asks without logging in, and logging out ends it, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import world
from tests.browser.conftest import PHONE, Visit
from tests.browser.world import Site
from vraagbaak.access import AccessSettings, Accounts, HashCost
from vraagbaak.settings import ServePart, Settings

pytestmark = pytest.mark.browser

PASSWORD = "een rustige zin van vier woorden"


@pytest.fixture(scope="module")
def guarded(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    import shutil

    home: Path = tmp_path_factory.mktemp("guarded") / "home"
    shutil.copytree(site.home, home)
    accounts = Accounts(home, AccessSettings(enabled=True), cost=HashCost(1, 64, 1))
    for name, role in (("bas", "admin"), ("anna", "confidant")):
        accounts.add(name, role, PASSWORD)
    settings = Settings(serve=ServePart(accounts=True))
    with world.site(home, site.home.parent / "texts", settings=settings, accounts=accounts) as running:
        yield running


def test_logging_in_asking_and_logging_out(guarded: Site, chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="nl-NL")
    here = Visit(guarded, context.new_page())
    page = here.page
    page.goto(guarded.at("/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Inloggen")
    page.get_by_label("Gebruikersnaam").fill("anna")
    page.get_by_label("Wachtwoord").fill("dit is het niet geworden")
    page.get_by_role("button", name="Inloggen").click()
    expect(page.get_by_role("alert")).to_contain_text("klopt niet")
    page.get_by_label("Gebruikersnaam").fill("anna")
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    page.get_by_role("button", name="Inloggen").click()
    page.locator(".vb-example").first.wait_for()
    expect(here.ask("Hoe lang bewaren we een dossier?")).to_contain_text("12 maanden")
    assert page.evaluate("document.cookie") == "", "no script can read the session"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.get_by_role("button", name="Uitloggen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inloggen")
    page.goto(guarded.at("/kennisbank"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Inloggen")
    context.close()


def test_a_session_that_ends_leads_to_the_login_page(guarded: Site, chromium: Any) -> None:
    context = chromium.new_context(locale="nl-NL")
    here = Visit(guarded, context.new_page())
    here.page.goto(guarded.at("/inloggen"))
    here.page.get_by_label("Gebruikersnaam").fill("anna")
    here.page.get_by_label("Wachtwoord").fill(PASSWORD)
    here.page.get_by_role("button", name="Inloggen").click()
    here.page.locator(".vb-example").first.wait_for()
    Accounts(guarded.home, AccessSettings(enabled=True)).close_sessions("anna")
    box = here.page.locator("#vb-vraag textarea")
    box.fill("Hoe lang bewaren we een dossier?")
    box.press("Enter")
    expect(here.page.get_by_role("heading", level=1)).to_have_text("Inloggen")
    context.close()
