"""Numbered immutable releases of the corpus: write, open, switch, roll back, erase.

    home/current             the number of the release that answers; replaced in one atomic step
    home/releases/0003/      manifest.json    number, sources, embedding, analyser, checksums
                             release.sqlite   sources, documents, passages, asks, report: the truth
                             vectors.npy      float16, one row per passage, unit length
                             lexical/         BM25, derived, memory-mapped
                             chroma/          nearest neighbours, derived; may be missing, then search is exact
                             asked/           known phrasings, derived; only where trainers wrote any
                             reading/         what the encoder made of passages, sentences and phrasings, derived; not of a large corpus
                             cards.toml, synonyms.toml   as they were when this release was made
    home/writer.lock         one writer at a time

Nothing is ever updated in place. A release is built in `releases/0003.building`, checked, flushed to disk, renamed, and only
then pointed at; whatever interrupts that leaves the previous release in charge, and the next build removes the remains.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from corpus.errors import DiskTrouble, NoRelease, ReleaseCorrupt, ReleaseError, ReleaseMismatch, WriterBusy
from corpus.model import Ask, Block, Document, Passage, Rect, Source

LAYOUT = 1  # of a release folder; raised when a reader could misread an older one
KEEP = 8  # releases that stay for rollback and comparison; older ones are removed by the next build
PUBLISHING = "publishing"  # file in the data directory, only while a finished release is put in place: its number

_SCHEMA = """
CREATE TABLE source (position INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, code TEXT NOT NULL, row TEXT NOT NULL);
CREATE TABLE document (source TEXT PRIMARY KEY, file_sha256 TEXT NOT NULL, parser TEXT NOT NULL, text TEXT NOT NULL,
                       rest TEXT NOT NULL);
