"""The questions that the first page offers are answered by the text they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.ui_wording import EXAMPLES, Example
from assistant.wiring import AssistantSettings, open_shelved
from tests.fakes import TODAY, NoMask


@pytest.fixture(scope="module")
def helper(sample_home: Path) -> Assistant:
    opened = open_shelved(sample_home, AssistantSettings(dense="exact"))
    return Assistant(lambda: opened, NoMask(), lambda: TODAY)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.question)
def test_an_example_question_is_answered_from_its_text_without_a_card(helper: Assistant, example: Example) -> None:
    answer = helper.ask(example.question)
    assert answer.status in ("answered", "partly")
    assert answer.card is None
    assert example.source in {c.source.split("@")[0] for c in answer.citations}


@pytest.mark.parametrize("question", ["Wat is moreel beraad?", "Hoe lang bewaren we een dossier?", "Wat is intervisie?", "recept voor erwtensoep"])
def test_scores_of_passages_lie_between_nothing_and_one(helper: Assistant, question: str) -> None:
    scores = [hit.score for hit in helper.ask(question).hits]
    assert scores
    assert all(0 <= score <= 1 for score in scores)
