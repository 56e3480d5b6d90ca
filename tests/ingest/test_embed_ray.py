"""Embedding through Ray gives the release that embedding here gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.embedder import HashEmbedder, bundled
from corpus.errors import UsageError, VraagbaakError
from corpus.release import open_release
from ingest.build import ingest
from ingest.embed_cache import EmbedCache
from ingest.embed_ray import EmbedTexts, RayEmbedder, start
from tests.fakes import CARDS, released, small_corpus

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'vraagbaak[scale]'")


class LocalRay:
    """The few calls of Ray Data that are used, run in this process, in an order of its own."""

    def __init__(self, lose: int = -1) -> None:
        self.lose = lose
        self.batches = 0

    @property
    def data(self) -> LocalRay:
        return self

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def from_items(self, rows: list[dict[str, object]]) -> LocalRay:
        self.rows = rows
        return self

    def map_batches(self, kind: type, *, fn_constructor_args: tuple[str, ...], batch_size: int, concurrency: int) -> LocalRay:
        assert concurrency == 2
        worker = kind(*fn_constructor_args)
        self.made = []
        for begin in range(0, len(self.rows), batch_size):
            some = self.rows[begin : begin + batch_size]
            batch = {name: np.array([r[name] for r in some], dtype=object) for name in ("number", "text")}
            self.made.append(worker(batch))
        self.batches += len(self.made)
        return self

    def iter_batches(self, *, batch_size: int, batch_format: str) -> object:
        for i, batch in reversed(list(enumerate(self.made))):  # Ray gives no order
            if i != self.lose:
                yield batch


def texts(count: int) -> list[str]:
    return [f"tekst {i} over een dossier dat je {i % 40} maanden bewaart" for i in range(count)]


def test_vectors_come_back_in_the_order_of_the_texts() -> None:
    ray = LocalRay()
    embedder = RayEmbedder(HashEmbedder(), ray)
    assert np.array_equal(embedder.passages(texts(1300)), HashEmbedder().passages(texts(1300)))
    assert ray.batches == 3


def test_few_texts_are_embedded_here_and_a_question_always() -> None:
    ray = LocalRay()
    embedder = RayEmbedder(HashEmbedder(), ray)
    assert np.array_equal(embedder.passages(texts(3)), HashEmbedder().passages(texts(3)))
    assert np.array_equal(embedder.query("dossier"), HashEmbedder().query("dossier"))
    assert ray.batches == 0


def test_texts_that_ray_lost_are_never_taken_for_zero_vectors() -> None:
    with pytest.raises(VraagbaakError, match="lost"):
        RayEmbedder(HashEmbedder(), LocalRay(lose=1)).passages(texts(1300))


def test_the_cache_hands_over_as_many_texts_as_the_embedder_asks_for(tmp_path: Path) -> None:
    ray = LocalRay()
    with EmbedCache(tmp_path / "embeddings.sqlite", RayEmbedder(HashEmbedder(), ray)) as cache:
        vectors, made = cache.vectors(texts(1300), lambda done, total: None)
    assert (made, ray.batches) == (1300, 3)
    assert np.array_equal(vectors, HashEmbedder().passages(texts(1300)).astype(np.float16))


def test_a_release_that_was_embedded_by_ray_is_the_same_and_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.search.make_chroma", lambda folder: 1.0)
    monkeypatch.setattr("ingest.embed_ray.BATCH", 2)
    folder = small_corpus(tmp_path / "texts")
    released(tmp_path / "here", folder)
    ray = LocalRay()
    ingest(tmp_path / "there", folder, RayEmbedder(HashEmbedder(), ray), defaults=CARDS)
    assert ray.batches == 3
    with open_release(tmp_path / "here") as one, open_release(tmp_path / "there") as other:
        assert np.array_equal(one.vectors, other.vectors)
        assert one.manifest.embedding == other.manifest.embedding
        assert one.manifest.checksums["vectors.npy"] == other.manifest.checksums["vectors.npy"]
    assert released(tmp_path / "there", folder).changed is False


def test_without_ray_the_hint_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as caught:
        start()
    assert "vraagbaak[scale]" in caught.value.hint


def test_a_worker_opens_the_embedding_by_name() -> None:
    found = EmbedTexts("hash")({"number": np.array([4, 2]), "text": np.array(["een", "twee"], dtype=object)})
    assert np.array_equal(found["vector"], HashEmbedder().passages(["een", "twee"]))
    assert found["number"].tolist() == [4, 2]


@needs_ray
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_local_ray_embeds_twenty_thousand_passages_as_one_machine_does() -> None:
    ray = start(num_cpus=2)
    try:
        many = texts(20_000)
        assert np.array_equal(RayEmbedder(bundled(), ray).passages(many), bundled().passages(many))
    finally:
        ray.shutdown()
