"""Erasing a source: nothing of its text and vectors is left in any byte of the data directory. The scan is this file's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from corpus.embedder import HashEmbedder
from corpus.errors import ReleaseCorrupt, ReleaseError
from corpus.release import current_number, numbers, open_release
from corpus.search import embedded_text
from ingest import erase as erasing
from ingest.build import Outcome
from ingest.erase import erase, scan
from tests.fakes import BELLEN, CATALOGUE, assistant_on, released, small_corpus

SECRET = "Mevrouw Vogelenzang uit Zoutkamp belde op dinsdag over haar zoon Ruurd."
TEXT = f"""# Casus voor intervisie

## Wat er gebeurde

{SECRET} Zij vertelde dat de buren haar al weken niet meer groeten.

## Wat we leerden

Vraag door zonder te oordelen, en noteer alleen wat nodig is voor een volgend gesprek.
"""
ROW = """
[[source]]
code = "N10"
title = "Casus voor intervisie"
version = "1.0"
status = "geldig"
path = "casus.md"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts, and two releases that both hold the secret, beside the remains of a third that was killed."""
    base = tmp_path_factory.mktemp("erase")
    folder = small_corpus(base / "texts")
    (folder / "casus.md").write_text(TEXT, "utf-8")
    (folder / "catalogue.toml").write_text(CATALOGUE + ROW, "utf-8")
    released(base / "home", folder)
    (folder / "bellen.md").write_text(BELLEN.replace("24 uur", "36 uur"), "utf-8")
    released(base / "home", folder)
    left = base / "home" / "releases" / "0003.building"
    left.mkdir()
    (left / "release.sqlite").write_text(SECRET, "utf-8")
    return base


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> Path:
    return home.parent / "texts"


def without_row(folder: Path) -> None:
    (folder / "catalogue.toml").write_text(CATALOGUE, "utf-8")


def forbidden(home: Path, code: str) -> list[bytes]:
    """Every line of the texts of a source, and the bytes of every vector that stands for it: raw, blended, 16 and 32 bits."""
    embedder = HashEmbedder()
    found: list[bytes] = []
    for number in numbers(home):
        with open_release(home, number) as release:
            mine = {s.key: s.title for s in release.sources if s.code == code}
            rows = [i for i, p in enumerate(release.passages()) if p.source in mine]
            passages = release.passages(rows)
            raw = embedder.passages([embedded_text(p, mine[p.source]) for p in passages])
            blended = np.asarray(release.vectors[rows])
            found += [line.encode() for key in mine for line in release.document(key).text.splitlines() if len(line) > 25]
        for vectors in (raw, blended):
            found += [v.astype(kind).tobytes() for v in vectors for kind in (np.float16, np.float32)]
    assert len(found) > 8
    return found


def holding(home: Path, needles: Iterable[bytes]) -> dict[str, int]:
    """file -> how many of the needles its bytes hold."""
    kept = tuple(needles)
    counts = {
        p.relative_to(home).as_posix(): sum(n in data for n in kept)
        for p in home.rglob("*")
        if p.is_file()
        for data in [p.read_bytes()]
    }
    return {name: count for name, count in counts.items() if count}


def test_no_byte_of_the_text_or_its_vectors_is_left(home: Path) -> None:
    needles = forbidden(home, "N10")
    before = holding(home, needles)
    assert {"releases/0001/release.sqlite", "releases/0001/vectors.npy", "embeddings.sqlite"} <= before.keys()
    assert any(name.startswith("releases/0002/chroma/") for name in before)
    proof = erase(home, "N10")
    assert holding(home, needles) == {}
    assert proof.clean
    assert proof.sentences >= 3
    assert proof.vectors >= 2


def test_older_releases_are_gone_and_the_new_one_answers(home: Path) -> None:
    proof = erase(home, "N10")
    assert proof.removed_releases == (1, 2)
    assert (numbers(home), current_number(home)) == ((3,), 3)
    assert not list((home / "releases").glob("*.building"))
    assert assistant_on(home).ask("Hoe lang bewaren we een dossier?").status == "answered"
    told = assistant_on(home).ask("Wat leerden we over mevrouw Vogelenzang uit Zoutkamp?")
    assert "Vogelenzang" not in repr((told.hits, told.sentences, told.citations))


def test_other_sources_are_untouched(home: Path) -> None:
    with open_release(home) as before:
        kept = {p.id: (p.text, before.vectors[i].tobytes()) for i, p in enumerate(before.passages()) if p.source != "N10@1.0"}
        sources = [s for s in before.sources if s.code != "N10"]
    erase(home, "N10")
    with open_release(home) as after:
        assert {p.id: (p.text, after.vectors[i].tobytes()) for i, p in enumerate(after.passages())} == kept
        assert list(after.sources) == sources


@pytest.mark.usefixtures("no_chroma")
def test_one_version_can_be_erased_and_the_other_stays(home: Path) -> None:
    erase(home, "N01@2.1")
    with open_release(home) as release:
        assert {s.key for s in release.sources} == {"N01@3.0", "H02@1.0", "N10@1.0"}
        assert release.by_key["N01@3.0"].supersedes == ""


@pytest.mark.usefixtures("no_chroma")
def test_an_unknown_name_is_refused_and_nothing_changes(home: Path) -> None:
    with pytest.raises(ReleaseError) as caught:
        erase(home, "N99")
    assert caught.value.hint
    assert numbers(home) == (1, 2)


def problems(outcome: Outcome) -> dict[str, str]:
    return {row.source: row.problem for row in outcome.rows if row.problem}


@pytest.mark.usefixtures("no_chroma")
def test_ingest_leaves_an_erased_text_out_while_its_row_is_still_there(home: Path, folder: Path) -> None:
    erase(home, "N10")
    outcome = released(home, folder)
    assert "gewist" in problems(outcome)["N10@1.0"]
    assert holding(home, [SECRET.encode()]) == {}
    assert released(home, folder).changed is False


@pytest.mark.usefixtures("no_chroma")
def test_a_rebuild_does_not_bring_an_erased_text_back(home: Path, folder: Path) -> None:
    erase(home, "N10")
    released(home, folder, rebuild=True)
    assert holding(home, [SECRET.encode()]) == {}


@pytest.mark.usefixtures("no_chroma")
def test_the_same_bytes_under_another_code_and_name_stay_out(home: Path, folder: Path) -> None:
    erase(home, "N10")
    (folder / "casus.md").rename(folder / "verhaal.md")
    (folder / "catalogue.toml").write_text(CATALOGUE + ROW.replace("N10", "N44").replace("casus.md", "verhaal.md"), "utf-8")
    assert set(problems(released(home, folder))) == {"N44@1.0"}
    assert holding(home, [SECRET.encode()]) == {}


@pytest.mark.usefixtures("no_chroma")
def test_a_new_version_with_other_words_is_read_again(home: Path, folder: Path) -> None:
    erase(home, "N10")
    (folder / "casus.md").write_text(TEXT.replace(SECRET, "Een moeder belde over haar zoon."), "utf-8")
    (folder / "catalogue.toml").write_text(CATALOGUE + ROW.replace('"1.0"', '"1.1"'), "utf-8")
    outcome = released(home, folder)
    assert not problems(outcome)
    with open_release(home) as release:
        assert "N10@1.1" in release.by_key


@pytest.mark.usefixtures("no_chroma")
def test_without_its_row_the_next_ingest_has_nothing_to_report(home: Path, folder: Path) -> None:
    erase(home, "N10")
    without_row(folder)
    assert not problems(released(home, folder))


@pytest.mark.usefixtures("no_chroma")
def test_what_was_erased_is_remembered_without_a_word_of_the_text(home: Path) -> None:
    erase(home, "N10")
    kept = json.loads((home / "erased.json").read_text("utf-8"))
    assert list(kept) == ["N10@1.0"]
    assert all(len(sha) == 64 for sha in kept["N10@1.0"])


@pytest.mark.usefixtures("no_chroma")
def test_an_unreadable_list_of_erased_texts_stops_ingest_instead_of_bringing_them_back(home: Path, folder: Path) -> None:
    erase(home, "N10")
    (home / "erased.json").write_text("{half", "utf-8")
    with pytest.raises(ReleaseCorrupt, match=r"erased\.json"):
        released(home, folder)


@pytest.mark.parametrize("at", ["_without", "_forget_vectors", "_forget_collections"])
@pytest.mark.usefixtures("no_chroma")
def test_an_interrupted_erasure_is_finished_by_asking_again_or_by_the_next_ingest(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    needles = forbidden(home, "N10")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, at, interrupted)
        with pytest.raises(KeyboardInterrupt):
            erase(home, "N10")
    released(home, folder)
    with open_release(home) as release:
        assert "N10@1.0" not in release.by_key
    erase(home, "N10")
    assert holding(home, needles) == {}


@pytest.mark.usefixtures("no_chroma")
def test_the_proof_finds_a_text_that_was_left_behind(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"x" * ((1 << 22) - 10) + SECRET.encode() + b"y" * 100)  # across the border of two reads
    assert list(scan(big, [(SECRET.encode(), "a sentence")])) == ["a sentence"]
    assert list(scan(big, [(b"not there", "a sentence")])) == []
