"""A trainer changes a rule: upload, report, draft, preview, what changes, publish, the confidant's answer, and back again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.journal import Journal
from corpus.release import current_number
from tests import fakes
from tests.browser import world
from tests.browser.world import Site
from tests.ingest import made

pytestmark = pytest.mark.browser

QUESTION = "Hoe lang bewaren we een dossier?"
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose texts may be changed."""
    if world.CHROMIUM is None:
        pytest.skip("there is no chromium on this machine: apt-get install -y chromium-headless-shell")
    base = tmp_path_factory.mktemp("beheer")
    folder = fakes.small_corpus(base / "teksten")
    for name in ("cards.toml", "synonyms.toml"):
        shutil.copy(world.TEXTS / name, folder / name)
    world.released(base / "home", folder)
    with _site(base / "home", folder) as running:
        yield running


@contextmanager
def _site(home: Path, folder: Path) -> Iterator[Site]:
    """The app with the pages of trainers, on a folder of their own."""
    from assistant.answer import Assistant
    from assistant.wiring import AssistantSettings, CurrentRelease
    from vraagbaak.serve import build_app
    from vraagbaak.settings import Settings
    from vraagbaak.trainers import trainer_pages

    settings = Settings.model_validate({"corpus": {"path": str(folder)}})
    helper = Assistant(CurrentRelease(home, AssistantSettings(dense="exact")), fakes.NoMask(), lambda: world.TODAY)
    app = build_app(home, settings, helper, corpus=folder, trainer_pages=trainer_pages(home, settings, helper))
    with world.running(app) as address:
        yield Site(address, home, Journal(home))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with world.browser() as opened:
        yield opened


