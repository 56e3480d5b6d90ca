"""The Dutch analyser: words that belong together meet, words that do not stay apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.analyse import Analyser, Relation, Synonyms, load_synonyms
from corpus.lexicon import fold, load_lexicon

WORDS = Path(__file__).parent.parent / "data" / "helpline_words.tsv"
NEVER = Synonyms(never=(("Veilig Thuis", "veiligheidshuis"), ("meldplicht", "meldrecht"), ("zorg", "zorgen")))


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(load_lexicon())


def listed(kind: str) -> list[tuple[str, str]]:
    rows = (line.split("\t") for line in WORDS.read_text(encoding="utf-8").splitlines())
    return [(row[1], row[2]) for row in rows if row[0] == kind]


def found_by(analyser: Analyser, question: str, text: str) -> bool:
    """Do a question and a text share a term or a part?"""
    query = analyser.query(question)
    bags = [analyser.features(key).bags() for key in analyser.keys(text)]
    return any(f in query.terms for bag in bags for f in bag[0]) or any(f in query.parts for bag in bags for f in bag[1])


def test_the_word_list_is_large_enough_to_mean_something() -> None:
    assert sum(len(listed(kind)) for kind in ("merge", "split", "reach", "apart")) >= 200


@pytest.mark.parametrize(("one", "other"), listed("merge"))
def test_forms_of_one_helpline_word_share_a_stem(analyser: Analyser, one: str, other: str) -> None:
    assert set(analyser.analyse(one).terms) & set(analyser.analyse(other).terms)


@pytest.mark.parametrize(("word", "parts"), listed("split"))
def test_a_compound_gives_its_parts(analyser: Analyser, word: str, parts: str) -> None:
    wanted = [analyser.features(part).terms for part in parts.split("+")]
    assert [analyser.features(part).terms for part in analyser.split(fold(word))] == wanted


@pytest.mark.parametrize(("question", "text"), listed("reach"))
def test_a_question_reaches_the_same_thing_said_otherwise(analyser: Analyser, question: str, text: str) -> None:
    assert found_by(analyser, question, text)


@pytest.mark.parametrize(("one", "other"), listed("apart"))
def test_words_that_look_alike_have_no_stem_in_common(analyser: Analyser, one: str, other: str) -> None:
    assert not set(analyser.analyse(one).terms) & set(analyser.analyse(other).terms)


def test_offsets_of_words_point_into_the_text_as_it_was_given(analyser: Analyser) -> None:
    text = "De vp’er belt om 9.00 uur; geheim\u00adhouding, e-mail en ’s avonds: ideeën."
    words = analyser.words(text)
    assert all(text[w.start : w.end] == w.surface for w in words)
    assert {"vp’er", "9.00", "geheim\u00adhouding", "e-mail", "ideeën"} <= {w.surface for w in words}


def test_negations_and_modals_stay_searchable(analyser: Analyser) -> None:
    assert {"niet", "geen", "nooit", "zonder"} <= set(analyser.analyse("niet geen nooit zonder").terms)
    assert analyser.analyse("Mag dat? Moet dat?").terms


def test_content_terms_leave_out_function_words_negations_and_modals(analyser: Analyser) -> None:
    assert analyser.content_terms("Mag ik de politie dan niet zelf bellen?") == analyser.content_terms("politie bellen")


def test_a_text_of_function_words_has_no_content(analyser: Analyser) -> None:
    assert analyser.content_terms("en wat is dat dan?") == ()
    assert analyser.content_terms("") == ()


def test_capitals_tell_an_acronym_from_the_ordinary_word(analyser: Analyser) -> None:
    assert analyser.analyse("Laat OMA thuis.").terms[1] != analyser.analyse("Laat oma thuis.").terms[1]


def test_the_lower_case_word_still_finds_the_acronym_but_not_the_other_way(analyser: Analyser) -> None:
    assert found_by(analyser, "wat betekent oma", "Gebruik OMA.")
    assert not found_by(analyser, "OMA", "Haar oma belde.")


def test_a_text_typed_in_capitals_means_nothing_by_them(analyser: Analyser) -> None:
    assert analyser.analyse("MIJN OMA IS BOOS").terms == analyser.analyse("mijn oma is boos").terms


def test_chat_spelling_is_read_as_the_word_it_stands_for(analyser: Analyser) -> None:
    chat = "mn zoon belt ff niet terug idd, mss ipv coörd"
    plain = "mijn zoon belt even niet terug inderdaad, misschien in plaats van coördinator"
    assert analyser.analyse(chat).terms == analyser.analyse(plain).terms


def test_number_words_and_digits_are_one(analyser: Analyser) -> None:
    words = "één twee twaalf achttien tweeëntwintig vierentwintig negenennegentig"
    assert analyser.analyse(words).terms == ("1", "2", "12", "18", "22", "24", "99")
    assert analyser.analyse("een gesprek").terms == analyser.analyse("gesprek").terms
    assert analyser.analyse("24u 1.000 9.00 9:30").terms[:4] == (*analyser.analyse("24 uur").terms, "1000", "9")


def test_a_preposition_is_not_taken_for_a_particle(analyser: Analyser) -> None:
    assert "opbel" not in analyser.analyse("Ik bel op maandag de achterwacht.").terms
    assert analyser.features("opbellen").terms[0] in analyser.analyse("Ik bel haar maandag op.").terms


def test_words_of_the_corpus_serve_as_parts_of_compounds() -> None:
    word = "zwirrelgesprek"
    assert Analyser(load_lexicon()).split(word) == ()
    assert Analyser(load_lexicon(), ["zwirrel"]).split(word) == ("zwirrel", "gesprek")


def test_related_words_widen_a_question_with_a_lower_weight() -> None:
    related = Synonyms((Relation("geheimhouding", ("zwijgplicht", "recht om te zwijgen"), 0.5),))
    analyser = Analyser(load_lexicon(), synonyms=related)
    query = analyser.query("hoe zit het met geheimhouding")
    assert query.terms[analyser.features("geheimhouding").terms[0]] == 1.0
    assert query.terms[analyser.features("zwijgplicht").terms[0]] == 0.5
    assert analyser.features("geheimhouding").terms[0] in analyser.query("heb ik recht om te zwijgen?").terms
    assert analyser.features("geheimhouding").terms[0] not in analyser.query("ik wil zwijgen").terms


def test_a_pair_that_must_not_merge_shares_no_stem_and_no_part() -> None:
    analyser = Analyser(load_lexicon(), synonyms=NEVER)
    for one, other in NEVER.never:
        assert not found_by(analyser, one, other), (one, other)
        assert not found_by(analyser, other, one), (other, one)


def test_a_pair_that_must_not_merge_is_not_related_through_a_synonym() -> None:
    related = (Relation("veilig thuis", ("VT", "veiligheidshuis"), 0.5), Relation("VT", ("veiligheidshuis",), 0.5))
    analyser = Analyser(load_lexicon(), synonyms=Synonyms(related, NEVER.never))
    assert "veiligheidshuis" not in analyser.query("wanneer bel ik veilig thuis").terms


def test_the_fingerprint_changes_with_pairs_but_not_with_relations() -> None:
    plain = Analyser(load_lexicon())
    related = Analyser(load_lexicon(), synonyms=Synonyms((Relation("a", ("b",)),)))
    assert related.fingerprint == plain.fingerprint
    assert Analyser(load_lexicon(), synonyms=NEVER).fingerprint != plain.fingerprint


def test_synonyms_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_text(
        '[[relation]]\nterm = "dossier"\nvariants = ["zaak"]\nweight = 0.4\n\n'
        '[[never]]\npair = ["veilig thuis", "veiligheidshuis"]\nreason = "twee organisaties"\n',
        encoding="utf-8",
    )
    assert load_synonyms(path) == Synonyms((Relation("dossier", ("zaak",), 0.4),), (("veilig thuis", "veiligheidshuis"),))


@pytest.mark.parametrize(
    "entry", ['[[relation]]\nterm = "x"', '[[never]]\npair = ["x"]', '[[relation]]\nterm = "x"\nvariants = ["y"]\nweight = 2.0']
)
def test_a_faulty_synonym_entry_is_named(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_text(entry, encoding="utf-8")
    with pytest.raises(ValueError, match="'x'"):
        load_synonyms(path)


def test_odd_input_is_analysed_without_complaint(analyser: Analyser) -> None:
    for text in ("", "   ", "😀😀", "---", "a" * 500, "٣٤", "l'été", "x²", "'s", "e.a.", "24uuuuuuuu", "ß", "1.2.3.4"):
        analyser.analyse(text)
        analyser.query(text)


def test_a_corpus_that_is_opened_again_shares_what_was_known_of_its_words(analyser: Analyser) -> None:
    one = analyser.with_vocabulary(["Zwirrel", "notitie"])
    assert analyser.with_vocabulary(["notitie", "zwirrel"]) is one
    assert analyser.with_vocabulary(["notitie"]) is not one
    assert Analyser(analyser.lexicon, synonyms=NEVER).with_vocabulary(["notitie", "zwirrel"]) is not one
