"""What the peers' scripts share: a task on standard input, answers on standard output, and our embedding."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Piece = dict[str, str]  # {"doc": id of the document, "text": as shown}
Ask = Callable[[str], tuple[list[Piece], list[Piece]]]  # question -> hits, cited


def embedder(task: dict[str, Any]) -> Any:
    """Our static embedding, read with numpy and tokenizers alone."""
    from corpus.embedder import StaticEmbedder

    return StaticEmbedder(task["embedding"])


def serve(build: Callable[[dict[str, Any]], Ask]) -> None:
    """Read the task, index, ask everything, print one line of JSON."""
    task = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123 - libraries print banners
    ask = build(task)
    answers = []
    for question in task["questions"]:
        started = time.perf_counter()
        hits, cited = ask(question["text"])
        answers.append({"id": question["id"], "hits": hits, "cited": cited, "seconds": time.perf_counter() - started})
    out.write(json.dumps({"answers": answers}) + "\n")
