"""The pipeline: a folder of files becomes the next release. Only what changed is parsed and embedded; a release is written last.

A bad file is a row in the report (name, reason, what to do), never an abort and never a silent skip.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus import catalogue, likely, phrasings, reading, release
from corpus.errors import CatalogueError, ReleaseError, SourceUnreadable
from corpus.model import Document, Passage, Source
from corpus.release import Contents, Embedding, Release
from corpus.search import (
    DOCUMENT_SHARE,
    ask_vectors,
    check_release,
    collection_name,
    derive_all,
    embedded_text,
    with_document,
)
from corpus.vectors import remove_collections, upload_chroma
from ingest import erased, wording
from ingest.embed_cache import EmbedCache
from ingest.parse import PARSER
from ingest.sandbox import Job, ParseLimits, parse_all
from ingest.split import SPLITTER, SplitSettings, split

if TYPE_CHECKING:
    from corpus.analyse import Analyser
    from corpus.embedder import Embedder
    from corpus.encoder import Encoder
    from corpus.likely import Known
    from corpus.reading import Vectors

log = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
"""Called with (stage, done, of which in total)."""



def no_progress(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


RowStatus = Literal["new", "changed", "unchanged", "problem", "removed"]
COPIED = ("cards.toml", "synonyms.toml")  # frozen into each release beside the texts


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """keep: releases that stay for rollback."""

    split: SplitSettings = SplitSettings()
    limits: ParseLimits = ParseLimits()
    keep: int = release.KEEP
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file. problem: why it could not be read; hint: what to do about it."""

    source: str
    path: str
    title: str
    status: RowStatus
    words: int = 0
    passages: int = 0
    warnings: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of ingest did. changed is False when the current release already holds all this."""

    number: int
    changed: bool
    rows: tuple[Row, ...]
    passages: int
    parsed: int
    embedded: int
    seconds: float
    removed_releases: tuple[int, ...] = ()


@dataclass(slots=True)
class _Read:
    """Documents that were read or reused, and a row for each source."""

    documents: dict[str, tuple[Document, str]] = field(default_factory=dict)  # key -> document, sha256 of the file
    rows: dict[str, Row] = field(default_factory=dict)
    erased: list[Row] = field(default_factory=list)  # of sources that stay out of the release
    parsed: int = 0


def ingest(
    home: Path,
    folder: Path,
    embedder: Embedder,
    *,
    settings: IngestSettings = IngestSettings(),
    progress: Progress = no_progress,
    rebuild: bool = False,
    note: str = "",
    defaults: Path | None = None,
    chroma_url: str = "",
    locked: bool = False,
    publish: bool = True,
    encoder: Encoder | None = None,
) -> Outcome:
    """Make the next release of `folder` in `home` and point at it.

    rebuild: parse, embed and write everything again.  defaults: folder whose cards.toml and synonyms.toml serve when `folder`
    has none.  locked: the caller already holds `release.writer(home)`.  publish: False makes a draft that does not answer yet.
    encoder: reads the texts too (corpus/reading.py).
    Raises WriterBusy, CatalogueError.
    """
    started = time.perf_counter()
    with nullcontext() if locked else release.writer(home):
        named = collections(home)
        _forget_collections(chroma_url, [named[n] for n in release.remove_remains(home) if n in named])
        previous = None if rebuild else _previous(home)
        sources, gone_for_good = catalogue.read(folder), erased.read(home)
        if previous is not None and not _holds(previous, gone_for_good) and _untouched(previous, folder, sources, embedder, settings, defaults, encoder):
            return _stays(previous, started)
        read = _read(folder, sources, previous, settings, progress, gone_for_good)
        sources = _without_erased(sources, read)
        sources = tuple(_titled(s, read.documents.get(s.key)) for s in sources)
        gone = (*read.erased, *_removed(previous, sources))
        files = companions(folder, defaults)
        analyser = analyser_with(files.get("synonyms.toml"))
        asked = phrasings_of(folder)
        contents = _contents(sources, read, gone, embedder, analyser, settings, files, note, asked, encoder)
        if previous is not None and _same(previous, contents, embedder):
            return _outcome(previous.number, False, contents, read, 0, started)
        vectors, embedded = _embed(home, contents, embedder, progress)
        contents = replace(
            contents, vectors=with_document(vectors, contents.passages), ask_vectors=ask_vectors(contents.asks, embedder)
        )
        progress("index", 0, 1)
        number = release.write_release(home, contents, derive_all(analyser, reading_with(home, encoder, progress)), checks(chroma_url), publish=publish)
        progress("index", 1, 1)
        named = collections(home)
        pruned = release.prune(home, settings.keep)
        _forget_collections(chroma_url, [named[n] for n in pruned if n in named])
    return replace(_outcome(number, True, contents, read, embedded, started), removed_releases=pruned)


def _previous(home: Path) -> Release | None:
    try:
        return release.open_release(home)
    except ReleaseError:
        return None  # nothing to reuse; what is damaged is made again


def _holds(previous: Release, gone: erased.Erased) -> bool:
    """Whether an erasure was interrupted before the release without the text was written."""
    return any(gone.holds(s.key, s.sha256) for s in previous.sources)


def _untouched(
    previous: Release, folder: Path, sources: Sequence[Source], embedder: Embedder, settings: IngestSettings, defaults: Path | None,
    encoder: Encoder | None,
) -> bool:
    """Whether the current release was made of exactly these files with these settings: found out without opening a document."""
    manifest = previous.manifest
    files = companions(folder, defaults)
    made = (manifest.embedding, manifest.parser, manifest.analyser, dict(manifest.settings))
    decided = _plain(_settings(settings, phrasings_of(folder), encoder))
    now = (embedding_of(embedder), PARSER, analyser_with(files.get("synonyms.toml")).fingerprint, decided)
    if made != now or len(sources) != len(previous.sources) or any(row["problem"] for row in previous.report()):
        return False
    if any(_stored(previous, name) != data for name, data in files.items()):
        return False
    return all(_same_file(folder, source, before) for source, before in zip(sources, previous.sources, strict=True))


def _same_file(folder: Path, source: Source, before: Source) -> bool:
    if replace(source, title=source.title or before.title, sha256=before.sha256) != before:
        return False
    try:
        return release.file_sha256(safe_path(folder, source.path)) == before.sha256
    except (SourceUnreadable, OSError):
        return False


def _stays(previous: Release, started: float) -> Outcome:
    """The outcome of a run that found nothing to do."""
    rows = tuple(
        Row(**{**row, "status": "unchanged", "warnings": tuple(row["warnings"])})
        for row in previous.report()
        if row["status"] != "removed"
    )
    return Outcome(previous.number, False, rows, previous.manifest.passages, 0, 0, time.perf_counter() - started)


# --- reading --------------------------------------------------------------------------------------------------------------


def _read(
    folder: Path,
    sources: Sequence[Source],
    previous: Release | None,
    settings: IngestSettings,
    progress: Progress,
    gone: erased.Erased,
) -> _Read:
    read = _Read()
    known = _reusable(previous)
    twins = _twins(previous, known)
    jobs: list[Job] = []
    for source in sources:
        try:
            path = safe_path(folder, source.path)
            sha = release.file_sha256(path)
        except SourceUnreadable as error:
            read.rows[source.key] = _problem(source, error)
            continue
        except OSError as error:
            read.rows[source.key] = _problem(source, wording.cannot_open(error.strerror))
            continue
        if gone.holds(source.key, sha):
            read.erased.append(replace(_problem(source, wording.was_erased()), title=""))
            continue
        if previous is not None and known.get(source.key) == sha:
            read.documents[source.key] = (previous.document(source.key), sha)
            read.rows[source.key] = _row(source, "unchanged", previous.document(source.key))
        elif previous is not None and (key := twins.get((sha, _ending(source.path)))) is not None:
            twin = previous.document(key)
            read.documents[source.key] = (replace(twin, source=source.key), sha)
            read.rows[source.key] = _row(source, "changed" if source.key in known else "new", twin)
        else:
            jobs.append(Job(source.key, str(path), sha))
    _parse(jobs, {s.key: s for s in sources}, known, read, settings, progress)
    return read


def _reusable(previous: Release | None) -> Mapping[str, str]:
    """key -> sha256 of the file, for documents that this parser read before."""
    if previous is None:
        return {}
    kept = ((s.key, previous.parsed(s.key)) for s in previous.sources)
    return {key: parsed[0] for key, parsed in kept if parsed is not None and parsed[1] == PARSER}


def _twins(previous: Release | None, known: Mapping[str, str]) -> Mapping[tuple[str, str], str]:
    """(sha256, ending) -> key of a document that was read from these bytes: a renamed file or a new version number is not
    parsed again. The ending counts, because it decides which parser reads the bytes, or that none may."""
    return {(sha, _ending(previous.by_key[key].path)): key for key, sha in known.items()} if previous is not None else {}


def _ending(path: str) -> str:
    return Path(path).suffix.lower()


def _parse(
    jobs: Sequence[Job],
    sources: Mapping[str, Source],
    known: Mapping[str, str],
    read: _Read,
    settings: IngestSettings,
    progress: Progress,
) -> None:
    progress("parse", 0, len(jobs))
    for done, (job, result) in enumerate(parse_all(jobs, settings.limits, ocr=settings.ocr), start=1):
        source = sources[job.key]
        if isinstance(result, SourceUnreadable):
            read.rows[job.key] = _problem(source, result)
        else:
            read.documents[job.key] = (result, job.sha256)
            read.rows[job.key] = _row(source, "changed" if job.key in known else "new", result)
            read.parsed += 1
        progress("parse", done, len(jobs))


def safe_path(folder: Path, relative: str) -> Path:
    """The file below `folder`; SourceUnreadable for a path or link that leads out of it, or that is no ordinary file."""
    path = folder / relative
    if not path.exists():
        raise wording.not_there()
    if not path.resolve().is_relative_to(folder.resolve()):
        raise wording.leads_outside()
    if not path.is_file():
        raise wording.no_ordinary_file()
    return path


def _row(source: Source, status: RowStatus, document: Document) -> Row:
    return Row(source.key, source.path, source.title or document.title, status, len(document.text.split()), 0, document.warnings)


def _problem(source: Source, error: SourceUnreadable) -> Row:
    return Row(source.key, source.path, source.title, "problem", problem=str(error), hint=error.hint)


def _titled(source: Source, read: tuple[Document, str] | None) -> Source:
    """Without a catalogue a source takes its title from its first heading, else from its file name."""
    sha = read[1] if read else source.sha256
    title = source.title or (read[0].title if read else "") or Path(source.path).stem.replace("_", " ")
    return replace(source, title=title, sha256=sha)


def _without_erased(sources: Sequence[Source], read: _Read) -> tuple[Source, ...]:
    """An erased source leaves no row behind in the release, and nothing that points at it."""
    keys = {row.source for row in read.erased}
    kept = (s for s in sources if s.key not in keys)
    return tuple(replace(s, supersedes="") if s.supersedes in keys else s for s in kept)


def _removed(previous: Release | None, sources: Iterable[Source]) -> tuple[Row, ...]:
    now = {s.key for s in sources}
    old = previous.sources if previous else ()
    return tuple(Row(s.key, s.path, s.title, "removed") for s in old if s.key not in now)


def analyser_with(synonyms: bytes | None) -> Analyser:
    """The Dutch analyser with the relations of a synonyms.toml; CatalogueError names the entry that is wrong."""
    from corpus.analyse import Analyser, Synonyms, parse_synonyms
    from corpus.lexicon import load_lexicon

    try:
        known = parse_synonyms(synonyms.decode("utf-8")) if synonyms is not None else Synonyms()
    except (ValueError, UnicodeDecodeError) as error:
        raise CatalogueError(f"synonyms.toml: {error}", hint="mend the entry that is named") from error
    return Analyser(load_lexicon(), synonyms=known)


def companions(folder: Path, defaults: Path | None) -> dict[str, bytes]:
    """cards.toml and synonyms.toml of a corpus folder, else of `defaults`."""
    places = [p for p in (folder, defaults) if p]
    found: dict[str, bytes] = {}
    for name in COPIED:
        path = next((place / name for place in places if (place / name).is_file()), None)
        if path is not None:
            found[name] = path.read_bytes()
    return found


def phrasings_of(folder: Path) -> bytes:
    """The bytes of a folder's phrasings.toml; b"" when it has none. Those of the samples serve nobody else: they quote the samples."""
    path = folder / phrasings.FILE
    return path.read_bytes() if path.is_file() else b""


