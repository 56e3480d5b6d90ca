"""Each written source becomes a file that opens, says what the source says, and is the same every time."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from corpus import render, render_source
from corpus.errors import CatalogueError
from corpus.render_source import (
    EXAMPLE_LINE,
    Box,
    Columns,
    Fold,
    Heading,
    Item,
    List,
    Paragraph,
    Table,
    WrittenSource,
    parse,
    spans,
)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HEAD = """---
code: N99
title: Proef
version: "1.0"
status: geldig
owner: trainer
valid_from: 2026-01-05
valid_until:
review_by: 2027-01-05
audience: vertrouwenspersonen
supersedes:
format: {format}
---
# Proef
"""


@pytest.fixture
def written(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A source from its body, as if a writer had just saved it."""

    def make(body: str, format: str = "md") -> WrittenSource:
        path = tmp_path / "N99_proef.md"
        path.write_text(HEAD.format(format=format) + "\n" + body, "utf-8")
        return render_source.read(path)

    return make


def pdf_pages(data: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


# --- reading what the writer wrote -----------------------------------------------------------------------------------------


def test_a_list_keeps_its_nested_list_and_its_first_number() -> None:
    (block,) = parse(["3. een", "   - a", "   - b", "4. twee"])
    assert block == List((Item("een", (List((Item("a"), Item("b"))),)), Item("twee")), start=3)


def test_boxes_folds_and_columns_hold_their_own_blocks() -> None:
    blocks = parse(["> [!kader] Kop", "> tekst", "", "::: inklapbaar Meer", "tekst", ":::", "", "::: kolommen", "### a", ":::"])
    assert blocks == (
        Box("Kop", (Paragraph("tekst"),)), Fold("Meer", (Paragraph("tekst"),)), Columns((Heading(3, "a"),)),
    )  # fmt: skip


def test_merged_cells_cover_the_cells_below_and_to_the_right() -> None:
    (table,) = parse(["| a | b |", "| --- | --- |", "| 1 | << |", "| 2 | 3 |", "| ^^ | 4 |"])
    assert isinstance(table, Table)
    covered = {cell.text: (cell.rows, cell.columns) for cell in table.cells()}
    assert covered == {"a": (1, 1), "b": (1, 1), "1": (1, 2), "2": (2, 1), "3": (1, 1), "4": (1, 1)}


def test_marks_become_looks_and_leave_no_sign_in_the_text() -> None:
    made = list(spans("**Let op:** *zacht* {--oud--}{++nieuw++}{>>vraag<<}[^1] [ ] ja"))
    assert [s.text for s in made if s.text] == ["Let op:", " ", "zacht", " ", "oud", "nieuw", " ☐ ja"]
    assert made[0].bold
    assert made[2].italic
    assert [(s.deleted, s.inserted) for s in made[4:6]] == [(True, False), (False, True)]
    assert [s.comment or s.note for s in made[6:8]] == ["vraag", "1"]


def test_wrong_front_matter_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "N98_kapot.md"
    path.write_text("---\ncode: N98\n---\n# Kapot\n", "utf-8")
    with pytest.raises(CatalogueError, match="N98_kapot.md"):
        render_source.read(path)


def test_an_unknown_format_is_an_error_that_lists_the_known_ones(written) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CatalogueError) as caught:
        render.file_name(written("tekst", format="doc"))
    assert "docx" in caught.value.hint


# --- one promise per format ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["pdf", "docx", "odt", "html", "md", "txt", "txt-cp1252"])
def test_the_same_source_gives_the_same_bytes(written, format: str) -> None:  # type: ignore[no-untyped-def]
    source = written(
        "## Kop\n\nZin met ë en ‘haakjes’.[^1]\n\n- een\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n[^1]: noot", format
    )
    assert render.render(source) == render.render(source)


def test_the_parts_of_a_word_file_carry_no_date_of_today(written) -> None:  # type: ignore[no-untyped-def]
    import io

    archive = zipfile.ZipFile(io.BytesIO(render.render(written("{++nieuw++}{>>vraag<<}", "docx"))))
    assert {info.date_time for info in archive.infolist()} == {(2026, 1, 1, 0, 0, 0)}
    stamps = re.findall(r"20\d\d-\d\d-\d\d", "".join(archive.read(n).decode("utf-8", "ignore") for n in archive.namelist()))
    assert set(stamps) <= {"2026-01-05", "2013-12-23"}  # the second is in the template of the library


def test_tracked_changes_comments_and_footnotes_are_real_ones(written) -> None:  # type: ignore[no-untyped-def]
    import io
    from xml.etree import ElementTree

    source = written("Vast {--oud--}{++nieuw++}{>>waarom?<<} einde.[^1]\n\n[^1]: De noot.", "docx")
    archive = zipfile.ZipFile(io.BytesIO(render.render(source)))
    body = ElementTree.fromstring(archive.read("word/document.xml"))
    assert "".join(t.text or "" for ins in body.iter(f"{W}ins") for t in ins.iter(f"{W}t")) == "nieuw"
    assert "".join(t.text or "" for gone in body.iter(f"{W}del") for t in gone.iter(f"{W}delText")) == "oud"
    assert b"waarom?" in archive.read("word/comments.xml")
    assert "De noot." in archive.read("word/footnotes.xml").decode()
    assert len(list(body.iter(f"{W}footnoteReference"))) == 1


