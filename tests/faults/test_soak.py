"""The hour-long soak of benchmarks/soak.py in half a minute: the real server, real users, releases published under them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.soak import soak
from tests.browser.world import small_texts


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_users_who_ask_while_releases_are_published_get_their_own_answer_from_the_newest_one(tmp_path: Path) -> None:
    seen = soak(tmp_path, small_texts(tmp_path / "small"), seconds=20, users=5, every=5, pause=(0.3, 1.0))
    assert len(seen.published) >= 2, "no release was published meanwhile"
    assert seen.marked > 10
    assert (seen.errors, seen.mixed_up, seen.stale) == ([], [], [])
