"""Bad input never stops a run: each file becomes one row that says what is wrong and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.errors import SourceUnreadable
from corpus.model import Document
from corpus.release import file_sha256
from ingest.build import safe_path
from ingest.parse import parse_bytes
from ingest.sandbox import Job, ParseLimits, parse_all
from tests.ingest.hostile import HOSTILE
from tests.ingest.made import MADE


def job(path: Path) -> Job:
    return Job(path.name, str(path), file_sha256(path) if path.exists() else "0" * 64)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_hostile_files_are_rows_and_the_others_answer(tmp_path: Path) -> None:
    good = [written(tmp_path, made.name, made.make()) for made in MADE]
    bad = [written(tmp_path, name, make()) for name, make, _ in HOSTILE]
    mixed = [path for pair in zip(bad, (good * 2)[: len(bad)], strict=True) for path in pair]
    results = list(parse_all([job(path) for path in mixed], ParseLimits(seconds=30)))

    assert [j.key for j, _ in results] == [path.name for path in mixed]
    reasons = {name: reason for name, _, reason in HOSTILE}
    for j, result in results:
        if j.key in reasons:
            assert isinstance(result, SourceUnreadable), j.key
            assert reasons[j.key] in str(result), (j.key, str(result))
            assert result.hint.endswith((".", "'")), j.key
        else:
            assert isinstance(result, Document), (j.key, str(result))
            assert result.source == j.key


@pytest.mark.parametrize(("name", "make", "reason"), HOSTILE, ids=lambda x: x if isinstance(x, str) and "." in x else "")
def test_reading_in_this_process_gives_the_same_reason(name: str, make: Callable[[], bytes], reason: str) -> None:
    data = make()
    if not data:
        pytest.skip("an empty file is noticed where it is opened")
    with pytest.raises(SourceUnreadable, match=reason):
        parse_bytes(data, name, "T@1")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "groot.txt"
    with path.open("wb") as stream:
        stream.truncate(3_000_000)
    ((_, result),) = parse_all([job(path)], ParseLimits(file_mb=2))
    assert "te groot: 3 MB, de grens is 2 MB" in str(result)


def test_a_file_that_vanishes_or_changes_is_a_row(tmp_path: Path) -> None:
    gone, changed = tmp_path / "weg.md", written(tmp_path, "ander.md", b"# Een\n\nTekst.\n")
    planned = [job(gone), job(changed)]
    changed.write_bytes(b"# Twee\n\nAndere tekst.\n")
    reasons = [str(result) for _, result in parse_all(planned)]
    assert "verdween" in reasons[0]
    assert "veranderde" in reasons[1]


def test_a_reader_that_takes_too_long_is_ended_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "pijp.txt"
    os.mkfifo(slow)  # opening a pipe that nobody writes to waits for ever
    fine = written(tmp_path, "goed.md", b"# Goed\n\nDit wordt gewoon gelezen.\n")
    limits = ParseLimits(seconds=6)  # enough to start a reader where much else is running
    results = [result for _, result in parse_all([Job("pijp", str(slow), ""), job(fine), job(fine)], limits)]
    assert "langer dan 6 seconden" in str(results[0])
    assert all(isinstance(result, Document) for result in results[1:])


def test_a_reader_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    big = written(tmp_path, "groot.txt", b"woord " * 8_000_000)
    fine = written(tmp_path, "goed.md", b"# Goed\n\nDit wordt gewoon gelezen.\n")
    results = [result for _, result in parse_all([job(big), job(fine), job(fine)], ParseLimits(memory_mb=200))]
    assert "meer dan 200 MB geheugen" in str(results[0])
    assert all(isinstance(result, Document) for result in results[1:])


def test_stopping_early_leaves_no_process_behind(tmp_path: Path) -> None:
    import subprocess

    fine = written(tmp_path, "goed.md", b"# Goed\n\nDit wordt gewoon gelezen.\n")
    started: list[subprocess.Popen[bytes]] = []
    original = subprocess.Popen.__init__

    def noting(self: subprocess.Popen[bytes], *rest: object, **named: object) -> None:
        original(self, *rest, **named)  # type: ignore[arg-type]
        started.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", noting)
        results = parse_all([job(fine)] * 20)
        next(results)
        results.close()  # type: ignore[attr-defined]
    assert started
    assert all(process.poll() is not None for process in started)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = written(tmp_path, "buiten.md", b"# Geheim\n")
    folder = tmp_path / "teksten"
    folder.mkdir()
    (folder / "koppeling.md").symlink_to(outside)
    with pytest.raises(SourceUnreadable, match="buiten de map"):
        safe_path(folder, "koppeling.md")
    with pytest.raises(SourceUnreadable, match="buiten de map"):
        safe_path(folder, "../buiten.md")
    with pytest.raises(SourceUnreadable, match="is er niet"):
        safe_path(folder, "nergens.md")
