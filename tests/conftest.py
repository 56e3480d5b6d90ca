"""Every test gets its own data directory, a sealed environment, and no network but loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import pytest

from vraagbaak.offline import seal

seal()

from corpus import search  # noqa: E402 - after the seal

# The files that take longest start first, so that no process works alone at the end; the others follow as they were collected.
LONGEST = (
    "faults/test_kill.py",
    "browser/test_trainer.py",
    "evals/test_sample_run.py",
    "evals/test_first_questions.py",
    "faults/test_soak.py",
    "vraagbaak/test_models.py",
    "browser/test_accessibility.py",
    "browser/test_asking.py",
    "browser/test_first_answer.py",
    "test_cli.py",
    "vraagbaak/test_roles_http.py",
    "faults/test_serving.py",
    "faults/test_a_day.py",
    "faults/test_chroma_server.py",
    "faults/test_disk.py",
    "ingest/test_one_run.py",
    "ingest/test_hostile_files.py",
    "test_supply_chain.py",
)


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: browsers, child processes and servers are waited for a fifth of the time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    here = Path(__file__).parent
    rank = {here / name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def _is_loopback(host: object) -> bool:
    if host in ("localhost", "", None) or isinstance(host, bytes):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)  # type: ignore[arg-type]

    def guarded_lookup(host: object, *rest: object, **named: object) -> object:
        if not _is_loopback(host):
            raise AssertionError(f"a test tried to look up {host}")
        return lookup(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_lookup)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VRAAGBAAK_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith("VRAAGBAAK_") and name != "VRAAGBAAK_HOME":
            monkeypatch.delenv(name)


@pytest.fixture
def no_chroma(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that publish release after release and search exactly: a child process for each Chroma index takes a second."""
    monkeypatch.setattr(search, "make_chroma", lambda folder: 1.0)
