"""Releases: numbered, immutable, switched atomically, checked when opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import NoRelease, ReleaseCorrupt, ReleaseError, WriterBusy
from corpus.release import current_number, numbers, open_release, point_at, prune, release_folder, remove_release, writer
from tests.fakes import BEWAREN, released, small_corpus

pytestmark = pytest.mark.usefixtures("no_chroma")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    return tmp_path / "home"


def change(home: Path, word: str) -> None:
    folder = home.parent / "texts"
    (folder / "bewaren.md").write_text(BEWAREN.replace("afsluiting", word), "utf-8")
    released(home, folder)


def test_the_first_release_is_number_one_and_answers(home: Path) -> None:
    assert current_number(home) == 1
    with open_release(home) as release:
        assert {s.key for s in release.sources} == {"N01@3.0", "N01@2.1", "H02@1.0"}


def test_every_passage_is_the_canonical_text_at_its_offsets(home: Path) -> None:
    with open_release(home) as release:
        for passage in release.passages():
            assert release.document(passage.source).text[passage.start : passage.end] == passage.text


def test_ingest_of_an_unchanged_folder_makes_no_release_and_parses_nothing(home: Path) -> None:
    again = released(home, home.parent / "texts")
    assert (again.changed, again.number, again.parsed, again.embedded) == (False, 1, 0, 0)


def test_a_changed_file_alone_is_parsed_and_embedded_again(home: Path) -> None:
    folder = home.parent / "texts"
    (folder / "bellen.md").write_text("# Bellen\n\nDe lijn is dicht op zondag.\n", "utf-8")
    again = released(home, folder)
    assert (again.changed, again.number, again.parsed, again.embedded) == (True, 2, 1, 1)


def test_a_renamed_file_keeps_its_passages_by_catalogue_code(home: Path) -> None:
    folder = home.parent / "texts"
    (folder / "bellen.md").rename(folder / "anders genoemd.md")
    catalogue = folder / "catalogue.toml"
    catalogue.write_text(catalogue.read_text("utf-8").replace("bellen.md", "anders genoemd.md"), "utf-8")
    with open_release(home) as before:
        ids = [p.id for p in before.passages()]
    again = released(home, folder)
    with open_release(home) as after:
        assert [p.id for p in after.passages()] == ids
    assert (again.changed, again.parsed) == (True, 0)


def test_a_release_that_is_not_there_names_those_that_are(home: Path) -> None:
    with pytest.raises(NoRelease) as caught:
        open_release(home, 7)
    assert "1" in caught.value.hint


def test_without_a_release_the_hint_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoRelease) as caught:
        open_release(tmp_path)
    assert caught.value.hint == "run: vraagbaak ingest"


@pytest.mark.parametrize("name", ["release.sqlite", "vectors.npy", "lexical/terms.rows.npy", "manifest.json"])
def test_a_damaged_file_is_named_when_the_release_is_opened(home: Path, name: str) -> None:
    path = release_folder(home, 1) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data[: len(data) // 2 + 1]) if name == "manifest.json" else bytes(data))
    with pytest.raises(ReleaseCorrupt) as caught:
        open_release(home)
    assert "vraagbaak" in caught.value.hint


def test_rollback_is_one_pointer_and_the_next_release_gets_a_new_number(home: Path) -> None:
    change(home, "einde")
    point_at(home, 1)
    assert current_number(home) == 1
    change(home, "slot")
    assert current_number(home) == 3


def test_the_remains_of_an_interrupted_build_are_removed_by_the_next(home: Path) -> None:
    left = release_folder(home, 2).with_name("0002.building")
    left.mkdir()
    (left / "half").write_text("half", "utf-8")
    change(home, "einde")
    assert not left.exists()
    assert numbers(home) == (1, 2)


def test_a_release_that_was_finished_but_never_pointed_at_is_removed_by_the_next_build(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr("corpus.release.point_at", lambda home, number: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            change(home, "nooit gezien")
    assert numbers(home) == (1, 2)
    change(home, "einde")
    assert numbers(home) == (1, 2)
    assert current_number(home) == 2
    with open_release(home) as release:
        assert not any("nooit gezien" in document.text for document in release.documents())


def test_a_release_that_somebody_rolled_back_from_is_kept(home: Path) -> None:
    change(home, "einde")
    (home / "publishing").write_text("2\n", "ascii")  # killed after the pointer moved, before the mark was taken away
    point_at(home, 1)
    change(home, "slot")
    assert numbers(home) == (1, 2, 3)


def test_a_second_writer_is_told_and_changes_nothing(home: Path) -> None:
    with writer(home), pytest.raises(WriterBusy):
        released(home, home.parent / "texts", rebuild=True)
    assert numbers(home) == (1,)


def test_the_release_that_answers_cannot_be_removed(home: Path) -> None:
    with pytest.raises(ReleaseError):
        remove_release(home, 1)


def test_pruning_keeps_the_newest_and_the_current(home: Path) -> None:
    for word in ("a", "b", "c"):
        change(home, word)
    point_at(home, 1)
    assert prune(home, keep=2) == (2,)
    assert numbers(home) == (1, 3, 4)


def test_the_pointer_is_replaced_never_rewritten(home: Path) -> None:
    before = (home / "current").stat().st_ino
    change(home, "einde")
    assert (home / "current").stat().st_ino != before
