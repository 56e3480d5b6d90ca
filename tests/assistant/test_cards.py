"""Cards are shown as trainers wrote them, or the file is refused with the place that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.cards import default_cards, load_cards
from corpus.errors import CatalogueError

GOOD = """
[[card]]
kind = "crisis"
id = "acuut"
title = "Bel 112"
title_en = "Call 112"
lines = ["Bel 112.", "Blijf aan de lijn."]
lines_en = ["Call 112.", "Stay on the line."]
examples = ["hij heeft een mes"]

[[card]]
kind = "crisis"
id = "zelfdoding"
topics = ["suicide"]
title = "Zelfdoding"
lines = ["Bel 112 bij direct gevaar."]

[[card]]
kind = "judgement"
id = "oordeel"
title = "Wie oordeelt?"
lines = ["Weeg samen met je coördinator."]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "cards.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_card_is_read_as_it_is_written(tmp_path: Path) -> None:
    card = load_cards(written(tmp_path, GOOD)).card("crisis")
    assert card is not None
    assert (card.title, card.lines) == ("Bel 112", ("Bel 112.", "Blijf aan de lijn."))


def test_a_topic_without_a_card_of_its_own_gets_the_first_of_its_kind(tmp_path: Path) -> None:
    cards = load_cards(written(tmp_path, GOOD))
    assert [getattr(cards.card("crisis", topic), "id", "") for topic in ("suicide", "zelfdoding", "weapon")] == [
        "zelfdoding",
        "zelfdoding",
        "acuut",
    ]


def test_a_card_without_english_text_is_shown_in_dutch(tmp_path: Path) -> None:
    cards = load_cards(written(tmp_path, GOOD))
    first, second = cards.card("crisis", language="en"), cards.card("judgement", language="en")
    assert first is not None
    assert second is not None
    assert first.lines[0] == "Call 112."
    assert second.title == "Wie oordeelt?"
    dutch = cards.card("crisis")
    assert dutch is not None
    assert cards.in_language(dutch, "en") == first


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('kind = "crisis"', 'kind = "ramp"'), "ramp"),
        (('title = "Bel 112"', 'title = ""'), "title"),
        (('lines = ["Bel 112.", ', 'lines = ["Wacht even.", '), "112"),
        (('id = "zelfdoding"', 'id = "acuut"'), "acuut"),
        (('lines = ["Weeg samen met je coördinator."]', "lines = []"), "no lines"),
        (('lines = ["Weeg samen met je coördinator."]', 'lines = "x"'), "list"),
        (("[[card]]", "[card"), "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_and_says_where(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(CatalogueError, match=named) as caught:
        load_cards(written(tmp_path, GOOD.replace(*change)))
    assert caught.value.hint


def test_a_missing_file_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_cards(tmp_path / "cards.toml")
    assert caught.value.hint


def test_the_bundled_crisis_cards_name_112_first_and_there_is_a_judgement_card() -> None:
    cards = default_cards()
    assert cards.card("judgement") is not None
    assert all(
        "112" in text.card.lines[0] and "112" in text.card_en.lines[0] for text in cards.texts if text.card.kind == "crisis"
    )
