"""English questions are recognised and searched in Dutch words; Dutch and mixed ones are left alone."""

from __future__ import annotations

import pytest

from assistant.english import dutch_words, is_english


@pytest.mark.parametrize("text", ["what do I do when a parent withdraws consent", "how long do we keep a file?", "can I visit a family at home?"])
def test_english_is_recognised(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text", ["wat doe ik als een ouder de toestemming intrekt", "my caller spreekt alleen Darija, hoe regel ik een tolk", "is he in me?", "", "LSD"]
)
def test_dutch_and_mixed_questions_are_not_english(text: str) -> None:
    assert not is_english(text)


def test_content_words_are_put_in_dutch_and_unknown_ones_stay() -> None:
    assert dutch_words("what do I do when a parent withdraws consent for Darija") == "ouder intrekken toestemming Darija"