CREATE TABLE passage (row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, source TEXT NOT NULL, heading TEXT NOT NULL,
                      pages TEXT NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX passage_source ON passage (source);
CREATE TABLE ask (position INTEGER PRIMARY KEY, source TEXT NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL,
                  text TEXT NOT NULL);
CREATE TABLE report (position INTEGER PRIMARY KEY, row TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Embedding:
    """Which embedding made the vectors: opening with another one is refused."""

    name: str
    revision: str
    dimension: int
    query_prefix: str = ""
    passage_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release is made of, as written in its manifest.json."""

    number: int
    made_at: str  # ISO 8601, UTC
    passages: int
    embedding: Embedding
    analyser: str
    parser: str
    sources: tuple[tuple[str, str, str], ...]  # (key, path, sha256 of the file)
    settings: Mapping[str, Any] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)  # file below the release -> sha256
    layout: int = LAYOUT
    note: str = ""  # why it was published, for instance after a failed quality gate
    draft_of: int | None = None  # the release that answered when this draft was made, 0 for none; None once published

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read manifest.json; ReleaseCorrupt when it is missing or not a manifest, ReleaseMismatch for another layout."""
        try:
            raw = json.loads((folder / "manifest.json").read_text("utf-8"))
            raw["embedding"] = Embedding(**raw["embedding"])
            raw["sources"] = tuple(tuple(row) for row in raw["sources"])
            manifest = cls(**raw)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ReleaseCorrupt(
                f"release {folder.name} has no readable manifest", hint="run: vraagbaak ingest --rebuild"
            ) from error
        if manifest.layout != LAYOUT:
            raise ReleaseMismatch(
                f"release {manifest.number} has layout {manifest.layout}, this version reads {LAYOUT}",
                hint="run: vraagbaak ingest --rebuild",
            )
        return manifest


class Release:
    """A release opened for reading; safe to use from several threads. Close it when another one takes over."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._lock = threading.Lock()
        uri = f"file:{_quoted(folder / 'release.sqlite')}?mode=ro&immutable=1"
        try:
            self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise ReleaseCorrupt(f"release {folder.name} cannot be opened: {error}", hint="run: vraagbaak ingest --rebuild") from error
        self._documents: dict[str, Document] = {}

    @property
    def number(self) -> int:
        """Counts from 1; a higher number is newer."""
        return self.manifest.number

    def __enter__(self) -> Release:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._db.close()

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise ReleaseCorrupt(
                f"release {self.number} cannot be read: {error}", hint="run: vraagbaak ingest --rebuild"
            ) from error

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """All source versions of this release, in catalogue order."""
        return tuple(source_from(row) for (row,) in self._rows("SELECT row FROM source ORDER BY position"))

    @cached_property
    def by_key(self) -> Mapping[str, Source]:
        """Sources by `CODE@VERSION`."""
        return {source.key: source for source in self.sources}

    def find(self, name: str, today: date | None = None) -> Source:
        """The source called `CODE@VERSION`, or for a bare `CODE` the version that answers, else the newest one."""
        if name in self.by_key:
            return self.by_key[name]
        versions = [s for s in self.sources if s.code == name]
        if not versions:
            known = ", ".join(sorted({s.code for s in self.sources})[:40])
            raise ReleaseError(f"there is no source '{name}' in release {self.number}", hint=f"known sources: {known}")
        day = today or date.today()  # noqa: DTZ011 - validity follows the local calendar of the organisation
        return max(versions, key=lambda s: (s.answers_on(day), s.valid_from or date.min, s.version))

    def document(self, key: str) -> Document:
        """The canonical text and blocks of one source version."""
        if key not in self._documents:
            rows = self._rows("SELECT text, rest FROM document WHERE source = ?", (key,))
            if not rows:
                raise ReleaseError(f"source {key} has no readable text", hint="run: vraagbaak corpus check")
            self._documents[key] = document_from(key, *rows[0])
        return self._documents[key]

    def parsed(self, key: str) -> tuple[str, str] | None:
        """(sha256 of the file, parser version) from which the document was read; None when there is no document."""
        rows = self._rows("SELECT file_sha256, parser FROM document WHERE source = ?", (key,))
        return tuple(rows[0]) if rows else None

    def documents(self) -> Iterator[Document]:
        """Every document, in catalogue order."""
        for source in self.sources:
            if self.parsed(source.key):
                yield self.document(source.key)

    def passages(self, rows: Sequence[int] | None = None) -> tuple[Passage, ...]:
        """The passages at these rows, in the order given; all of them, in row order, without rows."""
        columns = 'row, id, source, heading, pages, "start", "end", text'
        if rows is None:
            return tuple(passage_from(r) for r in self._rows(f"SELECT {columns} FROM passage ORDER BY row"))
        found: dict[int, Passage] = {}
        for begin in range(0, len(rows), 500):  # SQLite takes a limited number of parameters
            some = [int(row) for row in rows[begin : begin + 500]]
            marks = ",".join("?" * len(some))
            for r in self._rows(f"SELECT {columns} FROM passage WHERE row IN ({marks})", some):
                found[r[0]] = passage_from(r)
        return tuple(found[int(row)] for row in rows if int(row) in found)

    def asks(self) -> tuple[Ask, ...]:
        """The known phrasings, in the order of their file; none in a release that was made before there were any."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'ask'"):
            return ()
        return tuple(Ask(*row) for row in self._rows('SELECT text, source, "start", "end" FROM ask ORDER BY position'))

    @cached_property
    def ask_vectors(self) -> np.ndarray:
        """float16 (asks, dimension), in the order of `asks`."""
        path = self.folder / "asked" / "vectors.npy"
        return np.load(path) if path.is_file() else np.zeros((0, self.manifest.embedding.dimension), np.float16)

    def row_of(self, passage: str) -> int | None:
        """The row of a passage id."""
        rows = self._rows("SELECT row FROM passage WHERE id = ?", (passage,))
        return int(rows[0][0]) if rows else None

    @cached_property
    def source_of_row(self) -> np.ndarray:
        """int32 per passage row: position of its source in `sources`."""
        position = {source.key: i for i, source in enumerate(self.sources)}
        rows = self._rows("SELECT source FROM passage ORDER BY row")
        return np.fromiter((position[key] for (key,) in rows), dtype=np.int32, count=len(rows))

    @cached_property
    def vectors(self) -> np.ndarray:
        """float16 (passages, dimension), unit length, memory-mapped."""
        try:
            vectors: np.ndarray = np.load(self.folder / "vectors.npy", mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise ReleaseCorrupt(
                f"release {self.number} has no readable vectors", hint="run: vraagbaak ingest --rebuild"
            ) from error
        return vectors

    def report(self) -> tuple[dict[str, Any], ...]:
        """What ingest reported about each file of this release."""
        return tuple(json.loads(row) for (row,) in self._rows("SELECT row FROM report ORDER BY position"))

    def allowed(self, sources: Callable[[Source], bool]) -> np.ndarray:
        """bool per passage row: whether its source passes."""
        passing = np.array([sources(source) for source in self.sources], dtype=bool)
        return passing[self.source_of_row] if len(passing) else np.zeros(0, dtype=bool)


# --- rows <-> dataclasses -------------------------------------------------------------------------------------------------


def source_row(source: Source) -> str:
    """One source as JSON."""
    return json.dumps(asdict(source), default=str, ensure_ascii=False)


def source_from(row: str) -> Source:
    """The inverse of `source_row`."""
    raw = json.loads(row)
    for name in ("valid_from", "valid_until", "review_by"):
        raw[name] = date.fromisoformat(raw[name]) if raw[name] else None
    return Source(**raw)


def document_rest(document: Document) -> str:
    """Everything of a document but its text, as compact JSON."""
    blocks = [
        [b.kind, b.start, b.end, b.heading, b.level, b.pages, [_rect_row(r) for r in b.rects], b.cells, b.header]
        for b in document.blocks
    ]
    rest = {"blocks": blocks, "warnings": document.warnings, "labels": document.page_labels, "title": document.title}
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))


