"""How people ask: phrasings beside the texts lead to the sentence that answers, and are never shown themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from corpus import asked
from corpus.errors import CatalogueError, ReleaseMismatch
from corpus.phrasings import parse_phrasings, placed
from corpus.release import open_release
from corpus.search import open_asked, open_lexical, release_analyser
from ingest.erase import erase
from ingest.export import export
from tests.fakes import TODAY, released, shelved, small_corpus

pytestmark = pytest.mark.usefixtures("no_chroma")
FILE = """
[[phrasing]]
source = "N01"
quote = "Een dossier bewaar je 12 maanden na afsluiting."
asks = ["wanneer mag de map door de versnipperaar", "moet ouwe rommel weg"]

[[phrasing]]
source = "H02"
quote = "Spreek nooit een bericht\\nmet inhoud in."
asks = ["piepje gehoord, wat zeg ik na de toon"]

[[gap]]
topic = "parkeren"
asks = ["waar kan ik mijn auto kwijt bij kantoor"]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("phrasings")
    folder = small_corpus(place / "texts")
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    released(place / "home", folder)
    return place


def answering(home: Path, question: str) -> list[str]:
    opened = shelved(home)
    return [h.passage.text for h in opened.search.search(question, 3, opened.search.answering(TODAY))]


@pytest.mark.parametrize(
    ("question", "answer"),
    [("mag die map eindelijk door de versnipperaar", "12 maanden"), ("na de toon van het piepje", "bericht met inhoud")],
)
def test_a_question_in_the_words_of_a_phrasing_finds_the_sentence_that_answers_it(made: Path, question: str, answer: str) -> None:
    assert answer in answering(made / "home", question)[0]


def test_a_text_without_phrasings_has_the_votes_of_the_others_to_the_degree_that_the_search_favours_it(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE.partition('[[phrasing]]\nsource = "H02"')[0], "utf-8")
    released(tmp_path / "home", folder)
    search = shelved(tmp_path / "home").search
    like = search.like(("wat spreek ik in na de toon, wanneer moet ouwe rommel weg",), search.answering(TODAY))
    assert like is not None
    hits = search.search("wat spreek ik in na de toon, wanneer moet ouwe rommel weg", 5, search.answering(TODAY), like)
    bare = [hit for hit in hits if hit.passage.source.startswith("H02")]
    most = max(like.votes.values())
    assert bare
    assert not like.votes.keys() & {hit.row for hit in bare}
    assert all(0 < hit.votes <= most for hit in bare)
    assert all(hit.votes == like.votes[hit.row] for hit in hits if hit.row in like.votes)


