"""The state of a release as a trainer reads it: every document, and what wants attention."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from corpus.model import Source
from corpus.release import Release
from ingest.lint import Finding, lint


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One source version. state: geldig, vervallen, concept, nog niet geldig, onleesbaar."""

    source: str
    title: str
    state: str
    words: int
    passages: int
    valid_from: date | None
    valid_until: date | None
    review_by: date | None
    path: str


@dataclass(frozen=True, slots=True)
class Check:
    """All documents and findings of a release."""

    release: int
    documents: tuple[DocumentRow, ...]
    findings: tuple[Finding, ...]


def check_release(release: Release, today: date) -> Check:
    """Look at everything in a release."""
    passages = Counter(release.sources[i].key for i in release.source_of_row)
    rows = tuple(_row(release, source, passages[source.key], today) for source in release.sources)
    return Check(release.number, rows, tuple(lint(release, today)))


def _row(release: Release, source: Source, passages: int, today: date) -> DocumentRow:
    readable = release.parsed(source.key) is not None
    words = len(release.document(source.key).text.split()) if readable else 0
    return DocumentRow(
        source.key, source.title, state(source, readable, today), words, passages, source.valid_from, source.valid_until,
        source.review_by, source.path,
    )  # fmt: skip


def state(source: Source, readable: bool, today: date) -> str:
    """One word for where a source stands on that day."""
    if not readable:
        return "onleesbaar"
    if source.status != "geldig":
        return source.status
    if source.valid_from and source.valid_from > today:
        return "nog niet geldig"
    return "geldig" if source.answers_on(today) else "vervallen"