def opened(chromium: Any, desk: Site, size: tuple[int, int] = (1280, 860)) -> Any:
    """Beheer, filled."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="nl-NL")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(desk.at("/beheer"))
    page.locator("#vb-stand .vb-notice").first.wait_for()
    return page


def tab(page: Any, name: str) -> None:
    """Open a tab, also when it stands behind the three dots."""
    found = page.get_by_role("tab", name=name)
    if not found.is_visible():
        page.locator(".overflow-menu button").first.click()
        page.locator(".overflow-dropdown button", has_text=name).click()
        return
    found.click()


def says(page: Any, where: str, text: str) -> Any:
    """Wait until a part of the page says this."""
    part = page.locator(where, has_text=re.compile(text))
    part.wait_for()
    return part


def choose(page: Any, name: str, option: str) -> None:
    """Pick from a list."""
    page.locator(f"#vb-kies-{name} input").click()
    page.get_by_role("option", name=re.compile(option)).first.click()


def a_word_file(months: str) -> bytes:
    """The instruction with another number of months, as Word makes it."""
    body = made.p("Werkinstructie registratie", "Heading1") + made.p("Bewaren", "Heading2")
    body += made.p(f"Een dossier bewaar je {months} maanden na afsluiting. Daarna wordt het binnen 4 weken vernietigd.")
    return made.docx(body)


def send(page: Any, folder: Path, name: str, data: bytes) -> None:
    """Choose a file."""
    path = folder / name
    path.write_bytes(data)
    page.locator("#vb-bestand input[type=file]").set_input_files(path)


def asked(chromium: Any, desk: Site) -> str:
    """What a confidant reads."""
    page = chromium.new_context(locale="nl-NL").new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(desk.at("/"))
    page.locator("#vb-vraag textarea").fill(QUESTION)
    page.locator("#vb-vraag textarea").press("Enter")
    page.locator("#beurt-1").wait_for()
    page.wait_for_timeout(300)
    return str(page.locator("#beurt-1").inner_text())


def test_a_changed_rule_goes_from_a_word_file_to_the_confidants_answer_and_back(
    chromium: Any, desk: Site, tmp_path: Path
) -> None:
    page = opened(chromium, desk)
    assert "12 maanden" in asked(chromium, desk)

    tab(page, "Toevoegen")
    page.get_by_label("Nieuwe versie van een tekst").check()
    choose(page, "oud", "N01@3.0")
    send(page, tmp_path, "instructie.docx", a_word_file("6"))
    says(page, "#vb-verslag", r"instructie\.docx: \d+ woorden")
    page.locator("#vb-nieuw-version textarea, #vb-nieuw-version input").fill("4.0")
    page.locator("#vb-bewaren").click()
    says(page, "#vb-melding-bewaren", r"vervangt N01@3\.0")

    tab(page, "Proberen en publiceren")
    page.locator("#vb-concept").click()
    says(page, "#vb-melding-concept", "Concept gemaakt: uitgave 2")
    says(page, "#vb-wijzigingen", r"N01@4\.0")
    page.locator("#vb-probeer-vraag textarea").fill(QUESTION)
    page.locator("#vb-probeer").click()
    tried = says(page, "#vb-geprobeerd", "Na publiceren").inner_text()
    assert "12 maanden" in tried.split("Na publiceren")[0]
    assert "6 maanden" in tried.split("Na publiceren")[1]
    assert "12 maanden" in asked(chromium, desk)

    page.locator("#vb-publiceer").click()
    says(page, "#vb-melding-publiceren", "Uitgave 2 geeft nu antwoord")
    page.wait_for_timeout(1500)  # a running app looks at the pointer every second
    assert "6 maanden" in asked(chromium, desk)
    reader = chromium.new_context(locale="nl-NL").new_page()
    reader.goto(desk.at("/kennisbank/N01@3.0"))
    assert "vervallen" in reader.inner_text("main")

    choose(page, "terug", "1")
    page.locator("#vb-terugzetten").click()
    says(page, "#vb-melding-publiceren", "Uitgave 1 geeft weer antwoord")
    page.wait_for_timeout(1500)
    assert "12 maanden" in asked(chromium, desk)


def test_a_bad_file_is_told_and_personal_data_is_warned_about(chromium: Any, desk: Site, tmp_path: Path) -> None:
    page = opened(chromium, desk)
    tab(page, "Toevoegen")
    send(page, tmp_path, "kapot.docx", b"%PDF-1.7 dit is geen Word")
    says(page, "#vb-verslag", "kan niet worden gelezen.*een pdf")
    page.locator("#vb-bewaren").click()
    says(page, "#vb-melding-bewaren", "Kies eerst een bestand")
    send(page, tmp_path, "namen.docx", made.docx(made.p("Bel moeder Fatima Jansen op 06-12345678 als het niet lukt. " * 3)))
    says(page, "#vb-verslag", "Kijk dit na")
    assert "06-12345678" in page.locator("#vb-verslag").inner_text()


def test_of_two_trainers_who_publish_at_once_one_is_told_and_nothing_is_lost(chromium: Any, desk: Site) -> None:
    first = opened(chromium, desk)
    choose(first, "tekst", "H02@1.0")
    first.wait_for_timeout(800)
    first.locator("#vb-veld-owner textarea, #vb-veld-owner input").fill("Anna")
    first.locator("#vb-opslaan").click()
    says(first, "#vb-melding-tekst", "Opgeslagen")
    tab(first, "Proberen en publiceren")
    first.locator("#vb-concept").click()
    says(first, "#vb-melding-concept", "Concept gemaakt")
    second = opened(chromium, desk)
    tab(second, "Proberen en publiceren")
    says(second, "#vb-stand", "Er staat een concept klaar")
    for page in (first, second):
        page.locator("#vb-publiceer").click()
    says(first, "#vb-melding-publiceren", "geeft nu antwoord")
    says(second, "#vb-melding-publiceren", "Iemand anders heeft net gepubliceerd")
    assert "Anna" in second.locator("#vb-teksten").text_content()
    assert current_number(desk.home) > 1


@pytest.mark.parametrize("size", [(1280, 860), (360, 740)])
def test_the_pages_of_trainers_fit_the_screen_in_both_languages(chromium: Any, desk: Site, size: tuple[int, int]) -> None:
    page = opened(chromium, desk, size)
    for path, ready in (
        ("/beheer", "#vb-stand .vb-notice"),
        ("/en/beheer", "#vb-stand .vb-notice"),
        ("/kwaliteit", "#vb-cijfers p"),
        ("/en/kwaliteit", "#vb-cijfers p"),
    ):
        page.goto(desk.at(path))
        page.locator(ready).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
