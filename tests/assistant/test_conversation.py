"""A follow-up is completed from the conversation; a new subject is not dragged back to the old one."""

from __future__ import annotations

import pytest

from assistant.conversation import follow_up, readings
from assistant.model import Turn
from tests.fakes import analyser


def standalone(question: str, history: list[Turn]) -> str:
    """The likelier reading of a question."""
    return max(readings(question, history, analyser()), key=lambda reading: reading.odds).text


PAPER = Turn("Moet ik toestemming op papier hebben om met het steunpunt te overleggen?")


def test_a_follow_up_gets_the_words_it_lacks() -> None:
    assert "toestemming" in standalone("en als ze het alleen aan de telefoon zegt?", [PAPER])


def test_a_question_of_its_own_is_left_alone() -> None:
    question = "Hoeveel kilometervergoeding krijg ik voor een huisbezoek met de auto?"
    assert standalone(question, [PAPER]) == question


def test_a_chain_of_follow_ups_reaches_the_question_that_opened_it() -> None:
    history = [PAPER, Turn("en mondeling?")]
    assert "papier" in standalone("en daarna?", history)


def test_without_a_conversation_nothing_is_added() -> None:
    assert standalone("en dan?", []) == "en dan?"


@pytest.mark.parametrize("question", ["wat is intervisie", "mag ik een tolk bestellen", "wat staat er op het intakeformulier", "En hoe zit het met huisbezoek?"])
def test_a_short_question_about_something_else_stands_alone(question: str) -> None:
    assert standalone(question, [PAPER]) == question


@pytest.mark.parametrize("question", ["wie tekent", "per mail?", "hoe lang geldt dat dan", "ook als ze 15 is", "waarom niet", "en een leraar?"])
def test_a_short_question_that_says_too_little_by_itself_does_not(question: str) -> None:
    assert "papier" in standalone(question, [PAPER])


def test_without_the_model_the_rules_decide() -> None:
    asked = PAPER.question
    assert follow_up("mag dat ook", [asked], analyser(), {}) == 1
    assert follow_up("Hoeveel kilometervergoeding krijg ik voor een huisbezoek?", [asked], analyser(), {}) == 0


def test_a_question_that_may_be_meant_either_way_has_both_readings() -> None:
    joined, alone = readings("mag een oma mee", [PAPER], analyser())
    assert (joined.joined, alone.joined) == (True, False)
    assert joined.text == f"mag een oma mee {PAPER.question}"


@pytest.mark.parametrize("question", ["wie mag er in het dossier kijken", "waar gaat het eerste gesprek over"])
def test_an_article_does_not_point_back(question: str) -> None:
    assert standalone(question, [PAPER]) == question


@pytest.mark.parametrize("question", ["mag het mondeling", "kan ik handelen zonder het te vragen", "hoe leg ik het vast"])
def test_a_pronoun_does(question: str) -> None:
    assert "papier" in standalone(question, [PAPER])
