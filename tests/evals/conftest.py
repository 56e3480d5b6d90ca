"""The sample corpus, released once for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.wiring import AssistantSettings, open_shelved
from corpus.embedder import open_embedder
from evals.world import World
from ingest.build import ingest
from ingest.cli import chosen_encoder, sample_folder
from tests.fakes import NoMask


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a release of the sample corpus, made by the first of the test processes that wants it; nobody writes to it."""
    beside = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    home, done = beside / "sample-home", beside / "sample-home-done"
    with FileLock(f"{home}.lock"):
        if not done.exists():
            ingest(home, sample_folder(), open_embedder("bundled"), encoder=chosen_encoder())
            done.touch()
    return home


@pytest.fixture(scope="session")
def sample(sample_home: Path) -> Iterator[World]:
    """An assistant on the sample corpus, without the name finder, which takes seconds to load."""
    shelved = open_shelved(sample_home, AssistantSettings(dense="exact"))
    yield World(shelved, NoMask())
    shelved.search.release.close()
