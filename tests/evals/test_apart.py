"""The questions kept apart: what counts as right, and that nothing else has seen them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.model import Answer, Citation, Question
from corpus.phrasings import parse_phrasings
from evals.apart import Found, auroc, figures, held_against, measured, places_of
from evals.judged import APART, TAUGHT, Judged, judged_questions
from evals.world import World

ROOT = Path(__file__).parents[2]
PLACES = {"a : bel terug": (("H01@1", 0, 10),), "a : helpt": (("H01@1", 20, 30),), "a : niets": (("H01@1", 40, 50),)}
ASKED = Judged("hoe snel", ("a : bel terug",), ("a : helpt",), ("a : niets",))


def answer(*spans: tuple[int, int], status: str = "answered") -> Answer:
    cited = tuple(Citation(f"B{i}", "H01@1", "p", (), (), "", start, end) for i, (start, end) in enumerate(spans))
    return Answer(Question("hoe snel", "hoe snel"), status, release=1, citations=cited, confidence=0.7)  # type: ignore[arg-type]


def test_one_shown_sentence_that_answers_is_enough_and_one_that_helps_comes_second() -> None:
    assert held_against(ASKED, answer((40, 50), (2, 8)), PLACES).outcome == "right"
    assert held_against(ASKED, answer((40, 50), (25, 28)), PLACES).outcome == "helps"
    assert held_against(ASKED, answer((40, 50)), PLACES).outcome == "beside"
    assert held_against(ASKED, answer(status="no_answer"), PLACES).outcome == "silent"
    assert held_against(ASKED, replace(answer((2, 8)), status="card"), PLACES).outcome == "card"


def test_a_judged_text_that_left_the_corpus_is_an_error_and_no_miss() -> None:
    with pytest.raises(KeyError, match="weg"):
        held_against(Judged("hoe snel", ("weg",), (), ()), answer((0, 5)), PLACES)


def test_figures_count_answerable_and_other_questions_apart() -> None:
    found = [
        Found("a", True, "right", 1, 0.9),
        Found("b", True, "silent", 3, 0.2),
        Found("c", False, "silent", 0, 0.1),
        Found("d", False, "beside", 0, 0.8),
        Found("e", True, "card", 1, 0.0),
    ]
    table = {name: value.value for name, value in figures(found).items()}
    assert table["first passage answers"] == 0.5
    assert table["one of five answers"] == 1.0
    assert table["silent, though answerable"] == 0.5
    assert table["silent, rightly"] == 0.5
    assert table["shown: beside the question"] == 0.5
    assert table["card"] == 0.2
    assert auroc(found) == 0.75  # of four pairs one is in the wrong order; a card is no decision


def test_no_question_kept_apart_is_taught_or_among_the_phrasings() -> None:
    apart = {one.question for one in judged_questions(APART)}
    known = parse_phrasings((ROOT / "corpus" / "texts" / "phrasings.toml").read_bytes())
    assert len(apart) > 1_500
    assert not apart & {one.question for one in judged_questions(TAUGHT)}
    assert not apart & {ask for entry in (*known.known, *known.gaps) for ask in entry.asks}


def test_every_judged_sentence_stands_in_the_sample_corpus_and_is_asked_through_the_app(sample: World) -> None:
    questions = judged_questions(APART)
    places = places_of(sample.release)
    assert all(text in places for one in questions for text in (*one.answers, *one.helps, *one.others))
    seen: list[int] = []
    found = list(measured(sample, questions[:6], seen.append))
    assert seen == [1, 2, 3, 4, 5, 6]
    assert [one.question for one in found] == [one.question for one in questions[:6]]
