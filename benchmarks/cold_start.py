"""Whole processes from nothing: `vraagbaak --help` and one `vraagbaak ask`.

    python -m benchmarks.cold_start [--runs 9]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Process, Report, median, run_process, wrapper_seconds

QUESTION = "Hoe lang bewaren we een dossier?"


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    report = Report("cold_start", f"python -m benchmarks.cold_start --runs {runs}")
    command = [sys.executable, "-m", "vraagbaak.cli"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        first = run_process([*command, "--home", str(home), "ingest"])
        extra = wrapper_seconds()
        start = median(run_process([sys.executable, "-c", "pass"]).seconds - extra for _ in range(runs))
        for what, arguments, aim in (
            ("vraagbaak --help", ["--help"], "< 0.3 s"),
            ("vraagbaak ask, cold", ["--home", str(home), "ask", QUESTION], "< 3.5 s"),
            ("vraagbaak ingest, nothing changed", ["--home", str(home), "ingest"], ""),
        ):
            found = [run_process([*command, *arguments]) for _ in range(runs)]
            seconds = median(p.seconds for p in found) - extra
            report.add(what, seconds, "s", aim, f"{start:.3f} s (an empty interpreter)", _used(found))
        report.add("vraagbaak ingest, sample corpus, first time", first.seconds - extra, "s", note=_used([first]))
    report.finish()


def _used(found: Sequence[Process]) -> str:
    return f"{median(p.cpu for p in found):.2f} s of processor, {max(p.peak_mb for p in found):.0f} MB"


if __name__ == "__main__":
    main()
