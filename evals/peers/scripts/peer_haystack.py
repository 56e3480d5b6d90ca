"""Haystack: its splitter, its in-memory BM25 and embedding retrievers, its joiner."""

from __future__ import annotations

from typing import Any

from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from peer_shared import Ask, Piece, embedder, serve


def build(task: dict[str, Any]) -> Ask:
    """default: 200 words, concatenated lists, three chunks; tuned: 100 words, reciprocal ranks, one chunk."""
    tuned = task["variant"] == "tuned"
    ours = embedder(task)
    splitter = (
        DocumentSplitter(split_by="word", split_length=100, split_overlap=0) if tuned else DocumentSplitter(split_by="word")
    )
    if hasattr(splitter, "warm_up"):
        splitter.warm_up()
    chunks = splitter.run(documents=[Document(content=d["text"], meta={"doc": d["id"]}) for d in task["documents"]])[
        "documents"
    ]
    vectors = ours.passages([c.content for c in chunks])
    store = InMemoryDocumentStore()
    store.write_documents(
        [Document(content=c.content, meta=c.meta, embedding=v.tolist()) for c, v in zip(chunks, vectors, strict=True)]
    )
    words, meaning = InMemoryBM25Retriever(store, top_k=10), InMemoryEmbeddingRetriever(store, top_k=10)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion" if tuned else "concatenate", top_k=10)

    def ask(question: str) -> tuple[list[Piece], list[Piece]]:
        legs = [
            words.run(query=question)["documents"],
            meaning.run(query_embedding=ours.query(question).tolist())["documents"],
        ]
        pieces = [{"doc": d.meta["doc"], "text": d.content} for d in joiner.run(documents=legs)["documents"]]
        return pieces, pieces[: 1 if tuned else 3]

    return ask


serve(build)
