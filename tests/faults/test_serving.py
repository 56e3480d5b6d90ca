"""Serving while others write: answers go on, the new release answers within seconds, and of two writers one is told."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.wiring import AssistantSettings, CurrentRelease
from corpus.errors import WriterBusy
from corpus.release import current_number, numbers, open_release, release_folder, writer
from tests.fakes import BEWAREN, TODAY, NoMask, released
from tests.faults import worker

QUESTION = "Binnen hoeveel uur schrijf ik een contactnotitie?"


def test_questions_are_answered_while_a_release_is_built_and_from_it_within_five_seconds(home: Path, texts: Path) -> None:
    """The release is built by another process, as `vraagbaak ingest` beside `vraagbaak serve` is."""
    current = CurrentRelease(home, AssistantSettings(dense="exact"))
    helper = Assistant(current, NoMask(), lambda: TODAY)
    assert "48 uur" in helper.ask(QUESTION).sentences[0].text
    (texts / "bewaren.md").write_text(BEWAREN.replace("48 uur", "72 uur"), "utf-8")
    context = multiprocessing.get_context("forkserver")
    building = context.Process(target=worker.ingest_texts, args=(str(home), str(texts)))
    building.start()
    seen = []
    published = 0.0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = helper.ask(QUESTION)
        assert answer.status == "answered"
        seen.append(answer.release)
        if not published and current_number(home) == 2:
            published = time.monotonic()
        if answer.release == 2:
            break
        time.sleep(0.02)
    building.join(60)
    assert building.exitcode == 0
    assert seen[0] == 1
    assert seen == sorted(seen)
    assert seen[-1] == 2
    assert time.monotonic() - published < 5
    assert "72 uur" in answer.sentences[0].text
    current.close()


@pytest.mark.usefixtures("no_chroma")
def test_answers_of_many_threads_never_mix_two_releases(home: Path, texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.wiring.POINTER_EVERY_S", 0.0)
    current = CurrentRelease(home, AssistantSettings(dense="exact"))
    helper = Assistant(current, NoMask(), lambda: TODAY)
    hours = {1: "48 uur"}
    problems: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = helper.ask(QUESTION)
                if hours[answer.release] not in answer.sentences[0].text:
                    problems.append((answer.release, answer.sentences[0].text))
            except Exception as error:
                problems.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in (2, 3, 4):
        hours[number] = f"{70 + number} uur"
        (texts / "bewaren.md").write_text(BEWAREN.replace("48 uur", hours[number]), "utf-8")
        released(home, texts)
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert problems == []
    current.close()


def test_of_two_writers_one_is_told_and_nothing_is_lost(home: Path, texts: Path) -> None:
    (texts / "bewaren.md").write_text(BEWAREN.replace("48 uur", "72 uur"), "utf-8")
    context = multiprocessing.get_context("forkserver")
    with writer(home):
        other = context.Process(target=worker.ingest_texts, args=(str(home), str(texts)))
        other.start()
        other.join(60)
        assert other.exitcode == 1  # it raised WriterBusy
        with pytest.raises(WriterBusy) as caught:
            released(home, texts)
        assert "again" in caught.value.hint
        assert numbers(home) == (1,)
    assert released(home, texts).number == 2
    with open_release(home) as release:
        assert "72 uur" in release.document("N01@3.0").text


def test_two_writers_that_start_together_make_one_release_of_the_change(home: Path, texts: Path) -> None:
    (texts / "bewaren.md").write_text(BEWAREN.replace("48 uur", "72 uur"), "utf-8")
    context = multiprocessing.get_context("forkserver")
    both = [context.Process(target=worker.ingest_texts, args=(str(home), str(texts))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert 0 in {process.exitcode for process in both}
    assert numbers(home) == (1, 2)
    open_release(home).close()
    assert [p.name for p in (home / "releases").iterdir() if not p.name.isdigit()] == []


@pytest.mark.usefixtures("no_chroma")
def test_a_release_that_is_erased_under_an_open_reader_leaves_the_reader_answering(home: Path) -> None:
    from ingest.erase import erase

    current = CurrentRelease(home, AssistantSettings(dense="exact"))
    helper = Assistant(current, NoMask(), lambda: TODAY)
    assert helper.ask(QUESTION).release == 1
    erase(home, "N01@2.1")
    assert not release_folder(home, 1).exists()
    assert helper.ask("Wat doe ik met een voicemail?").status == "answered"
    current._looked = 0.0
    assert helper.ask(QUESTION).release == 2
    current.close()
