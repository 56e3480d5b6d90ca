"""What a trainer does to the texts: add, replace, retire, erase, and edit the catalogue. Plain functions, no page.

Trainers edit the folder that `settings.corpus.path` names. When it names none, the first change copies the sample corpus to
`home/corpus`, and from then on that copy is the corpus (see `ingest.cli.corpus_folder`). Nothing that is done here reaches a
confidant: that takes a release (ingest/drafts.py).

Every change asks `Actor.may`, happens under the writer's lock, leaves a catalogue that can be read or nothing at all, and is
written in the log of changes.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from corpus import catalogue
from corpus import release as releases
from corpus.errors import ReleaseError, VraagbaakError
from corpus.model import Source
from ingest import ui_wording
from ingest.build import Outcome, safe_path
from ingest.cli import sample_folder
from ingest.erase import Proof, erase
from ingest.upload import Upload, checked, free_name

WAIT_S = 15.0  # for another trainer's change; a build of a release may take longer, and then the trainer is told
EDITABLE = ("title", "status", "owner", "audience", "valid_from", "valid_until", "review_by")
_ORDER = (
    "code",
    "title",
    "version",
    "status",
    "path",
    "owner",
    "audience",
    "valid_from",
    "valid_until",
    "review_by",
    "supersedes",
)

Log = Callable[[str, str, Mapping[str, object]], object]
"""Called with (action, subject, detail) after a change."""


class EditError(VraagbaakError):
    """A trainer's action cannot be done. `text` is what the trainer reads."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(ui_wording.ui(reason, "en", **values))
        self.reason, self.values = reason, values

    def text(self, language: ui_wording.Language = "nl") -> str:
        """The sentence for the trainer."""
        return ui_wording.ui(self.reason, language, **self.values)


class NotAllowed(EditError):
    """The role of this person does not reach this far."""


class Conflict(EditError):
    """Somebody else changed the same thing in the meantime; nothing was overwritten."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. name: "" without accounts. ready: raises when a change could not be logged."""

    name: str
    may: Callable[[str], bool]
    log: Log
    ready: Callable[[], object] = lambda: None

    def need(self, action: str) -> None:
        """Raises NotAllowed. Asked by every function here, whatever the page showed."""
        if not self.may(action):
            raise NotAllowed("forbidden")


Build = Callable[..., Outcome]
"""Makes a release: called with (folder, note=, publish=, locked=, progress=)."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the work is done. path: folder of the settings, "" for the copy in the data directory."""

    home: Path
    build: Build
    path: str = ""
    upload_mb: int = 50
    today: Callable[[], date] = date.today

    @property
    def folder(self) -> Path:
        """The texts as they are now; the sample corpus as long as nothing was changed."""
        if self.path:
            return Path(self.path).expanduser()
        own = self.home / "corpus"
        return own if own.is_dir() else sample_folder()

    def sources(self) -> tuple[Source, ...]:
        """The catalogue as it stands in the folder, which may be ahead of the release that answers."""
        return catalogue.read(self.folder)

    def source(self, key: str) -> Source:
        """One row of the catalogue. Raises EditError when there is none."""
        found = next((s for s in self.sources() if s.key == key), None)
        if found is None:
            raise EditError("no_such_text", key=key)
        return found


# --- actions --------------------------------------------------------------------------------------------------------------


def add_text(bench: Bench, actor: Actor, source: Source, upload: Upload) -> Source:
    """Put a new text in the folder and the catalogue. source.path is chosen here."""
    with changing(bench, actor, "corpus.edit") as folder:
        _not_known(bench, source.key)
        written = _placed(folder, source, upload, bench.upload_mb)
        with _undone_without(folder / written.path):
            _write(folder, lambda rows: rows.append(_table(written)))
    actor.log("corpus.add", written.key, {"title": written.title, "path": written.path})
    return written


def replace_text(bench: Bench, actor: Actor, key: str, new: Source, upload: Upload) -> Source:
    """Put a new version beside an old one, which holds until the new one starts; the old file stays, to look things up."""
    with changing(bench, actor, "corpus.edit") as folder:
        old = bench.source(key)
        starts = new.valid_from or bench.today()
        new = replace(
            new, code=old.code, title=new.title or old.title, owner=new.owner or old.owner, audience=new.audience or old.audience,
            valid_from=starts, supersedes=old.key, status="geldig",
        )  # fmt: skip
        _not_known(bench, new.key)
        if old.valid_from and starts < old.valid_from:
            raise EditError("starts_too_early", day=old.valid_from)
        written = _placed(folder, new, upload, bench.upload_mb)
        ends: dict[str, object] = {"valid_until": starts}
        if starts <= bench.today():
            ends["status"] = "vervallen"

        def change(rows: Any) -> None:
            _row(rows, old.key).update(ends)
            rows.append(_table(written))

        with _undone_without(folder / written.path):
            _write(folder, change)
    actor.log("corpus.replace", written.key, {"replaces": old.key, "path": written.path, "from": str(starts)})
    return written


def retire_text(bench: Bench, actor: Actor, key: str) -> None:
    """From today a text no longer answers; it stays readable as an expired one."""
    with changing(bench, actor, "corpus.edit") as folder:
        old = bench.source(key)
        today = bench.today()
        until = max(today, old.valid_from) if old.valid_from else today
        _write(folder, lambda rows: _row(rows, key).update({"status": "vervallen", "valid_until": until}))
    actor.log("corpus.retire", key, {"until": str(until)})


