"""Vectors that were made before, by model revision and text hash: an interrupted or repeated build embeds nothing twice.

The file holds hashes and vectors, no text. `keep_only` forgets the vectors of texts that were erased, and rewrites the file so
that their bytes are gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.model import text_hash

if TYPE_CHECKING:
    from corpus.embedder import Embedder
    from corpus.encoder import Encoder

_AT_ONCE = 512  # texts embedded between two commits


class EmbedCache:
    """Use as a context manager."""

    def __init__(self, path: Path, embedder: Embedder | Encoder) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._embedder = path, embedder
        self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError:
            self._path.unlink()  # only a cache: a damaged one is made again
            return _connect(self._path)

    def __enter__(self) -> EmbedCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def vectors(self, texts: Sequence[str], progress: Callable[[int, int], None]) -> tuple[np.ndarray, int]:
        """float16 (len(texts), dimension) in the same order, and how many of them had to be embedded."""
        hashes = [text_hash(text) for text in texts]
        known = self._known(set(hashes))
        missing = {h: text for h, text in zip(hashes, texts, strict=True) if h not in known}
        waiting = list(missing.items())
        step = int(getattr(self._embedder, "at_once", _AT_ONCE))  # an embedder on other machines wants more at a time
        came_along = getattr(self._embedder, "came_along", _never)  # those need not be kept twice
        progress(0, len(missing))
        for begin in range(0, len(missing), step):
            some = waiting[begin : begin + step]
            made = self._embedder.passages([text for _, text in some]).astype(np.float16)
            known.update(zip((h for h, _ in some), made, strict=True))
            self._remember((h, vector) for (h, text), vector in zip(some, made, strict=True) if not came_along(text))
            progress(min(begin + step, len(missing)), len(missing))
        if not texts:
            return np.zeros((0, self._embedder.dimension), np.float16), 0
        return np.stack([known[h] for h in hashes]), len(missing)

    def _known(self, hashes: set[str]) -> dict[str, np.ndarray]:
        try:
            return self._read(hashes)
        except sqlite3.OperationalError:
            raise  # a full or read-only disk is no damage
        except sqlite3.DatabaseError:
            self._db.close()
            self._path.unlink()
            self._db = _connect(self._path)
            return {}

    def _read(self, hashes: set[str]) -> dict[str, np.ndarray]:
        rows = self._db.execute("SELECT hash, vector FROM vector WHERE revision = ?", (self._embedder.revision,))
        size = self._embedder.dimension * np.dtype(np.float16).itemsize
        return {h: np.frombuffer(blob, np.float16) for h, blob in rows if h in hashes and len(blob) == size}

    def _remember(self, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        revision = self._embedder.revision
        self._db.executemany("INSERT OR REPLACE INTO vector VALUES (?,?,?)", ((revision, h, v.tobytes()) for h, v in rows))
        self._db.commit()


def _never(_: str) -> bool:
    return False


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level="DEFERRED")
    db.execute("PRAGMA secure_delete = ON")
    db.execute(
        "CREATE TABLE IF NOT EXISTS vector (revision TEXT NOT NULL, hash TEXT NOT NULL, vector BLOB NOT NULL,"
        " PRIMARY KEY (revision, hash)) WITHOUT ROWID"
    )
    return db


def keep_only(path: Path, hashes: set[str]) -> int:
    """Forget every vector whose text hash is not in `hashes`, bytes included; returns how many were forgotten."""
    if not path.is_file():
        return 0
    db = _connect(path)
    try:
        stale = [(h,) for (h,) in db.execute("SELECT DISTINCT hash FROM vector") if h not in hashes]
        db.executemany("DELETE FROM vector WHERE hash = ?", stale)
        db.commit()
        db.execute("VACUUM")
        return len(stale)
    finally:
        db.close()
