"""The asking clause of a story is found; short questions and stories without a question stay whole."""

from __future__ import annotations

from assistant.focus import focus


def test_the_last_clause_of_a_story_is_what_is_asked() -> None:
    text = (
        "moeder belt over haar zoon van 16, hij is de laatste tijd boos op school en blijft vaak weg, en zij weet het niet meer "
        "en ik eerlijk gezegd ook niet, hoe lang mag ik haar gegevens bewaren?"
    )
    assert focus(text) == "hoe lang mag ik haar gegevens bewaren?"


def test_a_question_in_the_middle_is_found_too() -> None:
    text = (
        "Hoe rond je zoiets netjes af? Ik zat vanavond bijna twee uur met een moeder aan de lijn. Ze bleef maar doorpraten en "
        "ik durfde niet op te hangen. Ze huilde heel erg."
    )
    assert focus(text) == "Hoe rond je zoiets netjes af?"


def test_a_short_question_stays_whole() -> None:
    assert focus("mag ik alleen op huisbezoek") == "mag ik alleen op huisbezoek"


def test_a_story_without_a_question_stays_whole() -> None:
    text = "ik zat vanavond twee uur met een moeder aan de lijn en ik durfde niet op te hangen " * 2
    assert focus(text) == text
