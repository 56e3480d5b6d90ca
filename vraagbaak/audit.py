"""Who changed what: an append-only log of corpus, card and account changes, hash-chained so that tampering shows.

    home/audit.sqlite    one row per change; each row's hash covers the row and the hash before it
    home/audit.head      how many rows there are and the last hash, so that cutting rows off at the end shows too

What may be logged is a closed list (ACTIONS): a question cannot get in. The chain has no secret key, so whoever may write
both files can make a new, consistent history; keep a copy of `audit.head` elsewhere and give it to `verify` as `witness`.

A crash between the two files is no tampering: the head names the row that is about to be written (`pending`) before the
row is committed, and is settled after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from corpus.errors import VraagbaakError
from corpus.private import StoreUnusable, create, is_made, reading, writing

DETAIL_BYTES = 16_000  # a row tells what changed, it does not hold a text

ACTIONS = (
    "corpus.add", "corpus.replace", "corpus.retire", "corpus.edit", "corpus.publish", "corpus.rollback", "corpus.erase",
    "synonyms.propose", "synonyms.approve", "synonyms.reject", "cards.propose", "cards.approve", "cards.reject",
    "evals.edit", "evals.promote", "accounts.add", "accounts.passwd", "accounts.remove", "audit.restart",
)  # fmt: skip

GENESIS = "0" * 64  # the hash before the first row

ProblemKind = Literal[
    "tampered",  # the row does not have its own hash
    "unlinked",  # the row does not name the hash of the row before it: something was reordered, replaced or put in between
    "missing",  # a number is skipped
    "truncated",  # the head knows more rows than there are
    "unannounced",  # there are more rows than the head knows
    "head",  # the head is not there, cannot be read, or names another last hash
    "witness",  # the history differs from the head that was kept elsewhere
    "unguarded",  # the triggers that refuse changes are gone
    "unreadable",  # the file is damaged
]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, time TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
_TRIGGERS = {"audit_no_update", "audit_no_delete"}
_COLUMNS = "number, time, actor, action, subject, detail, previous, hash"


class AuditBroken(VraagbaakError):
    """The log does not end where its head says; nothing is added until a person has looked."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change. time: UTC, "2026-03-01T09:30:00Z". detail: canonical JSON. previous, hash: 64 hexadecimal digits."""

    number: int
    time: str
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str

    def right_hash(self) -> str:
        """The hash this row should have: sha256 over its other fields as one JSON list."""
        fields = [self.number, self.time, self.actor, self.action, self.subject, self.detail, self.previous]
        return hashlib.sha256(_canonical(fields).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows there are and the hash of the last; `pending` is the hash of a row that was about to be written."""

    count: int = 0
    hash: str = GENESIS
    pending: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something is wrong at this row; number 0 is about the log as a whole."""

    kind: ProblemKind
    number: int = 0


class Audit:
    """The log of one data directory; every thread and process may use its own."""

    def __init__(self, home: Path) -> None:
        self._path, self._head_path = home / "audit.sqlite", home / "audit.head"

    def append(self, actor: str, action: str, subject: str, detail: Mapping[str, object] | None = None) -> AuditRow:
        """Add one row, on disk when this returns.

        Raises ValueError for an action that is not in ACTIONS or a detail that is too long or no JSON, AuditBroken when
        the end of the log was tampered with.
        """
        text = _detail(action, detail or {})
        self._prepare()
        with writing(self._path) as db:
            head = self._settled(db)
            row = _row(head, _plain(actor), action, _plain(subject), text)
            self._write_head(Head(head.count, head.hash, pending=row.hash))
            db.execute(f"INSERT INTO audit ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", _values(row))
            db.execute("COMMIT")
            # The next writer may be in already: it accepts a pending head, and ours must not overwrite its head.
            db.execute("BEGIN IMMEDIATE")
            if _last(db) == (row.number, row.hash):
                self._write_head(Head(row.number, row.hash))
        return row

    def ready(self) -> None:
        """Raises AuditBroken when nothing can be added; call it before a change that must be logged."""
        self._prepare()
        with writing(self._path) as db:
            self._settled(db)

    def rows(self, *, newest: int | None = None) -> tuple[AuditRow, ...]:
        """All rows in order, or only the `newest` ones, still in order."""
        if not is_made(self._path, "audit"):
            return ()
        with reading(self._path) as db:
            limit = -1 if newest is None else newest
            found = db.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
        return tuple(AuditRow(*row) for row in reversed(found))

    def head(self) -> Head:
        """What the head file says; `Head()` when there is none. Raises AuditBroken when it cannot be read."""
        try:
            said = json.loads(self._head_path.read_text("ascii"))
            return Head(int(said["count"]), str(said["hash"]), str(said.get("pending", "")))
        except FileNotFoundError:
            return Head()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AuditBroken("audit.head cannot be read", hint=_HINT) from error

    def verify(self, witness: Head | None = None) -> list[Problem]:
        """Everything that is wrong, in order of the rows; an empty list when the log is whole.

        witness: a head that was kept elsewhere; the log must still contain the row it names.
        """
        try:
            if not is_made(self._path, "audit"):
                known = self._head_path.is_file() or (witness is not None and witness.count > 0)
                return [Problem("truncated", 1)] if known else []
            with reading(self._path) as db:
                db.execute("BEGIN")  # no row is committed until the head was read as well
                return list(self._problems(db, witness))
        except StoreUnusable:
            return [Problem("unreadable")]

    def restart(self, actor: str, reason: str) -> Path:
        """Set a broken log aside, whole, and begin a new one whose first row says so; returns where the old one lies."""
        problems = [f"{p.kind}:{p.number}" for p in self.verify()]
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = self._path.with_name(f"audit.set-aside-{stamp}.sqlite")
        if self._path.is_file():
            self._path.replace(aside)
        if self._head_path.is_file():
            self._head_path.replace(aside.with_suffix(".head"))
        self.append(actor, "audit.restart", aside.name, {"reason": reason, "problems": problems[:100]})
        return aside

    def _prepare(self) -> None:
        if is_made(self._path, "audit"):
            return  # triggers that someone removed are not quietly put back: verify must find it
        create(self._path, _SCHEMA)

    def _settled(self, db: sqlite3.Connection) -> Head:
        """The head that agrees with the last row. Raises AuditBroken when none does."""
        head, (count, last) = self.head(), _last(db)
        if (head.count, head.hash) == (count, last):
            return Head(count, last)
        if head.count + 1 == count and head.pending == last:
            return Head(count, last)
        raise AuditBroken(f"the audit log has {count} rows, its head says {head.count}", hint=_HINT)

    def _problems(self, db: sqlite3.Connection, witness: Head | None) -> Iterator[Problem]:
        if not {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")} >= _TRIGGERS:
            yield Problem("unguarded")
        before, seen_witness = Head(), witness is None or witness.count == 0
        for values in db.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY number"):
            row = AuditRow(*values)
            yield from _row_problems(row, before)
            before = Head(row.number, row.hash)
            seen_witness = seen_witness or (witness is not None and (row.number, row.hash) == (witness.count, witness.hash))
        yield from self._head_problems(before)
        if not seen_witness:
            yield Problem("witness", witness.count if witness else 0)

    def _head_problems(self, last: Head) -> Iterator[Problem]:
        try:
            head = self.head()
        except AuditBroken:
            yield Problem("head")
            return
        if head.count > last.count:
            yield Problem("truncated", last.count + 1)
        elif head.count == last.count:
            if head.hash != last.hash:
                yield Problem("head", last.count)
        elif not self._head_path.is_file():
            yield Problem("head")
        elif not (head.count + 1 == last.count and head.pending == last.hash):
            yield Problem("unannounced", head.count + 1)

    def _write_head(self, head: Head) -> None:
        fresh = self._head_path.with_name("audit.head.new")
        said = {"count": head.count, "hash": head.hash, **({"pending": head.pending} if head.pending else {})}
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(_canonical(said) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._head_path)
            _flush_folder(self._head_path.parent)  # a power cut must not bring back an older head than the rows
        except OSError as error:
            raise StoreUnusable(f"audit.head cannot be written: {error}", hint="check the disk and its rights") from error


_HINT = "run: vraagbaak doctor; it names the rows that do not fit. Keep both files as evidence before anything else"


def _row_problems(row: AuditRow, before: Head) -> Iterator[Problem]:
    if row.number != before.count + 1:
        yield Problem("missing", before.count + 1)
    elif row.previous != before.hash:
        yield Problem("unlinked", row.number)
    try:
        whole = row.right_hash() == row.hash
    except ValueError:  # a value of another type than the log writes
        whole = False
    if not whole:
        yield Problem("tampered", row.number)


def _row(head: Head, actor: str, action: str, subject: str, detail: str) -> AuditRow:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    bare = AuditRow(head.count + 1, now, actor, action, subject, detail, head.hash, "")
    return AuditRow(*_values(bare)[:-1], bare.right_hash())


def _values(row: AuditRow) -> tuple[int, str, str, str, str, str, str, str]:
    return row.number, row.time, row.actor, row.action, row.subject, row.detail, row.previous, row.hash


def _last(db: sqlite3.Connection) -> tuple[int, str]:
    found = db.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return (int(found[0]), str(found[1])) if found else (0, GENESIS)


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _detail(action: str, detail: Mapping[str, object]) -> str:
    if action not in ACTIONS:
        raise ValueError(f"'{action}' is not an action that is logged; known: {', '.join(ACTIONS)}")
    text = _canonical(dict(detail))
    if len(text) > DETAIL_BYTES:
        raise ValueError(f"the detail of {action} is {len(text)} bytes, at most {DETAIL_BYTES}: log what changed, not the text")
    return text


def _canonical(value: object) -> str:
    """JSON with one spelling: sorted keys, no spaces, ASCII only; NaN is refused."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"a detail must be plain JSON: {error}") from error


def _plain(text: str) -> str:
    """File names may hold bytes that are no UTF-8; SQLite would refuse them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
