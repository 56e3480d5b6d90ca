"""A disk that is full, a data directory that cannot be written, and a clock that jumps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.journal import Feedback, Journal
from assistant.model import Masked
from assistant.wiring import AssistantSettings, shelve
from corpus.embedder import HashEmbedder
from corpus.errors import DiskTrouble, VraagbaakError
from corpus.release import current_number, open_release
from tests.fakes import BEWAREN, NoMask, assistant_on, released, shelved
from vraagbaak.audit import Audit

ROOT = os.name == "posix" and os.geteuid() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted tmpfs of a few megabytes."""
    if not ROOT or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes free."""
    room = os.statvfs(disk)
    with (disk / "ballast").open("wb") as file:
        file.write(b"\0" * max(room.f_bavail * room.f_frsize - leave, 0))


def many(work: Callable[[], object]) -> None:
    for _ in range(200):
        work()


@pytest.mark.parametrize("leave", [0, 60_000, 200_000])
def test_a_full_disk_stops_ingest_with_the_old_release_answering_and_room_again_mends_it(
    small_disk: Path, made: Path, leave: int
) -> None:
    shutil.copytree(made, small_disk, dirs_exist_ok=True)
    home, texts = small_disk / "home", small_disk / "texts"
    (texts / "bewaren.md").write_text(BEWAREN.replace("48 uur", "72 uur"), "utf-8")
    fill(small_disk, leave)
    with pytest.raises(VraagbaakError) as caught:
        released(home, texts)
    assert "disk" in caught.value.hint
    assert current_number(home) == 1
    assert assistant_on(home).ask("Hoe lang bewaren we een dossier?").status == "answered"
    (small_disk / "ballast").unlink()
    assert released(home, texts).number == 2
    assert [p.name for p in (home / "releases").iterdir() if not p.name.isdigit()] == []


def test_a_full_disk_keeps_the_journal_and_the_audit_log_whole(small_disk: Path) -> None:
    home = small_disk / "home"
    journal, audit = Journal(home, mask=Masked), Audit(home)
    journal.add(Feedback("klopt", "de eerste"))
    audit.append("trainer", "corpus.publish", "1")
    fill(small_disk, 0)
    with pytest.raises(VraagbaakError):
        many(lambda: journal.add(Feedback("klopt", "nog een " + "woord " * 300)))
    with pytest.raises(VraagbaakError):
        many(lambda: audit.append("trainer", "corpus.publish", "2", {"note": "x" * 4000}))
    (small_disk / "ballast").unlink()
    assert any(f.question == "de eerste" for f in journal.list())
    assert audit.verify() == []
    audit.append("trainer", "corpus.publish", "3")
    assert audit.verify() == []


@pytest.fixture
def read_only(home: Path) -> Iterator[Path]:
    """The data directory, mounted without the right to write."""
    if not ROOT or shutil.which("mount") is None:
        pytest.skip("mounting a folder read-only needs root; without root the rights of the files are enough")
    for arguments in (["--bind", str(home), str(home)], ["-o", "remount,bind,ro", str(home)]):
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            subprocess.run(["umount", "-l", str(home)], check=False, capture_output=True)
            pytest.skip(f"a folder cannot be mounted read-only here: {done.stderr.strip()}")
    yield home
    subprocess.run(["umount", "-l", str(home)], check=False)


def test_a_read_only_data_directory_still_answers(read_only: Path) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (read_only / "probe").write_text("x", "utf-8")
    release = open_release(read_only)
    opened = shelve(release, AssistantSettings(dense="chroma"), embedder=HashEmbedder())  # Chroma wants to write; exact search then
    found = Assistant(lambda: opened, NoMask(), lambda: date(2026, 11, 23)).ask("Hoe lang bewaren we een dossier?")
    assert found.status == "answered"


def test_ingest_into_a_read_only_data_directory_says_so(read_only: Path, texts: Path) -> None:
    with pytest.raises(DiskTrouble) as caught:
        released(read_only, texts, rebuild=True)
    assert str(read_only) in str(caught.value)
    assert current_number(read_only) == 1


# --- the clock ------------------------------------------------------------------------------------------------------------


def test_validity_follows_the_day_of_the_question_also_when_the_clock_jumps(home: Path, texts: Path) -> None:
    opened = shelved(home)
    days = [date(2026, 11, 23), date(2025, 1, 1), date(2030, 1, 1), date(1970, 1, 1), date(9999, 12, 31)]
    clock = iter(days)
    today = [days[0]]
    helper = Assistant(lambda: opened, NoMask(), lambda: today[0])
    told = []
    for day in clock:
        today[0] = day
        answer = helper.ask("Hoe lang bewaren we een dossier?")
        told.append("12 maanden" in " ".join(s.text for s in answer.sentences))
        assert not any("24 maanden" in s.text for s in answer.sentences)  # the expired version never answers
    assert told == [True, False, True, False, True]  # N01 3.0 holds from 2026-03-01


def test_a_release_made_with_a_clock_in_the_past_is_still_the_newest(home: Path, texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from corpus import release, search

    class Past:
        @staticmethod
        def now(zone: object) -> object:
            from datetime import UTC, datetime

            return datetime(1999, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(release, "datetime", Past)
    monkeypatch.setattr(search, "make_chroma", lambda folder: 1.0)
    (texts / "bellen.md").write_text("# Bellen\n\nAnders.\n", "utf-8")
    assert released(home, texts).number == 2
    with open_release(home) as newest:
        assert (newest.number, newest.manifest.made_at[:4]) == (2, "1999")
