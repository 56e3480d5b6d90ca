"""How long a person waits for a fresh process: `python -m benchmarks.cold_start [--runs 9]`.

Whole processes on a warm disk: `vraagbaak --help`, and `vraagbaak ask` on the release of the sample corpus, which is made first in a
scratch folder. Prints medians and the spread, and writes benchmarks/results/cold_start.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
COMMANDS = {"vraagbaak --help": ("--help",), "vraagbaak ask": ("ask", "Hoe lang bewaren we een dossier?")}


def seconds(arguments: tuple[str, ...], home: Path) -> float:
    """Wall-clock seconds of one process; its exit code must be 0."""
    command = [str(Path(sys.executable).with_name("vraagbaak")), *arguments]
    started = time.perf_counter()
    subprocess.run(command, env={**os.environ, "VRAAGBAAK_HOME": str(home)}, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure each command several times, in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        seconds(("ingest",), home)
        measured = {name: [] for name in COMMANDS}
        for _ in range(runs + 1):
            for name, arguments in COMMANDS.items():
                measured[name].append(seconds(arguments, home))
    rows = {name: times[1:] for name, times in measured.items()}  # the first run warms the disk cache
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    for name, times in rows.items():
        print(f"{name:20s} median {statistics.median(times):.2f} s  ({min(times):.2f} to {max(times):.2f}, {runs} runs)")
    print(f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}, {platform.system()}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "cold_start.json").write_text(json.dumps({"seconds": rows, "cores": os.cpu_count(), "load": load}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