def edit_fields(bench: Bench, actor: Actor, seen: Source, wanted: Source) -> tuple[str, ...]:
    """Change fields of a catalogue row; returns their names. seen: the row as the trainer saw it. Raises Conflict."""
    with changing(bench, actor, "corpus.edit") as folder:
        now = bench.source(seen.key)
        if any(getattr(now, f) != getattr(seen, f) for f in EDITABLE):
            raise Conflict("changed_meanwhile", key=seen.key)
        changed = {f: getattr(wanted, f) for f in EDITABLE if getattr(wanted, f) != getattr(seen, f)}
        if "title" in changed and not wanted.title.strip():
            raise EditError("title_needed")
        if changed:
            _write(folder, lambda rows: _set(_row(rows, seen.key), changed))
    if changed:
        before = {f: str(getattr(seen, f) or "") for f in changed}
        actor.log("corpus.edit", seen.key, {"before": before, "after": {f: str(v or "") for f, v in changed.items()}})
    return tuple(changed)


def erase_text(bench: Bench, actor: Actor, key: str) -> Proof | None:
    """Remove one version from the folder, and from every release with a proof; None when no release held it."""
    with changing(bench, actor, "corpus.erase") as folder:
        old = bench.source(key)
        _write(folder, lambda rows: _without(rows, key))
        safe_path(folder, old.path).unlink()
    try:
        proof = erase(bench.home, key)
    except ReleaseError:
        proof = None
    detail = {"clean": proof.clean, "release": proof.release, "removed": list(proof.removed_releases)} if proof else {}
    actor.log("corpus.erase", key, detail)
    return proof


# --- how a change is made -------------------------------------------------------------------------------------------------


@contextmanager
def changing(bench: Bench, actor: Actor, action: str) -> Iterator[Path]:
    """The folder to change, while nobody else changes it. Raises NotAllowed, WriterBusy, EditError, or when nothing can be logged."""
    actor.need(action)
    actor.ready()
    with releases.writer(bench.home, wait_s=WAIT_S):
        yield writable(bench)


def writable(bench: Bench) -> Path:
    """The folder that trainers edit, made from the sample corpus when there is none; with a catalogue."""
    folder = Path(bench.path).expanduser() if bench.path else bench.home / "corpus"
    if not bench.path and not folder.is_dir():
        fresh = folder.with_name("corpus.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(sample_folder(), fresh)
        fresh.rename(folder)
    if not os.access(folder, os.W_OK):
        raise EditError("folder_read_only", folder=folder.name)
    if not (folder / catalogue.FILE).exists():
        _write_catalogue(folder, catalogue.read(folder))
    return folder


def _write_catalogue(folder: Path, sources: tuple[Source, ...]) -> None:
    """A catalogue for a folder that had none: what counted without one is now written down."""
    import tomlkit

    document = tomlkit.document()
    rows = tomlkit.aot()
    for source in sources:
        rows.append(_table(replace(source, title=source.title or Path(source.path).stem.replace("_", " "))))
    document.append("source", rows)
    write_whole(folder / catalogue.FILE, tomlkit.dumps(document))


def _write(folder: Path, change: Callable[[Any], object]) -> None:
    """Change the rows of catalogue.toml, comments and order kept. The old catalogue stays when the new one cannot be read."""
    import tomlkit

    file = folder / catalogue.FILE
    before = file.read_text("utf-8")
    document = tomlkit.parse(before)
    if "source" not in document:
        document.append("source", tomlkit.aot())
    change(document["source"])
    write_whole(file, tomlkit.dumps(document))
    try:
        catalogue.read(folder)
    except VraagbaakError as error:
        write_whole(file, before)
        raise EditError("catalogue_wrong", why=str(error)) from error


def write_whole(file: Path, text: str) -> None:
    """Replace a file in one step: whoever reads meanwhile sees the old one or the new one."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def _table(source: Source) -> Any:
    import tomlkit

    table = tomlkit.table()
    for name in _ORDER:
        value = getattr(source, name)
        if value:
            table.add(name, value)
    return table


def _row(rows: Any, key: str) -> Any:
    found = next((row for row in rows if f"{row['code']}@{row['version']}" == key), None)
    if found is None:
        raise EditError("no_such_text", key=key)
    return found


def _set(row: Any, changed: Mapping[str, Any]) -> None:
    for name, value in changed.items():
        if value:
            row[name] = value
        elif name in row:
            del row[name]


def _without(rows: Any, key: str) -> None:
    for i, row in enumerate(list(rows)):
        if f"{row['code']}@{row['version']}" == key:
            del rows[i]
            break
    for row in rows:
        if row.get("supersedes") == key:
            del row["supersedes"]


def _not_known(bench: Bench, key: str) -> None:
    if any(s.key == key for s in bench.sources()):
        raise EditError("known_already", key=key)


def _placed(folder: Path, source: Source, upload: Upload, most_mb: int) -> Source:
    """Write the file under a name of our own making; what it was called only lends its ending and its letters."""
    data = checked(upload, most_mb)
    if not source.code.strip() or not source.version.strip():
        raise EditError("code_needed")
    if not source.title.strip():
        raise EditError("title_needed")
    name = free_name(folder, source.code, source.version, upload.name)
    fresh = folder / f".{name}.new"
    fresh.write_bytes(data)
    fresh.rename(folder / name)
    return replace(source, path=name)


@contextmanager
def _undone_without(path: Path) -> Iterator[None]:
    """Remove a file again when what belongs to it fails."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file of the folder; empty when it is not there."""
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
