"""The knowledge base and the page about privacy, in a real browser, at two sizes and in two languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visit, both_ways

pytestmark = pytest.mark.browser

Opener = Callable[..., Visit]
PAGES = ("/", "/kennisbank", "/kennisbank/N01", "/over", "/en/", "/en/kennisbank", "/en/kennisbank/H08", "/en/over")


@both_ways
def test_a_text_is_found_by_browsing_and_read_by_its_contents(visit: Opener) -> None:
    here = visit()
    page = here.go("/kennisbank")
    page.get_by_role("link", name="H08").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("H08")
    page.wait_for_load_state("domcontentloaded")
    link = page.locator(".vb-contents a").nth(3)
    if not link.is_visible():  # on a phone the contents are folded
        page.get_by_text(here.says("contents"), exact=True).click()
    name = link.inner_text()
    link.click()
    target = page.locator(":target")
    expect(target).to_have_text(name)
    expect(target).to_be_in_viewport()


@both_ways
def test_a_search_finds_the_words_and_leaves_them_out_of_the_address(visit: Opener) -> None:
    here = visit()
    page = here.go("/kennisbank")
    page.get_by_label(here.says("library_search")).fill("bewaartermijnen")
    page.get_by_role("button", name=here.says("library_search_button"), exact=True).click()
    result = page.locator("ol.vb-texts a").first
    expect(result.locator("mark").first).to_be_visible()
    assert "bewaartermijn" not in page.url
    assert not any("bewaartermijn" in r for r in here.requests)
    result.click()
    expect(page.locator("#citaat")).to_be_in_viewport()


@both_ways
def test_the_whole_text_opens_at_the_words_of_the_answer(visit: Opener) -> None:
    here = visit()
    page = here.go()
    here.ask("Hoe lang bewaren we een dossier?").locator(".vb-cite").first.click()
    words = page.locator("#vb-bron mark").first.inner_text()
    with page.expect_popup() as opened:
        page.locator("#vb-bron").get_by_role("link", name=here.says("whole_text")).click()
    expect(opened.value.locator("mark#citaat")).to_have_text(words)
    expect(opened.value.locator("mark#citaat")).to_be_in_viewport()
    assert opened.value.locator("html").get_attribute("lang") == here.language


@both_ways
def test_an_expired_version_says_so_and_points_to_the_valid_one(visit: Opener) -> None:
    here = visit()
    page = here.go("/kennisbank/N01@2.1")
    banner = page.get_by_role("note")
    expect(banner).to_contain_text(here.says("expired_banner"))
    banner.get_by_role("link").click()
    expect(page.locator(".vb-badge").first).to_have_text(here.says("valid"))
    expect(page.locator("body")).to_contain_text(here.says("version", version="3.0"))


@both_ways
def test_a_text_that_does_not_exist_is_said_in_plain_words(visit: Opener) -> None:
    here = visit()
    answer = here.page.goto(here.at("/kennisbank/X99"))
    assert answer is not None
    assert answer.status == 404
    expect(here.page.get_by_role("heading", level=1)).to_have_text(here.says("error_not_found"))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_small_phone(visit: Opener, path: str) -> None:
    here = visit(PHONE)
    page = here.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert page.locator("html").get_attribute("lang") == ("en" if path.startswith("/en") else "nl")
    assert here.complaints == []


@both_ways
def test_large_text_and_the_dark_view_last_and_fit(visit: Opener) -> None:
    here = visit(color_scheme="light")
    page = here.go("/over")
    for _ in range(3):
        page.get_by_role("button", name=here.says("text_size")).click()
    page.get_by_role("button", name=here.says("theme")).click()
    here.go("/")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert page.locator("html").get_attribute("data-weergave") == "donker"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    kept = page.evaluate("Object.keys(localStorage).sort()")
    assert kept == ["vb-tekst", "vb-weergave"]


@both_ways
def test_the_other_language_is_one_click_away(visit: Opener) -> None:
    here = visit(locale="en-GB")
    page = here.go("/")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(here.says("ask_title"))
    page.get_by_role("link", name=here.says("other_language")).click()
    here.language = "en" if here.language == "nl" else "nl"
    expect(title).to_have_text(here.says("ask_title"))
    page.get_by_role("link", name=here.says("nav_about")).click()
    expect(title).to_have_text(here.says("about_title"))
    expect(page.get_by_role("heading", level=2).first).to_have_text({"nl": "Wie zit erachter?", "en": "Who runs this?"}[here.language])


@both_ways
def test_a_printed_page_holds_the_answer_and_no_buttons(visit: Opener) -> None:
    here = visit()
    page = here.go("/")
    answer = here.ask("Hoe lang bewaren we een dossier?")
    page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
    answer.get_by_role("button", name=here.says("print"), exact=True).click()
    expect(page.locator("body[data-printed]")).to_be_visible()
    page.emulate_media(media="print")
    expect(answer.locator(".vb-answer")).to_be_visible()
    expect(answer.locator(".vb-sources")).to_be_visible()
    for hidden in (".vb-top", "#vb-vraagvak", "#beurt-1 .vb-actions"):
        expect(page.locator(hidden).first).to_be_hidden()


@both_ways
def test_less_motion_means_no_motion(visit: Opener) -> None:
    here = visit(reduced_motion="reduce")
    page = here.go("/")
    moving = page.evaluate(
        "[...document.querySelectorAll('.vb *')].filter(e => getComputedStyle(e).animationName !== 'none'"
        " || !/^(0s,? ?)+$/.test(getComputedStyle(e).transitionDuration)).map(e => e.className).slice(0, 5)"
    )
    assert moving == []
