"""A damaged file in each part of a data directory: a named error with the command that mends it, or an answer all the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.answer import Assistant
from assistant.wiring import AssistantSettings, CurrentRelease, release_analyser, shelve
from corpus import release as releases
from corpus.embedder import HashEmbedder
from corpus.errors import NoRelease, ReleaseCorrupt, ReleaseError, VraagbaakError
from corpus.release import Release, current_number, open_release, release_folder
from corpus.search import ReleaseSearch
from corpus.vectors import ChromaVectors, build_chroma, check_chroma, make_chroma
from ingest.build import ingest
from tests.fakes import CARDS, TODAY, NoMask, assistant_on, released

DAMAGE = ("half", "empty", "gone", "flipped")


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "flipped":
        for place in range(0, len(data), max(1, len(data) // 200)):
            data[place] ^= 0xFF
        path.write_bytes(data)
    else:
        path.write_bytes(data[: len(data) // 2] if how == "half" else b"")


def parts(home: Path) -> list[str]:
    folder = release_folder(home, 1)
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "chroma/" not in p.as_posix())


@pytest.mark.parametrize("how", DAMAGE)
def test_every_file_of_a_release_is_checked_when_it_is_opened(home: Path, how: str) -> None:
    names = parts(home)
    assert {"manifest.json", "release.sqlite", "vectors.npy", "cards.toml", "synonyms.toml", "chroma.json"} <= set(names)
    for name in names:
        path = release_folder(home, 1) / name
        whole = path.read_bytes()
        damage(path, how)
        if path.exists() and path.read_bytes() == whole:
            continue  # an empty file stays empty
        with pytest.raises(ReleaseCorrupt) as caught:
            open_release(home)
        assert name in str(caught.value) or "manifest" in str(caught.value), name
        assert "vraagbaak ingest --rebuild" in caught.value.hint, name
        path.write_bytes(whole)
    open_release(home).close()


@pytest.mark.usefixtures("no_chroma")
@pytest.mark.parametrize("name", ["manifest.json", "release.sqlite", "vectors.npy", "lexical/terms.rows.npy", "cards.toml"])
def test_the_command_that_the_error_names_mends_it(home: Path, texts: Path, name: str) -> None:
    damage(release_folder(home, 1) / name, "half")
    with pytest.raises(ReleaseCorrupt):
        open_release(home)
    outcome = released(home, texts, rebuild=True)
    assert outcome.number == 2
    assert assistant_on(home).ask("Hoe lang bewaren we een dossier?").status == "answered"


@pytest.mark.usefixtures("no_chroma")
def test_an_ordinary_ingest_mends_a_damaged_release_too(home: Path, texts: Path) -> None:
    damage(release_folder(home, 1) / "release.sqlite", "flipped")
    released(home, texts)
    assert assistant_on(home).ask("Hoe lang bewaren we een dossier?").status == "answered"


@pytest.mark.usefixtures("no_chroma")
def test_a_release_that_is_damaged_while_the_old_one_answers_is_refused_and_the_old_one_stays(home: Path, texts: Path) -> None:
    current = CurrentRelease(home, AssistantSettings(dense="exact"))
    helper = Assistant(current, NoMask(), lambda: TODAY)
    assert helper.ask("Hoe lang bewaren we een dossier?").release == 1
    (texts / "bellen.md").write_text("# Bellen\n\nAnders.\n", "utf-8")
    released(home, texts)
    damage(release_folder(home, 2) / "vectors.npy", "half")
    current._looked = 0.0
    answer = helper.ask("Hoe lang bewaren we een dossier?")
    assert (answer.release, answer.status) == (1, "answered")
    current.close()


@pytest.mark.parametrize("content", [b"", b"seven\n", b"\xff\xfe", b"99\n", b"-1\n"])
def test_a_damaged_pointer_is_named_with_what_mends_it(home: Path, content: bytes) -> None:
    (home / "current").write_bytes(content)
    with pytest.raises(ReleaseError) as caught:
        open_release(home).close()
    assert isinstance(caught.value, ReleaseCorrupt | NoRelease)
    assert caught.value.hint
    releases.point_at(home, 1)
    assert current_number(home) == 1


@pytest.mark.usefixtures("no_chroma")
@pytest.mark.parametrize("content", [b"", b"seven\n", b"99\n"])
def test_ingest_mends_a_damaged_pointer(home: Path, texts: Path, content: bytes) -> None:
    (home / "current").write_bytes(content)
    released(home, texts)
    assert assistant_on(home).ask("Hoe lang bewaren we een dossier?").status == "answered"


@pytest.mark.usefixtures("no_chroma")
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_embedding_cache_is_made_again(home: Path, texts: Path, how: str) -> None:
    before = np.array(open_release(home).vectors)
    damage(home / "embeddings.sqlite", how)
    outcome = released(home, texts, rebuild=True)
    assert outcome.embedded >= 0
    assert np.array_equal(np.array(open_release(home).vectors), before)


@pytest.mark.usefixtures("no_chroma")
def test_a_vector_of_the_wrong_length_in_the_cache_is_made_again(home: Path, texts: Path) -> None:
    before = np.array(open_release(home).vectors)
    with sqlite3.connect(home / "embeddings.sqlite") as db:
        db.execute("UPDATE vector SET vector = x'0000'")
    db.close()
    released(home, texts, rebuild=True)
    assert np.array_equal(np.array(open_release(home).vectors), before)


# --- Chroma ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vectors.npy and a Chroma index large enough to have all its files."""
    folder = tmp_path_factory.mktemp("chroma")
    vectors = np.random.default_rng(3).standard_normal((1500, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
    build_chroma(folder / "chroma", vectors)
    return folder


INDEX_FILES = ("data_level0.bin", "header.bin", "index_metadata.pickle", "length.bin", "link_lists.bin")


def copy_of(chroma: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(chroma, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_index_file_is_refused_before_chroma_reads_it(chroma: Path, tmp_path: Path, how: str) -> None:
    folder = copy_of(chroma, tmp_path)
    for name in INDEX_FILES:
        path = next((folder / "chroma").glob(f"*/{name}"))
        whole = path.read_bytes()
        damage(path, how)
        with pytest.raises(ReleaseCorrupt, match=name) as caught:
            ChromaVectors.open(folder / "chroma")
        assert "--rebuild" in caught.value.hint
        path.write_bytes(whole)
    ChromaVectors.open(folder / "chroma").close()


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_chroma_database_is_refused(chroma: Path, tmp_path: Path, how: str) -> None:
    folder = copy_of(chroma, tmp_path)
    damage(folder / "chroma" / "chroma.sqlite3", how)
    with pytest.raises(ReleaseCorrupt, match="rebuild|Chroma|vector index"):
        ChromaVectors.open(folder / "chroma")


def test_opening_and_searching_leaves_the_index_files_as_they_were_built(chroma: Path, tmp_path: Path) -> None:
    folder = copy_of(chroma, tmp_path)
    for _ in range(2):  # the second opening checks what the first one left
        index = ChromaVectors.open(folder / "chroma")
        assert len(index.nearest(np.eye(1, 32, dtype=np.float32)[0], 10)[0]) == 10
        index.close()


@pytest.mark.skipif(sys.platform != "linux", reason="crashes in another way elsewhere")
def test_without_the_checksums_the_same_damage_takes_the_process_down(chroma: Path, tmp_path: Path) -> None:
    """Why they are there. When this fails, Chroma has learnt to check its own files."""
    folder = copy_of(chroma, tmp_path)
    (folder / "chroma.json").unlink()
    damage(next((folder / "chroma").glob("*/data_level0.bin")), "flipped")
    with pytest.raises(ReleaseCorrupt, match="vector index failed its check"):
        check_chroma(folder)  # in a child process: it is the child that dies


def test_a_damaged_chroma_index_leaves_exact_search_answering(home: Path) -> None:
    for path in (release_folder(home, 1) / "chroma").rglob("*"):
        if path.is_file():
            damage(path, "flipped")
    release = open_release(home)
    opened = shelve(release, AssistantSettings(dense="chroma"), embedder=HashEmbedder())
    assert not isinstance(opened.search.vectors, ChromaVectors)
    assert Assistant(lambda: opened, NoMask(), lambda: TODAY).ask("Hoe lang bewaren we een dossier?").status == "answered"


class _Failing:
    """A vector index that was opened and then breaks."""

    def __init__(self) -> None:
        self.asked = 0

    def count(self) -> int:
        return 6

    def nearest(self, vector: np.ndarray, limit: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        self.asked += 1
        raise ReleaseError("gone")


def test_an_index_that_breaks_while_serving_is_replaced_by_exact_search_and_left_alone_for_a_while(home: Path) -> None:
    release = open_release(home)
    failing = _Failing()
    broken = ReleaseSearch(release, HashEmbedder(), release_analyser(release), dense=failing)
    exact = ReleaseSearch(release, HashEmbedder(), release_analyser(release))
    for question in ("dossier bewaren", "voicemail", "contactnotitie"):
        found, wanted = broken.search(question), exact.search(question)
        assert [(h.passage.id, h.score) for h in found] == [(h.passage.id, h.score) for h in wanted]
    assert failing.asked == 1


def test_a_build_that_makes_a_bad_index_is_not_published(home: Path, texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bad(folder: Path) -> float:
        raise ReleaseCorrupt("the vector index failed its check: 3 of 6 vectors")

    monkeypatch.setattr("corpus.search.make_chroma", bad)
    (texts / "bellen.md").write_text("# Bellen\n\nAnders.\n", "utf-8")
    with pytest.raises(ReleaseCorrupt):
        released(home, texts)
    assert current_number(home) == 1
    monkeypatch.undo()
    assert ingest(home, texts, HashEmbedder(), defaults=CARDS).number == 2
    assert [p.name for p in (home / "releases").iterdir() if not p.name.isdigit()] == []


def test_a_process_that_builds_an_index_ends_when_its_parent_is_killed(chroma: Path, tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("kill -9 is of POSIX systems")
    folder = tmp_path / "release"
    folder.mkdir()
    np.save(folder / "vectors.npy", np.load(chroma / "vectors.npy"))
    code = f"from pathlib import Path; from corpus.vectors import make_chroma; make_chroma(Path({str(folder)!r}))"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    try:
        parent.wait(0.8)
    except subprocess.TimeoutExpired:
        parent.kill()
        parent.wait()
    # what is left may be half; a build elsewhere is not disturbed, because each has a folder of its own
    again = tmp_path / "again"
    again.mkdir()
    np.save(again / "vectors.npy", np.load(chroma / "vectors.npy"))
    assert make_chroma(again) > 0.99
    if parent.returncode != 0:
        assert not _alive(str(folder))


def _alive(argument: str) -> bool:
    """Whether a process with this argument runs; Linux only, elsewhere nothing is found."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in command.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def test_every_error_of_a_damaged_release_is_one_a_person_can_act_upon(home: Path) -> None:
    """Damage that slips past the checksums, because the check was skipped: still a named error, never a bare one."""
    for name in ("release.sqlite", "vectors.npy", "lexical/meta.json", "lexical/terms.rows.npy"):
        path = release_folder(home, 1) / name
        whole = path.read_bytes()
        for how in ("half", "empty", "gone"):
            damage(path, how)
            with pytest.raises(VraagbaakError):
                _answer_unchecked(home)
            path.write_bytes(whole)


def _answer_unchecked(home: Path) -> None:
    release: Release = open_release(home, check=False)
    with release:
        opened = shelve(release, AssistantSettings(dense="exact"), embedder=HashEmbedder())
        Assistant(lambda: opened, NoMask(), lambda: TODAY).ask("Hoe lang bewaren we een dossier?")
