"""What a reader of the knowledge base wants to know of a release: which texts hold, their contents, what is new, what changed.

Everything here returns data; `library_page` and `source_view` turn it into HTML.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from corpus.errors import ReleaseError
from corpus.model import Block, Document, Source
from corpus.release import Manifest, Release, numbers, release_folder

Standing = Literal["valid", "not_yet", "expired", "concept"]

NEAR = 400  # characters; a section shorter than this is shown with the section around it
SAME_HEADING, SAME_WORDS = 0.75, 0.45  # 0..1; below these an older section is about something else
ADJUSTED = 0.55  # 0..1; sentences that share more words than this are one sentence that was adjusted
FAR = 9000  # characters; a longer section is cut around the quotation


def standing(source: Source, today: date) -> Standing:
    """What a version is worth on a day."""
    if source.status == "concept":
        return "concept"
    if source.answers_on(today):
        return "valid"
    started = source.valid_from is None or source.valid_from <= today
    return "expired" if started or source.status == "vervallen" else "not_yet"


# --- the contents of one text ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the table of contents. anchor: the `id` of the heading in the page; level counts from 1."""

    anchor: str
    level: int
    text: str
    start: int


def headings(document: Document) -> tuple[Heading, ...]:
    """The table of contents. Anchors are made of the words, so that a link survives a new version of the text."""
    found: list[Heading] = []
    seen: dict[str, int] = {}
    tops = [b.level for b in document.blocks if b.kind == "heading"]
    lowest = min(tops, default=0)
    for block in document.blocks:
        if block.kind != "heading":
            continue
        text = " ".join(document.text[block.start : block.end].split())
        slug = slugged(text)
        seen[slug] = seen.get(slug, 0) + 1
        anchor = slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"
        found.append(Heading(anchor, block.level - lowest + 1, text, block.start))
    return tuple(found)


def slugged(text: str) -> str:
    """ "Waar begint het?" -> "waar-begint-het"; "deel" when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "deel"


def anchor_of(document: Document, start: int) -> str:
    """The anchor of the last heading at or before an offset; "" when there is none."""
    before = [h for h in headings(document) if h.start <= start]
    return before[-1].anchor if before else ""


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a text around a quotation. cut_before, cut_after: whether the section goes on there."""

    blocks: tuple[Block, ...]
    heading: tuple[str, ...]
    cut_before: bool = False
    cut_after: bool = False


def section_around(document: Document, start: int, end: int) -> Section:
    """The smallest section that holds the quotation and reads as a whole."""
    inside = [i for i, b in enumerate(document.blocks) if b.start < end and start < b.end]
    if not inside:
        return Section((), ())
    first, last = inside[0], inside[-1]
    path = document.blocks[first].heading
    chosen = _alone(document, path, first, last)
    if _length(document, chosen) < NEAR:
        chosen = _under(document, path, first, last)
    while _length(document, chosen) < NEAR and len(path) > 1:
        path = path[:-1]
        chosen = _under(document, path, first, last)
    return _cut(document, chosen, first, last, path)


def _alone(document: Document, path: tuple[str, ...], first: int, last: int) -> tuple[int, int]:
    """The blocks around first..last that stand directly under the same heading, without what is below lower headings."""
    blocks = document.blocks
    low, high = first, last
    while low > 0 and blocks[low].kind != "heading" and blocks[low - 1].heading == path and blocks[low - 1].kind != "notice":
        low -= 1
    while high + 1 < len(blocks) and blocks[high + 1].heading == path and blocks[high + 1].kind != "heading":
        high += 1
    return low, high


def _under(document: Document, path: tuple[str, ...], first: int, last: int) -> tuple[int, int]:
    """(from, to) block numbers around first..last whose heading path starts with `path`; to is the last one, included."""
    blocks = document.blocks
    low, high = first, last
    while low > 0 and blocks[low - 1].heading[: len(path)] == path and blocks[low - 1].kind != "notice":
        low -= 1
        if blocks[low].kind == "heading" and blocks[low].heading == path:
            break  # the same words may head two sections in a row
    while high + 1 < len(blocks) and blocks[high + 1].heading[: len(path)] == path:
        if blocks[high + 1].kind == "heading" and blocks[high + 1].heading == path:
            break
        high += 1
    return low, high


def _length(document: Document, chosen: tuple[int, int]) -> int:
    return document.blocks[chosen[1]].end - document.blocks[chosen[0]].start


