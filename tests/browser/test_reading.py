"""The knowledge base and the page about privacy, in a real browser, at two sizes and in two languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

Opener = Callable[..., Visit]
PAGES = ("/", "/kennisbank", "/kennisbank/N01", "/over", "/en/", "/en/kennisbank", "/en/kennisbank/H08", "/en/over")


def test_a_text_is_found_by_browsing_and_read_by_its_contents(visit: Opener) -> None:
    here = visit(DESKTOP)
    page = here.go("/kennisbank")
    page.get_by_role("link", name="H08").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("H08")
    link = page.locator(".vb-contents a").nth(3)
    name = link.inner_text()
    link.click()
    target = page.locator(":target")
    expect(target).to_have_text(name)
    expect(target).to_be_in_viewport()


def test_a_search_finds_the_words_and_leaves_them_out_of_the_address(visit: Opener) -> None:
    here = visit(PHONE)
    page = here.go("/kennisbank")
    page.get_by_label("Zoek in de teksten").fill("bewaartermijnen")
    page.get_by_role("button", name="Zoek").click()
    result = page.locator("ol.vb-texts a").first
    expect(result.locator("mark").first).to_be_visible()
    assert "bewaartermijn" not in page.url
    assert not any("bewaartermijn" in r for r in here.requests)
    result.click()
    expect(page.locator("#citaat")).to_be_in_viewport()


def test_an_expired_version_says_so_and_points_to_the_valid_one(visit: Opener) -> None:
    here = visit()
    page = here.go("/kennisbank/N01@2.1")
    banner = page.get_by_role("note")
    expect(banner).to_contain_text("vervallen")
    banner.get_by_role("link").click()
    expect(page.locator(".vb-badge").first).to_have_text("geldig")
    expect(page.locator("body")).to_contain_text("Versie 3.0")


def test_a_text_that_does_not_exist_is_said_in_plain_words(visit: Opener) -> None:
    here = visit()
    answer = here.page.goto(here.site.at("/kennisbank/X99"))
    assert answer is not None
    assert answer.status == 404
    expect(here.page.get_by_role("heading", level=1)).to_contain_text("bestaat niet")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_small_phone(visit: Opener, path: str) -> None:
    here = visit(PHONE)
    page = here.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert page.locator("html").get_attribute("lang") == ("en" if path.startswith("/en") else "nl")
    assert here.complaints == []


def test_large_text_and_the_dark_view_last_and_fit(visit: Opener) -> None:
    here = visit(PHONE, color_scheme="light")
    page = here.go("/over")
    for _ in range(3):
        page.get_by_role("button", name="Tekst groter of kleiner").click()
    page.get_by_role("button", name="Licht of donker").click()
    here.go("/")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert page.locator("html").get_attribute("data-weergave") == "donker"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    kept = page.evaluate("Object.keys(localStorage).sort()")
    assert kept == ["vb-tekst", "vb-weergave"]


def test_the_other_language_is_one_click_away(visit: Opener) -> None:
    here = visit(locale="en-GB")
    page = here.go("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stel je vraag")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask your question")
    page.get_by_role("link", name="About & privacy").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Who runs this?")


def test_a_printed_page_holds_the_answer_and_no_buttons(visit: Opener) -> None:
    here = visit()
    page = here.go("/")
    answer = here.ask("Hoe lang bewaren we een dossier?")
    page.emulate_media(media="print")
    expect(answer.locator(".vb-answer")).to_be_visible()
    expect(answer.locator(".vb-sources")).to_be_visible()
    for hidden in (".vb-top", "#vb-vraagvak", "#beurt-1 .vb-actions"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_less_motion_means_no_motion(visit: Opener) -> None:
    here = visit(reduced_motion="reduce")
    page = here.go("/")
    moving = page.evaluate(
        "[...document.querySelectorAll('.vb *')].filter(e => getComputedStyle(e).animationName !== 'none'"
        " || !/^(0s,? ?)+$/.test(getComputedStyle(e).transitionDuration)).map(e => e.className).slice(0, 5)"
    )
    assert moving == []
