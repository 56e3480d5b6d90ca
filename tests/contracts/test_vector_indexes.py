"""What every vector index promises, run for exact search and for real Chroma."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import ReleaseCorrupt
from corpus.vectors import ChromaVectors, ExactVectors, VectorIndex, _client, build_chroma, recall_at_10

Maker = Callable[[np.ndarray], VectorIndex]


def unit(rows: int, dimension: int = 16, seed: int = 1) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=["exact", "chroma"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Maker]:
    opened: list[ChromaVectors] = []

    def build(vectors: np.ndarray) -> VectorIndex:
        if request.param == "exact":
            return ExactVectors(vectors)
        build_chroma(tmp_path / "chroma", vectors)
        opened.append(ChromaVectors.open(tmp_path / "chroma"))
        return opened[-1]

    yield build
    for index in opened:
        index.close()


def test_a_row_is_nearest_to_itself_and_its_score_is_the_cosine(make: Maker) -> None:
    vectors = unit(40)
    rows, scores = make(vectors).nearest(vectors[7], 3)
    assert rows[0] == 7
    assert scores[0] == pytest.approx(1.0, abs=1e-3)
    assert scores[1] == pytest.approx(float(vectors[rows[1]] @ vectors[7]), abs=1e-3)


def test_ties_are_broken_by_row(make: Maker) -> None:
    vectors = np.repeat(unit(2), 5, axis=0)
    rows, _ = make(vectors).nearest(vectors[0], 5)
    assert rows.tolist() == [0, 1, 2, 3, 4]


def test_only_allowed_rows_are_found(make: Maker) -> None:
    vectors = unit(60)
    allowed = np.arange(60) % 2 == 0
    rows, _ = make(vectors).nearest(vectors[3], 10, allowed)
    assert len(rows) == 10
    assert all(row % 2 == 0 for row in rows)


def test_a_row_without_direction_is_never_found(make: Maker) -> None:
    vectors = unit(10)
    vectors[4] = 0
    rows, _ = make(vectors).nearest(vectors[1], 9)
    assert 4 not in rows.tolist()[:9]


def test_an_empty_index_and_a_limit_of_zero_find_nothing(make: Maker) -> None:
    index = make(np.zeros((0, 16), np.float32))
    assert index.count() == 0
    assert len(index.nearest(unit(1)[0], 5)[0]) == 0


def test_chroma_with_another_space_than_cosine_is_refused(tmp_path: Path) -> None:
    client = _client(tmp_path / "chroma")
    client.create_collection("passages", configuration={"hnsw": {"space": "l2"}}, embedding_function=None)
    client.close()
    with pytest.raises(ReleaseCorrupt, match="cosine"):
        ChromaVectors.open(tmp_path / "chroma")


def test_chroma_finds_what_exact_search_finds(tmp_path: Path) -> None:
    centres = unit(30, 64)
    vectors = centres[np.arange(1500) % 30] + 0.3 * unit(1500, 64, seed=2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    build_chroma(tmp_path / "chroma", vectors)
    index = ChromaVectors.open(tmp_path / "chroma")
    try:
        assert recall_at_10(index, ExactVectors(vectors), vectors) >= 0.99
    finally:
        index.close()
