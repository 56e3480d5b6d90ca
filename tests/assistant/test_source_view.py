"""A source around its quotation: the right section, exactly the quoted words, what changed, and the page of a PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import library_page, reading, source_view
from assistant.library_page import Reader
from assistant.simpler import explained, glossaries, reading_ease
from assistant.source_view import Marks, Place
from corpus.errors import ReleaseError
from corpus.model import Block, Document, Source
from corpus.release import Release, open_release
from tests.fakes import TODAY, released, shelved, small_corpus

TEXTS = Path(__file__).parents[2] / "corpus" / "texts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("view")
    released(base / "home", small_corpus(base / "texts"))
    return base / "home"


@pytest.fixture(scope="module")
def release(home: Path) -> Iterator[Release]:
    with open_release(home) as opened:
        yield opened


def place_of(release: Release, source: str, words: str) -> Place:
    start = release.document(source).text.index(words)
    return Place(source, start, start + len(words))


def words_in(html: str, tag: str) -> str:
    return unescape("".join(re.findall(rf"<{tag}>(.*?)</{tag}>", html)))


def test_exactly_the_quoted_words_are_highlighted_in_their_section(release: Release) -> None:
    words = "binnen 48 uur"
    shown = source_view.view(release, place_of(release, "N01@3.0", words), TODAY, "nl")
    assert words_in(shown, "mark") == words
    assert "Contactnotitie" in shown
    assert "Een contactnotitie schrijf je" in shown
    assert "<td" not in shown


def test_a_quotation_over_several_list_items_is_highlighted_in_each(release: Release) -> None:
    text = release.document("N01@3.0").text
    start, end = text.index("de feiten"), text.index("zijn gemaakt;") + len("zijn gemaakt;")
    shown = source_view.view(release, Place("N01@3.0", start, end), TODAY, "nl")
    assert shown.count("<mark>") == 2
    assert shown.count("<li") == 3


@settings(max_examples=80, deadline=None)
@given(st.text(min_size=1, max_size=60), st.integers(0, 70), st.integers(0, 70))
def test_a_highlight_never_changes_the_words(text: str, start: int, end: int) -> None:
    document = Document("x@1", text, (Block("paragraph", 0, len(text)),))
    shown = source_view.marked(document, 0, len(text), Marks(start, end))
    assert unescape(re.sub(r"</?mark>", "", shown)) == unescape(source_view.marked(document, 0, len(text), source_view.NO_MARKS))
    inside = "".join(re.findall(r"<mark>(.*?)</mark>", shown, re.DOTALL))
    assert unescape(inside) == unescape(source_view.marked(document, min(start, len(text)), min(max(end, start), len(text)), source_view.NO_MARKS))


def test_what_changed_is_told_word_by_word(release: Release) -> None:
    shown = source_view.view(release, place_of(release, "N01@3.0", "12 maanden"), TODAY, "nl")
    assert "Vergeleken met versie 2.1, die gold tot 1 maart 2026." in shown
    gone, added = (re.findall(rf"<{tag}><span[^>]*>[^<]*</span>(.*?)</{tag}>", shown) for tag in ("del", "ins"))
    assert (gone, added) == (["24", "5 dagen."], ["12", "48 uur."])


def test_an_older_version_says_that_it_no_longer_holds(release: Release) -> None:
    shown = source_view.view(release, place_of(release, "N01@2.1", "24 maanden"), TODAY, "nl")
    assert "Deze versie is vervallen" in shown
    assert "/kennisbank/N01@3.0" in shown


@pytest.mark.parametrize("place", [Place("X99@1", 0, 5), Place("", 0, 0)])
def test_a_source_that_is_not_there_is_an_error_with_a_hint(release: Release, place: Place) -> None:
    with pytest.raises(ReleaseError) as missing:
        source_view.view(release, place, TODAY, "nl")
    assert missing.value.hint


def test_offsets_that_make_no_sense_highlight_nothing(release: Release) -> None:
    assert "<mark>" not in source_view.view(release, Place("N01@3.0", 10**8, 10**9), TODAY, "nl")


def test_a_long_section_is_cut_around_the_quotation() -> None:
    text = "\n".join(f"Regel {i} van een heel lang stuk over het bewaren van alles." for i in range(400))
    blocks, at = [], 0
    for line in text.split("\n"):
        blocks.append(Block("paragraph", at, at + len(line), ("Lang",)))
        at += len(line) + 1
    document = Document("L@1", text, tuple(blocks))
    start = text.index("Regel 200 ")
    section = reading.section_around(document, start, start + 9)
    assert section.cut_before
    assert section.cut_after
    assert section.blocks[-1].end - section.blocks[0].start <= reading.FAR
    assert any(b.start <= start < b.end for b in section.blocks)


def test_the_words_on_a_pdf_page_are_found_in_place() -> None:
    import io

    from PIL import Image

    from ingest.parse import parse

    path = TEXTS / "N13_intervisie.pdf"
    document = parse(path, "N13@1.1")
    block = next(b for b in document.blocks if b.kind == "paragraph" and b.rects)
    half = Place("N13@1.1", block.start, block.start + (block.end - block.start) // 2)
    page = block.pages[0]
    picture = Image.open(io.BytesIO(source_view.page_picture(path, document, half, page, 600))).convert("RGB")
    yellow = [(x, y) for x in range(0, picture.width, 2) for y in range(0, picture.height, 2) if picture.getpixel((x, y)) == (255, 221, 120)]
    assert yellow
    scale = 600 / 595
    top, bottom = min(r.top for r in block.rects), max(r.bottom for r in block.rects)
    assert all(top * scale - 6 <= y <= bottom * scale + 6 for _, y in yellow)


def test_the_original_file_is_used_only_while_it_is_the_one_that_was_read(release: Release, tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    source = release.by_key["N01@3.0"]
    assert source_view.original(release, source, folder) == (folder / source.path).resolve()
    (folder / source.path).write_text("iets anders", "utf-8")
    assert source_view.original(release, source, folder) is None
    outside = Source("Z", "Z", "1", "geldig", "../../etc/passwd")
    assert source_view.original(release, outside, folder) is None


# --- the knowledge base -----------------------------------------------------------------------------------------------------


def test_the_overview_lists_what_holds_and_keeps_the_rest_apart(release: Release, home: Path) -> None:
    shown = library_page.overview(release, Reader(TODAY, "nl", home))
    valid, _, rest = shown.partition("Concepten en vervallen versies")
    assert "/kennisbank/N01@3.0" in valid
    assert "/kennisbank/N01@2.1" not in valid
    assert "/kennisbank/N01@2.1" in rest


def test_a_search_highlights_other_forms_of_the_words(home: Path) -> None:
    opened = shelved(home)
    shown = library_page.searched(opened, "dossiers bewaren", Reader(TODAY))
    assert "N01@3.0" in shown
    assert "N01@2.1" not in shown
    assert "<mark>dossier</mark>" in shown
    assert "staat niets" in library_page.searched(opened, "   ", Reader(TODAY))


def test_every_heading_can_be_linked_to(release: Release) -> None:
    _, shown = library_page.text_page(release, "N01", Reader(TODAY))
    links = re.findall(r'<a href="#([^"]+)"', shown)
    anchors = re.findall(r'<h\d id="([^"]+)"', shown)
    assert links
    assert set(links) <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_what_is_new_names_added_changed_and_removed_texts(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    home = tmp_path / "home"
    released(home, folder)
    with open_release(home) as first:
        assert reading.news(home, first.manifest).first
    (folder / "bellen.md").write_text((folder / "bellen.md").read_text("utf-8") + "\nBel altijd terug.\n", "utf-8")
    catalogue = (folder / "catalogue.toml").read_text("utf-8")
    (folder / "nieuw.md").write_text("# Nieuw\n\nDit is een nieuwe tekst over iets anders.\n", "utf-8")
    (folder / "catalogue.toml").write_text(
        catalogue + '\n[[source]]\ncode = "N02"\ntitle = "Nieuw"\nversion = "1.0"\nstatus = "geldig"\npath = "nieuw.md"\n', "utf-8"
    )
    released(home, folder, note="tweede")
    with open_release(home) as second:
        news = reading.news(home, second.manifest)
    assert (news.added, news.changed, news.removed) == (("N02@1.0",), ("H02@1.0",), ())


# --- explained more simply ----------------------------------------------------------------------------------------------------


def test_a_word_list_explains_the_words_of_the_question_first() -> None:
    text = "Achterwacht: de coördinator van dienst, die je belt bij oranje en rood.\nVOG: verklaring omtrent het gedrag."
    middle = text.index("\n")
    blocks = (Block("paragraph", 0, middle), Block("paragraph", middle + 1, len(text)))
    source = Source("N18", "Begrippenlijst", "1.0", "geldig", "n18.txt")

    class Shelf:
        number = 1
        by_key = {source.key: source}

        def document(self, key: str) -> Document:
            return Document(key, text, blocks)

    lists = glossaries(Shelf.by_key, frozenset({source.key}))
    found = explained("Wanneer bel ik de achterwacht?", "Wanneer bel ik de achterwacht? Je hebt een VOG nodig.", Shelf(), lists)
    assert [p.text.split(":")[0] for p in found] == ["Achterwacht", "VOG"]
    assert all(text[p.start : p.end] == p.text for p in found)
    assert glossaries(Shelf.by_key, frozenset()) == ()


def test_plain_words_read_easier_than_official_ones() -> None:
    plain = "Bel eerst de coördinator. Zeg wat je hoort. Blijf rustig."
    official = "Onverminderd de geheimhoudingsverplichting informeert de vertrouwenspersoon onverwijld de verantwoordelijke functionaris."
    assert reading_ease(plain) > 65 > reading_ease(official)


def test_days_are_taken_from_the_calendar_of_the_reader(release: Release) -> None:
    early = date(2026, 1, 1)
    assert reading.standing(release.by_key["N01@3.0"], early) == "not_yet"
    assert reading.standing(release.by_key["N01@3.0"], TODAY) == "valid"
    assert reading.standing(release.by_key["N01@2.1"], TODAY) == "expired"