def _rect_row(rect: Rect) -> list[float]:
    return [rect.page, *(round(x, 1) for x in (rect.left, rect.top, rect.right, rect.bottom))]


def document_from(key: str, text: str, rest: str) -> Document:
    """The inverse of `document_rest`."""
    raw = json.loads(rest)
    blocks = tuple(
        Block(kind, start, end, tuple(heading), level, tuple(pages), tuple(Rect(int(r[0]), *r[1:]) for r in rects),
              tuple(cells), tuple(header))
        for kind, start, end, heading, level, pages, rects, cells, header in raw["blocks"]
    )  # fmt: skip
    return Document(key, text, blocks, tuple(raw["warnings"]), tuple(raw["labels"]), raw["title"])


def passage_from(row: Sequence[Any]) -> Passage:
    """A passage from its database row (row number first)."""
    _, id_, source, heading, pages, start, end, text = row
    return Passage(id_, source, tuple(json.loads(heading)), tuple(json.loads(pages)), start, end, text)


# --- opening --------------------------------------------------------------------------------------------------------------


def release_folder(home: Path, number: int) -> Path:
    """Where release `number` lives."""
    return home / "releases" / f"{number:04d}"


def numbers(home: Path) -> tuple[int, ...]:
    """The releases that exist, oldest first."""
    folder = home / "releases"
    if not folder.is_dir():
        return ()
    return tuple(sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit() and (p / "manifest.json").exists()))


def current_number(home: Path) -> int:
    """The release that answers. NoRelease when nothing was published."""
    try:
        return int((home / "current").read_text("ascii").strip())
    except FileNotFoundError as error:
        raise NoRelease(f"there is no release in {home}", hint="run: vraagbaak ingest") from error
    except (OSError, ValueError) as error:
        raise ReleaseCorrupt(
            f"the pointer {home / 'current'} cannot be read", hint="run: vraagbaak corpus rollback NUMBER"
        ) from error


def open_release(home: Path, number: int | None = None, *, check: bool = True) -> Release:
    """Open a release (the current one by default); with `check`, its files must have the checksums of the manifest."""
    chosen = current_number(home) if number is None else number
    folder = release_folder(home, chosen)
    if not folder.is_dir():
        there = ", ".join(map(str, numbers(home))) or "none"
        raise NoRelease(f"release {chosen} does not exist in {home}", hint=f"releases that exist: {there}")
    manifest = Manifest.read(folder)
    if check:
        verify_checksums(folder, manifest)
    return Release(folder, manifest)


