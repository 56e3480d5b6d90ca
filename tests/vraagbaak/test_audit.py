"""The audit log: nothing can be changed, cut off or slipped in without showing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vraagbaak.audit import _SCHEMA, ACTIONS, Audit, AuditBroken, Head, Problem, ProblemKind
from vraagbaak.wording import TEXTS


def log_of(home: Path, count: int = 5) -> Audit:
    audit = Audit(home)
    for number in range(count):
        audit.append("anna", "corpus.publish", f"release {number + 1}", {"sources": ["H01", "N01"], "count": number})
    return audit


def vandal(home: Path, *statements: str) -> None:
    """Someone with write access to the file and no manners."""
    db = sqlite3.connect(home / "audit.sqlite", isolation_level=None)
    for name in ("audit_no_update", "audit_no_delete"):
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        db.execute(statement)
    db.executescript(_SCHEMA)  # and hides the traces
    db.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_an_untouched_log_has_no_problems_and_keeps_what_was_done(home):
    audit = log_of(home)
    assert audit.verify() == []
    assert [row.subject for row in audit.rows(newest=2)] == ["release 4", "release 5"]
    assert audit.rows()[0].detail == '{"count":0,"sources":["H01","N01"]}'
    assert audit.head() == Head(5, audit.rows()[-1].hash)


def test_a_log_that_was_never_written_is_whole(home):
    assert Audit(home).verify() == []
    assert Audit(home).rows() == ()


@pytest.mark.parametrize("column", ["time", "actor", "action", "subject", "detail", "previous", "hash"])
def test_changing_any_field_of_any_row_is_found(home, column):
    audit = log_of(home)
    for number in range(1, 6):
        before = (
            sqlite3.connect(home / "audit.sqlite").execute(f"SELECT {column} FROM audit WHERE number = {number}").fetchone()[0]
        )
        vandal(home, f"UPDATE audit SET {column} = {column} || 'x' WHERE number = {number}")
        assert any(problem.number in (number, number + 1) for problem in audit.verify())
        db = sqlite3.connect(":memory:")
        quoted = db.execute("SELECT quote(?)", (before,)).fetchone()[0]
        vandal(home, f"UPDATE audit SET {column} = {quoted} WHERE number = {number}")
        assert audit.verify() == []


def test_a_changed_row_is_named(home):
    audit = log_of(home)
    vandal(home, "UPDATE audit SET actor = 'niemand' WHERE number = 3")
    assert audit.verify() == [Problem("tampered", 3)]


def test_a_changed_row_with_a_fitting_hash_is_found_at_the_next_row(home):
    audit = log_of(home)
    forged = replace(audit.rows()[2], actor="niemand")
    vandal(home, f"UPDATE audit SET actor = 'niemand', hash = '{forged.right_hash()}' WHERE number = 3")
    assert audit.verify() == [Problem("unlinked", 4)]


def test_a_removed_row_is_found(home):
    audit = log_of(home)
    vandal(home, "DELETE FROM audit WHERE number = 2")
    assert Problem("missing", 2) in audit.verify()


def test_removed_and_renumbered_rows_are_found(home):
    audit = log_of(home)
    vandal(
        home,
        "DELETE FROM audit WHERE number = 2",
        *[f"UPDATE audit SET number = {n - 1} WHERE number = {n}" for n in (3, 4, 5)],
    )
    kinds = {problem.kind for problem in audit.verify()}
    assert {"unlinked", "tampered", "truncated"} <= kinds


def test_two_rows_that_changed_places_are_found(home):
    audit = log_of(home)
    vandal(home, *[f"UPDATE audit SET number = {new} WHERE number = {old}" for old, new in ((2, 99), (3, 2), (99, 3))])
    assert {problem.number for problem in audit.verify()} >= {2, 3}


def test_rows_cut_off_at_the_end_are_found(home):
    audit = log_of(home)
    vandal(home, "DELETE FROM audit WHERE number >= 4")
    assert audit.verify() == [Problem("truncated", 4)]


def test_a_removed_file_is_found(home):
    audit = log_of(home)
    (home / "audit.sqlite").unlink()
    assert audit.verify() == [Problem("truncated", 1)]
    with pytest.raises(AuditBroken):
        audit.append("anna", "corpus.edit", "H01")
    assert audit.verify() == [Problem("truncated", 1)]


def test_a_dropped_table_is_found_and_not_quietly_made_anew(home):
    audit = log_of(home)
    sqlite3.connect(home / "audit.sqlite", isolation_level=None).execute("DROP TABLE audit")
    assert audit.verify() == [Problem("truncated", 1)]
    with pytest.raises(AuditBroken):
        audit.append("anna", "corpus.edit", "H01")


def test_a_removed_or_unreadable_head_is_found(home):
    audit = log_of(home)
    (home / "audit.head").write_text("{", "ascii")
    assert audit.verify() == [Problem("head")]
    (home / "audit.head").unlink()
    assert audit.verify() == [Problem("head")]


def test_a_row_that_was_slipped_in_at_the_end_is_found(home):
    audit = log_of(home)
    last = audit.rows()[-1]
    extra = replace(last, number=6, previous=last.hash)
    values = [
        *[getattr(extra, f) for f in ("number", "time", "actor", "action", "subject", "detail", "previous")],
        extra.right_hash(),
    ]
    vandal(home, "INSERT INTO audit VALUES (" + ",".join(repr(v) for v in values) + ")")
    assert audit.verify() == [Problem("unannounced", 6)]


def test_a_rewritten_history_does_not_fit_a_head_that_was_kept_elsewhere(home, tmp_path_factory):
    witness = log_of(home).head()
    assert Audit(home).verify(witness) == []
    other = tmp_path_factory.mktemp("other")
    rewritten = Audit(other)
    for number in range(6):
        rewritten.append("niemand", "corpus.publish", f"release {number}")
    assert rewritten.verify() == []
    assert rewritten.verify(witness) == [Problem("witness", 5)]


def test_a_log_that_grew_still_fits_an_older_head(home):
    audit = log_of(home)
    witness = audit.head()
    audit.append("bea", "cards.approve", "crisis")
    assert audit.verify(witness) == []


def test_the_file_itself_refuses_changes_and_says_when_that_guard_is_gone(home):
    audit = log_of(home)
    db = sqlite3.connect(home / "audit.sqlite", isolation_level=None)
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.execute("DROP TRIGGER audit_no_delete")
    db.close()
    assert audit.verify() == [Problem("unguarded")]


def test_a_damaged_file_is_a_problem_and_not_a_crash(home):
    audit = log_of(home, 40)
    path = home / "audit.sqlite"
    path.write_bytes(path.read_bytes()[:5000] + os.urandom(3000))
    assert audit.verify() != []


def test_nothing_is_added_to_a_log_whose_end_was_tampered_with(home):
    audit = log_of(home)
    vandal(home, "DELETE FROM audit WHERE number = 5")
    with pytest.raises(AuditBroken) as refused:
        audit.append("anna", "corpus.edit", "H01")
    assert "vraagbaak doctor" in refused.value.hint
    with pytest.raises(AuditBroken):
        audit.ready()


def test_a_broken_log_is_set_aside_whole_and_the_new_one_says_so(home):
    audit = log_of(home)
    vandal(home, "DELETE FROM audit WHERE number = 5")
    aside = audit.restart("anna", "nagekeken met de privacy officer")
    assert aside.is_file()
    assert aside.with_suffix(".head").is_file()
    assert audit.verify() == []
    assert "truncated:5" in audit.rows()[0].detail


def test_questions_cannot_be_logged(home):
    for action in ("ask", "feedback", "question", ""):
        with pytest.raises(ValueError, match="not an action that is logged"):
            Audit(home).append("anna", action, "Hoe lang bewaren we een dossier?")
    assert not {"ask", "feedback", "read"} & {part for action in ACTIONS for part in action.split(".")}
    assert Audit(home).rows() == ()


def test_a_detail_that_is_a_whole_text_is_refused(home):
    with pytest.raises(ValueError, match="log what changed"):
        Audit(home).append("anna", "corpus.edit", "H01", {"text": "woord " * 5000})


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_only_the_owner_may_read_the_log(home):
    log_of(home)
    assert [(home / name).stat().st_mode & 0o777 for name in ("audit.sqlite", "audit.head")] == [0o600, 0o600]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda x: st.lists(x, max_size=4), max_leaves=6
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actor=st.text(max_size=30), subject=st.text(max_size=60), detail=st.dictionaries(st.text(max_size=9), JSON, max_size=4))
def test_whatever_is_logged_comes_back_and_the_chain_stays_whole(tmp_path_factory, actor, subject, detail):
    audit = Audit(tmp_path_factory.mktemp("log"))
    row = audit.append(actor, "corpus.edit", subject, detail)
    audit.append("anna", "corpus.publish", "2")
    assert audit.rows()[0] == row
    assert audit.verify() == []


def test_many_writers_at_once_lose_nothing(home):
    def write(name: str) -> None:
        for number in range(8):
            Audit(home).append(name, "corpus.edit", f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.subject for row in Audit(home).rows()}) == 32
    assert Audit(home).verify() == []


def test_verifying_while_others_write_raises_no_false_alarm(home):
    done = threading.Event()

    def write() -> None:
        for number in range(30):
            Audit(home).append("a", "corpus.edit", str(number))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    problems = []
    while not done.is_set():
        problems += Audit(home).verify()
    thread.join()
    assert problems == []


APPENDER = """
import sys
from pathlib import Path
from vraagbaak.audit import Audit
audit = Audit(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    audit.append("a", "corpus.edit", str(number))
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_process_killed_while_writing_leaves_a_whole_log_that_can_be_continued(home):
    for wait_s in (0.0, 0.011, 0.023, 0.037, 0.051, 0.073):
        with subprocess.Popen([sys.executable, "-c", APPENDER, str(home)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(wait_s)
            writer.send_signal(signal.SIGKILL)
        audit = Audit(home)
        assert audit.verify() == []
        audit.append("b", "corpus.publish", "after")
        assert audit.verify() == []


@pytest.mark.parametrize("moment", ["before the row", "after the row"])
def test_a_crash_at_either_side_of_the_commit_is_no_tampering(home, moment):
    class Crash(Exception):
        pass

    class Crashing(Audit):
        def _write_head(self, head: Head) -> None:
            if moment == "after the row" and not head.pending:
                raise Crash
            super()._write_head(head)
            if moment == "before the row":
                raise Crash

    log_of(home, 2)
    with pytest.raises(Crash):
        Crashing(home).append("anna", "corpus.edit", "H01")
    assert Audit(home).verify() == []
    assert len(Audit(home).rows()) == (2 if moment == "before the row" else 3)
    Audit(home).append("anna", "corpus.edit", "H02")
    assert Audit(home).verify() == []


def test_every_problem_has_a_sentence_in_both_languages():
    for kind in get_args(ProblemKind):
        assert all(f"audit_{kind}" in TEXTS[language] for language in TEXTS)
    assert TEXTS["nl"].keys() == TEXTS["en"].keys()
