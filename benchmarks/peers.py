"""The same passages, the same vectors, the same questions: Vraagbaak beside LlamaIndex's fusion retriever, Haystack and txtai.

    python -m benchmarks.peers [--passages 10000] [--only haystack]

Each peer runs in an environment of its own, made on the first run in the cache folder; packages that are here already (numpy,
torch, chromadb, llama-index-core) are shared through a .pth file. Every peer gets the bundled embedding's vectors of the passages
beforehand (they do not embed), embeds each question with the bundled embedding, and searches with its own BM25 and its own vector
store, fused in its own way, one thread, top 10. Quality is not compared here (benchmarks/public_sets.py does that): this is the time and
memory to find ten passages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.common import CACHE, ROOT, Report, percentile, resident_mb, run_process
from benchmarks.made import questions
from benchmarks.release import home_of

QUESTIONS = 60
NEEDS = {  # what is installed beside the shared packages
    "llama_index": ("llama-index-retrievers-bm25==0.8.0",),
    "haystack": ("haystack-ai",),
    "txtai": ("txtai", "faiss-cpu"),
}


def shared_texts(passages: int) -> tuple[list[str], np.ndarray]:
    """Texts with their titles and headings, and their vectors, from the release of the benchmark."""
    from corpus.release import open_release
    from corpus.search import embedded_text

    with open_release(home_of(passages), check=False) as release:
        titles = {s.key: s.title for s in release.sources}
        return [embedded_text(p, titles[p.source]) for p in release.passages()], np.asarray(release.vectors, dtype=np.float32)


Search = Callable[[str], list[int]]


def ours(passages: int) -> Search:
    """Vraagbaak, as the app searches."""
    from assistant.wiring import AssistantSettings, open_shelved

    search = open_shelved(home_of(passages), AssistantSettings(dense="chroma"), check=False).search
    return lambda question: [hit.row for hit in search.search(question, 10)]


def llama_index(passages: int) -> Search:
    """QueryFusionRetriever over BM25Retriever(language="nl") and a Chroma index; num_queries=1: no language model."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from corpus.embedder import bundled

    texts, vectors = shared_texts(passages)
    model = bundled()

    class Bundled(BaseEmbedding):
        """Questions only: the passages come with their vectors."""

        def _get_query_embedding(self, query: str) -> list[float]:
            found: list[float] = model.query(query).tolist()
            return found

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_query_embedding(text)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    nodes = [TextNode(id_=str(i), text=t, embedding=v.tolist()) for i, (t, v) in enumerate(zip(texts, vectors, strict=True))]
    client = chromadb.EphemeralClient(settings=ChromaSettings(anonymized_telemetry=False))
    store = ChromaVectorStore(chroma_collection=client.create_collection("passages", embedding_function=None))
    for begin in range(0, len(nodes), 5000):
        store.add(nodes[begin : begin + 5000])
    dense = VectorStoreIndex.from_vector_store(store, embed_model=Bundled()).as_retriever(similarity_top_k=60)
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=60, language="nl")
    both = QueryFusionRetriever([words, dense], llm=MockLLM(), similarity_top_k=10, num_queries=1, mode="reciprocal_rerank", use_async=False)
    return lambda question: [int(found.node.node_id) for found in both.retrieve(question)]


def haystack(passages: int) -> Search:
    """InMemoryBM25Retriever and InMemoryEmbeddingRetriever, joined by reciprocal rank."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    from corpus.embedder import bundled

    texts, vectors = shared_texts(passages)
    model = bundled()
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents([Document(id=str(i), content=t, embedding=v.tolist()) for i, (t, v) in enumerate(zip(texts, vectors, strict=True))])
    words, dense = InMemoryBM25Retriever(store, top_k=60), InMemoryEmbeddingRetriever(store, top_k=60)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=10)

    def search(question: str) -> list[int]:
        legs = [words.run(query=question)["documents"], dense.run(query_embedding=model.query(question).tolist())["documents"]]
        return [int(found.id) for found in joiner.run(legs)["documents"]]

    return search


def txtai(passages: int) -> Search:
    """Embeddings with hybrid=True: its BM25 and faiss, fused by its own weights; vectors through transform="external"."""
    from txtai import Embeddings

    from corpus.embedder import bundled

    texts, vectors = shared_texts(passages)
    model = bundled()
    known = dict(zip(texts, vectors, strict=True))

    def transform(inputs: list[str]) -> np.ndarray:
        return np.stack([known[t] if t in known else model.query(t) for t in inputs])

    index = Embeddings(method="external", transform=transform, hybrid=True, content=False)
    index.index((i, t, None) for i, t in enumerate(texts))
    return lambda question: [int(row) for row, _ in index.search(question, 10)]


PEERS: dict[str, Callable[[int], Search]] = {"ours": ours, "llama_index": llama_index, "haystack": haystack, "txtai": txtai}


def measure(which: str, passages: int) -> dict[str, Any]:
    """Seconds to be ready, milliseconds of each question, memory."""
    from vraagbaak.offline import seal

    seal()
    begun = time.perf_counter()
    search = PEERS[which](passages)
    for question in questions(20, seed=12):
        search(question)
    ready = time.perf_counter() - begun
    spent, cpu = [], []
    for question in questions(QUESTIONS):
        begun, used = time.perf_counter(), time.process_time()
        found = search(question)
        spent.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - used))
        assert found, question
    return {"ready_s": ready, "ms": spent, "cpu_ms": cpu, "memory_mb": resident_mb()}


def environment(which: str) -> str:
    """The Python of a peer's environment; made when it is not there. Ours needs none."""
    if which == "ours":
        return sys.executable
    folder = CACHE / "environments" / which
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for site in folder.glob("lib/python*/site-packages"):
            (site / "shared.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT}\n", "utf-8")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *NEEDS[which]], check=True)
        (folder / "installed").touch()
    return str(python)


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", choices=tuple(NEEDS), default=list(NEEDS))
    parser.add_argument("--rounds", type=int, default=3, help="runs in turn; medians are shown")
    parser.add_argument("--child", nargs=2, metavar=("WHICH", "SIZE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.child[0], int(given.child[1]))))
        return
    report = Report("peers", f"python -m benchmarks.peers --passages {given.passages} --rounds {given.rounds}")
    home_of(given.passages)
    chosen = ["ours", *given.only]
    found: dict[str, list[dict[str, Any]]] = {which: [] for which in chosen}
    for _ in range(given.rounds):
        for which in chosen:
            try:
                done = run_process([environment(which), "-m", "benchmarks.peers", "--child", which, str(given.passages)])
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"{which} could not be run: {str(error)[-300:]}", file=sys.stderr)
                continue
            found[which].append(json.loads(done.out.strip().splitlines()[-1]))
    for which, runs in found.items():
        if runs:
            _add(report, which, runs)
    report.finish()


def _add(report: Report, which: str, runs: list[dict[str, Any]]) -> None:
    times = [ms for run in runs for ms in run["ms"]]
    cpu = [ms for run in runs for ms in run["cpu_ms"]]
    report.add(f"{which}: search, p50", percentile(times, 50), "ms", note=f"processor {percentile(cpu, 50):.2f} ms")
    report.add(f"{which}: search, p95", percentile(times, 95), "ms", note=f"processor {percentile(cpu, 95):.2f} ms")
    report.add(f"{which}: memory", max(run["memory_mb"] for run in runs), "MB")
    report.add(f"{which}: from start to ready", percentile([run["ready_s"] for run in runs], 50), "s", note="peers index anew; ours opens")


if __name__ == "__main__":
    main()