def verify_checksums(folder: Path, manifest: Manifest) -> None:
    """ReleaseCorrupt, naming the file, when a file is missing or does not have its checksum."""
    for name, expected in manifest.checksums.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != expected:
            raise ReleaseCorrupt(
                f"file {name} of release {manifest.number} is damaged or missing",
                hint="run: vraagbaak ingest --rebuild (or: vraagbaak corpus rollback NUMBER)",
            )


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- writing --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a release is made of, before it is written. Rows of passages and vectors correspond, and asks and theirs."""

    sources: tuple[Source, ...]
    documents: tuple[tuple[Document, str, str], ...]  # with the sha256 of the file and the parser version
    passages: tuple[Passage, ...]
    vectors: np.ndarray  # (passages, dimension) unit length
    embedding: Embedding
    analyser: str
    parser: str
    report: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # cards.toml, synonyms.toml, ...
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    asks: tuple[Ask, ...] = ()
    ask_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))


@contextmanager
def writer(home: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the writer's lock; WriterBusy when another process has it. The lock dies with its process.

    Raises DiskTrouble instead of what Python and SQLite say when the disk is full or may not be written.
    """
    with _disk_trouble(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "writer.lock", timeout=wait_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise WriterBusy(
                "another process is building a release", hint="wait until it is done, then run the command again"
            ) from error
        try:
            yield
        finally:
            lock.release()


_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO))


@contextmanager
def _disk_trouble(home: Path) -> Iterator[None]:
    try:
        yield
    except Timeout:
        raise  # filelock's own, which is an OSError
    except (OSError, sqlite3.OperationalError) as error:
        if isinstance(error, OSError) and error.errno not in _DISK:
            raise
        raise DiskTrouble(
            f"cannot write in {home}: {error}",
            hint="make room on the disk, or see that you may write there; the release that answers is untouched",
        ) from error


Derive = Callable[[Path, Contents], None]
"""Writes a derived index below the release folder that is being built."""


def write_release(
    home: Path,
    contents: Contents,
    derive: Sequence[Derive] = (),
    check: Callable[[Path], None] | None = None,
    *,
    publish: bool = True,
) -> int:
    """Write the next release and point at it; returns its number. Call it while holding `writer(home)`.

    derive: the lexical and vector indexes.  check: raises when the finished folder cannot be trusted.
    publish: False leaves the release that answers in charge; `publish_draft` points at the new one later.
    """
    remove_remains(home)
    number = max((*numbers(home), _pointer_or_zero(home)), default=0) + 1
    final = release_folder(home, number)
    # a name of its own: a child of a build that was killed may live for a moment longer, and must not write in this one
    building = final.with_name(f"{final.name}-{secrets.token_hex(3)}.building")
    building.mkdir(parents=True)
    _write_database(building / "release.sqlite", contents)
    np.save(building / "vectors.npy", contents.vectors.astype(np.float16, copy=False))
    for name, data in contents.files.items():
        (building / name).write_bytes(data)
    for step in derive:
        step(building, contents)
    _write_manifest(building, number, contents, None if publish else _pointer_or_zero(home))
    if check is not None:
        check(building)
    _flush_tree(building)
    if publish:
        _write_number(home, PUBLISHING, number)  # killed between the next two steps, the release would never have answered
    building.rename(final)
    _flush_folder(final.parent)
    if publish:
        point_at(home, number)
    return number


def publish_draft(home: Path, number: int, note: str = "") -> None:
    """Let a draft answer, and keep why in its manifest: the one file of a release that no checksum covers.

    Call it while holding `writer(home)`.
    """
    folder = release_folder(home, number)
    fresh = folder / "manifest.new"
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(_manifest_text(replace(Manifest.read(folder), draft_of=None, note=note)))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(folder / "manifest.json")
    _flush_folder(folder)
    point_at(home, number)


def _pointer_or_zero(home: Path) -> int:
    try:
        return current_number(home)
    except ReleaseError:
        return 0