def _cut(document: Document, chosen: tuple[int, int], first: int, last: int, path: tuple[str, ...]) -> Section:
    low, high = chosen
    cut_before = cut_after = False
    while _length(document, (low, high)) > FAR and (low < first or high > last):
        if first - low >= high - last:
            low, cut_before = low + 1, True
        else:
            high, cut_after = high - 1, True
    return Section(document.blocks[low : high + 1], path, cut_before, cut_after)


# --- what changed -----------------------------------------------------------------------------------------------------------

ChangeKind = Literal["same", "gone", "added"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that are in both versions, only in the older, or only in the newer one."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a section differs from the one in the older version. pieces: empty when the older version has no such section."""

    older: Source
    pieces: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        """Whether anything was added or taken out."""
        return any(piece.kind != "same" for piece in self.pieces)


def compared(release: Release, source: Source, section: Section) -> Comparison | None:
    """The section against the older version of the same text; None when no older version can be read."""
    older = release.by_key.get(source.supersedes)
    if older is None or not section.blocks:
        return None
    try:
        before, now = release.document(older.key), release.document(source.key)
    except ReleaseError:
        return None
    match = matching(before, section, now)
    if match is None:
        return Comparison(older, ())
    return Comparison(older, worded(match, _plain(now, section.blocks)))


def matching(before: Document, section: Section, now: Document) -> str | None:
    """The text in the older version that stands under nearly the same heading, or says it in the same words."""
    wanted = section.heading[-1] if section.heading else ""
    here = _words(_plain(now, section.blocks))
    best, best_score = "", 0.0
    for path in dict.fromkeys(b.heading for b in before.blocks if b.heading):
        text = _plain(before, tuple(b for b in before.blocks if b.heading[: len(path)] == path))
        alike = difflib.SequenceMatcher(None, wanted.lower(), path[-1].lower(), autojunk=False).ratio()
        there = _words(text)
        shared = 2 * len(here & there) / max(1, len(here) + len(there))
        score = max(alike if alike > SAME_HEADING else 0.0, shared if shared > SAME_WORDS else 0.0) + shared / 10
        if score > best_score:
            best, best_score = text, score
    return best or None


def _words(text: str) -> frozenset[str]:
    return frozenset(w for w in re.findall(r"[^\W_]+", text.lower()) if len(w) > 3)


def _plain(document: Document, blocks: Sequence[Block]) -> str:
    return "\n".join(document.text[b.start : b.end].strip() for b in blocks if b.kind not in ("heading", "notice"))


def body_text(document: Document) -> str:
    """A whole text without its headings and the notices about the file itself."""
    return _plain(document, document.blocks)


def worded(before: str, now: str) -> tuple[Piece, ...]:
    """Two texts as one, with what went and what came: whole sentences, and words within a sentence that was only adjusted."""
    old, new = _sentences(before), _sentences(now)
    pieces: list[Piece] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces += [Piece("same", text) for text in new[k:m]]
        else:
            pieces += _replaced(old[i:j], new[k:m])
    return tuple(pieces)


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?;:])\s+|(\n)", text) if part and part.strip(" ")]


def _replaced(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Sentences that look alike word by word, the others as gone or added."""
    pieces: list[Piece] = []
    left = list(old)
    for text in new:
        twin = next((o for o in left if text.strip() and _alike(o, text) > ADJUSTED), None)
        if twin is None:
            pieces.append(Piece("added" if text.strip() else "same", text))
            continue
        at = left.index(twin)
        pieces += [Piece("gone", gone) for gone in left[:at] if gone.strip()]
        left = left[at + 1 :]
        pieces += _within(twin.split(), text.split())
    return [*pieces, *(Piece("gone", gone) for gone in left if gone.strip())]


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _within(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    pieces: list[Piece] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", " ".join(new[k:m])))
            continue
        pieces += [Piece("gone", " ".join(old[i:j]))] if j > i else []
        pieces += [Piece("added", " ".join(new[k:m]))] if m > k else []
    return pieces


# --- what is new ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """What a release has that the one before it had not. first: there is no release before it. Keys are `CODE@VERSION`."""

    first: bool
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.added or self.changed or self.removed)


def news(home: Path, manifest: Manifest) -> News:
    """Compare with the newest older release that is still there."""
    older = [n for n in numbers(home) if n < manifest.number]
    if not older:
        return News(first=True)
    try:
        before = {key: sha for key, _, sha in Manifest.read(release_folder(home, older[-1])).sources}
    except ReleaseError:
        return News(first=True)
    now = {key: sha for key, _, sha in manifest.sources}
    return News(
        first=False,
        added=tuple(k for k in now if k not in before),
        changed=tuple(k for k, sha in now.items() if k in before and before[k] != sha),
        removed=tuple(k for k in before if k not in now),
    )