def test_a_phrasing_whose_answer_is_a_heading_leads_to_the_passage_below_it(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    heading = next(line.lstrip("# ") for line in (folder / "bellen.md").read_text("utf-8").splitlines() if line.startswith("## "))
    (folder / "phrasings.toml").write_text(FILE + f'[[phrasing]]\nsource = "H02"\nquote = "{heading}"\nasks = ["piepje in welk deel"]\n', "utf-8")
    released(tmp_path / "home", folder)
    opened = shelved(tmp_path / "home")
    like = opened.search.like(("piepje in welk deel",), opened.search.answering(TODAY))
    assert like is not None
    [best] = [row for row, (likeness, _, _) in like.rows.items() if likeness > 0.99]
    with open_release(tmp_path / "home") as release:
        assert release.passages()[best].heading[-1] == heading
    assert like.gap < 0.99


def test_a_folder_without_phrasings_knows_of_none(tmp_path: Path) -> None:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    assert shelved(tmp_path / "home").search.like(("door de versnipperaar",)) is None


def test_the_words_that_answer_are_known_and_likeness_of_the_same_question_is_highest(made: Path) -> None:
    opened = shelved(made / "home")
    allowed = opened.search.answering(TODAY)
    same, near = (
        opened.search.like((q,), allowed) for q in ("moet ouwe rommel weg", "wat doe ik met rommel van jaren terug")
    )
    assert same is not None
    assert near is not None
    assert max(v for v, _, _ in same.rows.values()) > 0.9
    assert 0 < max(v for v, _, _ in near.rows.values()) < 0.8
    with open_release(made / "home") as release:
        [hit, *_] = opened.search.search("moet ouwe rommel weg", 1, allowed)
        text = release.document(hit.passage.source).text
    assert text[slice(*hit.place)] == "Een dossier bewaar je 12 maanden na afsluiting."


def test_a_question_that_is_known_to_have_no_answer_is_told_apart(made: Path) -> None:
    search = shelved(made / "home").search
    known, other = search.like(("kan ik mijn auto kwijt bij jullie kantoor",)), search.like(("moet ouwe rommel weg",))
    assert known is not None
    assert other is not None
    assert known.gap > 0.5 > other.gap


def test_typing_errors_are_mended_where_enough_phrasings_tell_them_from_words_of_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small_corpus(tmp_path / "texts")
    often = "".join(f'"kan ik ook met de tram komen, vraag {number}", ' for number in range(asked.USUAL))
    more = '[[phrasing]]\nsource = "N01"\nquote = "Daarna wordt het binnen 4 weken vernietigd."\nasks = ["hoe gaat een dossier weg"]\n'
    (folder / "phrasings.toml").write_text(FILE + more + f'[[gap]]\ntopic = "vervoer"\nasks = [{often}]\n', "utf-8")
    released(tmp_path / "home", folder)
    search = shelved(tmp_path / "home").search
    allowed = search.answering(TODAY)

    def likeness(question: str) -> float:
        like = search.like((question,), allowed)
        assert like is not None
        return max((value for value, _, _ in like.rows.values()), default=0.0)

    right, wrong = "gaat dat dossier weg", "gaat dat dosier weg"
    assert likeness(wrong) < likeness(right)
    monkeypatch.setattr("corpus.search.MANY", 1)
    assert likeness(wrong) == likeness(right)
    assert search.phrasings is not None
    assert search.phrasings.usual("tram")
    assert not search.phrasings.usual("dosier")


def test_a_phrasing_never_leads_to_a_version_that_no_longer_holds(made: Path) -> None:
    opened = shelved(made / "home")
    allowed = opened.search.answering(TODAY)
    like = opened.search.like(("piepje gehoord",), allowed)
    assert like is not None
    assert all(allowed[row] for row in like.rows)


def test_a_quote_that_left_its_text_is_a_warning_and_its_questions_do_not_count(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE.replace("12 maanden", "13 maanden"), "utf-8")
    outcome = released(tmp_path / "home", folder)
    [warning] = [w for row in outcome.rows if row.source == "N01@3.0" for w in row.warnings]
    assert "vraagvorm" in warning
    assert "13 maanden" in warning
    with open_release(tmp_path / "home") as release:
        assert {a.source for a in release.asks()} == {"H02@1.0", ""}


def test_a_changed_phrasing_makes_a_new_release_and_an_unchanged_one_does_not(made: Path, tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    released(tmp_path / "home", folder)
    assert not released(tmp_path / "home", folder).changed
    (folder / "phrasings.toml").write_text(FILE.replace("rommel", "troep"), "utf-8")
    again = released(tmp_path / "home", folder)
    assert (again.changed, again.parsed) == (True, 0)


def test_erasing_a_text_takes_its_phrasings_along(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    released(tmp_path / "home", folder)
    proof = erase(tmp_path / "home", "N01")
    assert proof.found == ()
    with open_release(tmp_path / "home") as release:
        assert [a.source for a in release.asks()] == ["H02@1.0", ""]
    assert "inhoud" in answering(tmp_path / "home", "na de toon van het piepje")[0]


def test_an_export_holds_them_in_an_open_format(made: Path, tmp_path: Path) -> None:
    with open_release(made / "home") as release:
        export(release, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "phrasings.jsonl").read_text("utf-8").splitlines()]
    assert {"text": "waar kan ik mijn auto kwijt bij kantoor", "source": "", "start": 0, "end": 0} in rows


@pytest.mark.parametrize(
    "wrong",
    ['[[phrasing]]\nsource = "N01"\nasks = ["x"]', '[[gap]]\ntopic = "x"\nasks = []\n[[gap]]\ntopic = ""\nasks=["x"]', "[phrasing]\nx = 1", "x = "],
)
def test_a_wrong_entry_is_one_error_that_names_it(wrong: str) -> None:
    with pytest.raises(CatalogueError, match=r"phrasings\.toml"):
        parse_phrasings(wrong.encode())


def test_a_damaged_index_is_one_error_with_the_command_that_mends_it(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "texts")
    (folder / "phrasings.toml").write_text(FILE, "utf-8")
    released(tmp_path / "home", folder)
    with open_release(tmp_path / "home") as release:
        (release.folder / "asked" / "places.npy").write_bytes(b"x")
        with pytest.raises(ReleaseMismatch, match="phrasings"):
            open_asked(release, open_lexical(release, release_analyser(release)))


def test_a_quote_may_stand_once_only(made: Path) -> None:
    with open_release(made / "home") as release:
        documents = {d.source: d for d in release.documents()}
        twice = parse_phrasings(b'[[phrasing]]\nsource = "N01"\nquote = "dossier"\nasks = ["x"]')
        asks, lost = placed(twice, release.sources, documents)
        vectors = np.asarray(release.ask_vectors)
    assert {a.source for a in asks} <= {"N01@3.0", "N01@2.1"}
    assert bool(asks) is (not lost)
    assert len(vectors) == 4
