"""Our search inside somebody else's LlamaIndex query engine, and the optional reranker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from assistant.wiring import AssistantSettings, shelve
from corpus.embedder import HashEmbedder
from corpus.errors import EmbeddingMissing, NoRelease
from corpus.release import open_release
from corpus.rerank import TimedReranker, cross_encoder, open_reranker
from corpus.retriever import release_retriever
from tests.fakes import TODAY, released, shelved, small_corpus

QUESTION = "Hoe lang bewaren we een dossier?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("retriever")
    released(place / "home", small_corpus(place / "texts"))
    return place / "home"


# --- the retriever ----------------------------------------------------------------------------------------------------------


def test_it_is_a_llamaindex_retriever_whose_nodes_say_where_they_come_from(home: Path) -> None:
    from llama_index.core.retrievers import BaseRetriever

    retriever = release_retriever(home, 3, embedder=HashEmbedder(), today=lambda: TODAY)
    assert isinstance(retriever, BaseRetriever)
    found = retriever.retrieve(QUESTION)
    assert "12 maanden" in found[0].text
    with open_release(home) as release:
        for node in found:
            text = release.document(node.metadata["source"]).text
            assert text[node.metadata["start"] : node.metadata["end"]] == node.text
    assert found[0].metadata["title"] == "Werkinstructie registratie"
    assert found[0].metadata["heading"].endswith("Bewaren")
    assert [n.score for n in found] == sorted((n.score for n in found), reverse=True)


def test_it_finds_what_our_own_search_finds_in_the_same_order(home: Path) -> None:
    opened = shelved(home)
    ours = opened.search.search(QUESTION, 4, opened.search.answering(TODAY))
    theirs = release_retriever(home, 4, embedder=HashEmbedder(), today=lambda: TODAY).retrieve(QUESTION)
    assert [n.node_id for n in theirs] == [h.passage.id for h in ours]


def test_it_never_finds_a_version_that_no_longer_holds(home: Path) -> None:
    found = release_retriever(home, 50, embedder=HashEmbedder(), today=lambda: TODAY).retrieve("24 maanden 5 dagen dossier")
    assert "N01@2.1" not in {n.metadata["source"] for n in found}
    early = release_retriever(home, 50, embedder=HashEmbedder(), today=lambda: date(2026, 1, 1)).retrieve("dossier")
    assert "N01@3.0" not in {n.metadata["source"] for n in early}


def test_it_can_be_kept_to_some_sources(home: Path) -> None:
    only = release_retriever(home, 50, embedder=HashEmbedder(), today=lambda: TODAY, only=lambda s: s.code == "H02")
    assert {n.metadata["source"] for n in only.retrieve("dossier voicemail")} == {"H02@1.0"}


def test_without_a_release_it_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(NoRelease) as none:
        release_retriever(tmp_path / "nothing")
    assert "vraagbaak ingest" in none.value.hint


def test_a_query_engine_answers_with_it_and_touches_no_settings_of_llamaindex(home: Path) -> None:
    import llama_index.core.settings as ambient
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.response_synthesizers import get_response_synthesizer

    retriever = release_retriever(home, 2, embedder=HashEmbedder(), today=lambda: TODAY)
    llm = MockLLM()
    engine = RetrieverQueryEngine(retriever, response_synthesizer=get_response_synthesizer(llm=llm))
    response = engine.query(QUESTION)
    assert "12 maanden" in str(response)  # the mock says its prompt back: the passage reached it
    assert "Werkinstructie registratie" in str(response)
    assert "start" not in response.source_nodes[0].node.get_content(metadata_mode="llm")  # type: ignore[arg-type]
    assert ambient.Settings._llm is None
    assert ambient.Settings._embed_model is None


# --- the reranker -----------------------------------------------------------------------------------------------------------


def by_length(question: str, texts: Sequence[str]) -> np.ndarray:
    return np.array([-len(t) for t in texts], dtype=np.float32)


def hits_of(home: Path) -> tuple:  # type: ignore[type-arg]
    opened = shelved(home)
    return opened.search.search("dossier voicemail contactnotitie bellijn", 10)


def test_a_reranker_puts_the_hits_in_its_order_and_keeps_the_scores_of_the_places(home: Path) -> None:
    hits = hits_of(home)
    reranker = TimedReranker(lambda: by_length, 10.0)
    assert reranker.wait()
    found = reranker.rerank("q", hits)
    lengths = [len(h.passage.text) for h in found]
    assert lengths == sorted(lengths)
    assert [h.score for h in found] == [h.score for h in hits]
    assert [h.rank for h in found] == list(range(1, len(hits) + 1))
    assert {h.passage.id for h in found} == {h.passage.id for h in hits}


def test_a_search_with_a_reranker_reads_deeper_than_it_shows(home: Path) -> None:
    reranker = TimedReranker(lambda: by_length, 10.0)
    reranker.wait()
    opened = shelve(open_release(home), AssistantSettings(dense="exact"), embedder=HashEmbedder(), reranker=reranker)
    question = "dossier voicemail contactnotitie bellijn"
    everything = hits_of(home)
    shortest = min(everything, key=lambda h: len(h.passage.text))
    assert opened.search.search(question, 1)[0].passage.id == shortest.passage.id


def test_out_of_time_the_rest_keeps_its_place_below(home: Path) -> None:
    hits = hits_of(home)
    assert len(hits) > 4
    reranker = TimedReranker(lambda: by_length, 0.0)
    reranker.wait()
    found = reranker.rerank("q", hits)
    assert [h.passage.id for h in found[4:]] == [h.passage.id for h in hits[4:]]
    assert [len(h.passage.text) for h in found[:4]] == sorted(len(h.passage.text) for h in hits[:4])


def test_a_reranker_that_cannot_be_loaded_leaves_the_order_as_it_was(home: Path, tmp_path: Path) -> None:
    def missing() -> object:
        raise EmbeddingMissing("weg")

    reranker = TimedReranker(missing, 1.0)  # type: ignore[arg-type]
    assert not reranker.wait()
    hits = hits_of(home)
    assert reranker.rerank("q", hits) == hits
    assert open_reranker("", 1.0) is None


@pytest.mark.slow
def test_a_real_cross_encoder_scores_pairs_and_a_missing_one_is_a_clear_error(tmp_path: Path, home: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]"]
    words.train_from_iterator(
        [h.passage.text for h in hits_of(home)], trainers.WordPieceTrainer(vocab_size=200, special_tokens=special)
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(tmp_path / "ce")
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertForSequenceClassification(BertConfig(vocab_size=len(fast), num_labels=1, **shape)).save_pretrained(tmp_path / "ce")
    reranker = open_reranker(str(tmp_path / "ce"), 30.0)
    assert reranker is not None
    assert reranker.wait()
    hits = hits_of(home)
    found = reranker.rerank("Hoe lang?", hits)
    assert {h.passage.id for h in found} == {h.passage.id for h in hits}
    with pytest.raises(EmbeddingMissing) as none:
        cross_encoder(str(tmp_path / "nothing"))
    assert "settings.toml" in none.value.hint