def test_a_numbered_list_in_word_starts_at_its_own_number(written) -> None:  # type: ignore[no-untyped-def]
    import io
    from xml.etree import ElementTree

    archive = zipfile.ZipFile(io.BytesIO(render.render(written("1. a\n2. b\n\ntekst\n\n1. c", "docx"))))
    body = ElementTree.fromstring(archive.read("word/document.xml"))
    used = [n.get(f"{W}val") for n in body.iter(f"{W}numId")]
    assert used[0] == used[1] != used[2]


def test_an_old_text_file_is_windows_encoded_with_windows_line_ends(written) -> None:  # type: ignore[no-untyped-def]
    data = render.render(written("Zin met ë en ‘haakjes’.", "txt-cp1252"))
    assert "‘haakjes’".encode("cp1252") in data
    assert data.count(b"\r\n") == data.count(b"\n")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_a_web_page_has_real_structure_and_fetches_nothing(written) -> None:  # type: ignore[no-untyped-def]
    body = (
        "## Een kop\n\n::: inklapbaar Meer\ntekst\n:::\n\n![een driehoek](driehoek)\n\n| a | b |\n| --- | --- |\n| 1 < 2 | x |"
    )
    page = render.render(written(body, "html")).decode()
    for part in (
        "<nav",
        "<main>",
        "<aside",
        "<footer>",
        '<h2 id="een-kop">',
        "<summary>Meer</summary>",
        '<th scope="col">a</th>',
    ):
        assert part in page
    assert 'alt="een driehoek"' in page
    assert "1 &lt; 2" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_words_broken_at_a_line_end_carry_a_hyphen_in_the_handbook() -> None:
    pages = "\n".join(pdf_pages(_rendered("H04")))
    # the pdf reader marks such a hyphen with U+FFFE or keeps it as "-" at the end of the line
    assert re.search(r"[a-zé](?:-|\ufffe|\u00ad)\r?\n?[a-z]", pages)


def test_the_scan_has_a_page_but_no_text() -> None:
    pages = pdf_pages(_rendered("N21"))
    assert len(pages) == 1
    assert pages[0].strip() == ""


def test_the_flow_chart_is_written_against_the_reading_order() -> None:
    text = pdf_pages(_rendered("N02"))[0]
    assert text.index("Vraag 4.") < text.index("Vraag 1.")
    assert text.index("112 eerst") < text.index("Vraag 4.")


def _rendered(code: str) -> bytes:
    return render.render(next(s for s in render.sources() if s.code == code and s.status == "geldig"))


# --- the files as they are kept --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    render.render_all(folder)
    return folder


def test_rendering_twice_changes_nothing(fresh: Path, tmp_path: Path) -> None:
    again = {p.name: p.read_bytes() for p in render.render_all(tmp_path)}
    assert again == {p.name: p.read_bytes() for p in fresh.iterdir()}


@pytest.mark.parametrize("source", render.sources(), ids=lambda s: s.key)
def test_the_kept_file_is_what_its_source_renders_to(source: WrittenSource, fresh: Path) -> None:
    """By content and not by bytes: another version of a compressor packs the same content otherwise."""
    name = render.file_name(source)
    assert _content(render.TEXTS / name) == _content(fresh / name), "run: make corpus-samples"


def _content(path: Path) -> object:
    if path.suffix in (".docx", ".odt"):
        with zipfile.ZipFile(path) as archive:
            return {n: archive.read(n) for n in archive.namelist()}
    return pdf_pages(path.read_bytes()) if path.suffix == ".pdf" else path.read_bytes()


@pytest.mark.parametrize("source", [s for s in render.sources() if s.code != "N21"], ids=lambda s: s.key)
def test_every_file_says_first_that_it_is_an_example(source: WrittenSource, fresh: Path) -> None:
    text = _opening(fresh / render.file_name(source))
    assert re.sub(r"\s+", " ", text).strip().startswith(EXAMPLE_LINE)
    assert source.title in text


def _opening(path: Path) -> str:
    """The first visible text of a file."""
    if path.suffix == ".pdf":
        return pdf_pages(path.read_bytes())[0]
    if path.suffix in (".docx", ".odt"):
        part = "word/document.xml" if path.suffix == ".docx" else "content.xml"
        with zipfile.ZipFile(path) as archive:
            body = archive.read(part).decode()
        return re.sub(r"<[^>]+>", "", body.split("<w:body>")[-1].split("<office:text>")[-1].replace("</w:p>", "\n"))
    data = path.read_bytes()
    text = data.decode("cp1252" if b"\r\n" in data else "utf-8")
    return re.sub(r"<[^>]+>", "", text.split("<body>")[-1])
