"""Naive Bayes over the words of phrasings: a rare word settles it, as by hand; what nobody ever used says nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from corpus import bayes
from corpus.bayes import UNSEEN, Words

# three phrasings of two answers; features: 0 in the first and third, 1 in the first, 2 in the second, 3 in none
OFFSETS = np.array([0, 2, 3, 4, 4], np.int64)
ASKS = np.array([0, 2, 0, 1], np.int32)
WEIGHTS = np.array([0.6, 1.0, 0.8, 1.0], np.float32)
OF = np.array([0, 0, 1], np.int32)


@pytest.fixture
def words(tmp_path: Path) -> Words:
    for name, values in (("offsets", OFFSETS), ("asks", ASKS), ("weights", WEIGHTS)):
        np.save(tmp_path / f"{name}.npy", values)
    bayes.write(tmp_path, tmp_path, OF, 2)
    return Words(tmp_path / bayes.FILE)


def logits(words: Words, *features: int) -> list[float]:
    return words.logits(np.array(features, np.int64), np.ones(len(features), np.float32)).tolist()


def by_hand(*features: int) -> list[float]:
    """Log likelihood of the features in each class, up to what is equal for both."""
    held = {(0, 0): 0.6, (1, 0): 0.8, (2, 0): 1.0, (0, 1): 1.0}
    sizes = {0: 2.4, 1: 1.0}
    return [
        sum(math.log((held.get((feature, c), 0.0) + UNSEEN) / (sizes[c] + UNSEEN * 4)) - math.log(UNSEEN) for feature in features) for c in (0, 1)
    ]


@pytest.mark.parametrize("features", [(0,), (1,), (0, 2), (0, 1, 2), (3,)])
def test_the_logits_are_those_computed_by_hand(words: Words, features: tuple[int, ...]) -> None:
    assert logits(words, *features) == pytest.approx(by_hand(*features), abs=5e-3)


def test_a_word_that_only_one_answer_is_asked_with_speaks_for_it(words: Words) -> None:
    first, second = logits(words, 1)
    assert first - second > 3
    first, second = logits(words, 0)
    assert abs(first - second) < 2, "both are asked with it"


def test_a_question_without_a_known_word_prefers_none(words: Words) -> None:
    assert logits(words) == [0.0, 0.0]


@pytest.mark.parametrize("kept", [0, 5, 200, -30])
def test_a_file_that_was_cut_short_is_one_clear_error(words: Words, tmp_path: Path, kept: int) -> None:
    file = tmp_path / bayes.FILE
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises((ValueError, OSError)):
        Words(file)
