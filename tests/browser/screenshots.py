"""Pictures of the app for the README: `python -m tests.browser.screenshots FOLDER` writes small PNGs of the sample corpus."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser import world
from tests.browser.conftest import DESKTOP, PHONE, Visit
from vraagbaak.offline import seal

QUESTION = "Hoe lang bewaren we een dossier?"
COLOURS = 128  # enough for a calm page, and a third of the bytes


def main(folder: Path) -> None:
    """Release the sample corpus in a temporary folder, serve it, and look at it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base:
        home = Path(base) / "home"
        world.released(home, world.TEXTS)
        with world.site(home, world.TEXTS) as site, world.browser() as chromium:
            for name, size, look, draw in PICTURES:
                context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="nl-NL", color_scheme=look)
                visit = Visit(site, context.new_page())
                draw(visit)
                visit.page.wait_for_timeout(400)
                (folder / f"{name}.png").write_bytes(smaller(visit.page.screenshot()))
                context.close()
                print(folder / f"{name}.png")  # noqa: T201


def smaller(png: bytes) -> bytes:
    """The same picture with fewer colours."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _welcome(visit: Visit) -> None:
    visit.go("/")


def _welcome_en(visit: Visit) -> None:
    visit.go("/en/")


def _answer(visit: Visit) -> None:
    visit.go("/")
    visit.ask(QUESTION)


def _source(visit: Visit) -> None:
    _answer(visit)
    _open(visit, "N01")


def _pdf(visit: Visit) -> None:
    visit.go("/")
    visit.ask("Wat is intervisie?")
    source = visit.page.locator("#beurt-1 .vb-source[data-bron^='H'], #beurt-1 .vb-source[data-bron^='N13']").first
    source.click()
    visit.page.locator("#vb-bron mark").first.wait_for()


def _open(visit: Visit, code: str) -> None:
    visit.page.locator(f'#beurt-1 .vb-source[data-bron^="{code}"]').first.click()
    visit.page.locator("#vb-bron mark").first.wait_for()


def _danger(visit: Visit) -> None:
    visit.go("/")
    visit.ask("Moeder belt met 06-12345678: er staat iemand met een mes in de keuken, wat moet ik doen?")


def _silent(visit: Visit) -> None:
    visit.go("/")
    visit.ask("Wat is de hoofdstad van Peru?")


def _feedback(visit: Visit) -> None:
    _answer(visit)
    answer = visit.page.locator("#beurt-1")
    answer.get_by_role("button", name="Te vaag").click()
    answer.get_by_label("Toelichting").fill("Geldt dit ook voor een intake? Bel 06-12345678")
    answer.get_by_role("button", name="Bekijk wat je verstuurt").click()
    answer.locator(".vb-preview").scroll_into_view_if_needed()


def _library(visit: Visit) -> None:
    visit.go("/kennisbank")


def _text(visit: Visit) -> None:
    visit.go("/kennisbank/N01")


def _about(visit: Visit) -> None:
    visit.go("/over")


PICTURES: tuple[tuple[str, tuple[int, int], str, Callable[[Visit], Any]], ...] = (
    ("vraag", DESKTOP, "light", _welcome),
    ("vraag-en", DESKTOP, "light", _welcome_en),
    ("antwoord", DESKTOP, "light", _answer),
    ("bron", DESKTOP, "light", _source),
    ("bladzijde", DESKTOP, "light", _pdf),
    ("gevaar", DESKTOP, "light", _danger),
    ("geen-antwoord", DESKTOP, "light", _silent),
    ("kennisbank", DESKTOP, "light", _library),
    ("tekst", DESKTOP, "light", _text),
    ("antwoord-donker", DESKTOP, "dark", _source),
    ("telefoon-vraag", PHONE, "light", _welcome),
    ("telefoon-antwoord", PHONE, "light", _answer),
    ("telefoon-bron", PHONE, "light", _source),
    ("telefoon-gevaar", PHONE, "light", _danger),
    ("telefoon-reactie", PHONE, "light", _feedback),
    ("telefoon-over", PHONE, "light", _about),
    ("telefoon-donker", PHONE, "dark", _danger),
)

if __name__ == "__main__":
    seal()
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
