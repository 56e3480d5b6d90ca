"""Whole answers, warm: guard, masking, search, decision, drafting and verification, as the app does them for each question.

    python -m benchmarks.answers [--passages 100000 1000000]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import Report, percentile, resident_mb, run_process
from benchmarks.made import questions
from benchmarks.release import home_of

STEPS = ("guard", "retrieve", "answer", "total")


def asked() -> list[str]:
    """150 questions of the eval items, as confidants ask them."""
    from evals.items import load

    found = [item.question for item in load()]
    return found[:: max(1, len(found) // 150)]


def measure(home: Path, dense: str) -> dict[str, Any]:
    """Milliseconds by step of every question, asked for the second time in another order."""
    from vraagbaak.offline import seal

    seal()
    from assistant.personal_data import Masker
    from assistant.wiring import AssistantSettings, assistant

    helper = assistant(home, Masker(), AssistantSettings(dense=dense))  # type: ignore[arg-type]
    every = asked()
    for question in questions(40, seed=3):
        helper.ask(question)
    found: dict[str, list[float]] = {name: [] for name in (*STEPS, "cpu", "guard alone")}
    statuses: dict[str, int] = {}
    for question in every:
        cpu = time.process_time()
        answer = helper.ask(question)
        found["cpu"].append(1000 * (time.process_time() - cpu))
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        for name in STEPS:
            found[name].append(float(answer.timings_ms.get(name, 0.0)))
    guard = helper.current().guard
    for question in every:
        begun = time.perf_counter()
        guard.check(question)
        found["guard alone"].append(1000 * (time.perf_counter() - begun))
    return {"memory_mb": resident_mb(), "statuses": statuses, **found}


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="*", default=[100_000], help="sizes of the larger corpora")
    parser.add_argument("--child", nargs=2, metavar=("HOME", "DENSE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(Path(arguments.child[0]), arguments.child[1])))
        return
    report = Report("answers", " ".join(["python -m benchmarks.answers --passages", *map(str, arguments.passages)]))
    with tempfile.TemporaryDirectory() as folder:
        run_process([sys.executable, "-m", "vraagbaak.cli", "--home", folder, "ingest"])
        _add(report, "sample corpus", Path(folder), "<= 60 ms")
    for size in arguments.passages:
        _add(report, f"{size:,} passages", home_of(size), "<= 150 ms" if size == 100_000 else "")
    report.finish()


def _add(report: Report, name: str, home: Path, aim: str) -> None:
    for dense in ("chroma", "exact"):
        done = run_process([sys.executable, "-m", "benchmarks.answers", "--child", str(home), dense])
        found = json.loads(done.out.strip().splitlines()[-1])
        note = ", ".join(f"{status} {count}" for status, count in sorted(found["statuses"].items()))
        report.add(f"{name}, {dense}: whole answer, p95", percentile(found["total"], 95), "ms", aim, note=f"p50 {percentile(found['total'], 50):.1f} ms; {note}")
        report.add(f"{name}, {dense}: processor time, p95", percentile(found["cpu"], 95), "ms", note=f"p50 {percentile(found['cpu'], 50):.1f} ms")
        for step in ("guard", "retrieve", "answer"):
            report.add(f"{name}, {dense}: {step}, p95", percentile(found[step], 95), "ms", note=f"p50 {percentile(found[step], 50):.1f} ms")
        report.add(f"{name}, {dense}: guard alone, p95", percentile(found["guard alone"], 95), "ms")
        report.add(f"{name}, {dense}: memory", found["memory_mb"], "MB")


if __name__ == "__main__":
    main()
