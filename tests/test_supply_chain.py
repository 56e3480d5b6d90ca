"""What an installation brings: licences that fit, a lock that fits the bounds, a wheel that two builds make alike."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.licences import ALLOWED, installed, normal

ROOT = Path(__file__).parent.parent


def locked() -> dict[str, str]:
    """Package name -> version in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return {normal(m[1]): m[2] for line in lines if (m := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line))}


def test_every_package_of_an_installation_has_a_licence_that_fits_and_is_listed() -> None:
    told = (ROOT / "docs" / "licences.md").read_text("utf-8")
    rows = installed()
    assert len(rows) > 100
    assert [row.name for row in rows if not ALLOWED.search(row.licence)] == []
    assert [row.name for row in rows if f"| {row.name} |" not in told] == []


def test_a_licence_that_would_bind_our_code_is_not_let_through() -> None:
    for name in ("GPL-3.0-only", "AGPL-3.0-or-later", "GNU Affero General Public License v3", "SSPL-1.0", "Proprietary", ""):
        assert not ALLOWED.search(name), name


def test_the_lock_holds_every_dependency_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [Requirement(text) for group in (project["dependencies"], project["optional-dependencies"]["dev"]) for text in group]
    versions = locked()
    assert [str(r) for r in needed if not r.specifier.contains(versions.get(normal(r.name), "0"), prereleases=True)] == []


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two builds of this folder."""
    made = []
    for name in ("a", "b"):
        folder = tmp_path_factory.mktemp(name)
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if "hatchling" in done.stderr and "No module" in done.stderr:
            pytest.skip("hatchling is not in this environment")
        assert done.returncode == 0, done.stderr
        made.append(next(folder.glob("*.whl")))
    return made


@pytest.mark.slow
def test_two_builds_give_the_same_wheel_to_the_byte(wheels: list[Path]) -> None:
    assert wheels[0].read_bytes() == wheels[1].read_bytes()


@pytest.mark.slow
def test_the_wheel_holds_exactly_our_packages(wheels: list[Path]) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheels[0]).namelist()}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"corpus", "ingest", "assistant", "evals", "vraagbaak"}
