"""What every benchmark shares: the machine it ran on, tables, results as JSON, whole processes timed, the machine's own limits."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("VRAAGBAAK_BENCHMARK_CACHE") or Path.home() / ".cache" / "vraagbaak-benchmarks")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. limit: what the machine itself needs for the same work, "" where that means nothing."""

    what: str
    value: float
    unit: str
    aim: str = ""
    limit: str = ""
    note: str = ""


@dataclass(slots=True)
class Report:
    """Rows of one benchmark, printed and written as benchmarks/results/NAME.json."""

    name: str
    command: str
    rows: list[Row] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str, aim: str = "", limit: str = "", note: str = "") -> None:
        self.rows.append(Row(what, value, unit, aim, limit, note))
        print(f"  {what}: {_number(value)} {unit}  {note}", file=sys.stderr, flush=True)

    def finish(self) -> Path:
        """Print the table and write the JSON."""
        print(table(self.rows))
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        found = {"benchmark": self.name, "command": self.command, "machine": machine(), "rows": [_plain(r) for r in self.rows]}
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return path


def _plain(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__ if getattr(row, name) != ""}


def table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| what | measured | aim | limit of the machine | note |", "|---|---|---|---|---|"]
    lines += [f"| {r.what} | {_number(r.value)} {r.unit} | {r.aim} | {r.limit} | {r.note} |" for r in rows]
    return "\n".join(lines)


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"


def machine() -> dict[str, Any]:
    """The hardware, the load at this moment, and the versions that matter."""
    from importlib.metadata import PackageNotFoundError, version

    def known(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return ""

    names = ("numpy", "chromadb", "llama-index-core", "torch", "sentence-transformers")
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(_memory_bytes() / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: known(name) for name in names},
    }


def processor() -> str:
    """Its name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def times(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run."""
    found = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` (0..100) of the values do not exceed."""
    return float(np.percentile(list(values), share))


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)


@dataclass(frozen=True, slots=True)
class Process:
    """A whole process with its children, measured from outside. cpu: seconds of processor, which a busy machine changes less."""

    seconds: float
    cpu: float
    peak_mb: float
    out: str


_OUTSIDE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("\\n%d %.4f" % (used.ru_maxrss, used.ru_utime + used.ru_stime))
sys.exit(code)
"""


def run_process(command: Sequence[str], environment: Mapping[str, str] | None = None, timeout: float = 3600) -> Process:
    """Run to the end; RuntimeError with its last lines when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", _OUTSIDE, *command],
        capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    out, _, used = done.stdout.rstrip("\n").rpartition("\n")
    peak, cpu = used.split()
    return Process(seconds, float(cpu), int(peak) / 1024, out)


def wrapper_seconds() -> float:
    """What `run_process` itself adds: two interpreter starts without any import."""
    return median(run_process([sys.executable, "-S", "-c", "pass"]).seconds for _ in range(5))


def memory_bandwidth() -> float:
    """Bytes per second that one thread reads, measured by summing 256 MB."""
    block = np.ones(32_000_000, np.float64)
    block.sum()
    return block.nbytes / min(times(block.sum, 5))


def read_once_seconds(size: int, bandwidth: float) -> float:
    """The least time in which a thread can look at this many bytes."""
    return size / bandwidth


def disk_bytes(folder: Path) -> int:
    """Of all files below."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def resident_mb() -> float:
    """Memory of this process now."""
    from vraagbaak.metrics import resident_bytes

    return (resident_bytes() or 0) / 2**20
