"""What every kind of document becomes: headings, tables, lists, notes and reading order as its author meant them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.model import Block, Document
from ingest.parse import parse_bytes
from ingest.split import split
from tests.ingest.made import MADE, Expected, Made

# Saved by LibreOffice from one Word document (tolk_word.docx), so that they carry what real programs write.
STORED = Path(__file__).parent.parent / "data" / "documents"
TOLK = Expected(
    headings=(
        "Werken met een tolk",
        "Werken met een tolk > Aanvragen",
        "Werken met een tolk > Aanvragen > Talen",
        "Werken met een tolk > Tijdens het gesprek",
    ),
    cells=(("Taal", "Live", "Telefoon"), ("Turks", "ja", "ja"), ("Turks", "nee", "ja")),
    items=("Noem de taal.", "Noem het dialect.", "1. Bel de coördinator.", "2. Wacht op bericht."),
    order=("24 uur vooraf.", "Noem de taal.", "Turks", "Spreek in korte zinnen.", "Kijk naar de ouder"),
    absent=("Notitie tolk", "Versie 3"),
)


def stored(name: str) -> Made:
    return Made(name, (STORED / name).read_bytes, TOLK)


ALL = (*MADE, *(stored(name) for name in ("tolk_word.docx", "tolk.docx", "tolk.odt", "tolk.pdf")))


@pytest.fixture(params=ALL, ids=lambda made: made.name)
def made(request: pytest.FixtureRequest) -> Made:
    return request.param  # type: ignore[no-any-return]


def read(made: Made) -> Document:
    return parse_bytes(made.make(), made.name, "T@1")


def of_kind(document: Document, *kinds: str) -> Iterator[Block]:
    return (b for b in document.blocks if b.kind in kinds)


def words(document: Document, block: Block) -> str:
    return document.text[block.start : block.end]


def test_every_heading_has_its_path(made: Made) -> None:
    assert tuple(" > ".join(b.heading) for b in of_kind(read(made), "heading")) == made.expected.headings


def test_tables_are_rows_of_whole_cells(made: Made) -> None:
    document = read(made)
    rows = tuple(b.cells for b in of_kind(document, "table_header", "table_row"))
    assert rows == made.expected.cells
    assert all(b.header == rows[0] for b in of_kind(document, "table_row"))


def test_list_items_keep_their_numbers_and_stay_whole(made: Made) -> None:
    document = read(made)
    assert tuple(words(document, b) for b in of_kind(document, "list_item")) == made.expected.items


def test_notes_stand_apart_without_their_marks(made: Made) -> None:
    document = read(made)
    assert tuple(words(document, b) for b in of_kind(document, "footnote")) == made.expected.notes


def test_reading_order_is_that_of_the_author(made: Made) -> None:
    text = read(made).text
    places = [text.find(phrase) for phrase in made.expected.order]
    assert -1 not in places, made.expected.order[places.index(-1)]
    assert places == sorted(places)


def test_what_is_no_text_is_in_no_passage(made: Made) -> None:
    passages = " ".join(p.text for p in split(read(made)))
    assert [phrase for phrase in made.expected.absent if phrase in passages] == []


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.slow
@pytest.mark.parametrize("ending", ["odt", "pdf"])
def test_what_libreoffice_makes_of_it_today_reads_the_same(ending: str, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [
        "soffice",
        "--headless",
        profile,
        "--convert-to",
        ending,
        "--outdir",
        str(tmp_path),
        str(STORED / "tolk_word.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    document = parse_bytes((tmp_path / f"tolk_word.{ending}").read_bytes(), f"tolk.{ending}", "T@1")
    assert tuple(" > ".join(b.heading) for b in of_kind(document, "heading")) == TOLK.headings
