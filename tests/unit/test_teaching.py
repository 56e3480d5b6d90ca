"""What the encoder is taught: what answers a question stands before what does not, and before "none of these"."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from evals.judged import Judged, judged_questions
from evals.lessons import Batches, Entry, paired
from evals.train_encoder import missed

ENTRIES = [
    Entry("H01", "passage: a : bel terug", "passage: a\nbel terug", ("hoe snel bel ik", "wanneer terug")),
    Entry("H01", "passage: a : drie keer", "passage: a\ndrie keer", ("hoe vaak bel ik", "hoeveel pogingen")),
    Entry("", "", "", ("wat kost de lijn", "wie betaalt")),
]
JUDGED = [
    Judged("mag het later", ("a : bel terug",), ("a : helpt",), ("a : drie keer",)),
    Judged("wie belt", (), (), ("a : drie keer", "a : bel terug")),
]


def test_in_a_batch_of_pairs_only_the_own_text_answers_and_a_twin_of_it_is_not_judged() -> None:
    batch = paired([("q1", "een", 1), ("q2", "twee", 2), ("q3", "een", 1), ("q4", None, None)], nowhere=True)
    assert batch.right == ["een", "twee", "een"]
    assert batch.fits.tolist() == [[1, 0, -1], [0, 1, 0], [-1, 0, 1], [0, 0, 0]]


def test_the_loss_is_the_cross_entropy_of_what_fits_against_the_rest_and_none_of_these() -> None:
    import torch

    scores = torch.tensor([[2.0, 1.0, 9.0], [0.5, 0.0, 0.0]])
    fits = torch.tensor([[1, 0, -1], [0, 0, 0]], dtype=torch.int8)
    first = np.log(np.exp(2) + np.exp(1) + np.exp(1.5)) - 2
    second = np.log(np.exp(0.5) + 2 + np.exp(1.5)) - 1.5
    assert float(missed(scores, fits, torch.tensor(1.5))) == pytest.approx((first + second) / 2, abs=1e-4)
    # without "none of these" a row that nothing answers teaches nothing
    assert float(missed(scores, fits, None)) == pytest.approx(np.log(np.exp(2) + np.exp(1)) - 2, abs=1e-4)


def test_every_kind_of_batch_names_what_answers_and_never_judges_what_only_helps() -> None:
    pairs = [(f"kop {i}", f"tekst {i}", i) for i in range(60)]
    batches = Batches(ENTRIES, pairs, JUDGED, random.Random(1))
    drawn = [batches.draw() for _ in range(60)]
    assert all(batch.fits.shape == (len(batch.left), len(batch.right)) for batch in drawn)
    judged = [batch for batch in drawn if "query: wie belt" in batch.left]
    assert judged
    for batch in judged:
        row, answered = batch.fits[batch.left.index("query: wie belt")], batch.fits[batch.left.index("query: mag het later")]
        assert (row == 0).all()
        assert answered[batch.right.index("passage: a : bel terug")] == 1
    gaps = [batch for batch in drawn if "query: wat kost de lijn" in batch.left and batch.nowhere]
    assert gaps
    assert not any(batch.fits[batch.left.index("query: wat kost de lijn")].any() for batch in gaps)


def test_a_file_of_judgements_is_read_with_the_texts_its_numbers_name(tmp_path: Path) -> None:
    file = tmp_path / "judged.json.gz"
    row = {"question": "vraag", "answers": [1], "helps": [], "others": [0, 2]}
    with gzip.open(file, "wt", encoding="utf-8") as stream:
        json.dump({"texts": ["niet", "wel", "ook niet"], "questions": [row]}, stream)
    assert judged_questions(file) == [Judged("vraag", ("wel",), (), ("niet", "ook niet"))]


def test_the_shipped_judgements_have_texts_that_answer_and_texts_that_do_not() -> None:
    found = judged_questions()
    assert len(found) > 4_000
    assert sum(bool(one.answers) for one in found) > 1_000
    for one in found:
        assert not set(one.answers) & set(one.others), one.question
