"""vraagbaak models, and vraagbaak models use NAME: which embedding makes the vectors."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vraagbaak import models


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `models`."""
    listed = commands.add_parser("models", parents=[shared], help="list embeddings, and change to another one")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)
    actions = listed.add_subparsers(dest="action", metavar="ACTION")
    use = actions.add_parser("use", parents=[shared], help="fetch, re-embed, measure, and switch when you agree")
    use.add_argument("name", help="a name of the list, or the name or folder of a sentence-transformers model")
    use.add_argument("--query-prefix", metavar="TEXT", help="words the model wants before a question")
    use.add_argument("--passage-prefix", metavar="TEXT", help="words the model wants before a passage")
    use.add_argument("--yes", action="store_true", help="switch without asking")
    use.add_argument("--no-evals", action="store_true", help="do not measure first")
    use.set_defaults(run=run_use)


def run_list(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """The bundled and recommended models; `*` marks the one in use, `here` one that needs no download."""
    used = settings.embedding.name
    rows = [
        {**asdict(m), "here": models.is_here(m.name), "used": m.name in (used, settings.search.reranker)} for m in models.MODELS
    ]
    if models.known(used) is None:
        rows.append({**asdict(models.Model(used, "?", 0, "of your own")), "here": models.is_here(used), "used": True})
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))  # noqa: T201
        return 0
    for row in rows:
        size = f"{row['megabytes']} MB" if row["megabytes"] else "-"
        mark, here = "*" if row["used"] else " ", "here" if row["here"] else ""
        print(f"{mark} {row['name']:52} {row['licence']:13} {size:>8}  {here:4}  {row['note']}")  # noqa: T201
        prefixes = [
            f"{kind} {row[key]!r}" for kind, key in (("question", "query_prefix"), ("passage", "passage_prefix")) if row[key]
        ]
        if prefixes:
            print(f"    prefixes: {', '.join(prefixes)}")  # noqa: T201
    return 0


def run_use(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Exit code 0 also when the answer is no: then everything is as it was."""
    from corpus.release import current_number

    current_number(home)  # without a release there is nothing to re-embed: say so before anything is fetched
    wanted = models.with_embedding(settings, arguments.name, arguments.query_prefix, arguments.passage_prefix)
    embedder = models.fetch(wanted)
    _tell(f"{embedder.name}: {embedder.dimension} numbers, revision {embedder.revision[:12]}")
    if _in_use(home, embedder):
        models.write_embedding(home, wanted)
        _tell("this embedding made the release that answers already")
        return 0
    base, number = _draft(home, settings, embedder)
    try:
        trial = (
            models.Trial(number, base, None, "you asked not to")
            if arguments.no_evals
            else models.measured(home, settings, wanted, number, base, _tell)
        )
        models.difference_lines(trial, _tell)
        agreed = arguments.yes or _confirmed(f"Let release {number} with {embedder.name} answer? Type yes: ")
        if agreed:
            models.switch(home, wanted, trial)
    except BaseException:
        models.throw_away(home, number)
        raise
    if not agreed:
        models.throw_away(home, number)
        _tell(f"nothing was switched; release {base} answers (give --yes to switch without a question)")
        return 0
    _tell("when to answer was fitted for the bundled embedding: `vraagbaak evals calibrate` fits it to this one")
    _tell(f"release {number} answers now; to go back: vraagbaak models use {settings.embedding.name}")
    return 0


def _in_use(home: Path, embedder: Any) -> bool:
    from corpus.release import open_release

    with open_release(home) as release:
        return bool(release.manifest.embedding.revision == embedder.revision)


def _draft(home: Path, settings: Any, embedder: Any) -> tuple[int, int]:
    """(the release that answers, the draft)."""
    from corpus.release import current_number
    from ingest.cli import chosen_encoder
    from ingest.re_embed import re_embed
    from ingest.terminal import progress_bar

    base = current_number(home)
    with progress_bar() as progress:
        return base, re_embed(
            home, embedder, chroma_url=settings.store.url, progress=progress,
            encoder=chosen_encoder() if settings.search.encoder else None,
        )  # fmt: skip


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _confirmed(question: str) -> bool:
    return sys.stdin.isatty() and input(question).strip().lower() in ("yes", "ja")
