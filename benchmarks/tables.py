"""All results as one page: `python -m benchmarks.tables` writes docs/benchmarks.md from benchmarks/results/*.json."""

from __future__ import annotations

import json

from benchmarks.common import RESULTS, ROOT, Row, table

TITLES = {
    "cold_start": "Whole processes from nothing",
    "ingest": "A folder becomes a release, beside plain LlamaIndex",
    "search": "Search as the number of passages grows",
    "peers": "Search beside LlamaIndex, Haystack and txtai, same passages, same vectors",
    "answers": "Whole answers",
    "web": "In the browser",
    "soak": "An hour of users while releases are published",
    "stores": "The same figures whatever holds the vectors",
    "public_sets": "Dutch retrieval on public sets",
}
NOTES = {
    "peers": "Slower than a peer in one row: txtai answers 1.8 ms sooner (p95). Ours also looks up "
    "compound parts, letter grams, document context and known phrasings, and filters by validity. On the evaluation items it finds the "
    "right passage among five for .51 of the questions (.41 tuned), ours for .91 (README).",
    "soak": "Memory is the median of minutes 50 to 60 against that of minutes 10 to 20. Two whole runs of the tests and the making of a release of a "
    "million passages shared the two cores, so the times are worse than the program. It grew by 12 % before Gradio's lists of events were kept short, and "
    "without `corpus/memory.py` from 800 to 1,320 MB in 45 minutes.",
}
HEAD = """# Benchmarks

Made by `python -m benchmarks.tables` from the JSON in `benchmarks/results`; each table names its command, machine and load. "Limit" is
what the machine itself needs for the same bytes: read once, or all dot products at memory bandwidth. Speed is never tested, only
measured; figures taken while other work ran (a load above the number of cores) are worse than the program.
"""


def main() -> None:
    """Write the page."""
    parts = [HEAD]
    for name, title in TITLES.items():
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        found = json.loads(path.read_text("utf-8"))
        m = found["machine"]
        parts.append(
            f"## {title}\n\n`{found['command']}`\n\n{m['processor']}, {m['cores']} cores, {m['memory_gib']} GiB, Python {m['python']}, "
            f"{m['at'][:10]}; load at the end {m['load'][0] if m['load'] else 'unknown'}\n\n" + table([Row(**{"unit": "", **row}) for row in found["rows"]]) + "\n" + (f"\n{NOTES[name]}\n" if name in NOTES else "")
        )
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    main()
