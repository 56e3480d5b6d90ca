"""Small SQLite files that only their owner may read: accounts, the audit log, the feedback journal.

One connection per piece of work, so every thread and process may use them. A rollback journal instead of WAL: it is gone after
every commit, so what was deleted does not live on in a second file, and it also works on a network folder. `secure_delete`
overwrites what is deleted; `rewrite` makes the file anew. A process that is killed leaves the last committed state.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from corpus.errors import VraagbaakError

BUSY_S = 15.0  # how long one piece of work waits for another one's commit


class StoreUnusable(VraagbaakError):
    """A private file is damaged, full, read-only or in use for too long."""


def make_private(path: Path) -> None:
    """Make the file and its folder if they do not exist, and see to it that only the owner reads the file (mode 0600)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise _unusable(path, error) from error


def create(path: Path, schema: str) -> None:
    """Make the file, private, with all tables of `schema` or none; does nothing to what is there already."""
    make_private(path)
    with _connection(path) as db:
        db.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")


def is_made(path: Path, table: str) -> bool:
    """Is there a file with that table in it? One that was killed while it was being made has none, and is made again."""
    if not path.is_file():
        return False
    with _connection(path) as db:
        return bool(db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone())


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for questions only; also works when the disk is read-only."""
    with _connection(path) as db:
        yield db


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """All or nothing: committed at the end, undone when anything is raised. Waits for its turn before it reads."""
    with _connection(path) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # after a full disk SQLite has already rolled back
                db.execute("ROLLBACK")
            raise


def rewrite(path: Path) -> None:
    """Write the file anew without the room that deleted rows left behind."""
    with _connection(path) as db:
        db.execute("VACUUM")


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            for pragma in ("secure_delete = ON", "temp_store = MEMORY", "foreign_keys = ON", "synchronous = FULL"):
                db.execute(f"PRAGMA {pragma}")
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> StoreUnusable:
    hint = f"check that the disk is not full and that you may write in {path.parent}; else put {path.name} back from a backup"
    return StoreUnusable(f"{path.name} cannot be used: {error}", hint=hint)
