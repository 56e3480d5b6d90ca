"""txtai: paragraphs in its embeddings database; dense by default, hybrid when tuned."""

from __future__ import annotations

from typing import Any

from peer_shared import Ask, Piece, embedder, serve
from txtai import Embeddings
from txtai.pipeline import Segmentation


def build(task: dict[str, Any]) -> Ask:
    """default: dense, three paragraphs; tuned: hybrid with BM25, one paragraph."""
    tuned = task["variant"] == "tuned"
    ours = embedder(task)

    def transform(texts: Any) -> Any:
        return ours.passages(list(texts))

    segment = Segmentation(paragraphs=True, minlength=20)
    rows = [(d["id"], text) for d in task["documents"] for text in segment(d["text"])]
    settings: dict[str, Any] = {"method": "external", "transform": transform, "backend": "numpy", "content": False}
    if tuned:
        settings |= {"hybrid": True}
    index = Embeddings(settings)
    index.index([(i, text, None) for i, (_, text) in enumerate(rows)])

    def ask(question: str) -> tuple[list[Piece], list[Piece]]:
        pieces = [{"doc": rows[int(i)][0], "text": rows[int(i)][1]} for i, _ in index.search(question, 10)]
        return pieces, pieces[: 1 if tuned else 3]

    return ask


serve(build)