# --- putting together -----------------------------------------------------------------------------------------------------


def _contents(
    sources: tuple[Source, ...],
    read: _Read,
    gone: Sequence[Row],
    embedder: Embedder,
    analyser: Analyser,
    settings: IngestSettings,
    files: Mapping[str, bytes],
    note: str,
    asked: bytes,
    encoder: Encoder | None,
) -> Contents:
    documents = [read.documents[s.key] for s in sources if s.key in read.documents]
    passages: list[Passage] = []
    rows: list[Row] = []
    known = phrasings.parse_phrasings(asked)
    asks, lost = phrasings.placed(known, sources, {document.source: document for document, _ in documents})
    for source in sources:
        row = replace(read.rows[source.key], title=source.title)
        if source.code in lost and source.key in read.documents:
            row = replace(row, warnings=(*row.warnings, wording.phrasings_lost(lost[source.code])))
        if source.key in read.documents:
            mine = split(read.documents[source.key][0], settings.split)
            passages += mine
            row = replace(row, passages=len(mine))
        rows.append(row)
    return Contents(
        sources=sources,
        documents=tuple((document, sha, PARSER) for document, sha in documents),
        passages=tuple(passages),
        vectors=np.zeros((0, embedder.dimension), np.float32),
        embedding=embedding_of(embedder),
        analyser=analyser.fingerprint,
        parser=PARSER,
        report=tuple(asdict(row) for row in (*rows, *gone)),
        files=files,
        settings=_settings(settings, asked, encoder),
        note=note,
        asks=asks,
    )