def _write_database(path: Path, contents: Contents) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # the folder is thrown away when the build is interrupted
        db.execute("PRAGMA synchronous = OFF")  # flushed once, at the end
        db.executescript(_SCHEMA)
        db.executemany(
            "INSERT INTO source VALUES (?,?,?,?)",
            ((i, s.key, s.code, source_row(s)) for i, s in enumerate(contents.sources)),
        )
        db.executemany(
            "INSERT INTO document VALUES (?,?,?,?,?)",
            ((d.source, sha, parser, _storable(d.text), document_rest(d)) for d, sha, parser in contents.documents),
        )
        db.executemany(
            "INSERT INTO passage VALUES (?,?,?,?,?,?,?,?)",
            (
                (row, p.id, p.source, json.dumps(p.heading, ensure_ascii=False), json.dumps(p.pages), p.start, p.end, p.text)
                for row, p in enumerate(contents.passages)
            ),
        )
        db.executemany(
            "INSERT INTO ask VALUES (?,?,?,?,?)",
            ((i, a.source, a.start, a.end, _storable(a.text)) for i, a in enumerate(contents.asks)),
        )
        db.executemany(
            "INSERT INTO report VALUES (?,?)",
            ((i, json.dumps(row, ensure_ascii=False, default=str)) for i, row in enumerate(contents.report)),
        )
        db.commit()


def _storable(text: str) -> str:
    text.encode("utf-8")  # a lone surrogate would make the whole release unreadable; ingest replaces them
    return text


def _write_manifest(folder: Path, number: int, contents: Contents, draft_of: int | None) -> None:
    hashes = {key: sha for (document, sha, _) in contents.documents for key in [document.source]}
    manifest = Manifest(
        number=number,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        passages=len(contents.passages),
        embedding=contents.embedding,
        analyser=contents.analyser,
        parser=contents.parser,
        sources=tuple((s.key, s.path, hashes.get(s.key, s.sha256)) for s in contents.sources),
        settings=dict(contents.settings),
        checksums=_checksums(folder),
        note=contents.note,
        draft_of=draft_of,
    )
    (folder / "manifest.json").write_text(_manifest_text(manifest), "utf-8")


def _manifest_text(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=1, default=str) + "\n"


def _checksums(folder: Path) -> dict[str, str]:
    """Of every file that never changes once written; Chroma's own files do, and are checked by their contents."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.relative_to(folder).parts[0] != "chroma")
    return {p.relative_to(folder).as_posix(): file_sha256(p) for p in files}


def point_at(home: Path, number: int) -> None:
    """Make release `number` the one that answers, in one atomic step."""
    if number not in numbers(home):
        there = ", ".join(map(str, numbers(home))) or "none"
        raise NoRelease(f"release {number} does not exist", hint=f"releases that exist: {there}")
    if _unpublished(home) != number:
        (home / PUBLISHING).unlink(missing_ok=True)
    _write_number(home, "current", number)
    (home / PUBLISHING).unlink(missing_ok=True)


def _write_number(home: Path, name: str, number: int) -> None:
    fresh = home / f"{name}.new"
    with fresh.open("w", encoding="ascii") as stream:
        stream.write(f"{number}\n")
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(home / name)
    _flush_folder(home)


def _unpublished(home: Path) -> int | None:
    """The release that a killed build finished but did not point at."""
    try:
        number = int((home / PUBLISHING).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return number if number != _pointer_or_zero(home) else None


def remove_remains(home: Path) -> tuple[int, ...]:
    """Remove what an interrupted build left behind; call it while holding `writer(home)`. Returns the numbers of whole releases removed."""
    folder, never = home / "releases", _unpublished(home)
    whole = (never,) if never in numbers(home) else ()
    for number in whole:
        remove_release(home, number)
    (home / PUBLISHING).unlink(missing_ok=True)
    if folder.is_dir():
        for left in (*folder.glob("*.building"), *folder.glob("*.removing")):
            shutil.rmtree(left, ignore_errors=True)
    return whole


def remove_release(home: Path, number: int) -> None:
    """Remove a release that is not the current one."""
    if number == _pointer_or_zero(home):
        raise ReleaseError(f"release {number} is the one that answers", hint="publish or roll back to another one first")
    folder = release_folder(home, number)
    leaving = folder.with_name(folder.name + ".removing")
    folder.rename(leaving)  # a half-removed release is never taken for a whole one
    shutil.rmtree(leaving)


def prune(home: Path, keep: int = KEEP) -> tuple[int, ...]:
    """Remove the oldest releases but `keep`; never the current one. Returns the numbers removed."""
    current = _pointer_or_zero(home)
    old = [n for n in numbers(home)[:-keep] if n != current]
    for number in old:
        remove_release(home, number)
    return tuple(old)


def _flush_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        _flush_folder(path)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows has no fsync on folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path))
