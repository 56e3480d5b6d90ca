"""What a generator writes is shown only when its source says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.model import Draft, DraftSentence, Evidence, Question, Sentence, Unit
from assistant.verify import verify, written_problem
from corpus.model import Hit
from corpus.units import units_of
from tests.fakes import analyser, released, shelved, small_corpus

SPAN = "Een dossier bewaar je 12 maanden na afsluiting. De coördinator mag het niet alleen inzien."


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("Een dossier bewaar je 24 maanden na afsluiting.", "'24'"),
        ("Een dossier bewaar je 12 maanden.", ""),
        ("Een dossier bewaar je twaalf maanden na afsluiting.", ""),
        ("Een dossier bewaar je twee maanden na afsluiting.", "'2 maand'"),
        ("Een dossier bewaar je 12 jaar na afsluiting.", "'12 jaar'"),
        ("Een dossier bewaar je niet 12 maanden.", "ontkenning"),
        ("Fatima bewaart een dossier 12 maanden na afsluiting.", "naam 'Fatima'"),
        ("De coördinator mag het alleen inzien.", "ontkenning"),
        ("De coördinator moet het niet alleen inzien.", "'moet'"),
        ("Volgens Jansen bewaar je een dossier niet alleen.", "naam 'Jansen'"),
        ("In de bron staat “bewaar alles voor altijd” en niet meer.", "aanhaling"),
        ("Bananen groeien niet aan bomen in Noorwegen.", "naam"),
        ("Het weer wordt morgen niet zonnig en droog in het westen.", "te weinig"),
    ],
)
def test_a_written_sentence_is_held_against_the_words_it_cites(written: str, fault: str) -> None:
    problem = written_problem(written, SPAN, analyser())
    assert (fault in problem) if fault else problem == ""


def world(tmp_path: Path) -> tuple[object, Evidence, tuple[Unit, ...]]:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    opened = shelved(tmp_path / "home")
    hits = opened.search.search("dossier bewaren", 3)
    evidence = Evidence(Question("q", "q", "q"), hits, {h.passage.source: opened.shelf.by_key[h.passage.source] for h in hits})
    return opened.shelf, evidence, units_of(opened.shelf.document(hits[0].passage.source), hits[0].passage)


def test_a_sentence_without_a_source_is_dropped(tmp_path: Path) -> None:
    shelf, evidence, _ = world(tmp_path)
    checked = verify(Draft((DraftSentence("Zomaar iets.", ()),)), evidence, shelf, analyser())  # type: ignore[arg-type]
    assert checked.sentences == ()
    assert "geen bron" in checked.problems[0]


def test_a_quotation_that_does_not_stand_at_its_offsets_is_dropped(tmp_path: Path) -> None:
    shelf, evidence, units = world(tmp_path)
    moved = Unit(units[0].kind, units[0].source, units[0].passage, units[0].start + 1, units[0].end + 1, units[0].text)
    checked = verify(Draft((DraftSentence(moved.text, (moved,)),)), evidence, shelf, analyser())  # type: ignore[arg-type]
    assert checked.sentences == ()


def test_a_source_outside_the_evidence_is_dropped(tmp_path: Path) -> None:
    shelf, evidence, units = world(tmp_path)
    empty = Evidence(evidence.question, (), {})
    checked = verify(Draft((DraftSentence(units[0].text, (units[0],)),)), empty, shelf, analyser())  # type: ignore[arg-type]
    assert checked.sentences == ()


def test_neighbouring_sentences_share_one_citation(tmp_path: Path) -> None:
    shelf, evidence, units = world(tmp_path)
    draft = Draft(tuple(DraftSentence(u.text, (u,)) for u in units[:2]))
    checked = verify(draft, evidence, shelf, analyser())  # type: ignore[arg-type]
    assert len(checked.citations) == 1
    assert {s.citations for s in checked.sentences} == {("B1",)}


def test_hits_know_their_place(tmp_path: Path) -> None:
    _, evidence, _ = world(tmp_path)
    assert all(isinstance(h, Hit) and h.rank == i for i, h in enumerate(evidence.hits, start=1))


LISTS = """# Bellen bij gevaar

## Zinnen die je niet zegt

- “Rustig maar, het zal wel meevallen.”
- “Daar mag ik niets mee doen.”

## Zinnen die je zegt

Houd het kort.

- “Ik bel nu 112 en ik blijf aan de lijn.”
"""


def drafted(tmp_path: Path, heading: str, *places: int) -> tuple[Sentence, ...]:
    """Some units of a section of LISTS, in that order, as they are shown."""
    (tmp_path / "texts").mkdir(parents=True)
    (tmp_path / "texts" / "bellen.md").write_text(LISTS, "utf-8")
    released(tmp_path / "home", tmp_path / "texts")
    opened = shelved(tmp_path / "home")
    hit = next(h for h in opened.search.search("zinnen bij gevaar", 5) if h.passage.heading[-1] == heading)
    units = units_of(opened.shelf.document(hit.passage.source), hit.passage)
    evidence = Evidence(Question("q", "q", "q"), (hit,), {hit.passage.source: opened.shelf.by_key[hit.passage.source]})
    draft = Draft(tuple(DraftSentence(units[i].text, (units[i],)) for i in places))
    return verify(draft, evidence, opened.shelf, analyser()).sentences


def test_a_list_that_no_sentence_introduces_keeps_its_heading(tmp_path: Path) -> None:
    shown = drafted(tmp_path, "Zinnen die je niet zegt", 0, 1)
    assert [s.heading for s in shown] == ["Zinnen die je niet zegt", ""]


def test_a_list_below_a_sentence_needs_no_heading_unless_that_sentence_is_left_out(tmp_path: Path) -> None:
    shown = drafted(tmp_path, "Zinnen die je zegt", 0, 1)
    assert [s.heading for s in shown] == ["", ""]
    alone = drafted(tmp_path / "alone", "Zinnen die je zegt", 1)
    assert [s.heading for s in alone] == ["Zinnen die je zegt"]
