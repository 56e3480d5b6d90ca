"""Our search as a LlamaIndex retriever, for other people's query engines.  (adapter)

    retriever = release_retriever(Path("~/.local/share/vraagbaak").expanduser(), limit=5)
    for found in retriever.retrieve("Hoe lang bewaren we een dossier?"):
        print(found.score, found.metadata["source"], found.text)

It returns passages that may answer today: no expired versions, no concepts. LlamaIndex needs no embedding model for it, and
nothing of its own `Settings` is read. Give a query engine its `llm` explicitly; docs/embeddings.md shows how.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.embedder import Embedder, open_embedder
from corpus.model import Hit, Source
from corpus.release import open_release
from corpus.search import ReleaseSearch, SearchSettings, release_analyser

if TYPE_CHECKING:
    from llama_index.core.retrievers import BaseRetriever


def release_retriever(
    home: Path,
    limit: int = 10,
    *,
    number: int | None = None,
    only: Callable[[Source], bool] = lambda source: True,
    today: Callable[[], date] = date.today,
    settings: SearchSettings | None = None,
    embedder: Embedder | None = None,
) -> BaseRetriever:
    """A llama_index.core BaseRetriever over a release of a data directory, the current one by default.

    limit: passages per question.  only: which sources may be found.  embedder: other than the one the release names.
    Raises NoRelease, ReleaseCorrupt, ReleaseMismatch, EmbeddingMissing.
    """
    release = open_release(home, number)
    made = release.manifest.embedding
    used = embedder or open_embedder(made.name, made.query_prefix, made.passage_prefix)
    search = ReleaseSearch(release, used, release_analyser(release), settings=settings or SearchSettings())
    return search_retriever(search, limit, only=only, today=today)


def search_retriever(
    search: ReleaseSearch,
    limit: int = 10,
    *,
    only: Callable[[Source], bool] = lambda source: True,
    today: Callable[[], date] = date.today,
) -> BaseRetriever:
    """The same over a search that is open already."""
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle

    class ReleaseRetriever(BaseRetriever):  # type: ignore[misc]
        """Passages of one release, best first."""

        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            hits = search.search(query_bundle.query_str, limit, search.answering(today(), only))
            return [_node(hit, search.release.by_key[hit.passage.source]) for hit in hits]

    return ReleaseRetriever()


def _node(hit: Hit, source: Source) -> Any:
    """A passage as LlamaIndex knows it. start, end: offsets in the canonical text of the source."""
    from llama_index.core.schema import NodeWithScore, TextNode

    passage = hit.passage
    metadata = {
        "source": source.key,
        "title": source.title,
        "heading": " / ".join(passage.heading),
        "pages": ", ".join(map(str, passage.pages)),
        "start": passage.start,
        "end": passage.end,
    }
    hidden = ["start", "end"]  # a language model reads where a text comes from, not at which character
    node = TextNode(id_=passage.id, text=passage.text, metadata=metadata)
    node.excluded_llm_metadata_keys, node.excluded_embed_metadata_keys = hidden, hidden
    return NodeWithScore(node=node, score=hit.score)
