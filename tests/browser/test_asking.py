"""Asking in a real browser: an answer with its sources, a source that opens at the words, and nothing that leaves or stays."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect

from assistant.wording import day, kinds, say
from tests.browser.conftest import PHONE, Visit, both_ways

pytestmark = pytest.mark.browser

Opener = Callable[..., Visit]
BEWAREN = "Hoe lang bewaren we een dossier?"
MARKED = """i => {
  const c = new OffscreenCanvas(i.naturalWidth, i.naturalHeight).getContext("2d");
  c.drawImage(i, 0, 0);
  const { data } = c.getImageData(0, 0, i.naturalWidth, i.naturalHeight);
  let n = 0;
  for (let p = 0; p < data.length; p += 4) n += data[p] > 245 && Math.abs(data[p + 1] - 221) < 9 && Math.abs(data[p + 2] - 120) < 9;
  return n;
}"""


@both_ways
def test_an_answer_cites_its_source_and_a_tap_opens_the_words(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask(BEWAREN)
    expect(answer).to_contain_text("12 maanden")
    expect(answer).not_to_contain_text("24 maanden")
    source = answer.locator('.vb-source[data-bron^="N01"]')
    expect(source).to_contain_text(here.says("version", version="3.0"))
    source.click()
    panel = page.locator("#vb-bron")
    expect(panel.locator("mark").filter(has_text="12 maanden na afsluiting").first).to_be_visible()
    expect(panel.locator("mark").first).to_be_in_viewport()
    expect(panel).to_contain_text("N01 Werkinstructie registratie en dossier")
    expect(panel).to_contain_text(here.says("since", date=day(date(2026, 3, 1), here.language)))
    assert here.complaints == []


@pytest.mark.parametrize(("prefix", "source", "close"), [("", "Bron 1", "Sluiten"), ("/en", "Source 1", "Close")])
def test_on_a_phone_the_source_comes_as_a_sheet_and_gives_the_focus_back(visit: Opener, prefix: str, source: str, close: str) -> None:
    here = visit(PHONE, has_touch=True)
    page = here.go(prefix + "/")
    answer = here.ask(BEWAREN)
    cite = answer.get_by_role("button", name=source).first
    cite.tap()
    panel = page.locator("#vb-bron")
    expect(panel.locator("mark").first).to_be_in_viewport()
    box = panel.bounding_box()
    assert box is not None
    assert box["width"] == PHONE[0]
    assert box["y"] > 40
    panel.get_by_role("button", name=close).tap()
    expect(panel).to_be_hidden()
    expect(cite).to_be_focused()
    assert here.complaints == []


@both_ways
def test_a_number_behind_a_sentence_opens_exactly_that_sentence(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask(BEWAREN)
    sentence = answer.locator(".vb-s", has_text="De intake van een beller").first
    words = sentence.evaluate("e => { const c = e.cloneNode(true); c.querySelectorAll('button').forEach(b => b.remove()); return c.textContent; }")
    sentence.locator(".vb-cite").click()
    expect(page.locator("#vb-bron mark")).to_have_text(words)


@both_ways
def test_a_pdf_shows_its_page_with_the_words_marked(visit: Opener) -> None:
    here = visit()
    page = here.go()
    here.ask("Welke volgorde geldt bij rood?").locator('.vb-source[data-bron^="H08"]').first.click()
    picture = page.locator("#vb-bron .vb-pages img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    size = picture.evaluate("async i => { await i.decode(); return [i.naturalWidth, i.naturalHeight]; }")
    assert size[0] == 900
    assert 1.2 < size[1] / size[0] < 1.6
    assert picture.evaluate(MARKED) > 1000, "pixels in the colour of a marker"


@both_ways
def test_what_changed_since_the_older_version_can_be_read(visit: Opener) -> None:
    here = visit()
    page = here.go()
    here.ask(BEWAREN).locator('.vb-source[data-bron^="N01"]').click()
    page.locator("#vb-bron summary", has_text=here.says("changed")).click()
    changed = page.locator("#vb-bron .vb-changed")
    expect(changed).to_contain_text(here.says("changed_lead_open", version="2.1").rstrip("."))
    expect(changed.locator("ins").first).to_be_visible()
    expect(changed.locator("del").first).to_be_visible()


@both_ways
def test_danger_shows_the_card_first_with_a_link_that_calls(visit: Opener) -> None:
    here = visit()
    here.go()
    answer = here.ask("er staat iemand met een mes in de keuken, wat moet ik doen")
    card = answer.locator(".vb-card").first
    expect(card).to_be_in_viewport()
    expect(card.get_by_role("link", name=here.says("call_112")).first).to_have_attribute("href", "tel:112")
    first = answer.evaluate("e => e.children[1].classList.contains('vb-card')")
    assert first, "the card comes before everything but the question"


@both_ways
def test_personal_data_is_shown_as_hidden_with_the_reason(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask("Hoe lang bewaren we een dossier van moeder, tel 06-12345678 en mail ouder@voorbeeld.nl?")
    expect(answer.locator(".vb-q .vb-masked")).to_have_count(2)
    expect(answer.locator(".vb-q .vb-masked").first).to_have_attribute("title", here.says("masked_why"))
    hidden = kinds((("phone", ""), ("email", "")), here.language)
    expect(answer.locator("[data-kind=personal_data]")).to_have_text(say("personal_data", here.language, kinds=hidden))
    assert "12345678" not in page.content()
    assert "voorbeeld.nl" not in page.content()


@both_ways
def test_a_question_with_markup_is_only_text(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask('<img src=x onerror="document.title=1"> Hoe lang bewaren we een dossier? <script>document.title=2</script>')
    expect(answer.locator(".vb-q")).to_contain_text("<img src=x")
    assert page.locator("#vb-gesprek img, #vb-gesprek script").count() == 0
    assert "Vraagbaak" in page.title()


@both_ways
def test_a_follow_up_is_understood_and_a_new_question_forgets_everything(visit: Opener) -> None:
    here = visit()
    page = here.go()
    here.ask(BEWAREN)
    second = here.ask("en een intake zonder vervolg?", 2)
    expect(second).to_contain_text("3 maanden")
    page.get_by_role("button", name=here.says("ask_new")).click()
    expect(page.locator(".vb-turn")).to_have_count(0)
    expect(page.locator(".vb-example").first).to_be_visible()
    expect(page.locator("#vb-vraag textarea")).to_be_focused()
    again = here.ask("en een intake zonder vervolg?")
    expect(again.locator(".vb-q")).to_contain_text("intake zonder vervolg")
    expect(page.locator(".vb-turn")).to_have_count(1)


@both_ways
def test_an_example_asks_itself(visit: Opener) -> None:
    here = visit()
    page = here.go()
    example = page.locator(".vb-example").first
    words = example.inner_text()
    example.click()
    expect(page.locator("#beurt-1 .vb-q")).to_contain_text(words)


@both_ways
def test_an_answer_can_be_copied_with_its_sources_and_explained_more_simply(visit: Opener) -> None:
    here = visit(permissions=["clipboard-read", "clipboard-write"])
    page = here.go()
    answer = here.ask("Wat doet de achterwacht?")
    answer.get_by_role("button", name=here.says("copy")).click()
    expect(answer.get_by_role("button", name=here.says("copied"))).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Wat doet de achterwacht?" in copied
    assert here.says("sources") + ":" in copied
    button = answer.get_by_role("button", name=here.says("simpler"))
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    simpler = answer.locator(".vb-simpler")
    expect(simpler).to_contain_text("Achterwacht: de coördinator van dienst")
    simpler.get_by_role("button", name="N18").first.click()
    expect(page.locator("#vb-bron mark").first).to_contain_text("Achterwacht")


@both_ways
def test_feedback_shows_exactly_what_is_sent_and_stores_that_alone(visit: Opener) -> None:
    here = visit()
    page = here.go()
    before = here.site.journal.list()
    answer = here.ask(BEWAREN)
    answer.get_by_role("button", name=here.says("fb_te_vaag")).click()
    answer.get_by_label(here.says("fb_note")).fill("Bel mij op 06-12345678")
    answer.get_by_role("button", name=here.says("fb_preview")).click()
    preview = answer.locator(".vb-preview")
    expect(preview).to_contain_text("[telefoonnummer]")
    expect(preview).not_to_contain_text("12345678")
    assert here.site.journal.list() == before, "nothing is stored before it was sent"
    preview.get_by_role("button", name=here.says("fb_cancel")).click()
    expect(preview).to_be_hidden()
    assert here.site.journal.list() == before
    answer.get_by_role("button", name=here.says("fb_te_vaag")).click()
    answer.get_by_label(here.says("fb_note")).fill("Bel mij op 06-12345678")
    answer.get_by_role("button", name=here.says("fb_preview")).click()
    expect(preview).to_contain_text("[telefoonnummer]")
    shown = preview.locator("dd").all_inner_texts()
    preview.get_by_role("button", name=here.says("fb_send"), exact=True).click()
    expect(answer.get_by_text(here.says("fb_sent"))).to_be_visible()
    stored = [f for f in here.site.journal.list() if f not in before]
    assert [(f.verdict, f.question) for f in stored] == [("te_vaag", BEWAREN)]
    assert stored[0].note in shown
    assert page.locator(".vb-feedback button:enabled").count() == 0


@both_ways
def test_two_browsers_never_see_each_others_conversation(visit: Opener) -> None:
    one, other = visit(), visit()
    one.go(), other.go()
    one.ask(BEWAREN)
    answer = other.ask("Wat is intervisie?")
    expect(other.page.locator(".vb-turn")).to_have_count(1)
    expect(answer).not_to_contain_text("12 maanden")
    one.ask("en een intake?", 2)
    assert "ntervisie" not in one.page.locator("#vb-gesprek").inner_text().split(one.says("sources"))[0]
    one.page.reload()
    one.page.locator(".vb-example").first.wait_for()
    expect(one.page.locator(".vb-turn")).to_have_count(0)


@both_ways
def test_the_browser_keeps_nothing_and_asks_nobody_else(visit: Opener) -> None:
    here = visit()
    page = here.go()
    here.ask(BEWAREN).locator(".vb-cite").first.click()
    expect(page.locator("#vb-bron mark").first).to_be_visible()
    here.go("/kennisbank")
    here.go("/over")
    kept = json.loads(page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])"))
    assert kept == [{}, {}, ""]
    databases = page.evaluate("indexedDB.databases().then(d => d.length)")
    caches = page.evaluate("caches.keys().then(k => k.length)")
    assert (databases, caches) == (0, 0)
    foreign = [r for r in here.requests if not r.startswith((here.site.address + "/", "data:", "blob:"))]
    assert foreign == []
    assert not any("dossier" in r for r in here.requests), "no question in an address"
    assert here.complaints == []


def test_after_the_window_is_closed_the_server_has_forgotten(visit: Opener) -> None:
    here = visit()
    here.go()
    here.ask("Wat staat er nooit in een dossier, zonnebloem?")
    here.page.close()
    end = time.monotonic() + 8
    while _remembered("zonnebloem") and time.monotonic() < end:
        time.sleep(0.3)
    assert _remembered("zonnebloem") == []


def _remembered(word: str) -> list[str]:
    """Component values that Gradio keeps for any session and in which a word stands."""
    from gradio.state_holder import StateHolder

    holders = [o for o in gc.get_objects() if isinstance(o, StateHolder)]
    return [
        str(value)[:60]
        for holder in holders
        for session in list(holder.session_data.values())
        for value in (*session.config_values.values(), *session.state_data.values())
        if word in str(value)
    ]


@both_ways
def test_a_lost_connection_keeps_the_question_and_it_can_be_sent_again(visit: Opener) -> None:
    here = visit()
    page = here.go()
    page.context.set_offline(True)
    box = page.locator("#vb-vraag textarea")
    box.fill(BEWAREN)
    box.press("Enter")
    line = page.locator("#vb-bezig")
    expect(line).to_contain_text(here.says("lost"))
    expect(box).to_have_value(BEWAREN)
    page.context.set_offline(False)
    line.get_by_role("button", name=here.says("again")).click()
    expect(page.locator("#beurt-1")).to_contain_text("12 maanden")
    expect(line).to_be_hidden()


@both_ways
def test_everything_can_be_done_with_the_keyboard_alone(visit: Opener) -> None:
    here = visit()
    page = here.go()
    page.keyboard.press("Tab")
    expect(page.locator(".vb-skip")).to_be_focused()
    _tab_to(page, "#vb-vraag textarea")
    page.keyboard.type(BEWAREN)
    page.keyboard.press("Enter")
    expect(page.locator("#beurt-1 .vb-q")).to_be_focused()
    _tab_to(page, "#beurt-1 .vb-cite")
    page.keyboard.press("Enter")
    expect(page.locator("#vb-bron .vb-source-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#vb-bron")).to_be_hidden()
    expect(page.locator("#beurt-1 .vb-cite").first).to_be_focused()
    _tab_to(page, "#vb-vraag textarea", 60)


def _tab_to(page: Any, selector: str, most: int = 40) -> None:
    for _ in range(most):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with the tab key")


@both_ways
def test_the_answer_is_read_out_when_it_arrives(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask(BEWAREN)
    line = page.locator("#vb-zeg")
    expect(line).to_have_attribute("aria-live", "polite")
    expect(line).to_contain_text(here.says("done", n=answer.locator(".vb-source").count()))
    here.ask("Wat is de hoofdstad van Peru?", 2)
    expect(line).to_contain_text(here.says("done_none"))


@both_ways
def test_without_an_answer_the_page_says_so_and_names_whom_to_ask(visit: Opener) -> None:
    here = visit()
    page = here.go()
    answer = here.ask("Wat is de hoofdstad van Peru?")
    expect(answer.locator(".vb-none")).to_have_text(say("nothing_found", here.language))
    expect(answer.locator(".vb-pointers")).to_contain_text("coördinator" if here.language == "nl" else "coordinator")
    assert page.locator("html").get_attribute("lang") == here.language
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
