"""From a folder of files to a release that answers, beside the plain LlamaIndex pipeline on the same files and embedding.

    python -m benchmarks.ingest [--documents 2000] [--without-peer]

Ours reads, splits, embeds, builds the lexical index and Chroma, checks them, writes checksums and flushes to disk. LlamaIndex runs
SimpleDirectoryReader, SentenceSplitter (its defaults) and its ChromaVectorStore. Both make 256-dimensional vectors with the bundled
embedding. Speed is counted in chunks and in megabytes of files, because the two cut differently.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.common import Report, disk_bytes, median, memory_bandwidth, run_process
from benchmarks.made import write_folder


def ours(folder: Path, home: Path) -> None:
    """One ingest; prints what it did as JSON."""
    from vraagbaak.offline import seal

    seal()
    from corpus.embedder import bundled
    from ingest.build import ingest

    begun = time.perf_counter()
    spent: dict[str, float] = {}

    def progress(stage: str, done: int, total: int) -> None:
        spent.setdefault(stage, time.perf_counter() - begun)

    outcome = ingest(home, folder, bundled(), progress=progress)
    print(json.dumps({"chunks": outcome.passages, "seconds": outcome.seconds, "begun": spent, "problems": sum(bool(r.problem) for r in outcome.rows)}))


def llama_index(folder: Path, store: Path, chunk: int = 0) -> None:
    """The plain pipeline; prints what it did as JSON. chunk: tokens of a chunk, 0 = the default of the splitter."""
    from vraagbaak.offline import seal

    seal()
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from corpus.embedder import bundled

    model = bundled()

    class Bundled(BaseEmbedding):
        """The same vectors that ours makes."""

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            found: list[list[float]] = model.passages(texts).tolist()
            return found

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            found: list[float] = model.query(query).tolist()
            return found

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    begun = time.perf_counter()
    read = SimpleDirectoryReader(str(folder)).load_data()
    splitter = SentenceSplitter(chunk_size=chunk, chunk_overlap=20) if chunk else SentenceSplitter()
    nodes = splitter.get_nodes_from_documents(read)
    client = chromadb.PersistentClient(str(store), settings=ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("passages", embedding_function=None)
    context = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    VectorStoreIndex(nodes, storage_context=context, embed_model=Bundled(embed_batch_size=256))
    print(json.dumps({"chunks": collection.count(), "seconds": time.perf_counter() - begun}))


PIPELINES: dict[str, Callable[[Path, Path], None]] = {
    "ours": ours,
    "llama_index": llama_index,
    "llama_index, chunks like ours": partial(llama_index, chunk=160),
}


def measured(which: str, folder: Path, target: Path) -> tuple[dict[str, float], float]:
    """What a child process reports, with its seconds of processor, and its peak in MB."""
    done = run_process([sys.executable, "-m", "benchmarks.ingest", "--child", which, str(folder), str(target)])
    return {**json.loads(done.out.strip().splitlines()[-1]), "cpu": done.cpu}, done.peak_mb


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1, help="runs in turn; medians are shown")
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("WHICH", "FOLDER", "TARGET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        which, folder, target = arguments.child
        PIPELINES[which](Path(folder), Path(target))
        return
    report = Report("ingest", f"python -m benchmarks.ingest --documents {arguments.documents} --rounds {arguments.rounds}")
    with tempfile.TemporaryDirectory() as temporary:
        compare(Path(temporary), report, arguments.documents, arguments.rounds, peer=not arguments.without_peer)
    report.finish()


def compare(base: Path, report: Report, count: int, rounds: int, *, peer: bool) -> None:
    """Run both in turn, `rounds` times."""
    size = write_folder(base / "files", count)
    bandwidth = memory_bandwidth()
    found: dict[str, list[tuple[dict[str, float], float]]] = {which: [] for which in PIPELINES}
    for _ in range(rounds):
        for which in found if peer else ("ours",):
            shutil.rmtree(base / which, ignore_errors=True)
            found[which].append(measured(which, base / "files", base / which))
    speeds: dict[str, float] = {}
    for which, runs in found.items():
        if not runs:
            continue
        seconds = median(r["seconds"] for r, _ in runs)
        chunks = runs[0][0]["chunks"]
        speeds[which] = chunks / seconds
        limit, note = f"{size / bandwidth * 1000:.0f} ms (read once)", f"{chunks:,} chunks, {size / 1e6:.1f} MB of files"
        report.add(f"{which}: {count:,} documents", seconds, "s", limit=limit, note=note)
        report.add(f"{which}: processor time", median(r["cpu"] for r, _ in runs), "s", note="all processes, imports included")
        report.add(f"{which}: speed", speeds[which], "chunks/s", note=f"{size / 1e6 / seconds:.2f} MB/s")
        report.add(f"{which}: peak memory of a process", max(peak for _, peak in runs), "MB", "< 1,500 MB" if which == "ours" else "")
        report.add(f"{which}: on disk", disk_bytes(base / which) / 1e6, "MB")
    mine = [r for r, _ in found["ours"]]
    for which in PIPELINES if peer else ():
        if which != "ours":
            _against(report, which, mine, [r for r, _ in found[which]])
    again = [measured("ours", base / "files", base / "ours")[0]["seconds"] for _ in range(3)]
    report.add("ours: nothing changed, read again", median(again), "s", "< 3 s")


def _against(report: Report, which: str, mine: list[dict[str, float]], theirs: list[dict[str, float]]) -> None:
    def ratio(name: str) -> float:
        return median(r[name] for r in theirs) / median(r[name] for r in mine)

    chunks = mine[0]["chunks"] / theirs[0]["chunks"]
    report.add(f"ours against {which}: chunks a second", chunks * ratio("seconds"), "x", ">= 2")
    report.add(f"ours against {which}: time for the same files", ratio("seconds"), "x")
    report.add(f"ours against {which}: processor time for the same files", ratio("cpu"), "x")


if __name__ == "__main__":
    main()
