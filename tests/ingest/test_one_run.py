"""A whole folder in one run, and the next run over the same folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from corpus.release import open_release
from ingest.build import Outcome
from tests.fakes import released
from tests.ingest.hostile import HOSTILE
from tests.ingest.made import MADE

SAMPLES = Path(__file__).parent.parent.parent / "corpus" / "texts"
STORED = Path(__file__).parent.parent / "data" / "documents"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixtures and the hostile files together, without a catalogue."""
    folder = tmp_path_factory.mktemp("run") / "texts"
    folder.mkdir()
    for made in MADE:
        (folder / made.name).write_bytes(made.make())
    for name, make, _ in HOSTILE:
        (folder / name).write_bytes(make())
    for path in (
        *STORED.iterdir(),
        *(p for p in SAMPLES.iterdir() if p.suffix != ".toml" and p.name not in ("LICENSE", "README.md")),
    ):
        shutil.copy(path, folder / path.name)
    (folder / "koppeling.md").symlink_to(SAMPLES / "catalogue.toml")
    return folder


@pytest.fixture(scope="module")
def first(folder: Path) -> Outcome:
    return released(folder.parent / "home", folder)


def test_good_files_answer_and_each_bad_one_is_a_clear_row(folder: Path, first: Outcome) -> None:
    bad = {name for name, _, _ in HOSTILE if not name.endswith(".xlsx")} | {"koppeling.md", "N21_scan.pdf"}
    problems = {row.path: row for row in first.rows if row.status == "problem"}
    assert set(problems) == bad
    assert len(bad) >= 25
    assert all(row.problem and row.hint for row in problems.values())
    good = [row for row in first.rows if row.status != "problem"]
    assert len(good) >= 40
    assert all(row.passages for row in good)


def test_the_same_folder_again_parses_nothing_and_changes_nothing(folder: Path, first: Outcome) -> None:
    again = released(folder.parent / "home", folder)
    assert not again.changed
    assert (again.parsed, again.embedded) == (0, 0)
    assert again.number == first.number


def test_ids_stay_the_same_when_everything_is_read_again_or_a_file_is_added(folder: Path, first: Outcome) -> None:
    home = folder.parent / "home"
    with open_release(home, first.number) as release:
        before = {p.id: (p.source, p.text) for p in release.passages()}
    (folder / "a_nieuw.md").write_text("# Nieuw\n\nEen nieuwe tekst die vooraan staat in de map.\n", "utf-8")
    outcome = released(home, folder)
    assert outcome.parsed == 1
    with open_release(home, outcome.number) as release:
        after = {p.id: (p.source, p.text) for p in release.passages()}
    assert before.items() <= after.items()
    rebuilt = released(home, folder, rebuild=True)
    with open_release(home, rebuilt.number) as release:
        assert {p.id: (p.source, p.text) for p in release.passages()} == after


def test_every_stored_passage_is_where_it_says_it_is(folder: Path, first: Outcome) -> None:
    with open_release(folder.parent / "home", first.number) as release:
        for passage in release.passages():
            assert release.document(passage.source).text[passage.start : passage.end] == passage.text
