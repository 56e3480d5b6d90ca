"""vraagbaak doctor: is everything here that answers depend on, and is it whole? Each finding says what mends it.

Nothing is changed by looking. What could take a process down (a damaged Chroma index) is opened in a child process.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import ModelUnavailable, NoRelease, ReleaseCorrupt, VraagbaakError
from vraagbaak.offline import FORGOTTEN, SWITCHES

if TYPE_CHECKING:
    from corpus.release import Release
    from vraagbaak.settings import Settings

MIN_RECALL = 0.99  # of Chroma's ten nearest against exact search, on this release's own vectors
MIN_FREE = 500_000_000  # bytes; a release of the sample corpus takes 5 MB, the next one is written beside it
LOOK_S = 3.0  # how long a server may take to say that it is there


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. hint: what mends it, empty when nothing needs mending."""

    name: str
    ok: bool
    text: str
    hint: str = ""


Check = Callable[[Path, "Settings"], Iterator[Finding]]


def examine(home: Path, settings: Settings) -> tuple[Finding, ...]:
    """Look at everything; a check that itself fails is a finding too."""
    checks: tuple[Check, ...] = (
        _installed,
        _sealed,
        _disk,
        _lock,
        _release,
        _accounts,
        _audit,
        _journal,
        _language_model,
        _reranker,
    )
    return tuple(finding for check in checks for finding in _safely(check, home, settings))


def _safely(check: Check, home: Path, settings: Settings) -> Iterator[Finding]:
    name = check.__name__.strip("_").replace("_", " ")
    try:
        yield from check(home, settings)
    except VraagbaakError as error:
        yield Finding(name, False, str(error), error.hint)
    except Exception as error:  # the doctor reports what it meets and goes on
        yield Finding(name, False, f"cannot be examined: {type(error).__name__}: {error}", "report this as a bug")


def print_findings(findings: tuple[Finding, ...], *, as_json: bool = False) -> None:
    """One line each, what needs mending with its remedy below it; or a JSON list."""
    if as_json:
        print(json.dumps([asdict(f) for f in findings], ensure_ascii=False, indent=1))  # noqa: T201
        return
    width = max(len(f.name) for f in findings)
    for f in findings:
        print(f"{'ok ' if f.ok else 'NOT'}  {f.name:{width}}  {f.text}")  # noqa: T201
        if not f.ok and f.hint:
            print(f"     {'':{width}}  -> {f.hint}")  # noqa: T201
    wrong = sum(not f.ok for f in findings)
    print("everything is well" if not wrong else f"{wrong} of {len(findings)} need mending")  # noqa: T201


# --- the installation -------------------------------------------------------------------------------------------------------


