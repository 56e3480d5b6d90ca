"""vraagbaak ingest, and vraagbaak corpus check | text | releases | diff | rollback | erase | export."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError

if TYPE_CHECKING:
    from corpus.encoder import Encoder
    from corpus.release import Release
    from ingest.build import Outcome


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `ingest` and `corpus`."""
    ingest = commands.add_parser("ingest", parents=[shared], help="make the next release of a folder of documents")
    ingest.add_argument("--corpus", type=Path, metavar="DIR", help="folder of documents, with or without catalogue.toml")
    ingest.add_argument("--rebuild", action="store_true", help="read and embed everything again")
    ingest.add_argument("--watch", action="store_true", help="keep running, and make a release whenever the folder changes")
    ingest.add_argument("--json", action="store_true", help="print the report as JSON")
    ingest.add_argument("--note", default="", help="why this release is made; kept in its manifest")
    ingest.set_defaults(run=run_ingest)
    _add_corpus(commands, shared)


def _add_corpus(commands: Any, shared: argparse.ArgumentParser) -> None:
    corpus = commands.add_parser("corpus", parents=[shared], help="look at the texts and their releases")
    actions = corpus.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, run: Callable[..., int], help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, parents=[shared], help=help_)
        added.set_defaults(run=run)
        return added

    check = action("check", run_check, "every document with status, words, passages and warnings")
    check.add_argument("--json", action="store_true")
    text = action("text", run_text, "the canonical text of a source, byte for byte")
    text.add_argument("source", metavar="SOURCE[@VERSION]")
    text.add_argument("--release", type=int)
    releases = action("releases", run_releases, "the releases that exist")
    releases.add_argument("--json", action="store_true")
    diff = action("diff", run_diff, "sections added, changed and removed between two releases")
    diff.add_argument("old", type=int)
    diff.add_argument("new", type=int)
    diff.add_argument("--json", action="store_true")
    rollback = action("rollback", run_rollback, "let an earlier release answer again")
    rollback.add_argument("number", type=int)
    erase = action("erase", run_erase, "remove a source from every release, and prove it")
    erase.add_argument("source", metavar="SOURCE[@VERSION]")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    export = action("export", run_export, "all texts, metadata and passages in open formats")
    export.add_argument("folder", type=Path)


# --- ingest ---------------------------------------------------------------------------------------------------------------


def corpus_folder(given: Path | None, settings: Any, home: Path | None = None) -> Path:
    """The folder on the command line, else of the settings, else the copy that trainers edit, else the sample corpus."""
    if given is not None:
        return given.expanduser()
    if settings.corpus.path:
        return Path(settings.corpus.path).expanduser()
    own = home / "corpus" if home is not None else None
    return own if own is not None and own.is_dir() else sample_folder()


def sample_folder() -> Path:
    """The sample corpus that ships with the program."""
    import corpus

    return Path(corpus.__file__).parent / "texts"


def chosen_encoder() -> Encoder:
    """The encoder of the program; what it makes of the sample texts came along, so that the first run does not take minutes."""
    from corpus.encoder import SeededEncoder, bundled_encoder

    return SeededEncoder(bundled_encoder(), sample_folder() / "encoded.npz")


def build(
    folder: Path, home: Path, settings: Any, *, rebuild: bool = False, note: str = "", progress: Any = None, locked: bool = False,
    publish: bool = True,
) -> Outcome:  # fmt: skip
    """Run the pipeline with the embedding that the settings name. locked, publish: see `ingest.build.ingest`."""
    from corpus.embedder import open_embedder
    from ingest.build import IngestSettings, ingest, no_progress

    wanted = settings.embedding
    embedder = open_embedder(wanted.name, wanted.query_prefix, wanted.passage_prefix)
    chosen = IngestSettings(keep=settings.corpus.keep, ocr=settings.corpus.ocr)
    return ingest(
        home, folder, embedder, settings=chosen, progress=progress or no_progress, rebuild=rebuild, note=note,
        defaults=sample_folder(), chroma_url=settings.store.url, locked=locked, publish=publish,
        encoder=chosen_encoder() if settings.search.encoder else None,
    )  # fmt: skip


