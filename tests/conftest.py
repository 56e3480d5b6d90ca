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
