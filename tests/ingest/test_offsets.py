"""The offset invariant, upon which every citation rests, and ids that stay the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import SourceUnreadable
from corpus.model import Document
from ingest.clean import clean, join_hyphenated
from ingest.parse import parse_bytes
from ingest.pieces import Parsed, Piece, assemble
from ingest.split import SplitSettings, split
from ingest.structure import refine

TEXTS = st.text(st.characters(codec="utf-16", exclude_categories=()), max_size=80)
KINDS = st.sampled_from(
    ["heading", "paragraph", "list_item", "table_row", "table_header", "footnote", "box", "caption", "notice"]
)
PIECES = st.builds(
    lambda kind, text, level, cells: Piece(kind, text, level, cells=tuple(cells) if kind.startswith("table") else ()),
    KINDS, TEXTS, st.integers(0, 6), st.lists(TEXTS, max_size=4),
)  # fmt: skip
DOCUMENTS = st.lists(PIECES, max_size=25).map(lambda pieces: assemble("T@1", refine(Parsed(tuple(pieces)))))


def document_or_reason(data: bytes, name: str) -> Document | SourceUnreadable:
    try:
        return parse_bytes(data, name, "T@1")
    except SourceUnreadable as error:
        return error


def blocks_tile(document: Document) -> bool:
    at = 0
    for block in document.blocks:
        if document.text[at : block.start].strip() or block.start < at or block.end <= block.start:
            return False
        at = block.end
    return not document.text[at:].strip()


@given(DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_blocks_tile_the_canonical_text(document: Document) -> None:
    assert blocks_tile(document)
    document.text.encode("utf-8")


@given(DOCUMENTS, st.integers(5, 200))
@settings(max_examples=150, deadline=None)
def test_a_passage_is_a_piece_of_the_text_under_one_heading(document: Document, words: int) -> None:
    passages = split(document, SplitSettings(words=words))
    starts = {b.start for b in document.blocks}
    ends = {b.end for b in document.blocks}
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.start in starts
        assert passage.end in ends
        inside = [b for b in document.blocks if passage.start <= b.start < passage.end]
        assert {b.heading for b in inside} == {passage.heading}
        assert not {b.kind for b in inside} & {"heading", "notice"}
    assert len({p.id for p in passages}) == len(passages)
    assert all(one.end <= other.start for one, other in zip(passages, passages[1:], strict=False))


@given(DOCUMENTS)
@settings(max_examples=60, deadline=None)
def test_every_word_of_the_body_is_in_a_passage(document: Document) -> None:
    covered = split(document)
    for block in document.blocks:
        words = document.text[block.start : block.end]
        if block.kind not in ("heading", "notice") and any(c.isalnum() for c in words):
            assert any(p.start <= block.start and block.end <= p.end for p in covered)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n" not in once
    assert "  " not in once


@given(st.text(max_size=30), st.text(max_size=30))
def test_joining_lines_loses_no_letter(first: str, second: str) -> None:
    def letters(text: str) -> str:
        return "".join(c for c in text if c.isalnum())

    assert letters(join_hyphenated(first, second)) == letters(first) + letters(second)


def test_hyphens_go_where_they_only_broke_a_word() -> None:
    pairs = {
        ("ver-", "trouwen"): "vertrouwen", ("e-", "mail"): "e-mail", ("in-", "en uitgaand"): "in- en uitgaand",
        ("LSE-", "adviseur"): "LSE-adviseur", ("Noord-", "Holland"): "Noord-Holland", ("2-", "daagse"): "2-daagse",
        ("wie -", "wat"): "wie - wat", ("een", "woord"): "een woord",
    }  # fmt: skip
    assert {pair: join_hyphenated(*pair) for pair in pairs} == pairs


@given(st.binary(max_size=400), st.sampled_from(["x.md", "x.txt", "x.html", "x.pdf", "x.docx", "x.odt"]))
@settings(max_examples=250, deadline=None)
def test_any_bytes_are_a_document_or_a_clear_reason(data: bytes, name: str) -> None:
    outcome = document_or_reason(data, name)
    assert outcome.hint if isinstance(outcome, SourceUnreadable) else blocks_tile(outcome)


@given(st.text(max_size=300), st.sampled_from(["x.md", "x.txt", "x.html"]))
@settings(max_examples=250, deadline=None)
def test_any_text_gives_the_same_passages_each_time(text: str, name: str) -> None:
    data = text.encode("utf-8", "replace")
    first, again = document_or_reason(data, name), document_or_reason(data, name)
    if isinstance(first, Document) and isinstance(again, Document):
        assert blocks_tile(first)
        assert split(first) == split(again)
    else:
        assert str(first) == str(again)


def test_an_id_depends_on_content_and_place_alone() -> None:
    text = "# Kop\n\nEen zin over bellen.\n\n## Deel\n\nEen zin over bellen.\n\n## Deel\n\nEen zin over bellen.\n"
    passages = split(parse_bytes(text.encode(), "a.md", "N01@1"))
    again = split(parse_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"), "other_name.md", "N01@1"))
    assert [p.id for p in passages] == [p.id for p in again]
    assert len({p.id for p in passages}) == 3
    assert {p.id for p in passages}.isdisjoint(p.id for p in split(parse_bytes(text.encode(), "a.md", "N01@2")))
