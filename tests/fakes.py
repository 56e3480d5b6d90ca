"""Small worlds for tests: a corpus folder of a few Markdown texts, released with the shipped fake embedding."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from assistant.answer import Assistant, Shelved
from assistant.model import Masked
from assistant.wiring import AssistantSettings, shelve
from corpus import search
from corpus.analyse import Analyser
from corpus.embedder import HashEmbedder
from corpus.lexicon import load_lexicon
from corpus.model import text_hash
from corpus.release import open_release
from ingest.build import Outcome, ingest

TODAY = date(2026, 11, 23)
CARDS = Path(__file__).parent.parent / "corpus" / "texts"

BEWAREN = """# Werkinstructie registratie

## Bewaren

Een dossier bewaar je 12 maanden na afsluiting. Daarna wordt het binnen 4 weken vernietigd.

## Contactnotitie

Een contactnotitie schrijf je binnen 48 uur. In een contactnotitie staan:

- de feiten van het gesprek;
- de afspraken die zijn gemaakt;
- geen namen en geen BSN.
"""

BEWAREN_OUD = BEWAREN.replace("12 maanden", "24 maanden").replace("48 uur", "5 dagen")

BELLEN = """# Bellen en terugbellen

De bellijn is open op maandag tot en met vrijdag van 10.00 tot 20.00 uur.

## Voicemail

Een voicemail beantwoord je binnen 24 uur. Spreek nooit een bericht met inhoud in.
"""

CATALOGUE = """
[[source]]
code = "N01"
title = "Werkinstructie registratie"
version = "3.0"
status = "geldig"
path = "bewaren.md"
valid_from = 2026-03-01
supersedes = "N01@2.1"

[[source]]
code = "N01"
title = "Werkinstructie registratie"
version = "2.1"
status = "vervallen"
path = "bewaren-oud.md"
valid_until = 2026-03-01

[[source]]
code = "H02"
title = "Bellen en terugbellen"
version = "1.0"
status = "geldig"
path = "bellen.md"
"""


class NoMask:
    """A masker for tests that are not about masking."""

    def mask(self, text: str, named: Callable[[str], bool] | None = None) -> Masked:
        """Nothing is hidden."""
        return Masked(text)

    def indirect_hint(self, text: str) -> bool:
        """Nobody is recognised."""
        return False


def small_corpus(folder: Path) -> Path:
    """A catalogued folder with three small texts: a valid one, its expired version, and another."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    (folder / "bewaren.md").write_text(BEWAREN, "utf-8")
    (folder / "bewaren-oud.md").write_text(BEWAREN_OUD, "utf-8")
    (folder / "bellen.md").write_text(BELLEN, "utf-8")
    return folder


def analyser() -> Analyser:
    """The Dutch analyser without synonyms."""
    return Analyser(load_lexicon())


_BUILT: dict[str, tuple[Path, Outcome]] = {}
_KEPT = tempfile.TemporaryDirectory(prefix="vraagbaak-tests-")


def released(home: Path, folder: Path, **more: object) -> Outcome:
    """Ingest a folder with the fake embedding. The first release of the same files is built once per test run and copied."""
    if more or (home / "current").exists():
        return ingest(home, folder, HashEmbedder(), defaults=CARDS, **more)  # type: ignore[arg-type]
    names = sorted(p for p in folder.rglob("*") if p.is_file())
    how = search.make_chroma.__qualname__  # a release that was made without Chroma is no release for a test of Chroma
    key = text_hash(how + "".join(f"{p.relative_to(folder)}{p.read_bytes().hex()}" for p in names))
    if key not in _BUILT:
        built = Path(_KEPT.name) / key[:16]
        _BUILT[key] = (built, ingest(built, folder, HashEmbedder(), defaults=CARDS))
    shutil.copytree(_BUILT[key][0], home, dirs_exist_ok=True)
    return _BUILT[key][1]


def shelved(home: Path, number: int | None = None) -> Shelved:
    """A release of the fake embedding, opened for answering, with exact search."""
    release = open_release(home, number)
    return shelve(release, AssistantSettings(dense="exact"), embedder=HashEmbedder())


def assistant_on(home: Path) -> Assistant:
    """An assistant on the current release of a small corpus."""
    opened = shelved(home)
    return Assistant(lambda: opened, NoMask(), lambda: TODAY)
