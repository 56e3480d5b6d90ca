"""All benchmarks, one after the other: `python -m benchmarks`. Each also runs alone; see docs/benchmarks.md.

`benchmarks.soak` takes an hour and `benchmarks.public_sets` needs data that is not in the repository: these two are run on their own.
"""

from __future__ import annotations

import subprocess
import sys

ALL = ("cold_start", "ingest", "search", "answers", "peers", "web", "stores")

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(ALL)
    for name in chosen:
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
