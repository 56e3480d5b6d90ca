"""LlamaIndex: its splitter, its BM25 and vector retrievers fused, its citation engine's chunks as the answer."""

from __future__ import annotations

from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.retrievers.bm25 import BM25Retriever
from peer_shared import Ask, Piece, embedder, serve


class Ours(BaseEmbedding):
    """Our embedding in LlamaIndex's interface."""

    inner: Any = None

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(map(float, self.inner.query(query)))

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return list(map(float, self.inner.passages([text])[0]))


def build(task: dict[str, Any]) -> Ask:
    """default: chunks of 1024 tokens, English BM25, two chunks cited; tuned: chunks of 256, Dutch BM25, one cited."""
    tuned = task["variant"] == "tuned"
    ours = Ours(inner=embedder(task))
    splitter = SentenceSplitter(chunk_size=256, chunk_overlap=0) if tuned else SentenceSplitter()
    documents = [
        Document(text=d["text"], metadata={"doc": d["id"]}, excluded_embed_metadata_keys=["doc"]) for d in task["documents"]
    ]
    nodes = splitter.get_nodes_from_documents(documents)
    index = VectorStoreIndex(nodes, embed_model=ours)
    legs = [index.as_retriever(similarity_top_k=10), _words(nodes, tuned)]
    fused = QueryFusionRetriever(
        legs, similarity_top_k=10, num_queries=1, mode=FUSION_MODES.RECIPROCAL_RANK, use_async=False, llm=MockLLM()
    )
    cited = 1 if tuned else 2  # as_retriever's own default is two
    engine = CitationQueryEngine.from_args(index, llm=MockLLM(), retriever=fused)

    def ask(question: str) -> tuple[list[Piece], list[Piece]]:
        hits = fused.retrieve(question)
        chunks = engine._create_citation_nodes(hits[:cited])
        return [_piece(h.node.metadata["doc"], h.node.get_content()) for h in hits], [
            _piece(c.node.metadata["doc"], c.node.get_content().partition(":\n")[2]) for c in chunks
        ]

    return ask


def _words(nodes: list[Any], tuned: bool) -> Any:
    if not tuned:
        return BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=10)
    import Stemmer

    return BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=10, language="nl", stemmer=Stemmer.Stemmer("dutch"))


def _piece(doc: str, text: str) -> Piece:
    return {"doc": doc, "text": text}


serve(build)
