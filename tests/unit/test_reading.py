"""What the encoder made of a release: found by meaning, kept once, never wrong about which encoder made it, and gone after erasure."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.model import Question
from assistant.retrieve import retrieve
from assistant.wiring import AssistantSettings, shelve
from corpus import likely, reading
from corpus.embedder import HashEmbedder
from corpus.encoder import BUNDLED, HashEncoder, OnnxEncoder, SeededEncoder, bundled_encoder, rounded, write_seeds
from corpus.errors import EmbeddingMissing, ReleaseMismatch
from corpus.release import open_release
from corpus.search import SearchSettings
from ingest.embed_cache import EmbedCache
from ingest.erase import erase
from ingest.re_embed import re_embed
from tests.fakes import TODAY, released, shelved, small_corpus
from tests.unit.test_phrasings import FILE

pytestmark = pytest.mark.usefixtures("no_chroma")
READS = AssistantSettings(dense="exact", encoder=HashEncoder)
SENTENCE = "Daarna wordt het binnen 4 weken vernietigd."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    released(tmp_path / "home", folder, encoder=HashEncoder())
    return tmp_path / "home"


def test_each_passage_sentence_and_phrasing_is_near_to_itself_and_the_best_sentence_counts_for_its_passage(home: Path) -> None:
    encoder = HashEncoder()
    with open_release(home) as release:
        texts, index = reading.release_texts(release, encoder), reading.open_reading(release, HashEncoder)
        assert index is not None
        for some, name in ((texts.passages, "passages"), (texts.units, "units"), (texts.asks, "asks")):
            for row, text in enumerate(some):
                assert getattr(index.read(text), name)[row] == pytest.approx(1.0, abs=1e-2)
        row = next(i for i, p in enumerate(release.passages()) if SENTENCE in p.text)
        read = index.read(next(u for u in texts.units if SENTENCE in u))
        assert read.best[row] == index.units(read, row).max() == pytest.approx(1.0, abs=1e-2)
        assert len(read.best) == len(release.passages())


def test_hits_say_how_near_the_encoder_finds_them_and_a_release_without_it_says_nothing(home: Path, tmp_path: Path) -> None:
    with open_release(home) as release:
        search = shelve(release, READS).search
        hits = search.search("Hoe lang bewaar je een dossier?", 3, search.answering(TODAY))
        assert all(hit.read is not None and -1 <= hit.read <= 1.001 for hit in hits)
        without = shelve(release, replace(READS, search=SearchSettings(read=0.0))).search
        assert [h.read for h in without.search("Hoe lang bewaar je een dossier?", 3)] == [None] * 3
    released(tmp_path / "plain", small_corpus(tmp_path / "other"))
    plain = shelved(tmp_path / "plain").search
    assert plain.read("dossier") is None
    assert [h.read for h in plain.search("dossier", 1)] == [None]


def test_the_words_that_a_phrasing_belongs_to_are_what_is_told_and_score_best_of_their_passage(home: Path) -> None:
    with open_release(home) as release:
        opened = shelve(release, READS)
        asks = [ask for ask in release.asks() if ask.source]
        for ask in asks:
            question = Question(ask.text, ask.text)
            found = retrieve(question, opened.search, opened.relevance, opened.shelf, opened.search.answering(TODAY)).ranked
            first = next(s for s in found if s.hit.passage.source == ask.source and s.hit.passage.start <= ask.start < s.hit.passage.end)
            assert max(first.hit.told, key=lambda told: told[2])[:2] == (ask.start, ask.end)
            assert sum(share for _, _, share in first.hit.told) == pytest.approx(first.hit.likely, abs=1e-3)
            best = first.units[first.best]
            assert best.start < ask.end
            assert ask.start < best.end


def test_phrasings_that_the_encoder_reads_do_not_take_memory_for_the_other_embedding_too(home: Path) -> None:
    with open_release(home) as release:
        for settings, widened in ((READS, False), (replace(READS, search=SearchSettings(read=0.0)), True)):
            search = shelve(release, settings).search
            assert search.search("Hoe lang bewaar je een dossier?", 3)
            assert search.phrasings is not None
            assert ("_vectors" in vars(search.phrasings)) == widened


@pytest.mark.parametrize("text", ["query: wie beslist over delen zonder toestemming", f"passage: {SENTENCE} {SENTENCE} {SENTENCE}"])
def test_one_core_and_two_give_the_same_vector_to_the_bit(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    found = []
    for cores in (1, 2):
        monkeypatch.setattr("corpus.encoder.os.cpu_count", lambda cores=cores: cores)
        found.append(OnnxEncoder(BUNDLED).passages([text]))
    assert np.array_equal(*found)


def test_a_phrasing_of_a_passage_that_may_not_answer_does_not_make_an_answer_surer(home: Path) -> None:
    with open_release(home) as release:
        search = shelve(release, READS).search
        asked = "piepje gehoord, wat zeg ik na de toon"
        allowed, read = search.answering(TODAY), search.read(asked)
        answers = np.array(["bericht met inhoud" in " ".join(p.text.split()) for p in release.passages()])
        known, hidden = (search.like((asked,), rows, read) for rows in (allowed, allowed & ~answers))
        assert read is not None
        assert known is not None
        assert hidden is not None
        assert known.read == pytest.approx(float(read.asks.max())) == pytest.approx(1.0, abs=1e-2)
        assert hidden.read < 0.9


def test_a_version_that_no_longer_holds_is_not_found_by_meaning_either(home: Path) -> None:
    with open_release(home) as release:
        search = shelve(release, READS).search
        allowed = search.answering(TODAY)
        hits = search.search("Een dossier bewaar je 24 maanden na afsluiting.", 10, allowed)
        assert {hit.passage.source for hit in hits} <= {"N01@3.0", "H02@1.0"}


def test_another_encoder_is_one_clear_error(home: Path) -> None:
    with open_release(home) as release, pytest.raises(ReleaseMismatch, match="another encoder") as raised:
        reading.open_reading(release, lambda: HashEncoder(32))
    assert "ingest --rebuild" in raised.value.hint


class Counting(HashEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        return super().passages(texts)


def test_nothing_is_encoded_twice_and_an_unchanged_folder_encodes_nothing(tmp_path: Path) -> None:
    folder, encoder = small_corpus(tmp_path / "texts"), Counting()
    released(tmp_path / "home", folder, encoder=encoder)
    assert len(encoder.seen) == len(set(encoder.seen)) > 5
    encoder.seen.clear()
    assert not released(tmp_path / "home", folder, encoder=encoder).changed
    assert encoder.seen == []
    changed = (folder / "bellen.md").read_text("utf-8").replace("24 uur", "36 uur")
    (folder / "bellen.md").write_text(changed, "utf-8")
    released(tmp_path / "home", folder, encoder=encoder)
    assert {"36 uur" in text for text in encoder.seen} == {True}


def test_the_same_phrasings_are_learned_from_once_and_others_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, learned = small_corpus(tmp_path / "texts"), likely.learned
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    lessons: list[int] = []
    monkeypatch.setattr(likely, "learned", lambda classes, vectors: lessons.append(len(classes)) or learned(classes, vectors))
    text, asks = folder / "bellen.md", folder / "phrasings.toml"
    for change in (lambda: None, lambda: text.write_text(text.read_text("utf-8").replace("24 uur", "36 uur"), "utf-8")):
        change()
        released(tmp_path / "home", folder, encoder=HashEncoder())
        assert len(lessons) == 1
    asks.write_text(asks.read_text("utf-8").replace("ouwe rommel", "de oude rommel"), "utf-8")
    released(tmp_path / "home", folder, encoder=HashEncoder())
    assert len(lessons) == 2


def test_switching_the_encoder_off_or_on_makes_a_new_release(home: Path, tmp_path: Path) -> None:
    assert released(home, tmp_path / "texts").changed
    with open_release(home) as release:
        assert reading.open_reading(release, HashEncoder) is None
    assert released(home, tmp_path / "texts", encoder=HashEncoder()).changed


def test_a_corpus_with_too_much_to_read_is_searched_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_TEXTS", 3)
    released(tmp_path / "home", small_corpus(tmp_path / "texts"), encoder=HashEncoder())
    with open_release(tmp_path / "home") as release:
        assert reading.open_reading(release, HashEncoder) is None


def test_erasing_a_text_leaves_none_of_its_vectors(home: Path) -> None:
    proof = erase(home, "N01", encoder=HashEncoder())
    assert proof.found == ()
    assert proof.vectors > 8
    with open_release(home) as release:
        texts = reading.release_texts(release, HashEncoder())
        learned = 2  # a class for the phrasing that is left and one for the question without an answer
        assert len(reading.stored(release)) == len(texts.passages) + len(texts.units) + len(texts.asks) + learned
    with EmbedCache(home / "embeddings.sqlite", HashEncoder()) as cache:
        left = cache._db.execute("SELECT count(*) FROM vector").fetchone()[0]
    assert left == len({*texts.all, *(p for p in texts.passages)}) + 2  # and the two embedded passages of the text that stays


def test_vectors_that_came_with_the_program_are_not_kept_a_second_time(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds.npz", HashEncoder(), ["mag dat"])
    encoder = SeededEncoder(HashEncoder(), tmp_path / "seeds.npz")
    with EmbedCache(tmp_path / "embeddings.sqlite", encoder) as cache:
        vectors, _ = cache.vectors(["mag dat", "mag dit"], lambda done, total: None)
        assert np.array_equal(vectors, encoder.passages(["mag dat", "mag dit"]).astype(np.float16))
        assert cache._db.execute("SELECT count(*) FROM vector").fetchone()[0] == 1


def test_another_embedding_keeps_what_the_encoder_read(home: Path) -> None:
    number = re_embed(home, HashEmbedder(32), encoder=HashEncoder())
    with open_release(home, number) as release:
        assert reading.open_reading(release, HashEncoder) is not None


# --- the bundled encoder ------------------------------------------------------------------------------------------------------


QUESTIONS = ("query: Hoe lang bewaren we een dossier?", "query: wanneer mag zijn map weg", "query: de kat zit op de mat")


def test_a_text_has_the_same_unit_vector_alone_and_among_others() -> None:
    encoder = bundled_encoder()
    together = encoder.passages([*QUESTIONS, *(f"passage: zin nummer {i}" for i in range(20))])
    assert together.shape == (23, encoder.dimension)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in enumerate(QUESTIONS):
        assert np.array_equal(encoder.passages([text])[0], together[row])


def test_questions_that_mean_the_same_in_other_words_are_nearer_than_others() -> None:
    same, alike, other = bundled_encoder().passages(QUESTIONS)
    assert same @ alike > same @ other + 0.2


def test_no_text_is_no_vector_and_odd_text_is_some() -> None:
    encoder = bundled_encoder()
    assert encoder.passages([]).shape == (0, encoder.dimension)
    assert np.isfinite(encoder.passages(["", "\x00", "見" * 5000, "a" * 100_000])).all()


def test_encoding_imports_no_torch() -> None:
    code = "import sys; from corpus.encoder import bundled_encoder as b; b().passages(['hulp']); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


@pytest.mark.parametrize("name", ["encoder.json", "model.onnx", "tokenizer.json"])
def test_a_damaged_encoder_is_one_clear_error(tmp_path: Path, name: str) -> None:
    shutil.copytree(BUNDLED, tmp_path / "encoder")
    (tmp_path / "encoder" / name).write_bytes(b"niets")
    with pytest.raises(EmbeddingMissing) as raised:
        OnnxEncoder(tmp_path / "encoder").passages(["hulp"])
    assert "encoder = false" in raised.value.hint


def test_vectors_that_came_along_are_those_that_would_be_made_to_the_bit(tmp_path: Path) -> None:
    encoder = bundled_encoder()
    write_seeds(tmp_path / "seeds.npz", encoder, QUESTIONS[:2])
    made = SeededEncoder(encoder, tmp_path / "seeds.npz").passages(QUESTIONS)
    assert np.array_equal(made, encoder.passages(QUESTIONS))
    assert np.array_equal(SeededEncoder(encoder, tmp_path / "none.npz").passages(QUESTIONS), made)


def test_vectors_that_came_along_can_be_written_again_without_reading_anything(tmp_path: Path) -> None:
    class Unwilling(OnnxEncoder):
        def passages(self, texts: Sequence[str]) -> np.ndarray:
            assert not texts, "this was read before"
            return super().passages(texts)

    write_seeds(tmp_path / "one.npz", bundled_encoder(), QUESTIONS)
    write_seeds(tmp_path / "two.npz", SeededEncoder(Unwilling(), tmp_path / "one.npz"), QUESTIONS)
    assert (tmp_path / "two.npz").read_bytes() == (tmp_path / "one.npz").read_bytes()


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds.npz", HashEncoder(), ["hulp"])
    other = HashEncoder(32)
    assert np.array_equal(SeededEncoder(other, tmp_path / "seeds.npz").passages(["hulp"]), other.passages(["hulp"]))


def test_rounding_keeps_length_and_direction() -> None:
    vector = np.random.default_rng(0).standard_normal(384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    assert rounded(vector) @ vector > 0.9999
    assert np.array_equal(rounded(rounded(vector)), rounded(vector))


def test_the_sample_texts_came_with_their_vectors() -> None:
    settings = json.loads((BUNDLED / "encoder.json").read_text("utf-8"))
    assert settings["dimension"] == bundled_encoder().dimension
    seeded = SeededEncoder(bundled_encoder(), BUNDLED.parent / "texts" / "encoded.npz")
    assert len(seeded._seeds()) > 20_000
