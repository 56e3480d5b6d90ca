"""vraagbaak evals lint | run | compare | gate | calibrate | ablate | history | report | promote | external | peers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError

if TYPE_CHECKING:
    from evals.run import Progress, Run


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `evals`."""
    evals = commands.add_parser("evals", parents=[shared], help="measure answer quality on the evaluation items")
    actions = evals.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, run: Callable[..., int], help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, parents=[shared], help=help_)
        added.set_defaults(run=run)
        return added

    lint = action("lint", run_lint, "check items, quotes and splits")
    lint.add_argument("--draw", action="store_true", help="draw new clusters into dev or test; nothing that was drawn moves")
    lint.add_argument("--json", action="store_true")
    run = action("run", run_run, "ask every item and print the table")
    run.add_argument("--split", choices=("dev", "test", "all"), default="dev")
    run.add_argument("--release", type=int, help="number of the release; the current one without")
    run.add_argument("--json", action="store_true", help="print summary.json")


def evals_folder(home: Path) -> Path:
    """Where runs are kept."""
    return home / "evals"


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def run_lint(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Exit code 1 when something is wrong."""
    from assistant.wiring import release_analyser
    from corpus.release import open_release
    from evals.items import SPLITS, Splits, draw, load, split_hash
    from evals.lint import lint, table

    items = load()
    if arguments.draw:
        known = Splits.read().clusters if SPLITS.exists() else {}
        drawn = draw(items, known)
        SPLITS.write_text(json.dumps({"sha256": split_hash(drawn), "clusters": drawn}, indent=1) + "\n", "utf-8")
    splits = Splits.read()
    with open_release(home) as release:
        found = lint(items, splits, release, release_analyser(release))
    errors = sum(f.level == "error" for f in found)
    if arguments.json:
        print(json.dumps([{"level": f.level, "item": f.item, "text": f.text} for f in found], ensure_ascii=False, indent=1))  # noqa: T201
        return int(errors > 0)
    for f in found:
        print(f"{f.level}: {f.item}: {f.text}")  # noqa: T201
    for name, counts in table(items, splits).items():
        print(f"{name}: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))  # noqa: T201
    print(f"{len(items)} items in {len({i.cluster for i in items})} clusters, {errors} errors, {len(found) - errors} warnings")  # noqa: T201
    return int(errors > 0)


def run_run(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print the table; the run is kept in the data directory."""
    from assistant.cli import assistant_settings
    from evals.run import measure
    from evals.world import opened

    with opened(home, assistant_settings(settings, one_shot=True), arguments.release) as world, _bar("asking") as progress:
        run = measure(world, arguments.split, progress=progress)
    folder = run.write(evals_folder(home))
    if arguments.json:
        print(json.dumps(run.summary, ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print_table(run)
        print(f"written to {folder}")  # noqa: T201
    return 0


def print_table(run: Run) -> None:
    """The figures with their intervals, as plain text."""
    from evals.table import METRICS

    s = run.summary
    lines = [f"{s['items']} items and {s['removed']} with the answer removed, {s['clusters']} clusters, split {s['split']}, {s['seconds']} s"]
    for m in METRICS:
        e = run.estimates.get(m.name)
        if e is None:
            continue
        goal = "" if m.floor is None else f"  floor {m.floor:.2f} {'ok' if m.better * (e.value - m.floor) >= 0 else 'BELOW'}"
        lines.append(f"{m.name:22} {e.value:6.3f}  [{e.low:.3f}, {e.high:.3f}]  n {e.n:4}{goal}   {m.en}")
    lines += [f"{name:22} {value:6.3f}" for name, value in s["singles"].items()]
    lines.append("funnel: " + ", ".join(f"{k} {v}" for k, v in s["funnel"].items()))
    sys.stdout.write("\n".join(lines) + "\n")


__all__ = ["UsageError", "add_parser", "print_table"]