def embedding_of(embedder: Embedder) -> Embedding:
    """What a manifest says about an embedding, so that a reader opens the same one with the same prefixes."""
    return Embedding(embedder.name, embedder.revision, embedder.dimension, *getattr(embedder, "prefixes", ("", "")))


def _settings(settings: IngestSettings, asked: bytes, encoder: Encoder | None) -> dict[str, Any]:
    """What, besides the files that are kept with it, decides what a release holds."""
    return {
        "split": asdict(settings.split),
        "splitter": SPLITTER,
        "document_share": DOCUMENT_SHARE,
        "phrasings": hashlib.sha256(asked).hexdigest() if asked else "",
        "encoder": encoder.revision if encoder else "",
        "learned": likely.NAME if encoder else "",
    }


def _same(previous: Release, contents: Contents, embedder: Embedder) -> bool:
    """Whether the current release already holds exactly this."""
    manifest = previous.manifest
    return (
        previous.sources == contents.sources
        and manifest.embedding == contents.embedding
        and manifest.analyser == contents.analyser
        and manifest.parser == contents.parser
        and dict(manifest.settings) == _plain(contents.settings)
        and manifest.passages == len(contents.passages)
        and all(_stored(previous, name) == data for name, data in contents.files.items())
        and _problems(previous.report()) == _problems(contents.report)
    )


