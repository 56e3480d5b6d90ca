"""What changed between two releases, by section: added, changed, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from corpus.release import Release


@dataclass(frozen=True, slots=True)
class Change:
    """A section that differs. before, after: its text in either release, empty where it is not there."""

    what: Literal["added", "changed", "removed"]
    source: str
    heading: tuple[str, ...]
    before: str
    after: str


def compare_releases(old: Release, new: Release) -> tuple[Change, ...]:
    """Sections in the order of the new release, then those that are gone. A new version of a text is compared with the old one."""
    before, after = sections(old), sections(new)
    changes = []
    for place, text in after.items():
        was = before.get(place)
        if was is None:
            changes.append(Change("added", *place, "", text))
        elif was != text:
            changes.append(Change("changed", *place, was, text))
    changes += [Change("removed", *place, text, "") for place, text in before.items() if place not in after]
    return tuple(changes)


def sections(release: Release) -> Mapping[tuple[str, tuple[str, ...]], str]:
    """(source key, heading path) -> text of that section."""
    found: dict[tuple[str, tuple[str, ...]], str] = {}
    for passage in release.passages():
        place = (passage.source, passage.heading)
        found[place] = f"{found[place]}\n{passage.text}" if place in found else passage.text
    return found
