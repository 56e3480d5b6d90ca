"""A Chroma server that goes and comes back: exact search answers meanwhile, and nobody waits for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assistant.wiring import AssistantSettings, shelve
from corpus import search
from corpus.embedder import HashEmbedder
from corpus.errors import ReleaseCorrupt, ReleaseError
from corpus.release import current_number, open_release
from corpus.search import collection_name
from corpus.vectors import ChromaVectors, remove_collections, upload_chroma
from ingest.erase import erase
from tests.fakes import released

CHROMA = Path(sys.executable).with_name("chroma")
pytestmark = [pytest.mark.skipif(not CHROMA.exists(), reason="the chroma command is not installed"), pytest.mark.usefixtures("no_chroma")]


@dataclass
class Server:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(CHROMA), "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the Chroma server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tmp_path_factory.mktemp("server"), port)
    server.start()
    yield server
    server.stop()


def names(server: Server) -> set[str]:
    from corpus.vectors import _server

    return {c.name for c in _server(server.url).list_collections() if c.name.startswith("vraagbaak-")}


def test_a_release_is_uploaded_found_the_same_and_survives_the_server_going_and_coming_back(
    server: Server, home: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "REST_S", 0.3)
    (texts / "bellen.md").write_text("# Bellen\n\nDe bellijn is dicht op zondag en op feestdagen.\n", "utf-8")
    released(home, texts, chroma_url=server.url)
    release = open_release(home)
    assert collection_name(release.manifest) in names(server)
    settings = AssistantSettings(dense="chroma", chroma_url=server.url)
    remote = shelve(release, settings, embedder=HashEmbedder()).search
    exact = shelve(release, AssistantSettings(dense="exact"), embedder=HashEmbedder()).search
    assert isinstance(remote.vectors, ChromaVectors)

    def same(question: str) -> bool:
        found = [[(h.passage.id, round(h.score, 3)) for h in s.search(question)] for s in (remote, exact)]
        return found[0] == found[1] and bool(found[0])

    assert same("Hoe lang bewaren we een dossier?")
    server.stop()
    assert same("Wanneer is de bellijn open?")
    assert remote._rests_until > time.monotonic()
    opened_without = shelve(release, settings, embedder=HashEmbedder()).search
    assert not isinstance(opened_without.vectors, ChromaVectors)
    server.start()
    time.sleep(0.4)
    assert same("Binnen hoeveel uur schrijf ik een contactnotitie?")
    assert remote._rests_until < time.monotonic()


def test_a_release_is_not_published_when_the_server_cannot_take_its_vectors(home: Path, texts: Path) -> None:
    (texts / "bellen.md").write_text("# Bellen\n\nAnders.\n", "utf-8")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ReleaseError, match="Chroma server") as caught:
            released(home, texts, chroma_url=f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert "store.url" in caught.value.hint
    assert current_number(home) == 1


def test_a_server_that_accepts_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.vectors.SERVER_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ReleaseCorrupt, match="Chroma server"):
            ChromaVectors.connect(f"http://127.0.0.1:{silent.getsockname()[1]}", "x")


def test_erasing_removes_the_vectors_from_the_server_too(server: Server, home: Path, texts: Path) -> None:
    (texts / "bellen.md").write_text("# Bellen\n\nDe bellijn is dicht op zaterdag.\n", "utf-8")
    released(home, texts, chroma_url=server.url)
    with open_release(home) as release:
        before = collection_name(release.manifest)
    erase(home, "N01@2.1", chroma_url=server.url)
    with open_release(home) as release:
        after = collection_name(release.manifest)
    assert after in names(server)
    assert before not in names(server)


def test_uploading_again_replaces_and_removing_leaves_other_collections_alone(server: Server) -> None:
    vectors = np.eye(6, 16, dtype=np.float32)
    upload_chroma(server.url, "vraagbaak-test-one", vectors)
    upload_chroma(server.url, "vraagbaak-test-two", vectors)
    upload_chroma(server.url, "vraagbaak-test-one", vectors[:3])
    index = ChromaVectors.connect(server.url, "vraagbaak-test-one")
    assert index.count() == 3
    assert remove_collections(server.url, ["vraagbaak-test-one", "vraagbaak-other"]) == ("vraagbaak-test-one",)
    assert {"vraagbaak-test-two"} <= names(server)