def _plain(settings: Mapping[str, Any]) -> Any:
    import json

    return json.loads(json.dumps(settings))


def _stored(previous: Release, name: str) -> bytes | None:
    path = previous.folder / name
    return path.read_bytes() if path.is_file() else None


def _problems(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return sorted((row["source"], row["problem"]) for row in rows if row["problem"])


def _embed(home: Path, contents: Contents, embedder: Embedder, progress: Progress) -> tuple[np.ndarray, int]:
    titles = {s.key: s.title for s in contents.sources}
    texts = [embedded_text(p, titles[p.source]) for p in contents.passages]
    with EmbedCache(home / "embeddings.sqlite", embedder) as cache:
        return cache.vectors(texts, lambda done, total: progress("embed", done, total))


def reading_with(home: Path, encoder: Encoder | None, progress: Progress = no_progress) -> tuple[Encoder, Vectors, Known] | None:
    """What `derive_all` needs to let the encoder read: nothing is encoded twice, and the same phrasings are not learned from twice."""
    if encoder is None:
        return None

    def vectors(texts: Sequence[str]) -> np.ndarray:
        with EmbedCache(home / "embeddings.sqlite", encoder) as cache:
            return cache.vectors(texts, lambda done, total: progress("read", done, total))[0]

    def known(key: str) -> np.ndarray | None:
        before = [release.release_folder(home, number) / reading.FOLDER / likely.FILE for number in reversed(release.numbers(home))]
        found = (likely.stored(file, key) for file in (*before, likely.SEEDS))
        return next((weights for weights in found if weights is not None), None)

    return encoder, vectors, known


def checks(chroma_url: str) -> Callable[[Path], None]:
    """What must succeed before the pointer moves: the release can be trusted, and a Chroma server holds its vectors."""

    def check(folder: Path) -> None:
        check_release(folder)
        if chroma_url:
            upload_chroma(chroma_url, collection_name(release.Manifest.read(folder)), np.load(folder / "vectors.npy"))

    return check


def collections(home: Path) -> dict[int, str]:
    """The name that each release of a data directory has on a Chroma server; a release that cannot be read has none."""
    found: dict[int, str] = {}
    for number in release.numbers(home):
        with suppress(ReleaseError, KeyError):
            found[number] = collection_name(release.Manifest.read(release.release_folder(home, number)))
    return found


def _forget_collections(chroma_url: str, names: Collection[str]) -> None:
    """Take the collections of removed releases off the Chroma server; one that cannot be reached keeps them, and that is logged."""
    if not chroma_url or not names:
        return
    try:
        remove_collections(chroma_url, names)
    except ReleaseError as error:
        log.warning("%d collections of removed releases stay on the server: %s", len(names), error)


def _outcome(number: int, changed: bool, contents: Contents, read: _Read, embedded: int, started: float) -> Outcome:
    rows = tuple(Row(**{**row, "warnings": tuple(row["warnings"])}) for row in contents.report)
    seconds = time.perf_counter() - started
    return Outcome(number, changed, rows, len(contents.passages), read.parsed, embedded, seconds)


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Consecutive slices of at most `size`."""
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
