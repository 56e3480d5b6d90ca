"""Other corpora through the same pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.wiring import AssistantSettings
from corpus.errors import UsageError
from evals.external import measured, measured_folder, read, released

TEXTS = {
    "d1": ("Paspoort", "Een paspoort is tien jaar geldig.\n\nVoor een kind is een paspoort vijf jaar geldig."),
    "d2": ("Rijbewijs", "Een rijbewijs vraagt u aan bij de gemeente. De kosten verschillen per gemeente."),
    "d3": ("Afval", "Grofvuil laat u ophalen na een afspraak met de reinigingsdienst."),
}
SETTINGS = AssistantSettings(dense="exact")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in the form of BEIR."""
    lines = [{"id": k, "title": t, "text": x, "doc_id": "doc-" + k} for k, (t, x) in TEXTS.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    asked = [
        ("q1", "hoe lang is een paspoort van een kind geldig", "plain"),
        ("q2", "waar vraag ik mijn rijbewijs aan", "plain"),
        ("q3", "hoe bak ik pannenkoeken met stroop", "strange"),
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps({"id": i, "text": t, "type": k}) for i, t, k in asked) + "\n")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t1\n")
    (tmp_path / "unanswerable.txt").write_text("q3\n")
    return tmp_path


def test_figures_per_type_and_for_abstention(folder: Path, tmp_path: Path) -> None:
    found = measured(read(folder, unanswerable=folder / "unanswerable.txt"), tmp_path / "home", SETTINGS)
    assert found["all"]["hit@1"] == found["all"]["ndcg@10"] == found["all"]["mrr@10"] == 1.0
    assert found["all"]["judged"] == 2
    assert found["types"]["strange"]["unanswerable"] == 1
    assert found["all"]["abstention_recall"] in (0.0, 1.0)
    assert found["all"]["ms_p95"] > 0


def test_titles_are_searched_only_when_they_may_be(folder: Path) -> None:
    assert {r.title for r in read(folder).rows} == {""}
    assert {r.title for r in read(folder, ("text", "title")).rows} == {"Paspoort", "Rijbewijs", "Afval"}
    with pytest.raises(UsageError, match="no field colour"):
        read(folder, ("text", "colour"))


def test_documents_can_be_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "gone.txt").write_text("d1\n")
    collection = read(folder, without=tmp_path / "gone.txt", unanswerable=folder / "unanswerable.txt")
    assert {r.id for r in collection.rows} == {"d2", "d3"}
    assert [q.id for q in collection.questions if q.unanswerable] == ["q3"]


def test_judgements_may_speak_of_groups(folder: Path, tmp_path: Path) -> None:
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tdoc-d1\t2\n")
    with released(read(folder, group="doc_id"), tmp_path / "home", SETTINGS) as opened:
        assert opened.ask(read(folder, group="doc_id").questions[0]).ranked[0] == "doc-d1"


def test_every_citation_stands_in_its_row(folder: Path, tmp_path: Path) -> None:
    collection = read(folder)
    with released(collection, tmp_path / "home", SETTINGS) as opened:
        found = opened.ask(collection.questions[1], threshold=-1.0)
    assert found.answered
    assert all(
        c.quote in TEXTS["d2"][1] or c.quote in TEXTS["d1"][1] or c.quote in TEXTS["d3"][1] for c in found.answer.citations
    )


def test_a_folder_of_documents_with_questions(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for name, (title, text) in TEXTS.items():
        (texts / f"{name}.md").write_text(f"# {title}\n\n{text}\n")
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"id": "1", "question": "hoe lang is een paspoort geldig", "source": "d1.md"}) + "\n")
    found = measured_folder(texts, questions, tmp_path / "home", SETTINGS)
    assert found["all"]["hit@1"] == 1.0


def test_a_folder_without_a_corpus_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert "corpus.jsonl" in caught.value.hint
