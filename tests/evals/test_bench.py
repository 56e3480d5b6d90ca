"""Measuring from the pages: one at a time, in the background, and only of exactly these texts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.journal import Feedback, Journal
from assistant.model import Masked
from corpus.errors import UsageError
from evals import ui_wording
from evals.bench import Job, fits, newest_run, report_of
from evals.items import load
from evals.page import Desk, Tools
from tests import fakes


def test_one_measurement_runs_at_a_time_and_its_end_can_be_seen() -> None:
    go, seen = threading.Event(), []

    def work(release: int, progress: Callable[[int, int], None]) -> str:
        progress(1, 2)
        go.wait(5)
        seen.append(release)
        return "klaar"

    job = Job(work)
    job.start(7)
    with pytest.raises(UsageError, match="running already"):
        job.start(8)
    go.set()
    job.wait(5)
    assert (seen, job.running, job.total, job.problem) == ([7], False, 2, "")


@pytest.mark.parametrize(
    ("error", "said"),
    [(UsageError("kan niet", hint="doe dit"), "kan niet doe dit"), (KeyError("geheim"), "KeyError")],
)
def test_a_measurement_that_fails_says_why_and_no_word_of_a_question(error: Exception, said: str) -> None:
    def work(release: int, progress: Any) -> None:
        raise error

    job = Job(work)
    job.start(1)
    job.wait(5)
    assert job.problem == said


def test_the_test_set_is_not_used_for_texts_that_it_is_not_about(tmp_path: Path) -> None:
    fakes.released(tmp_path / "home", fakes.small_corpus(tmp_path / "teksten"))
    shelved = fakes.shelved(tmp_path / "home")
    assert not fits(shelved)
    assert newest_run(tmp_path / "home", shelved) is None


def test_the_page_says_that_nothing_was_measured_yet(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _tools(tmp_path))
    assert "nog niet gemeten" in desk.last()
    assert "nog niet gemeten" in desk.history()
    assert report_of(tmp_path, "20260101T000000-aaaaaaaa") == ""


def test_feedback_becomes_an_item_in_other_words_after_two_people_looked_and_is_logged(tmp_path: Path) -> None:
    journal = Journal(tmp_path, mask=Masked)
    sent = journal.add(Feedback("niet_gevonden", question="mag ik de sleutel van het kantoor mee naar huis nemen"))
    logged: list[Any] = []
    items = tmp_path / "items"
    items.mkdir()
    desk = Desk(tmp_path, _tools(tmp_path, journal, lambda *row: logged.append(row)), items=items)
    with pytest.raises(UsageError, match="question that was sent"):
        desk.promote("anna", sent.id, sent.question, "abstain", "", ("anna", "bob"))
    with pytest.raises(UsageError, match="two trainers"):
        desk.promote("anna", sent.id, "mag een sleutel mee naar huis", "abstain", "H04", ("anna", "anna"))
    assert logged == []
    said = desk.promote("anna", sent.id, "mag een sleutel mee naar huis", "abstain", "H04", ("anna", "bob"))
    assert "Toegevoegd" in said
    [item] = load(items)
    assert (item.question, item.expect, item.origin, item.reviewed_by) == (
        "mag een sleutel mee naar huis",
        "abstain",
        "real",
        ("anna", "bob"),
    )
    assert [(who, what) for who, what, _, _ in logged] == [("anna", "evals.promote")]


def _tools(home: Path, journal: Journal | None = None, log: Callable[..., object] = lambda *row: None) -> Tools:
    return Tools(log, lambda: None, Job(lambda release, progress: None), fakes.NoMask(), journal)


def test_both_languages_say_everything() -> None:
    assert ui_wording.TEXTS["nl"].keys() == ui_wording.TEXTS["en"].keys()
