"""A quote finds its place in the canonical text, or says why it cannot."""

from __future__ import annotations

import pytest

from evals.anchors import AnchorProblem, covered, merged, overlap, resolve

TEXT = """Bewaren

Een dossier bewaren we 12 maanden na afsluiting.

1. eerst dit;
2. daarna dat.

Bel eerst. Dan verder. Bel eerst. En klaar."""


def test_a_quote_is_found_where_it_stands() -> None:
    found = resolve(TEXT, "bewaren we 12 maanden na afsluiting")
    assert (found.state, TEXT[found.start : found.end]) == ("exact", "bewaren we 12 maanden na afsluiting")


def test_a_quote_may_run_over_line_breaks() -> None:
    found = resolve(TEXT, "eerst dit; 2. daarna dat.")
    assert TEXT[found.start : found.end] == "eerst dit;\n2. daarna dat."


def test_a_quote_in_two_places_is_refused_until_its_surroundings_are_given() -> None:
    with pytest.raises(AnchorProblem, match="2 places"):
        resolve(TEXT, "Bel eerst.")
    assert resolve(TEXT, "Bel eerst.", suffix="En klaar.").start == TEXT.rindex("Bel eerst.")
    assert resolve(TEXT, "Bel eerst.", prefix="daarna dat.").start == TEXT.index("Bel eerst.")


def test_a_small_change_of_wording_is_drift_and_is_proposed() -> None:
    found = resolve(
        TEXT.replace("Een dossier bewaren", "Een dossier bewaarden"), "Een dossier bewaren we 12 maanden na afsluiting."
    )
    assert found.state == "drifted"
    assert found.text.startswith("Een dossier bewaarden we 12 maanden na afsluiting")


@pytest.mark.parametrize("now", ["24 maanden", "twaalf maanden", "nooit 12 maanden"])
def test_a_changed_number_or_negation_is_no_drift(now: str) -> None:
    with pytest.raises(AnchorProblem):
        resolve(TEXT.replace("12 maanden", now), "Een dossier bewaren we 12 maanden na afsluiting.")


def test_a_sentence_that_is_gone_is_an_error_with_a_next_step() -> None:
    with pytest.raises(AnchorProblem) as caught:
        resolve(TEXT, "Dit staat er helemaal niet en heeft er nooit gestaan.")
    assert caught.value.hint


def test_spans_are_merged_before_they_are_counted() -> None:
    assert merged([(5, 9), (0, 6), (20, 20), (12, 14)]) == ((0, 9), (12, 14))
    assert overlap((4, 13), [(0, 6), (5, 9), (12, 99)]) == 6


def test_four_fifths_of_an_anchor_is_enough() -> None:
    assert covered((0, 100), [(0, 40), (40, 80)])
    assert not covered((0, 100), [(0, 79)])
    assert not covered((5, 5), [(0, 100)])
