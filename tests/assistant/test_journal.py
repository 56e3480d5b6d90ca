"""The journal: only what was sent, masked, for a limited time, and really gone afterwards."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import journal_cli
from assistant.journal import Feedback, Journal, MaskerNotReady, TopicCount
from assistant.model import Masked
from corpus.errors import UsageError

NAME = "Fatima el Khatib"


def mask(text: str) -> Masked:
    return Masked(text.replace(NAME, "[naam]"), (("name", "[naam]"),) * text.count(NAME))


class Calendar:
    def __init__(self) -> None:
        self.day = date(2026, 3, 1)

    def __call__(self) -> date:
        return self.day

    def pass_days(self, days: int) -> None:
        self.day += timedelta(days=days)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


def journal_at(home: Path, calendar: Calendar, **more) -> Journal:
    return Journal(home, **{"mask": mask, "today": calendar, **more})


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def today() -> date:
    return datetime.now().astimezone().date()


def marker(number: int) -> str:
    return f"kenmerk-{number:05d}-{random.Random(number).getrandbits(64):x}"


def test_what_is_stored_is_what_was_shown_before_sending(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    sent = Feedback(
        "klopt_niet", question=f"Mag ik {NAME} bellen?", note=f"{NAME} vroeg dit", passages=("p0123abcd",), shown=("B1",)
    )
    shown = journal.masked(sent)
    stored = journal.add(sent)
    assert (stored.question, stored.note) == (shown.question, shown.note) == ("Mag ik [naam] bellen?", "[naam] vroeg dit")
    assert journal.list() == (stored,)


def test_personal_data_is_masked_before_anything_is_written(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    journal.add(Feedback("te_vaag", question=f"Mag ik {NAME} bellen?", note=NAME))
    assert NAME.encode() not in everything_in(tmp_path)


def test_nothing_is_stored_while_the_masker_is_not_ready(tmp_path, calendar):
    loaded = False
    journal = journal_at(tmp_path, calendar, ready=lambda: loaded)
    with pytest.raises(MaskerNotReady):
        journal.add(Feedback("klopt", question=NAME))
    assert journal.list() == ()
    assert NAME.encode() not in everything_in(tmp_path)
    loaded = True
    journal.add(Feedback("klopt"))
    assert len(journal.list()) == 1


def test_a_journal_without_a_masker_stores_nothing(tmp_path):
    with pytest.raises(MaskerNotReady):
        Journal(tmp_path).add(Feedback("klopt"))
    assert not (tmp_path / "journal.sqlite").exists()


def test_a_masker_that_fails_stores_nothing(tmp_path, calendar):
    def failing(text: str) -> Masked:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        journal_at(tmp_path, calendar, mask=failing).add(Feedback("klopt", question=NAME))
    assert NAME.encode() not in everything_in(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "misschien"},
        {"status": "Mag ik haar bellen?"},
        {"passages": ("Mag ik haar bellen?",)},
        {"shown": ("Mag ik haar bellen?",)},
        {"topic": "x" * 201},
        {"release": -1},
    ],
)
def test_no_field_that_is_not_masked_can_hold_a_question(tmp_path, calendar, wrong):
    with pytest.raises(ValueError, match="cannot be stored"):
        journal_at(tmp_path, calendar).add(Feedback(**{"verdict": "klopt", **wrong}))


def test_the_journal_knows_no_user_no_time_of_day_and_no_order(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    sent = [journal.add(Feedback("klopt", topic=str(number))).id for number in range(30)]
    db = sqlite3.connect(tmp_path / "journal.sqlite")
    columns = [row[1] for row in db.execute("PRAGMA table_info(feedback)")]
    assert columns == ["id", "day", "verdict", "question", "note", "status", "release", "passages", "shown", "topic"]
    with pytest.raises(sqlite3.OperationalError):
        db.execute("SELECT rowid FROM feedback")
    assert {f.day for f in journal.list()} == {"2026-03-01"}
    assert [f.id for f in journal.list()] != sent


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_only_the_owner_may_read_the_journal(tmp_path, calendar):
    journal_at(tmp_path, calendar).add(Feedback("klopt"))
    path = tmp_path / "journal.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    journal_at(tmp_path, calendar)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("how", ["id", "before", "everything"])
def test_forgotten_feedback_is_gone_from_every_file_byte_for_byte(tmp_path, calendar, how):
    journal = journal_at(tmp_path, calendar)
    long = " ".join(["woorden"] * 60)  # rows larger than a page fraction, so that pages split and overflow
    old = [journal.add(Feedback("te_vaag", question=f"{marker(n)} {long}", note=marker(n + 1000))) for n in range(60)]
    calendar.pass_days(10)
    kept = [journal.add(Feedback("te_vaag", question=f"{marker(n)} {long}")) for n in range(100, 130)]
    assert all(marker(n).encode() in everything_in(tmp_path) for n in (0, 59, 1000, 1059, 100))
    if how == "id":
        assert sum(journal.forget(id=feedback.id) for feedback in old) == 60
    elif how == "before":
        assert journal.forget(before=calendar.day) == 60
    else:
        assert journal.forget(everything=True) == 90
    left = everything_in(tmp_path)
    assert not [n for n in (*range(60), *range(1000, 1060)) if marker(n).encode() in left]
    assert set(journal.list()) == (set() if how == "everything" else set(kept))


def test_feedback_older_than_the_retention_is_gone_on_opening(tmp_path, calendar):
    journal_at(tmp_path, calendar).add(Feedback("klopt", question=marker(1)))
    calendar.pass_days(90)
    assert len(journal_at(tmp_path, calendar).list()) == 1
    calendar.pass_days(1)
    assert journal_at(tmp_path, calendar).list() == ()
    assert marker(1).encode() not in everything_in(tmp_path)


def test_the_number_of_days_can_be_chosen(tmp_path, calendar):
    journal_at(tmp_path, calendar).add(Feedback("klopt"))
    calendar.pass_days(8)
    assert len(journal_at(tmp_path, calendar, retention_days=8).list()) == 1
    assert journal_at(tmp_path, calendar, retention_days=7).list() == ()
    with pytest.raises(UsageError):
        journal_at(tmp_path, calendar, retention_days=0)


def test_a_journal_that_stays_open_forgets_when_a_new_day_begins(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    journal.add(Feedback("klopt", question=marker(1)))
    calendar.pass_days(91)
    assert journal.list() == ()
    assert marker(1).encode() not in everything_in(tmp_path)


def test_a_page_that_nobody_uses_forgets_too(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    journal.add(Feedback("klopt", question=marker(1)))
    stop = threading.Event()
    keeper = threading.Thread(target=journal.tidy_daily, args=(stop,), kwargs={"look_every_s": 0.01})
    keeper.start()
    calendar.pass_days(91)
    patience = time.monotonic() + 20
    while marker(1).encode() in everything_in(tmp_path) and time.monotonic() < patience:
        time.sleep(0.01)
    stop.set()
    keeper.join()
    assert marker(1).encode() not in everything_in(tmp_path)


def test_a_clock_that_was_set_back_keeps_nothing_longer(tmp_path, calendar):
    calendar.day = date(2031, 1, 1)
    journal_at(tmp_path, calendar).add(Feedback("klopt"))
    calendar.day = date(2026, 3, 1)
    assert journal_at(tmp_path, calendar).list()[0].day == "2026-03-01"
    calendar.pass_days(91)
    assert journal_at(tmp_path, calendar).list() == ()


def test_exactly_one_thing_is_forgotten_at_a_time(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    with pytest.raises(ValueError, match="exactly one"):
        journal.forget()
    with pytest.raises(ValueError, match="exactly one"):
        journal.forget(id="a", everything=True)


def test_topics_are_counted_only_in_groups(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    for topic, times in (("N01 Bewaren", 5), ("H07 Delen", 4), ("", 9)):
        for _ in range(times):
            journal.add(Feedback("niet_gevonden", topic=topic))
    for _ in range(9):
        journal.add(Feedback("klopt", topic="H07 Delen"))
    assert journal.topic_counts() == (TopicCount("N01 Bewaren", 5),)
    assert journal.topic_counts(minimum=4) == (TopicCount("N01 Bewaren", 5), TopicCount("H07 Delen", 4))
    with pytest.raises(ValueError, match="is a person"):
        journal.topic_counts(minimum=1)


@settings(max_examples=40, deadline=None)
@given(question=st.text(max_size=300), note=st.text(max_size=100), topic=st.text(max_size=50))
def test_feedback_comes_back_from_json_as_it_was(question, note, topic):
    feedback = Feedback("te_vaag", question, note, "partly", 3, ("pabcd12",), ("B1", "B2"), topic, "2026-03-01", "00ff")
    line = feedback.as_json()
    assert Feedback.from_json(line) == feedback
    assert "\n" not in line


def test_threads_write_and_forget_at_once_and_lose_nothing(tmp_path, calendar):
    journal = journal_at(tmp_path, calendar)
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(6):
                journal.add(Feedback("klopt", topic=f"kept {name} {number}"))
                gone = journal.add(Feedback("klopt", topic="gone"))
                assert journal.forget(id=gone.id) == 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(journal.list()) == 24
    assert {f.topic.split()[0] for f in journal.list()} == {"kept"}


WRITER = """
import sys
from pathlib import Path
from assistant.journal import Feedback, Journal
from assistant.model import Masked
journal = Journal(Path(sys.argv[1]), mask=lambda text: Masked(text))
print("ready", flush=True)
while True:
    kept = journal.add(Feedback("klopt", topic="kept"))
    gone = journal.add(Feedback("klopt", topic="gone"))
    journal.forget(id=gone.id)
    print(kept.id, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_process_killed_while_writing_loses_nothing_that_was_stored(tmp_path):
    stored: set[str] = set()
    for wait_s in (0.01, 0.03, 0.05, 0.08, 0.11):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(wait_s)
            writer.send_signal(signal.SIGKILL)
            stored |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        there = {feedback.id for feedback in Journal(tmp_path).list()}
        assert stored <= there
    assert sqlite3.connect(tmp_path / "journal.sqlite").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_was_killed_while_it_was_made_is_made_again(tmp_path, calendar):
    sqlite3.connect(tmp_path / "journal.sqlite").execute("PRAGMA user_version = 1")  # a file with pages and no table
    assert (tmp_path / "journal.sqlite").stat().st_size > 0
    journal = journal_at(tmp_path, calendar)
    assert journal.list() == ()
    journal.add(Feedback("klopt"))
    assert len(journal.list()) == 1


# the command line


def command(home: Path, *words: str, days: int = 90) -> int:
    parser = argparse.ArgumentParser()
    journal_cli.add_parser(parser.add_subparsers(), argparse.ArgumentParser(add_help=False))
    arguments = parser.parse_args(["journal", *words])
    return arguments.run(arguments, home, SimpleNamespace(journal=SimpleNamespace(days=days)))


def test_the_command_line_lists_exports_and_forgets(tmp_path, capsys):
    stored = Journal(tmp_path, mask=mask).add(Feedback("te_vaag", question="Wat is\tintervisie?", topic="N13"))
    assert command(tmp_path, "list") == 0
    assert capsys.readouterr().out.split("\t")[:3] == [stored.id, stored.day, "te_vaag"]
    out = tmp_path / "out.jsonl"
    assert command(tmp_path, "export", str(out)) == 0
    assert [Feedback.from_json(line) for line in out.read_text("utf-8").splitlines()] == [stored]
    assert command(tmp_path, "export", "-") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["question"] == "Wat is\tintervisie?"
    assert command(tmp_path, "forget", "0000") == 2
    assert command(tmp_path, "forget", stored.id) == 0
    assert Journal(tmp_path).list() == ()


def test_an_export_never_overwrites_a_file(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("iets anders", "utf-8")
    with pytest.raises(UsageError):
        command(tmp_path, "export", str(out))
    assert out.read_text("utf-8") == "iets anders"


def test_the_command_line_forgets_before_a_day_and_everything(tmp_path, calendar):
    calendar.day = today() - timedelta(days=3)
    journal_at(tmp_path, calendar).add(Feedback("klopt"))
    assert command(tmp_path, "forget", "--before", str(calendar.day)) == 0
    assert len(Journal(tmp_path).list()) == 1
    assert command(tmp_path, "forget", "--before", str(today())) == 0
    assert Journal(tmp_path).list() == ()
    Journal(tmp_path, mask=mask).add(Feedback("klopt"))
    assert command(tmp_path, "forget", "--all") == 0
    assert Journal(tmp_path).list() == ()


def test_the_command_line_applies_the_retention_of_the_settings(tmp_path, calendar):
    calendar.day = today() - timedelta(days=10)
    journal_at(tmp_path, calendar).add(Feedback("klopt"))
    assert command(tmp_path, "list", days=7) == 0
    assert Journal(tmp_path).list() == ()
