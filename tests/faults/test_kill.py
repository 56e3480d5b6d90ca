"""kill -9 at random moments: the old release answers, the next run succeeds, nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpus.release import current_number, numbers, open_release
from tests.fakes import BELLEN, assistant_on, released
from tests.faults import worker

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX systems"), pytest.mark.timeout(900)]
KILLS = int(os.environ.get("VRAAGBAAK_KILLS", "20"))  # read on import: each test gets a clean environment


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes that start within milliseconds, from a server that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.worker"])
    return context


def run_whole(processes: Any, work: Callable[..., None], *arguments: str) -> float:
    """Seconds that an undisturbed run takes; the run must succeed."""
    process = processes.Process(target=work, args=arguments)
    started = time.monotonic()
    process.start()
    process.join(120)
    assert process.exitcode == 0
    return time.monotonic() - started


def kill_after(processes: Any, seconds: float, work: Callable[..., None], *arguments: str) -> None:
    process = processes.Process(target=work, args=arguments)
    process.start()
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    assert not process.is_alive()


def edit(texts: Path, mark: int) -> None:
    (texts / "bellen.md").write_text(BELLEN.replace("24 uur", f"{mark} uur"), "utf-8")


def remains(home: Path) -> list[str]:
    """Everything below `releases` that is no numbered release."""
    return [p.name for p in (home / "releases").iterdir() if not p.name.isdigit()]


def answers(home: Path) -> None:
    found = assistant_on(home).ask("Hoe lang bewaren we een dossier?")
    assert found.status == "answered"
    assert "12 maanden" in found.sentences[0].text


def test_ingest_killed_at_any_moment_leaves_the_old_release_answering(processes: Any, home: Path, texts: Path) -> None:
    chance = random.Random(KILLS)
    edit(texts, 30)
    whole = run_whole(processes, worker.ingest_texts, str(home), str(texts))
    for turn in range(KILLS):
        edit(texts, 31 + turn)
        before = current_number(home)
        kill_after(processes, chance.uniform(0, whole), worker.ingest_texts, str(home), str(texts))
        assert current_number(home) in (before, before + 1), f"kill {turn}"
        answers(home)
        if turn % 10 == 9:
            run_whole(processes, worker.ingest_texts, str(home), str(texts))
            assert remains(home) == []
            assert numbers(home)[-1] == current_number(home), "a release that never answered"
            answers(home)
    run_whole(processes, worker.ingest_texts, str(home), str(texts))
    assert remains(home) == []
    with open_release(home) as release:
        assert f"{30 + KILLS} uur" in release.document("H02@1.0").text
        assert (release.folder / "chroma" / "chroma.sqlite3").is_file()


def test_a_first_ingest_that_is_killed_leaves_a_folder_in_which_the_next_succeeds(processes: Any, tmp_path: Path, texts: Path) -> None:
    fresh = tmp_path / "fresh"
    for seconds in (0.05, 0.3, 0.6):
        kill_after(processes, seconds, worker.ingest_texts, str(fresh), str(texts))
    run_whole(processes, worker.ingest_texts, str(fresh), str(texts))
    assert remains(fresh) == []
    answers(fresh)


def test_erase_killed_at_any_moment_is_finished_by_asking_again(processes: Any, home: Path) -> None:
    chance = random.Random(5)
    for _ in range(3):
        kill_after(processes, chance.uniform(0.05, 1.2), worker.erase_old_version, str(home))
        answers(home)
    if any("N01@2.1" in open_release(home, n).by_key for n in numbers(home)):
        run_whole(processes, worker.erase_old_version, str(home))
    assert not any("N01@2.1" in open_release(home, n).by_key for n in numbers(home))
    assert not any(b"24 maanden na afsluiting" in p.read_bytes() for p in home.rglob("*") if p.is_file())


@pytest.mark.usefixtures("no_chroma")
def test_a_rollback_that_is_killed_points_at_a_whole_release(processes: Any, home: Path, texts: Path) -> None:
    edit(texts, 30)
    released(home, texts)
    chance = random.Random(7)
    for _ in range(15):
        kill_after(processes, chance.uniform(0.01, 0.1), worker.switch_pointer, str(home))
        assert current_number(home) in (1, 2)
        open_release(home).close()


def test_an_account_that_was_stored_survives_a_kill_and_no_half_one_is_left(processes: Any, home: Path) -> None:
    from vraagbaak.access import Accounts

    told_file = home / "told"
    told_file.touch()
    chance = random.Random(9)
    for _ in range(5):
        process = processes.Process(target=worker.add_accounts, args=(str(home),))
        before = told_file.stat().st_size
        process.start()
        patience = time.monotonic() + 60
        while told_file.stat().st_size == before and time.monotonic() < patience:  # a busy machine takes a while to store the first
            time.sleep(0.01)
        process.join(chance.uniform(0, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.join(30)
    names = {account.name for account in Accounts(home).list()}
    told = set(told_file.read_text("utf-8").split())
    assert len(told) >= 5
    assert told <= names
    assert len(names - told) <= 5  # stored, and killed before it was told
