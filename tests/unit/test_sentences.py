"""Dutch sentences are cut at their ends and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import sentences


def cut(text: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Bel 112. Blijf aan de lijn.", ["Bel 112.", "Blijf aan de lijn."]),
        ("De v.p. heeft o.a. een telefoon, zie art. 17e lid 2. Klaar.", ["De v.p. heeft o.a. een telefoon, zie art. 17e lid 2.", "Klaar."]),
        ("Mevr. De Vries belt ca. 12 jr. geleden.", ["Mevr. De Vries belt ca. 12 jr. geleden."]),
        ("Open van 9.00 tot 21.00 uur. Zondag dicht.", ["Open van 9.00 tot 21.00 uur.", "Zondag dicht."]),
        ("1. Bel 112. 2. Zorg voor jezelf.", ["1. Bel 112.", "2. Zorg voor jezelf."]),
        ("Zeg: “Ik ken dat niet. Wilt u vertellen?” Wacht dan.", ["Zeg: “Ik ken dat niet. Wilt u vertellen?”", "Wacht dan."]),
        ("Een haakje “ dat nooit sluit. Nog een zin.", ["Een haakje “ dat nooit sluit.", "Nog een zin."]),
        ("‘Wat nu?’ vroeg ze. Ik wachtte.", ["‘Wat nu?’ vroeg ze.", "Ik wachtte."]),
        ("Mag dat? Nee! Nooit.", ["Mag dat?", "Nee!", "Nooit."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@given(st.text(max_size=300))
def test_no_word_is_lost_and_sentences_stand_in_order(text: str) -> None:
    spans = list(sentences(text))
    assert all(a < b for a, b in spans)
    assert all(left[1] <= right[0] for left, right in zip(spans, spans[1:], strict=False))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
