"""One command: vraagbaak ask | serve | ingest | corpus | models | evals | users | journal | doctor.

Each room owns its commands in its `cli.py`; this file only joins them, reads the settings once and turns errors into one clear
line with a hint. Nothing heavy is imported before a command needs it, so `vraagbaak --help` is instant.
Exit codes: 0 done (answered or abstained), 2 usage or configuration error, 1 a bug.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from corpus.errors import VraagbaakError
from vraagbaak.offline import seal

VERSION = "0.1.0"


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    import assistant.cli
    import assistant.journal_cli
    import evals.cli
    import ingest.cli
    import vraagbaak.front_cli
    import vraagbaak.models_cli
    import vraagbaak.users_cli

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--home", type=Path, default=argparse.SUPPRESS, help="data directory (default: $VRAAGBAAK_HOME or the user's data folder)")
    top = argparse.ArgumentParser(prog="vraagbaak", description="Cited answers from your own handbook, on your own machine.", parents=[shared])
    top.add_argument("--version", action="version", version=f"vraagbaak {VERSION}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for room in (assistant.cli, vraagbaak.front_cli, ingest.cli, vraagbaak.models_cli, evals.cli, vraagbaak.users_cli, assistant.journal_cli):
        room.add_parser(commands, shared)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    seal()
    arguments = parser().parse_args(argv)
    try:
        return _run(arguments)
    except VraagbaakError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe went away: nothing to say to nobody
        return 0


def _run(arguments: argparse.Namespace) -> int:
    from vraagbaak import settings

    home = getattr(arguments, "home", None) or settings.default_home()
    result: int = arguments.run(arguments, home.expanduser(), settings.read(home.expanduser()))
    return result


if __name__ == "__main__":
    sys.exit(main())
