"""What runs in processes that are killed: each function repeats one kind of work. Imported once by the fork server."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from vraagbaak.offline import seal

seal()

import ingest.build  # noqa: E402
import ingest.erase  # noqa: E402
from corpus import release  # noqa: E402
from corpus.embedder import HashEmbedder  # noqa: E402
from tests import fakes  # noqa: E402
from vraagbaak.access import Accounts  # noqa: E402

LOADED = fakes.analyser()  # the lexicon is read before the fork: a killed process starts within milliseconds
PASSWORD = "een lang wachtwoord voor deze proef"


def ingest_texts(home: str, texts: str) -> None:
    """One run of ingest over a folder that was changed."""
    ingest.build.ingest(Path(home), Path(texts), HashEmbedder(), defaults=fakes.CARDS)


def erase_old_version(home: str) -> None:
    """Erase the expired version of a text."""
    ingest.erase.erase(Path(home), "N01@2.1")


def switch_pointer(home: str) -> None:
    """Roll back and forth, without end."""
    for turn in count():
        with release.writer(Path(home), wait_s=5):
            release.point_at(Path(home), 1 + turn % 2)


def add_accounts(home: str) -> None:
    """Make accounts, without end; each name is printed in a file after it was stored."""
    accounts = Accounts(Path(home))
    told = (Path(home) / "told").open("a", encoding="utf-8")
    for turn in count(len((Path(home) / "told").read_text("utf-8").splitlines())):
        name = f"persoon{turn}"
        if name not in {a.name for a in accounts.list()}:
            accounts.add(name, "confidant", PASSWORD)
        told.write(name + "\n")
        told.flush()
