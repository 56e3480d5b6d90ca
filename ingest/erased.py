"""What was erased from a data directory, so that a later ingest does not bring it back.

    home/erased.json    {"N01@2.1": ["<sha256 of the file>", ...]}: names and hashes, no text

Written before anything is removed: an erasure that is interrupted is finished by asking for it again, and whatever ingest runs in
between already leaves the text out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import ReleaseCorrupt

FILE = "erased.json"


@dataclass(frozen=True, slots=True)
class Erased:
    """Keys that were erased, with the sha256 of every file that held them."""

    files: Mapping[str, tuple[str, ...]]

    def holds(self, key: str, sha256: str) -> bool:
        """Whether this was erased: by its key, or the same bytes under another name."""
        return key in self.files or any(sha256 in hashes for hashes in self.files.values())


def read(home: Path) -> Erased:
    """What was erased so far. ReleaseCorrupt when the file cannot be read: guessing could bring a text back."""
    file = home / FILE
    if not file.exists():
        return Erased({})
    try:
        raw = json.loads(file.read_text("utf-8"))
        return Erased({str(key): tuple(map(str, hashes)) for key, hashes in raw.items()})
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ReleaseCorrupt(
            f"{file} cannot be read: {error}", hint="put it back from a backup; without it, ingest could bring an erased text back"
        ) from error


def remember(home: Path, files: Iterable[tuple[str, str]]) -> None:
    """Add (key, sha256) pairs, in one atomic step. Call it while holding the writer's lock."""
    known = {key: list(hashes) for key, hashes in read(home).files.items()}
    for key, sha256 in files:
        hashes = known.setdefault(key, [])
        if sha256 and sha256 not in hashes:
            hashes.append(sha256)
    fresh = home / f"{FILE}.new"
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(home / FILE)
