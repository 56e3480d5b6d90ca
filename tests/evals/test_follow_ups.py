"""What the models of follow-ups are counted on, and how well they do there."""

from __future__ import annotations

import numpy as np

from assistant.conversation import is_follow_up
from assistant.second_opinion import load_opinions
from corpus.analyse import Analyser
from corpus.lexicon import load_lexicon
from evals.guard_report import report_guard
from evals.train_follow_ups import KINDS, Talk, matrix_of, report, seen, talks, threshold


def test_no_last_question_is_both_taught_and_counted() -> None:
    assert not {talk.text for talk in talks("dev")} & {talk.text for talk in talks("held")}
    assert {talk.label for talk in talks("held")} == {"needs", "alone", "card", "calm", "over"}


def test_conversations_that_no_model_saw_are_mostly_told_apart() -> None:
    analyser = Analyser(load_lexicon())
    found = {share.name: share.value for share in report(report_guard(), lambda talk: is_follow_up(talk.text, talk.before, analyser))}
    assert found["follow-ups taken for one"] > 0.8
    assert found["questions of their own taken for one"] < 0.15
    assert found["card kept while it is about the emergency"] > 0.9
    assert found["card kept though it is not"] < 0.25


def test_of_emergencies_at_most_one_card_in_a_hundred_is_lost_to_the_threshold() -> None:
    labels = np.array([True] * 200 + [False] * 200)
    probabilities = np.concatenate([np.linspace(0.2, 1, 200), np.linspace(0, 0.5, 200)])
    least = threshold("follows", labels, probabilities)
    assert np.mean(probabilities[labels] < least) <= 0.01
    assert np.mean(probabilities[labels] < least + 0.02) > 0.01


def test_the_shipped_models_know_the_features_that_they_are_asked_about() -> None:
    guard, analyser = report_guard(), Analyser(load_lexicon())
    talk = Talk("en de buren?", ("hij staat met een mes voor de deur",), "card", "nobody")
    for name in KINDS:
        names, matrix = matrix_of([seen(name, talk, guard, analyser)] * 2)
        assert matrix.shape == (2, len(names))
        assert seen(name, talk, guard, analyser) & load_opinions()[name].weights.keys()
