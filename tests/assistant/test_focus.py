"""The asking clause of a page of story is found; questions and short stories stay whole, and so do stories without a question."""

from __future__ import annotations

from assistant.focus import LONG, focus

STORY = (
    "Ik zat vanavond bijna twee uur met een moeder aan de lijn en ze bleef maar doorpraten over vroeger, over de school en over haar zus. Ik durfde niet op "
    "te hangen. Ze huilde heel erg. Haar zoon van 16 is de laatste tijd boos en blijft vaak weg. "
) * 2


def test_the_last_clause_of_a_story_is_what_is_asked() -> None:
    text = STORY + "zij weet het niet meer en ik eerlijk gezegd ook niet, hoe lang mag ik haar gegevens bewaren?"
    assert len(text.split()) >= LONG
    assert focus(text) == "hoe lang mag ik haar gegevens bewaren?"


def test_a_question_in_the_middle_is_found_too() -> None:
    text = "Hoe rond je zoiets netjes af? " + STORY
    assert focus(text) == "Hoe rond je zoiets netjes af?"


def test_a_short_question_stays_whole() -> None:
    assert focus("mag ik alleen op huisbezoek") == "mag ik alleen op huisbezoek"


def test_a_few_sentences_that_say_what_the_question_is_about_stay_whole() -> None:
    text = "Moeder liet haar tas staan met mijn aantekeningen erin en nu is die weg. Ze belde net in paniek. Wat moet ik nu doen en wie moet het weten?"
    assert focus(text) == text


def test_a_story_without_a_question_stays_whole() -> None:
    text = "ik zat vanavond twee uur met een moeder aan de lijn en ik durfde niet op te hangen " * 8
    assert focus(text) == text
