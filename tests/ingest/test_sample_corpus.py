"""The sample handbook in six formats: each rendered file must have the structure of the Markdown it was made from.

The sources in corpus/sources are the expectation: their headings, paragraphs, list items, table rows and notes are compared
with what the readers of PDF, DOCX, ODT, HTML and text find in corpus/texts.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from corpus.errors import SourceUnreadable
from corpus.model import Document
from ingest.parse import parse, parse_bytes
from ingest.split import split

CORPUS = Path(__file__).parent.parent.parent / "corpus"
TEXTS = sorted(p for p in (CORPUS / "texts").glob("N*.*") if "N21" not in p.name) + sorted((CORPUS / "texts").glob("H*.*"))
KNOWN_LOSS = 0.03  # arrows with "ja" and "nee", the words inside a picture, a field drawn as underscores
SIMPLE_MARKUP = re.compile(r"\{>>.*?<<\}|\{--.*?--\}|\{\+\+(.*?)\+\+\}")  # comments and tracked changes in the sources


def source_of(rendered: Path) -> Path:
    """The Markdown with the same code, and the same version where there are two."""
    code = re.split(r"[ _]", rendered.name)[0]
    found = [p for p in (CORPUS / "sources").glob(f"{code}[ _]*.md") if ("v2.1" in p.name) == ("v2.1" in rendered.name)]
    return found[0]


@cache
def expected(rendered: Path) -> Document:
    text = SIMPLE_MARKUP.sub(lambda m: m[1] or "", source_of(rendered).read_text("utf-8"))
    return parse_bytes(text.encode(), "source.md", "S@1")


@cache
def found(rendered: Path) -> Document:
    return parse(rendered, "S@1")


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def content(document: Document) -> list[tuple[str, str]]:
    """(heading path, words) of every block that is text, as letters only."""
    return [
        (" > ".join(map(letters, b.heading)), letters(document.text[b.start : b.end]))
        for b in document.blocks
        if b.kind != "notice"
    ]


@pytest.fixture(params=TEXTS, ids=lambda p: p.name)
def rendered(request: pytest.FixtureRequest) -> Path:
    return request.param  # type: ignore[no-any-return]


def test_all_texts_of_the_sample_corpus_are_here() -> None:
    assert len(TEXTS) >= 31
    assert len({p.suffix for p in TEXTS}) == 6


def test_the_words_are_those_of_the_author(rendered: Path) -> None:
    wanted, got = {words for _, words in content(expected(rendered))}, {words for _, words in content(found(rendered))}
    missing = [words for words in wanted - got if not re.sub("[0-9]", "", words).startswith("casuscode")]
    missing = [words for words in missing if not any(words in other for other in got)]  # a caption opens with "Afbeelding:"
    assert len(missing) <= KNOWN_LOSS * len(wanted), missing


def test_the_order_is_that_of_the_author(rendered: Path) -> None:
    wanted = [words for _, words in content(expected(rendered)) if len(words) > 25]
    places = {words: i for i, (_, words) in enumerate(content(found(rendered)))}
    order = [places[words] for words in wanted if words in places and wanted.count(words) == 1]
    assert order == sorted(order)


def test_no_running_header_and_no_facts_about_the_document_are_answers(rendered: Path) -> None:
    passages = split(found(rendered))
    assert passages
    for passage in passages:
        assert not re.search(r"voorbeelddocument\s*[-–]|^documentcode|bladzijde \d+\s*$", passage.text.casefold()), passage.text


def test_nearly_all_heading_paths_are_right() -> None:
    right = total = 0
    for path in TEXTS:
        got = content(found(path))
        for heading, words in content(expected(path)):
            if heading.endswith(words) and words == heading.rsplit(" > ", 1)[-1]:
                total += 1
                right += (heading, words) in got
    assert total > 400
    assert right / total >= 0.98, (right, total)


def test_every_block_of_a_pdf_knows_its_pages_and_rectangles() -> None:
    for path in (p for p in TEXTS if p.suffix == ".pdf"):
        for block in found(path).blocks:
            assert block.pages, path.name
            assert block.rects, path.name
            assert {r.page for r in block.rects} == set(block.pages)
            assert all(0 <= r.left < r.right <= 600 and 0 <= r.top < r.bottom <= 850 for r in block.rects)


def test_a_scan_is_reported_and_never_silently_empty() -> None:
    (scan,) = (CORPUS / "texts").glob("N21*")
    with pytest.raises(SourceUnreadable, match="scan") as caught:
        parse(scan, "N21@1")
    assert "OCR" in caught.value.hint
