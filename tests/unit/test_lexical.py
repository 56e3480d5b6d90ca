"""The lexical index: what is found, in which order, and when an index is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from corpus.analyse import Analyser, Synonyms
from corpus.fuse import fuse, normalised, rrf
from corpus.lexical import IndexedText, LexicalIndex, Speller, best, write
from corpus.lexicon import load_lexicon

BODIES = (
    "Een contactnotitie schrijf je binnen 48 uur na het gesprek.",
    "De geheimhoudingsplicht geldt voor elke vertrouwenspersoon.",
    "Bij acuut gevaar bel je 112 en daarna de achterwacht.",
    "Een dossier bewaren we 12 maanden na de afsluiting.",
    "De ouder trekt de toestemming in en jij stopt met delen.",
)
Open = Callable[..., LexicalIndex]


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(load_lexicon())


@pytest.fixture
def index_of(tmp_path: Path, analyser: Analyser) -> Open:
    def make(bodies: Sequence[str | IndexedText]) -> LexicalIndex:
        texts = [body if isinstance(body, IndexedText) else IndexedText("", "", body) for body in bodies]
        write(tmp_path, texts, analyser)
        return LexicalIndex.open(tmp_path, analyser)

    return make


def first(index: LexicalIndex, query: str) -> int:
    return int(index.search(query, 5)[0][0])


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("hoe snel moet ik mn notities schrijven", 0),
        ("plicht om te zwijgen over een geheim", 1),
        ("spoed! wie bellen", 2),
        ("hoelang wordt een dossier bewaard", 3),
        ("toestemming intrekken", 4),
        ("twaalf mnd", 3),
        ("geheimhoudngsplicht", 1),
    ],
)
def test_a_messy_question_finds_its_passage(index_of: Open, query: str, row: int) -> None:
    assert first(index_of(BODIES), query) == row


def test_hits_fall_in_score_and_equal_scores_keep_the_order_of_the_passages(index_of: Open) -> None:
    rows, scores = index_of(["bel de achterwacht"] * 7 + ["de achterwacht is bereikbaar, bel gerust"]).search("achterwacht", 5)
    assert rows.tolist() == [0, 1, 2, 3, 4]
    assert (np.diff(scores) <= 0).all()


def test_only_passages_that_share_something_are_found(index_of: Open) -> None:
    rows, scores = index_of(BODIES).search("geheimhoudingsplicht", 5)
    assert (scores > 0).all()
    assert len(rows) < len(BODIES)
    assert len(index_of(BODIES).search("xqzwv", 5)[0]) == 0


@pytest.mark.parametrize("query", ["", "   ", "?!", "en de het"])
def test_a_query_without_content_finds_nothing(index_of: Open, query: str) -> None:
    rows, scores = index_of(BODIES).search(query, 5)
    assert rows.dtype == np.int32
    assert scores.dtype == np.float32
    assert len(rows) == len(scores) == 0


def test_an_empty_corpus_and_an_empty_passage_can_be_indexed(index_of: Open) -> None:
    assert len(index_of([]).search("dossier", 5)[0]) == 0
    assert first(index_of(["", "Een dossier."]), "dossier") == 1


def test_rows_that_are_not_allowed_are_never_found(index_of: Open) -> None:
    allowed = np.array([True, True, True, False, True])
    rows, _ = index_of(BODIES).search("dossier bewaren notitie", 5, allowed)
    assert len(rows)
    assert 3 not in rows


def test_a_limit_of_zero_gives_nothing(index_of: Open) -> None:
    assert len(index_of(BODIES).search("dossier", 0)[0]) == 0


def test_title_and_heading_are_searched_too(index_of: Open) -> None:
    texts = [IndexedText("Nazorg", "Belmoment plannen", "Spreek een dag af."), IndexedText("", "", "Spreek een dag af.")]
    index = index_of(texts)
    assert index.search("nazorg", 5)[0].tolist() == [0]
    assert index.search("belmoment", 5)[0].tolist() == [0]


def test_the_document_lends_context_to_its_passages(index_of: Open) -> None:
    texts = [
        IndexedText("", "", "Je mag het verzoek weigeren.", "vakantie"),
        IndexedText("", "", "Vakantie vraag je aan bij de planner.", "vakantie"),
        IndexedText("", "", "Je mag het verzoek weigeren.", "inzage"),
        IndexedText("", "", "Inzage in het dossier vraagt de beller zelf.", "inzage"),
    ]
    rows = index_of(texts).search("mag ik een verzoek om inzage weigeren", 4)[0].tolist()
    assert rows.index(2) < rows.index(0)


def test_a_reopened_index_gives_the_same_answer(index_of: Open, tmp_path: Path, analyser: Analyser) -> None:
    rows, scores = index_of(BODIES).search("notities schrijven", 5)
    again = LexicalIndex.open(tmp_path, analyser).search("notities schrijven", 5)
    assert again[0].tolist() == rows.tolist()
    assert again[1].tolist() == scores.tolist()


def test_two_builds_of_the_same_texts_are_the_same_bytes(tmp_path: Path, analyser: Analyser) -> None:
    texts = [IndexedText("T", "", body, "d") for body in BODIES]
    for name in ("one", "two"):
        write(tmp_path / name, texts, Analyser(load_lexicon()))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)


def test_the_corpus_words_split_compounds_after_reopening(index_of: Open) -> None:
    index = index_of(["De zwirrel is nieuw.", "Over zwirrel praten we.", "Plan een zwirrelgesprek."])
    assert 2 in index.search("zwirrel", 5)[0]


def test_an_index_of_another_analyser_is_refused(index_of: Open, tmp_path: Path, analyser: Analyser) -> None:
    index_of(BODIES)
    meta = json.loads((tmp_path / "meta.json").read_text(encoding="utf-8"))
    (tmp_path / "meta.json").write_text(json.dumps({**meta, "analyser": "nl-0"}), encoding="utf-8")
    with pytest.raises(ValueError, match="nl-0"):
        LexicalIndex.open(tmp_path, analyser)


def test_an_index_made_with_other_never_pairs_is_refused(index_of: Open, tmp_path: Path) -> None:
    index_of(BODIES)
    with pytest.raises(ValueError, match="never"):
        LexicalIndex.open(tmp_path, Analyser(load_lexicon(), synonyms=Synonyms(never=(("a", "b"),))))


def test_a_rare_stem_has_a_higher_idf_than_a_common_one(index_of: Open) -> None:
    index = index_of(["dossier gesprek", "dossier notitie", "dossier intake"])
    assert index.idf("nergensgevonden") > index.idf("gesprek") > index.idf("dossier") > 0


def test_a_known_word_is_not_corrected(index_of: Open) -> None:
    rows, _ = index_of(["Een dossier.", "Een dosis."]).search("dossier", 5)
    assert rows[0] == 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vertouwenspersoon", "vertrouwenspersoon"),
        ("dosier", "dossier"),
        ("achterwahct", "achterwacht"),
        ("kat", ""),
        ("zonnebloem", ""),
    ],
)
def test_the_speller_mends_small_errors_only(typed: str, meant: str) -> None:
    assert Speller({"vertrouwenspersoon": 3, "dossier": 9, "dossiers": 1, "achterwacht": 2}).nearest(typed) == meant


def test_a_text_is_mended_word_by_word_and_the_words_of_callers_stay(index_of: Open) -> None:
    index = index_of(BODIES)
    assert index.mended("Mag het dosier, toesteming ingetroken, naar de dossiert?", lambda word: word == "dossiert") == (
        "Mag het dossier, toestemming ingetroken, naar de dossiert?"
    )


def test_best_keeps_the_lowest_rows_of_a_tie_at_the_edge() -> None:
    rows, _ = best(np.array([1, 3, 2, 2, 2, 0], dtype=np.float32), 3)
    assert rows.tolist() == [1, 2, 3]


def leg(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p[0] for p in pairs], np.int32), np.array([p[1] for p in pairs], np.float32)


def test_fusion_at_the_ends_is_one_leg_alone() -> None:
    one, other = leg((4, 9.0), (2, 3.0)), leg((7, 0.9), (4, 0.1))
    assert fuse(*one, *other, 0.0, 10)[0].tolist() == [4, 2]
    assert fuse(*one, *other, 1.0, 10)[0].tolist() == [7, 4]


def test_a_passage_of_both_legs_beats_one_that_is_as_good_in_one_leg() -> None:
    assert fuse(*leg((1, 5.0), (2, 5.0)), *leg((2, 0.5)), 0.5, 2)[0].tolist() == [2, 1]


def test_a_single_candidate_keeps_its_worth_in_fusion() -> None:
    rows, scores = fuse(*leg((3, 0.2)), *leg((5, 0.6)), 0.3, 5)
    assert rows.tolist() == [3, 5]
    assert scores[0] > scores[1] > 0


def test_fusion_of_nothing_is_nothing_and_ties_are_stable() -> None:
    assert len(fuse(*leg(), *leg(), 0.5, 5)[0]) == 0
    assert fuse(*leg((9, 1.0), (1, 1.0)), *leg(), 0.5, 5)[0].tolist() == [1, 9]
    assert rrf(leg((9, 1.0))[0], leg((1, 1.0))[0], 5)[0].tolist() == [1, 9]


def test_a_weight_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        fuse(*leg(), *leg(), 1.5, 5)


def test_normalised_scores_end_at_one_and_are_never_negative() -> None:
    assert normalised(np.array([-0.5, 2.0, 4.0], np.float32)).tolist() == [0.0, 0.5, 1.0]
    assert normalised(np.array([-1.0], np.float32)).tolist() == [0.0]