def _installed(home: Path, settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", (3, 11) <= sys.version_info[:2] < (3, 14), version, "install Python 3.11, 3.12 or 3.13")
    wrong = tuple(_unmet())
    shown = ", ".join(f"{name} {_version(name)}" for name in ("torch", "chromadb", "gradio", "sentence-transformers"))
    remedy = "run: pip install -c constraints.txt -e ."
    yield Finding("libraries", not wrong, "; ".join(wrong) or shown, remedy)
    runtime = _version("onnxruntime")
    silent = _numbers(runtime) < (1, 29)
    yield Finding(
        "onnxruntime",
        silent,
        f"{runtime} ({'silent' if silent else 'reports its use when imported'})",
        "run: pip install 'onnxruntime<1.29'",
    )


def _unmet() -> Iterator[str]:
    """What pyproject.toml asks for and is not there in that version."""
    from packaging.requirements import Requirement

    try:
        wanted = metadata.requires("vraagbaak") or []
    except metadata.PackageNotFoundError:
        yield "vraagbaak itself is not installed"
        return
    for requirement in map(Requirement, wanted):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        have = _version(requirement.name)
        if not have:
            yield f"{requirement.name} is missing"
        elif not requirement.specifier.contains(have, prereleases=True):
            yield f"{requirement.name} is {have}, needed {requirement.specifier}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())


def _sealed(home: Path, settings: Settings) -> Iterator[Finding]:
    yield from sealed(os.environ)


def _meaning(value: str) -> str:
    """One word for a switch that libraries write in several: Gradio turns our "1" into "True"."""
    return {"1": "true", "yes": "true", "on": "true", "0": "false", "no": "false", "off": "false"}.get(value.lower(), value.lower())


def sealed(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the libraries below us are told to stay silent, and whether anything would carry local calls elsewhere."""
    open_ = [name for name, value in SWITCHES.items() if _meaning(environment.get(name, "")) != _meaning(value)]
    left = [name for name in FORGOTTEN if environment.get(name)]
    yield Finding(
        "privacy switches",
        not open_ and not left,
        _listed(open_ + left) or f"all {len(SWITCHES)} set",
        "start through `vraagbaak`",
    )
    proxies = [
        name for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") if environment.get(name) or environment.get(name.lower())
    ]
    spared = {part.strip() for name in ("NO_PROXY", "no_proxy") for part in environment.get(name, "").split(",")}
    safe = not proxies or {"127.0.0.1", "localhost"} <= spared or "*" in spared
    text = f"{_listed(proxies)} set, not used for this machine" if proxies and safe else _listed(proxies) or "none set"
    yield Finding("proxy", safe, text, "put 127.0.0.1,localhost in NO_PROXY")


def _listed(names: list[str]) -> str:
    return ", ".join(names)


# --- the data directory -----------------------------------------------------------------------------------------------------


def _disk(home: Path, settings: Settings) -> Iterator[Finding]:
    there = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(there).free
    needed = max(MIN_FREE, 3 * _size(home / "releases") // 2)
    remedy = f"make room; {needed // 1_000_000} MB lets the next release be written"
    yield Finding("disk space", free >= needed, f"{free // 1_000_000} MB free", remedy)
    yield Finding("data directory", os.access(there, os.W_OK), str(home), f"give yourself the right to write in {there}")


def _size(folder: Path) -> int:
    """Bytes of the largest release."""
    releases = [p for p in folder.iterdir() if p.is_dir()] if folder.is_dir() else []
    return max((sum(f.stat().st_size for f in r.rglob("*") if f.is_file()) for r in releases), default=0)


def _lock(home: Path, settings: Settings) -> Iterator[Finding]:
    from corpus.errors import WriterBusy
    from corpus.release import writer

    left = sorted(p.name for p in (home / "releases").glob("*.building")) if home.is_dir() else []
    if not home.is_dir() or not os.access(home, os.W_OK):
        return
    try:
        with writer(home):
            text = f"free; {_listed(left)} was interrupted, the next ingest removes it" if left else "free"
    except WriterBusy:
        text = "another process is building a release"
    yield Finding("writer lock", True, text)


def _release(home: Path, settings: Settings) -> Iterator[Finding]:
    from corpus.release import open_release, verify_checksums

    try:
        release = open_release(home, check=False)
    except NoRelease as error:
        yield Finding("release", False, str(error), error.hint)
        return
    with release:
        yield Finding("release", True, f"{release.number} of {release.manifest.made_at}, {release.manifest.passages} passages")
        verify_checksums(release.folder, release.manifest)
        yield Finding("checksums", True, f"{len(release.manifest.checksums)} files as they were written")
        for check in (_readable, _embedding, _encoder, _lexical, _chroma):
            yield from _of_release(check, release, settings)


def _of_release(check: Callable[[Release, Settings], Finding], release: Release, settings: Settings) -> Iterator[Finding]:
    name = check.__name__.strip("_")
    try:
        yield check(release, settings)
    except VraagbaakError as error:
        yield Finding(name, False, str(error), error.hint)
    except Exception as error:
        yield Finding(name, False, f"{type(error).__name__}: {error}", "run: vraagbaak ingest --rebuild")


def _readable(release: Release, settings: Settings) -> Finding:
    """Every passage is the text at its offsets: what citations rest on."""
    wrong = sum(release.document(p.source).text[p.start : p.end] != p.text for p in release.passages())
    text = f"{wrong} passages differ from their text" if wrong else "every passage stands in its text"
    return Finding("passages", not wrong, text, "run: vraagbaak ingest --rebuild")


def _embedding(release: Release, settings: Settings) -> Finding:
    from assistant.cli import assistant_settings
    from assistant.wiring import release_embedder
    from corpus.search import check_embedding

    check_embedding(release, release_embedder(release, assistant_settings(settings)))
    made, wanted = release.manifest.embedding, settings.embedding.name
    text = f"{made.name}, {made.dimension} numbers, revision {made.revision[:12]}"
    if wanted != made.name:
        return Finding("embedding", False, f"{text}; the settings say {wanted}", "run: vraagbaak ingest")
    return Finding("embedding", True, text)


def _encoder(release: Release, settings: Settings) -> Finding:
    """A passage of the release, read again, has the vector that was kept."""
    from corpus.encoder import bundled_encoder
    from corpus.reading import open_reading, release_texts

    if not settings.search.encoder:
        return Finding("encoder", True, "not used: the settings switch it off")
    encoder = bundled_encoder()
    index = open_reading(release, lambda: encoder)
    if index is None:
        return Finding("encoder", True, "not used: this release was made without it, or is too large for it")
    texts = release_texts(release, encoder)
    [vector] = encoder.passages(texts.passages[:1])
    near = float(index.passages[0] @ vector)
    text = f"{encoder.name}, {len(texts.all)} texts, revision {encoder.revision[:12]}"
    return Finding("encoder", near > 0.99, text if near > 0.99 else f"{text}; a passage is not near to itself", "run: vraagbaak ingest --rebuild")


def _lexical(release: Release, settings: Settings) -> Finding:
    from corpus.search import open_lexical, release_analyser

    index = open_lexical(release, release_analyser(release))
    first = release.passages([0])
    found = not first or 0 in index.search(first[0].text, 10, None)[0]
    return Finding(
        "lexical",
        found,
        "finds a passage by its own words" if found else "does not find its own text",
        "run: vraagbaak ingest --rebuild",
    )


def _chroma(release: Release, settings: Settings) -> Finding:
    from corpus.search import collection_name
    from corpus.vectors import ChromaVectors, ExactVectors, check_chroma, recall_at_10

    remedy = 'run: vraagbaak ingest --rebuild (or set [store] dense = "exact")'
    if settings.store.dense == "exact":
        return Finding("chroma", True, "not used: the settings choose exact search")
    if settings.store.url:
        server = ChromaVectors.connect(settings.store.url, collection_name(release.manifest))
        recall, where = recall_at_10(server, ExactVectors(release.vectors), release.vectors), settings.store.url
        server.close()
    else:
        try:
            recall, where = check_chroma(release.folder), "in a child process"
        except ReleaseCorrupt as error:
            return Finding("chroma", False, f"{error}; search is exact meanwhile", remedy)
    text = f"opens {where}; recall@10 {recall:.3f} against exact search"
    return Finding("chroma", recall >= MIN_RECALL, text, remedy)


# --- people and logs --------------------------------------------------------------------------------------------------------


def _accounts(home: Path, settings: Settings) -> Iterator[Finding]:
    from vraagbaak.access import Accounts

    there = (home / "accounts.sqlite").is_file()
    known = Accounts(home).list() if there else ()
    needed = settings.serve.accounts and not settings.serve.trusted_header
    text = f"{len(known)} accounts" if known else "none"
    yield Finding("accounts", bool(known) or not needed, text, "run: vraagbaak users add NAME --role admin")
    yield from (
        _private(home / f"{name}.sqlite") for name in ("accounts", "audit", "journal") if (home / f"{name}.sqlite").is_file()
    )


def _private(path: Path) -> Finding:
    mode = path.stat().st_mode & 0o777
    return Finding(f"rights of {path.name}", os.name == "nt" or not mode & 0o077, f"{mode:o}", f"run: chmod 600 {path}")


def _audit(home: Path, settings: Settings) -> Iterator[Finding]:
    from vraagbaak.audit import Audit

    log = Audit(home)
    problems = log.verify()
    text = ", ".join(f"{p.kind} at {p.number}" if p.number else p.kind for p in problems)
    remedy = "keep audit.sqlite and audit.head as evidence, find out who could write them, then: vraagbaak doctor --restart-audit REASON"
    yield Finding("audit log", not problems, text or f"{log.head().count} rows, whole", remedy)


def _journal(home: Path, settings: Settings) -> Iterator[Finding]:
    path = home / "journal.sqlite"
    if not path.is_file():
        yield Finding("journal", True, "empty")
        return
    border = (date.today() - timedelta(days=settings.journal.days)).isoformat()  # noqa: DTZ011 - days are local
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        rows, old = db.execute("SELECT count(*), coalesce(sum(day < ?), 0) FROM feedback", (border,)).fetchone()
    text = (
        f"{rows} rows, {old} older than {settings.journal.days} days"
        if old
        else f"{rows} rows, kept {settings.journal.days} days"
    )
    yield Finding("journal", not old, text, f"run: vraagbaak journal forget --before {border}")


# --- what is optional -------------------------------------------------------------------------------------------------------


def _language_model(home: Path, settings: Settings) -> Iterator[Finding]:
    from assistant.language_model import ChatServer

    model = settings.language_model
    if not model.url:
        yield Finding("language model", True, "none: answers are extracted word for word")
        return
    server = ChatServer.at(model.url, model.model, model.seconds, allow_remote=model.allow_remote)
    where = f"on another machine ({server.remote})" if server.remote else "on this machine"
    try:
        offered = replace(server, seconds=LOOK_S).models()
    except ModelUnavailable as error:
        yield Finding("language model", False, f"{model.url}: {error}", error.hint)
        return
    there = not model.model or not offered or model.model in offered
    text = f"{model.model or 'any model'} {where}" if there else f"the server {where} has no '{model.model}'"
    yield Finding("language model", there, text, f"choose one of: {', '.join(offered[:5])}")


def _reranker(home: Path, settings: Settings) -> Iterator[Finding]:
    from corpus.rerank import cross_encoder

    if settings.search.reranker:
        cross_encoder(settings.search.reranker)
        yield Finding(
            "reranker", True, f"{settings.search.reranker}, at most {settings.search.reranker_seconds:g} s a question"
        )
