"""A draft release: made, looked at, published or thrown away; and going back to an earlier release.

There is one draft at a time, because there is one folder of texts. A draft knows which release answered when it was made: when
another one answers by then, publishing is refused, so that of two trainers who publish at once one is told and nothing is lost
(their changes are in the folder that both edit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from corpus import release as releases
from corpus.errors import ReleaseCorrupt, ReleaseError, ReleaseMismatch
from corpus.release import Manifest, Release
from ingest.build import Outcome, Progress, no_progress
from ingest.compare import Change, compare_releases
from ingest.edit import WAIT_S, Actor, Bench, Conflict, EditError

NOTE_MOST = 500  # characters of a reason


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that waits. base: the release it was made from. mark: of exactly these contents, because numbers are used again."""

    number: int
    base: int
    made_at: str
    mark: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A release in the list."""

    number: int
    made_at: str
    note: str
    sources: int
    passages: int
    current: bool
    draft: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What the quality gate says about a release. passed: None when it was not measured."""

    passed: bool | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a confidant would get for a question. short: status, cards and shown sentences as plain lines."""

    question: str
    short: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A question that is answered differently."""

    question: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def kept_releases(home: Path) -> tuple[Kept, ...]:
    """All releases, newest first; one whose manifest cannot be read is left to `vraagbaak doctor`."""
    current, found = _current(home), []
    for number in reversed(releases.numbers(home)):
        try:
            m = Manifest.read(releases.release_folder(home, number))
        except (ReleaseCorrupt, ReleaseMismatch):
            continue
        found.append(Kept(number, m.made_at, m.note, len(m.sources), m.passages, number == current, m.draft_of is not None))
    return tuple(found)


def open_draft(home: Path) -> Draft | None:
    """The draft, when there is one."""
    for number in reversed(releases.numbers(home)):
        folder = releases.release_folder(home, number)
        try:
            manifest = Manifest.read(folder)
        except (ReleaseCorrupt, ReleaseMismatch):
            continue
        if manifest.draft_of is not None:
            return Draft(number, manifest.draft_of, manifest.made_at, releases.file_sha256(folder / "manifest.json"))
    return None


def make_draft(bench: Bench, actor: Actor, progress: Progress = no_progress) -> Outcome:
    """Build the next release of the folder without letting it answer. outcome.changed is False when nothing differs."""
    actor.need("corpus.edit")
    with releases.writer(bench.home, wait_s=WAIT_S):
        before = _drafts(bench.home)
        outcome = bench.build(bench.folder, publish=False, locked=True, progress=progress)
        for number in before:
            if number != outcome.number:
                releases.remove_release(bench.home, number)
    return outcome


def discard(bench: Bench, actor: Actor) -> None:
    """Throw the draft away; the texts in the folder stay as they are."""
    actor.need("corpus.edit")
    with releases.writer(bench.home, wait_s=WAIT_S):
        for number in _drafts(bench.home):
            releases.remove_release(bench.home, number)


def publish(bench: Bench, actor: Actor, seen: Draft, gate: Gate | None = None, reason: str = "") -> int:
    """Let the draft that the trainer saw answer. Raises Conflict when it, or the release it was made from, is not what it was.

    gate: None when there is nothing to measure with; a gate that did not pass needs a reason, which is kept.
    """
    actor.need("corpus.publish")
    reason = " ".join(reason.split())[:NOTE_MOST]
    if gate is not None and not gate.passed and not reason:
        raise EditError("reason_needed" if gate.passed is False else "reason_unmeasured")
    actor.ready()
    with releases.writer(bench.home, wait_s=WAIT_S):
        now = open_draft(bench.home)
        if _current(bench.home) != seen.base:
            raise Conflict("published_meanwhile", number=_current(bench.home))
        if now is None or now.mark != seen.mark:
            raise Conflict("draft_gone")
        releases.open_release(bench.home, seen.number).close()  # whole, byte for byte, or not at all
        releases.publish_draft(bench.home, seen.number, reason)
    passed = gate.passed if gate is not None else None
    actor.log("corpus.publish", str(seen.number), {"before": seen.base, "gate": passed, "reason": reason})
    return seen.number


def roll_back(bench: Bench, actor: Actor, number: int, seen_current: int, reason: str = "") -> None:
    """Let an earlier release answer again. seen_current: the one that answered when the trainer chose. Raises Conflict."""
    actor.need("corpus.rollback")
    actor.ready()
    with releases.writer(bench.home, wait_s=WAIT_S):
        if _current(bench.home) != seen_current:
            raise Conflict("published_meanwhile", number=_current(bench.home))
        if number in _drafts(bench.home):
            raise EditError("is_a_draft", number=number)
        releases.open_release(bench.home, number).close()
        releases.point_at(bench.home, number)
    actor.log("corpus.rollback", str(number), {"before": seen_current, "reason": " ".join(reason.split())[:NOTE_MOST]})


def changes(home: Path, old: int, new: int) -> tuple[Change, ...]:
    """Sections that differ between two releases; everything is new when there was none (0)."""
    with releases.open_release(home, new) as after:
        if old == 0:
            return tuple(Change("added", p.source, p.heading, "", p.text) for p in after.passages())
        with releases.open_release(home, old) as before:
            return (*compare_releases(before, after), *_states(before, after))


def _states(before: Release, after: Release) -> Iterable[Change]:
    """Texts whose dates or status differ: the sections may be the same, what answers is not."""
    for key, source in after.by_key.items():
        was = before.by_key.get(key)
        if was is not None and (was.status, was.valid_from, was.valid_until) != (
            source.status,
            source.valid_from,
            source.valid_until,
        ):
            yield Change("changed", key, (), _state(was), _state(source))


def _state(source: object) -> str:
    from ingest.ui_wording import validity

    return validity(source)


def answer_changes(ask: Callable[[int, str], Asked], old: int, new: int, questions: Iterable[str]) -> tuple[AnswerChange, ...]:
    """The questions that the two releases answer differently."""
    found = []
    for question in questions:
        before, after = (ask(number, question).short if number else () for number in (old, new))
        if before != after:
            found.append(AnswerChange(question, before, after))
    return tuple(found)


def _drafts(home: Path) -> tuple[int, ...]:
    return tuple(k.number for k in kept_releases(home) if k.draft)


def _current(home: Path) -> int:
    try:
        return releases.current_number(home)
    except ReleaseError:
        return 0
