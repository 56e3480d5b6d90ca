"""Licences of every package that an installation brings: `make licences` writes docs/licences.md.

Read from the metadata of what is installed here: the licence expression (PEP 639), else the classifiers, else the free text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

OURS = "vraagbaak"
# Licences under which a package may be used beside Apache-2.0 code that does not change or contain it, as a pattern of their names.
ALLOWED = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|PSFL|Python Software Foundation|MPL|Mozilla|LGPL|Lesser General|Library or Lesser"
    r"|Zlib|CC0|BSL|Unlicense|HPND|matplotlib|Kiwi)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package with what it says of its licence, "" when it says nothing."""

    name: str
    licence: str


def installed() -> tuple[Licensed, ...]:
    """Every package that `pip install vraagbaak` needs on this machine, by name."""
    found: dict[str, Distribution] = {}
    _walk(OURS, frozenset(), found)
    return tuple(Licensed(name, licence_of(found[name])) for name in sorted(found) if name != OURS)


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _walk(name: str, extras: frozenset[str], found: dict[str, Distribution]) -> None:
    if normal(name) in found:
        return
    try:
        found[normal(name)] = here = distribution(name)
    except PackageNotFoundError:
        return  # for another system or another Python
    for needed in _needed(here, extras):
        _walk(needed.name, frozenset(needed.extras), found)


def _needed(here: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in here.requires or []:
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def licence_of(package: Distribution) -> str:
    """One line."""
    facts = package.metadata
    if facts.get("License-Expression"):
        return str(facts["License-Expression"])
    kinds = [c.rpartition(" :: ")[2] for c in facts.get_all("Classifier") or [] if c.startswith("License")]
    free = (facts.get("License") or "").strip().splitlines()
    return "; ".join(kinds) or (free[0].strip()[:80] if free else "")


def document() -> str:
    """docs/licences.md."""
    lines = [
        "# Licences of what an installation brings", "",
        "Made by `make licences` from the metadata of the packages in constraints.txt on Linux; `tests/test_supply_chain.py` fails when a",
        "package is missing here or says a licence that nobody looked at. Ours is Apache-2.0. Packages under LGPL or MPL are used as they",
        "are, unchanged and replaceable. `make sbom` writes the same set as CycloneDX, with versions.", "",
        "| package | licence as it says itself |", "|---|---|",
    ]  # fmt: skip
    return "\n".join((*lines, *(f"| {row.name} | {row.licence} |" for row in installed()))) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
