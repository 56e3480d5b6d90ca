"""Giving memory back: on glibc through the C library, elsewhere nothing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from corpus import memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_that_was_let_go_of_goes_back_to_the_system() -> None:
    if memory._glibc() is None:
        pytest.skip("not glibc")
    kept = [np.ones(12_000, np.uint8) for _ in range(20_000)]  # too small to be mapped one by one
    last = kept[-1]
    before = resident()
    kept.clear()
    memory.give_back()
    assert resident() < before - 100_000_000
    assert last.sum() == 12_000


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096


def test_elsewhere_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("no library is opened"))
    memory.few_arenas()
    memory.give_back()
