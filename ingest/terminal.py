"""What ingest shows on a terminal: progress and tables through rich; in a pipe, plain lines and no progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.build import Outcome, Progress
    from ingest.check import Check
    from ingest.compare import Change

_STAGES = {"parse": "reading", "embed": "embedding", "read": "encoding sentences", "index": "writing the release"}


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress callback: a bar on a terminal, silence in a pipe."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:>20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield show


def print_outcome(outcome: Outcome) -> None:
    """The summary of a run: files that need attention first, then counts."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    for row in outcome.rows:
        if row.problem:
            console.print(f"[bold]{row.source}[/bold]  {row.path}: {row.problem}\n    {row.hint}", markup=True)
        for warning in row.warnings:
            console.print(f"{row.source}  {row.path}: {warning}", markup=False)
    counts = {status: sum(r.status == status for r in outcome.rows) for status in ("new", "changed", "unchanged", "removed", "problem")}
    told = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    if outcome.changed:
        console.print(f"release {outcome.number}: {outcome.passages} passages from {told} ({outcome.seconds:.1f} s)")
    else:
        console.print(f"nothing changed; release {outcome.number} stays ({told}, {outcome.seconds:.1f} s)")


def print_check(found: Check) -> None:
    """A table of documents, then the findings by kind."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for name, justify in (("source", "left"), ("status", "left"), ("words", "right"), ("passages", "right"), ("title", "left")):
        table.add_column(name, justify=justify, no_wrap=name == "source")  # type: ignore[arg-type]
    for row in found.documents:
        table.add_row(row.source, row.state, str(row.words), str(row.passages), row.title)
    console.print(table)
    for finding in found.findings:
        console.print(f"\n{finding.kind}  {finding.source}: {finding.text}\n    {finding.hint}", markup=False, soft_wrap=True)
    console.print(f"\n{len(found.documents)} documents, {len(found.findings)} findings")


def print_diff(changes: Sequence[Change], old: int, new: int) -> None:
    """Sections by what happened to them."""
    marks = {"added": "+", "removed": "-", "changed": "~"}
    for change in changes:
        print(f"{marks[change.what]} {change.source}  {' > '.join(change.heading) or '(whole text)'}")  # noqa: T201
    print(f"release {old} -> {new}: {len(changes)} sections differ")  # noqa: T201
