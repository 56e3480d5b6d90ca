"""The same eval figures whatever holds the vectors and whoever made them.

    python -m benchmarks.stores [--split dev]        # with 'vraagbaak[scale]' also a release that Ray embedded

Asks every evaluation item four times: by exact search in the release's own vectors, through embedded Chroma, through a Chroma server on
this machine, and in a release whose texts were embedded by the workers of a local Ray.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import Report
from tests.browser.world import TEXTS

SHOWN = ("recall@5", "ndcg@10", "vital_strict", "citation_precision", "flawed_shown", "abstention_f1", "utility")
_OF_TIME = ("ms", "p50", "p95", "seconds")


@contextmanager
def chroma_server(folder: Path) -> Iterator[str]:
    """The address of a Chroma server that keeps its data in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def run(*arguments: str) -> str:
    """Standard output of a command of this environment; RuntimeError with its last lines when it fails."""
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-1500:]}")
    return done.stdout


def measured(home: Path, split: str, *flags: str) -> dict[str, Any]:
    """The summary of a run."""
    found: dict[str, Any] = json.loads(run("vraagbaak.cli", "--home", str(home), "evals", "run", "--split", split, "--json", *flags))
    return found


def values(summary: Mapping[str, Any]) -> dict[str, float]:
    """Figure -> value, without those that measure time."""
    figures = {name: figure["value"] for name, figure in summary["figures"].items()}
    return {k: v for k, v in {**figures, **summary["singles"]}.items() if not any(word in k for word in _OF_TIME)}


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "all"), default="dev")
    split = parser.parse_args().split
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as base, chroma_server(Path(base) / "server") as url:
        home, far, rays = (Path(base) / name for name in ("home", "far", "rays"))
        run("vraagbaak.cli", "--home", str(home), "ingest", "--corpus", str(TEXTS))
        found["exact search"] = values(measured(home, split))
        found["embedded Chroma"] = values(measured(home, split, "--served"))
        far.mkdir()
        (far / "settings.toml").write_text(f'[store]\nurl = "{url}"\n', "utf-8")
        run("vraagbaak.cli", "--home", str(far), "ingest", "--corpus", str(TEXTS))
        found["Chroma server"] = values(measured(far, split, "--served"))
        if importlib.util.find_spec("ray"):
            run("ingest.embed_ray", "--home", str(rays), "--corpus", str(TEXTS))
            found["embedded by Ray"] = values(measured(rays, split, "--served"))
    report = Report("stores", f"python -m benchmarks.stores --split {split}")
    first = found["exact search"]
    for name, figures in found.items():
        apart = sorted(k for k in first if abs(first[k] - figures.get(k, float("nan"))) > 1e-9 or k not in figures)
        report.add(f"{name}: figures that differ from exact search", len(apart), f"of {len(first)}", "0", note=", ".join(apart[:5]))
    for figure in SHOWN:
        report.add(figure, first[figure], "", note="; ".join(f"{name} {figures[figure]:.3f}" for name, figures in found.items()))
    report.finish()


if __name__ == "__main__":
    main()
