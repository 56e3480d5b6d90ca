"""Searching at growing sizes: latency, memory, disk, build speed, and what the machine itself would need.

    python -m benchmarks.search [--sizes 1000 10000 100000] [--million]

Each size runs in a process of its own, on one thread, warm: every question is asked once before it is timed, in another order, so
that nothing is remembered from the timed pass but what a running app would have remembered. Encoding the question is included.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from typing import Any

from benchmarks.common import Report, memory_bandwidth, percentile, read_once_seconds, resident_mb, run_process
from benchmarks.made import questions
from benchmarks.release import Built, built, home_of

QUESTIONS = 120


def measure(passages: int, dense: str) -> dict[str, Any]:
    """Latencies in ms by leg, and memory."""
    from vraagbaak.offline import seal

    seal()
    from assistant.wiring import AssistantSettings, open_shelved

    opened = open_shelved(home_of(passages), AssistantSettings(dense=dense))  # type: ignore[arg-type]
    search = opened.search
    asked = questions(QUESTIONS)
    warm = questions(QUESTIONS, seed=12)
    for question in warm:
        search.search(question)
    allowed = search.answering(_today())
    found: dict[str, list[float]] = {"fused": [], "lexical": [], "dense": [], "cpu": []}
    for question in random.Random(1).sample(asked, len(asked)):
        cpu, begun = time.process_time(), time.perf_counter()
        search.search(question, 10, allowed)
        found["fused"].append(time.perf_counter() - begun)
        found["cpu"].append(time.process_time() - cpu)
    for question in asked:
        begun = time.perf_counter()
        search.lexical.search(question, 60, allowed)
        found["lexical"].append(time.perf_counter() - begun)
        vector = search.embedder.query(question)
        begun = time.perf_counter()
        search.vectors.nearest(vector, 60, allowed)
        found["dense"].append(time.perf_counter() - begun)
    return {"memory_mb": resident_mb(), **{name: [1000 * s for s in times] for name, times in found.items()}}


def _today() -> Any:
    from datetime import date

    return date(2026, 11, 23)


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("SIZE", "DENSE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(int(arguments.child[0]), arguments.child[1])))
        return
    sizes = [*arguments.sizes, *([1_000_000] if arguments.million else [])]
    report = Report("search", f"python -m benchmarks.search --sizes {' '.join(map(str, sizes))}")
    bandwidth = memory_bandwidth()
    report.add("memory bandwidth of one thread", bandwidth / 1e9, "GB/s")
    for size in sizes:
        made = built(size)
        _add_build(report, made)
        for dense in ("chroma", "exact"):
            _add_search(report, size, dense, made, bandwidth)
    report.finish()


def _add_build(report: Report, made: Built) -> None:
    n = made.passages
    for what, seconds, cpu, size, aim in (
        ("lexical index", made.lexical_s, made.lexical_cpu, made.lexical_bytes, ">= 2,000"),
        ("bundled embedding", made.embed_s, made.embed_cpu, made.vectors_bytes, ">= 1,500"),
        ("Chroma, built and checked", made.chroma_s, made.chroma_cpu, made.chroma_bytes, ""),
    ):
        note = f"{n / cpu:,.0f} a second of processor; {size / 1e6:.0f} MB"
        report.add(f"{n:,}: {what}", n / seconds, "passages/s", aim, note=note)
    total = made.lexical_bytes + made.vectors_bytes + made.chroma_bytes + made.database_bytes
    report.add(f"{n:,}: memory to make it", made.peak_mb, "MB", "< 8,000 MB" if n == 1_000_000 else "")
    report.add(f"{n:,}: disk for a release", total / 1e6, "MB", note=f"{total / n:,.0f} bytes a passage")


def _add_search(report: Report, size: int, dense: str, made: Built, bandwidth: float) -> None:
    found = json.loads(run_process([sys.executable, "-m", "benchmarks.search", "--child", str(size), dense]).out.strip().splitlines()[-1])
    aim = {1000: "<= 15 ms", 100_000: "<= 60 ms"}.get(size, "")
    limit = f"{1000 * read_once_seconds(made.vectors_bytes, bandwidth):.2f} ms (all dot products)"
    for leg in ("fused", "lexical", "dense") if dense == "chroma" else ("fused", "dense"):
        middle, high = percentile(found[leg], 50), percentile(found[leg], 95)
        note = f"p50 {middle:.2f} ms" + (f", processor p95 {percentile(found['cpu'], 95):.2f} ms" if leg == "fused" else "")
        report.add(f"{size:,} {dense}: {leg}, p95", high, "ms", aim if leg == "fused" else "", limit if leg == "dense" else "", note)
    room = {100_000: "< 1,500 MB", 1_000_000: "< 8,000 MB"}.get(size, "")
    report.add(f"{size:,} {dense}: memory", found["memory_mb"], "MB", room)


if __name__ == "__main__":
    main()