def run_ingest(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Exit code 0 also when some files could not be read: they are rows in the report."""
    folder = corpus_folder(arguments.corpus, settings, home)
    _ingest_once(arguments, folder, home, settings)
    if arguments.watch:
        from watchfiles import watch

        print(f"watching {folder}; press Ctrl+C to stop", file=sys.stderr)  # noqa: T201
        for _ in watch(folder, debounce=800, raise_interrupt=True):
            _ingest_once(arguments, folder, home, settings)
    return 0


def _ingest_once(arguments: argparse.Namespace, folder: Path, home: Path, settings: Any) -> None:
    from ingest.terminal import progress_bar

    with progress_bar() as progress:
        outcome = build(folder, home, settings, rebuild=arguments.rebuild, note=arguments.note, progress=progress)
    if arguments.json:
        print(json.dumps(asdict(outcome), ensure_ascii=False))  # noqa: T201
    else:
        from ingest.terminal import print_outcome

        print_outcome(outcome)


# --- corpus ---------------------------------------------------------------------------------------------------------------


def _opened(home: Path, number: int | None = None) -> Release:
    from corpus.release import open_release

    return open_release(home, number)


def run_check(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the state of every document."""
    from datetime import date

    from ingest.check import check_release
    from ingest.terminal import print_check

    with _opened(home) as release:
        found = check_release(release, date.today())  # noqa: DTZ011 - validity follows the local calendar
    if arguments.json:
        print(json.dumps(asdict(found), ensure_ascii=False, default=str))  # noqa: T201
    else:
        print_check(found)
    return 0


def run_text(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the canonical text, byte for byte: nothing is added, not even a line break."""
    with _opened(home, arguments.release) as release:
        text = release.document(release.find(arguments.source).key).text
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0


def run_releases(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """List the releases, newest last."""
    from corpus.release import Manifest, current_number, numbers, release_folder

    current = current_number(home)
    manifests = [Manifest.read(release_folder(home, n)) for n in numbers(home)]
    if arguments.json:
        rows = [{**asdict(m), "current": m.number == current} for m in manifests]
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201
        return 0
    for m in manifests:
        mark = "*" if m.number == current else " "
        print(f"{mark} {m.number:4d}  {m.made_at}  {len(m.sources):5d} sources  {m.passages:7d} passages  {m.embedding.name}  {m.note}")  # noqa: T201
    return 0


def run_diff(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print what changed between two releases, by section."""
    from ingest.compare import compare_releases
    from ingest.terminal import print_diff

    with _opened(home, arguments.old) as old, _opened(home, arguments.new) as new:
        changes = compare_releases(old, new)
    if arguments.json:
        print(json.dumps([asdict(c) for c in changes], ensure_ascii=False))  # noqa: T201
    else:
        print_diff(changes, arguments.old, arguments.new)
    return 0


def run_rollback(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Point at an earlier release, after checking that it is whole."""
    from corpus.release import open_release, point_at, writer

    with writer(home):
        open_release(home, arguments.number).close()
        point_at(home, arguments.number)
    print(f"release {arguments.number} answers now")  # noqa: T201
    return 0


def run_erase(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Erase a source and show the proof."""
    from ingest.erase import erase

    if not arguments.yes and not _confirmed(f"Erase {arguments.source} from every release in {home}? This cannot be undone. Type yes: "):
        raise UsageError("nothing was erased", hint="type yes, or give --yes")
    proof = erase(home, arguments.source, chroma_url=settings.store.url)
    for line in proof.lines():
        print(line)  # noqa: T201
    return 0 if proof.clean else 1


def _confirmed(question: str) -> bool:
    return sys.stdin.isatty() and input(question).strip().lower() in ("yes", "ja")


def run_export(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Write everything of the current release in open formats."""
    from ingest.export import export

    with _opened(home) as release:
        written: Sequence[Path] = export(release, arguments.folder)
    print(f"{len(written)} files written to {arguments.folder}")  # noqa: T201
    return 0
