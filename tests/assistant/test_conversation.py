"""A follow-up is completed from the conversation; a new subject is not dragged back to the old one."""

from __future__ import annotations

import pytest

from assistant.conversation import standalone
from assistant.model import Turn
from tests.fakes import analyser

PAPER = Turn("Moet ik toestemming op papier hebben om met het steunpunt te overleggen?")


def test_a_follow_up_gets_the_words_it_lacks() -> None:
    assert "toestemming" in standalone("en als ze het alleen aan de telefoon zegt?", [PAPER], analyser())


def test_a_question_of_its_own_is_left_alone() -> None:
    question = "Hoeveel kilometervergoeding krijg ik voor een huisbezoek met de auto?"
    assert standalone(question, [PAPER], analyser()) == question


def test_a_chain_of_follow_ups_reaches_the_question_that_opened_it() -> None:
    history = [PAPER, Turn("en mondeling?")]
    assert "papier" in standalone("en daarna?", history, analyser())


def test_without_a_conversation_nothing_is_added() -> None:
    assert standalone("en dan?", [], analyser()) == "en dan?"


@pytest.mark.parametrize("question", ["wie mag er in het dossier kijken", "waar gaat het eerste gesprek over"])
def test_an_article_does_not_point_back(question: str) -> None:
    assert standalone(question, [PAPER], analyser()) == question


@pytest.mark.parametrize("question", ["mag het mondeling", "kan ik handelen zonder het te vragen", "hoe leg ik het vast"])
def test_a_pronoun_does(question: str) -> None:
    assert "papier" in standalone(question, [PAPER], analyser())
