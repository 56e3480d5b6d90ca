"""A small world for faults: two catalogued texts with their data directory, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from corpus import search
from tests.fakes import released, small_corpus


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`texts` and `home` with release 1, Chroma included."""
    base = tmp_path_factory.mktemp("faults")
    released(base / "home", small_corpus(base / "texts"))
    return base


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


@pytest.fixture
def texts(home: Path) -> Path:
    return home.parent / "texts"


@pytest.fixture
def no_chroma(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases without the Chroma index, which may be missing: building it takes a second, and the test is not about it."""
    monkeypatch.setattr(search, "make_chroma", lambda folder: 1.0)
