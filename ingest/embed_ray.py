"""Embedding very many passages through Ray Data: an embedder like any other, so that ingest itself does not change.  (adapter)

    python -m ingest.embed_ray --home DIR --corpus FOLDER [--address auto]     # extra: pip install 'vraagbaak[scale]'

The release is made by `ingest.build.ingest`, with `RayEmbedder` in the place of the embedding that it wraps; the manifest names the
wrapped one, so that release cannot be told from one that was embedded on this machine. Workers get texts and give vectors back;
they write nothing. Texts go to the Ray cluster that `--address` names and nowhere else; without it Ray runs on this machine alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import UsageError, VraagbaakError

if TYPE_CHECKING:
    from corpus.embedder import Embedder

BATCH = 512  # texts in one piece of work: what is done again when a worker dies


class EmbedTexts:
    """What runs in a worker: opens the embedding once, then maps batches {number, text} to {number, vector}."""

    def __init__(self, name: str, query_prefix: str = "", passage_prefix: str = "") -> None:
        from corpus.embedder import open_embedder

        self._embedder = open_embedder(name, query_prefix, passage_prefix)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Vectors of a batch, in its order."""
        vectors = self._embedder.passages([str(text) for text in batch["text"]])
        return {"number": batch["number"], "vector": vectors}


class RayEmbedder:
    """An Embedder whose `passages` are made by the workers of a Ray cluster. prefixes: before a question and before a passage."""

    at_once = 100_000  # texts between two commits of the cache: few enough for memory, enough to keep a cluster busy

    def __init__(self, wrapped: Embedder, ray: Any, *, prefixes: tuple[str, str] = ("", ""), workers: int = 0) -> None:
        """workers: 0 means one per processor of the cluster."""
        self._wrapped, self._ray, self._prefixes = wrapped, ray, prefixes
        self._workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.name, self.revision, self.dimension = wrapped.name, wrapped.revision, wrapped.dimension

    def query(self, text: str) -> np.ndarray:
        """See Embedder; made here, because one text is not worth a journey."""
        return self._wrapped.query(text)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Embedder."""
        if len(texts) <= BATCH:
            return self._wrapped.passages(texts)
        rows = [{"number": i, "text": text} for i, text in enumerate(texts)]
        made = self._ray.data.from_items(rows).map_batches(
            EmbedTexts, fn_constructor_args=(self.name, *self._prefixes), batch_size=BATCH, concurrency=self._workers
        )
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        found = np.zeros(len(texts), bool)
        for numbers, some in _batches(made):
            vectors[numbers], found[numbers] = some, True
        if not found.all():
            raise VraagbaakError(f"Ray lost {int((~found).sum())} texts", hint="run the command again: what was embedded is kept")
        return vectors


def _batches(made: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for batch in made.iter_batches(batch_size=BATCH, batch_format="numpy"):
        yield np.asarray(batch["number"], dtype=np.int64), np.stack([np.asarray(v, dtype=np.float32) for v in batch["vector"]])


def start(address: str = "", **options: Any) -> Any:
    """Ray, started on this machine or joined to a cluster; how it is used is reported to nobody. UsageError without the extra."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("Ray is not installed", hint="run: pip install 'vraagbaak[scale]'") from error
    if not ray.is_initialized():
        ray.init(address=address or None, include_dashboard=False, log_to_driver=False, **options)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


def main(argv: Sequence[str] | None = None) -> int:
    """Make a release, embedded by Ray. Exit code 2: something must be mended first."""
    from corpus.embedder import open_embedder
    from ingest.build import ingest
    from ingest.cli import chosen_encoder, sample_folder
    from ingest.terminal import print_outcome

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--address", default="", help="of a Ray cluster; empty: this machine")
    parser.add_argument("--embedding", default="bundled")
    parser.add_argument("--query-prefix", default="")
    parser.add_argument("--passage-prefix", default="")
    given = parser.parse_args(argv)
    prefixes = given.query_prefix, given.passage_prefix
    try:
        embedder = RayEmbedder(open_embedder(given.embedding, *prefixes), start(given.address), prefixes=prefixes)
        print_outcome(ingest(given.home, given.corpus, embedder, defaults=sample_folder(), encoder=chosen_encoder()))
    except VraagbaakError as error:
        sys.stderr.write(f"error: {error}\nhint: {error.hint}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
