"""What the knowledge base lacks: where a question is lost, and that nothing is shown that nobody sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.gaps import Gap, cause_of_item, from_feedback, from_items, gaps_html
from assistant.journal import MINIMUM_GROUP, Feedback, Journal, TopicCount
from assistant.model import Masked
from tests import fakes


def test_each_stage_of_the_funnel_has_its_own_cause() -> None:
    stages = ("not in the corpus", "not among 50", "not among 5", "kept silent", "not shown")
    assert [cause_of_item(s) for s in stages] == ["missing", "not_found", "not_found", "worded", "worded"]


def test_sent_questions_are_asked_again_and_say_whether_they_are_answered_now(tmp_path: Path) -> None:
    fakes.released(tmp_path / "home", fakes.small_corpus(tmp_path / "teksten"))
    helper = fakes.assistant_on(tmp_path / "home")
    sent = [
        Feedback("niet_gevonden", question="Hoe lang bewaren we een dossier?", day="2026-11-01", id="a"),
        Feedback("klopt", question="Wat is de voicemail?", day="2026-11-02", id="b"),
        Feedback("te_vaag", question="", day="2026-11-03", id="c"),
        Feedback("niet_gevonden", question="xylofoon quizavond", day="2026-11-04", id="d"),
    ]
    found = from_feedback(sent, helper.ask, 0.5)
    assert [(g.question, g.cause) for g in found] == [
        ("xylofoon quizavond", "missing"),
        ("Hoe lang bewaren we een dossier?", "answered"),
    ]
    assert found[1].nearest[0].startswith("N01 3.0: Bewaren")


def test_items_that_were_lost_are_named_and_no_others() -> None:
    rows = [
        {"id": "1", "funnel": "answered"},
        {"id": "2", "funnel": "not among 5"},
        {"id": "3", "funnel": "kept silent", "counterfactual": True},
        {"id": "test-only", "funnel": "not shown"},
        {"id": "4"},
    ]
    found = from_items(rows, {str(n): f"vraag {n}" for n in range(1, 5)}, lambda question: ("N01 3.0: Bewaren",))
    assert found == (Gap("2", "vraag 2", "not_found", ("N01 3.0: Bewaren",)),)


@pytest.mark.parametrize("count", [MINIMUM_GROUP - 1, MINIMUM_GROUP])
def test_a_topic_is_shown_only_from_the_minimum_group_on(tmp_path: Path, count: int) -> None:
    journal = Journal(tmp_path, mask=Masked)
    for _ in range(count):
        journal.add(Feedback("te_vaag", topic="Bewaren"))
    html = gaps_html(journal.topic_counts(), (), "nl")
    assert ("Bewaren" in html) == (count >= MINIMUM_GROUP)


def test_what_was_sent_is_shown_as_text_and_not_run() -> None:
    html = gaps_html(
        (TopicCount("<b>x</b>", 9),), (Gap("feedback", "<script>1</script>", "worded", ("<i>",), "<img onerror=x>"),), "nl"
    )
    for tag in ("<script", "<b>x", "<i>", "<img"):
        assert tag not in html
