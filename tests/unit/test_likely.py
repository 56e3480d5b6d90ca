"""The classifier of phrasings: it learns what tells answers apart, the same way each time, and only what may answer has a share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus import likely
from corpus.likely import Classes, Likely, classes_of, key_of, learned
from corpus.model import Ask, Passage

ASKS = (
    Ask("hoe lang bewaar ik het", "H01@1", 0, 9),
    Ask("wanneer moet het weg", "H01@1", 0, 9),
    Ask("wie mag het zien", "H01@1", 20, 30),
    Ask("wie leest mee", "H01@1", 20, 30),
    Ask("waar parkeer ik", start=0),
    Ask("is er een fietsenstalling", start=0),
    Ask("mag de auto op de stoep", start=0),
    Ask("waar staat de fietspomp", start=1),
)
PASSAGES = tuple(Passage(f"p{start}", "H01@1", (), (), start, end, "x" * (end - start)) for start, end in ((0, 15), (15, 40)))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def vectors() -> NDArray[np.float32]:
    """Phrasings of one answer or topic lie together."""
    dice = np.random.default_rng(3)
    places = dice.standard_normal((3, 16))
    return unit(places[[0, 0, 1, 1, 2, 2, 2, 2]] + 0.2 * dice.standard_normal((8, 16)))


@pytest.fixture
def file(tmp_path: Path, vectors: NDArray[np.float32]) -> Path:
    likely.write(tmp_path, ASKS, vectors.astype(np.float16), PASSAGES, "encoder 1", likely.nothing_known)
    return tmp_path / likely.FILE


def test_it_learns_a_difference_that_the_means_do_not_show() -> None:
    dice = np.random.default_rng(1)
    places = np.array([[1, 0.2, 0], [0, 0.2, 1], [1, -0.2, 0]])  # the first answer is asked for in two ways, one of them close to the second answer
    vectors = unit(places[np.repeat([0, 1, 2], 200)] + 0.02 * dice.standard_normal((600, 3)))
    of = np.repeat([0, 0, 1], 200).astype(np.int32)
    means = unit(np.stack([vectors[of == c].mean(axis=0) for c in (0, 1)]).astype(np.float64))
    by_means = np.argmax(vectors @ means.T, axis=1)
    weights = learned(Classes(of, np.array([0, 400], np.int32)), vectors)
    by_weights = np.argmax(vectors @ weights[:, :-1].T + weights[:, -1], axis=1)
    assert (by_means == of).mean() < 0.7
    assert (by_weights == of).mean() > 0.95


def test_the_same_phrasings_teach_the_same_and_each_finds_its_answer(vectors: NDArray[np.float32], file: Path) -> None:
    classes = classes_of(ASKS, vectors)
    assert np.array_equal(learned(classes, vectors), learned(classes, vectors))
    opened = Likely(file)
    for row, ask in enumerate(ASKS):
        shares = opened.shares(opened.logits(vectors[row]))
        assert sum(shares.rows.values()) + shares.nowhere == pytest.approx(1, abs=1e-2)
        right = shares.nowhere if not ask.source else shares.rows[0 if ask.start == 0 else 1]
        assert right > 0.5


def test_a_topic_that_is_hardly_asked_for_joins_the_nearest(vectors: NDArray[np.float32]) -> None:
    classes = classes_of(ASKS, vectors)
    assert classes.of.tolist() == [0, 0, 1, 1, 2, 2, 2, 2]
    assert classes.stands.tolist() == [0, 2, -1]
    assert len(classes_of(ASKS[:4] + ASKS[7:], vectors[:5])) == 3, "there is no other to join"


def test_what_may_not_answer_has_no_share_and_the_others_have_all(vectors: NDArray[np.float32], file: Path) -> None:
    opened = Likely(file)
    shares = opened.shares(opened.logits(vectors[0]), np.array([False, True]))
    assert set(shares.rows) | set(shares.places) <= {1}
    assert sum(shares.rows.values()) + shares.nowhere == pytest.approx(1, abs=1e-2)


def test_the_words_of_a_passage_that_are_asked_for_have_its_share(vectors: NDArray[np.float32], tmp_path: Path) -> None:
    one = (Passage("p0", "H01@1", (), (), 0, 40, "x" * 40),)  # both answers stand in it
    likely.write(tmp_path, ASKS, vectors.astype(np.float16), one, "encoder 1", likely.nothing_known)
    opened = Likely(tmp_path / likely.FILE)
    for row, place in ((0, (0, 9)), (2, (20, 30))):
        shares = opened.shares(opened.logits(vectors[row]))
        told = {(start, end): share for start, end, share in shares.places[0]}
        assert max(told, key=lambda where: told[where]) == place
        assert sum(told.values()) == pytest.approx(shares.rows[0], abs=1e-3)


def test_what_was_learned_of_the_same_phrasings_is_taken_over_wherever_their_answers_stand(tmp_path: Path, vectors: NDArray[np.float32], file: Path) -> None:
    moved = tuple(replace(ask, start=ask.start + 3, end=ask.end + 3) if ask.source else ask for ask in ASKS)
    assert key_of(moved, "encoder 1") == key_of(ASKS, "encoder 1")
    mark = np.full((3, 17), 0.5, np.float16)
    likely.write(tmp_path, moved, vectors.astype(np.float16), PASSAGES, "encoder 1", lambda key: mark if key == key_of(ASKS, "encoder 1") else None)
    kept = likely.stored(tmp_path / likely.FILE, key_of(ASKS, "encoder 1"))
    assert kept is not None
    assert np.array_equal(kept, mark)


@pytest.mark.parametrize("asks", [ASKS[:-1], (replace(ASKS[0], text="iets anders"), *ASKS[1:]), (replace(ASKS[0], start=20, end=30), *ASKS[1:])])
def test_other_phrasings_or_another_encoder_are_learned_from_anew(file: Path, asks: tuple[Ask, ...]) -> None:
    assert likely.stored(file, key_of(ASKS, "encoder 1")) is not None
    assert likely.stored(file, key_of(asks, "encoder 1")) is None
    assert likely.stored(file, key_of(ASKS, "encoder 2")) is None


@pytest.mark.parametrize("kept", [0, 5, 200, -30])
def test_a_file_that_was_cut_short_holds_nothing_and_is_one_clear_error_to_open(file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    assert likely.stored(file, key_of(ASKS, "encoder 1")) is None
    with pytest.raises((ValueError, OSError)):
        Likely(file)


def test_a_release_without_the_file_has_learned_nothing(tmp_path: Path) -> None:
    assert likely.stored(tmp_path / "none.npz", "") is None
    assert likely.learned_of(tmp_path / "none.npz", np.ones(1, bool)) == []
