"""vraagbaak journal list | export | forget: what confidants sent as feedback, and forgetting it.

Opening the journal applies the retention of the settings, so these commands never show what should be gone already.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from assistant.journal import RETENTION_DAYS, Feedback, Journal
from corpus.errors import UsageError

_SAID = {
    "none": "Het journaal is leeg.",
    "forgotten": "Gewist: {n}.",
    "exported": "Geëxporteerd naar {path}: {n}.",
    "unknown": "Er is geen feedback met nummer {id}.",
}


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `journal`."""
    journal = commands.add_parser("journal", parents=[shared], help="feedback that was sent: list, export, forget")
    verbs = journal.add_subparsers(dest="journal_command", metavar="COMMAND", required=True)
    verbs.add_parser("list", parents=[shared], help="show all feedback")
    export = verbs.add_parser("export", parents=[shared], help="write all feedback as JSON lines")
    export.add_argument("file", help="a new file, or - for standard output")
    forget = verbs.add_parser("forget", parents=[shared], help="delete feedback for good")
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", help="one row, by the id that list shows")
    which.add_argument("--before", type=_day, metavar="YYYY-MM-DD", help="everything of the days before this one")
    which.add_argument("--all", action="store_true", help="everything")
    journal.set_defaults(run=run)


def run(arguments: argparse.Namespace, home: Path, settings: Any = None) -> int:
    """Run one of the commands; returns the exit code: 0 done, 2 when there is nothing with that id."""
    journal = Journal(home, retention_days=settings.journal.days if settings is not None else RETENTION_DAYS)
    if arguments.journal_command == "list":
        sys.stdout.write("\n".join(map(_row, journal.list())) or _SAID["none"])
        sys.stdout.write("\n")
        return 0
    return _export(journal, arguments.file) if arguments.journal_command == "export" else _forget(journal, arguments)


def _export(journal: Journal, file: str) -> int:
    lines = [f"{line}\n" for line in journal.export()]
    if file == "-":
        sys.stdout.writelines(lines)
        return 0
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{file} cannot be made: {error.strerror}", hint="name a file that does not exist yet") from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(lines)
    sys.stdout.write(_SAID["exported"].format(path=file, n=len(lines)) + "\n")
    return 0


def _forget(journal: Journal, arguments: argparse.Namespace) -> int:
    count = journal.forget(id=arguments.id, before=arguments.before, everything=arguments.all)
    if arguments.id is not None and not count:
        sys.stderr.write(_SAID["unknown"].format(id=arguments.id) + "\n")
        return 2
    sys.stdout.write(_SAID["forgotten"].format(n=count) + "\n")
    return 0


def _row(feedback: Feedback) -> str:
    texts = (" ".join(text.split()) for text in (feedback.topic, feedback.question, feedback.note))
    return "\t".join((feedback.id, feedback.day, feedback.verdict, feedback.status, str(feedback.release), *texts))


def _day(text: str) -> date:
    return date.fromisoformat(text)
