"""Nearest passages by cosine: exact in numpy, or Chroma through LlamaIndex's ChromaVectorStore.  (adapter)

Chroma holds row numbers and vectors only, no text and no metadata: it builds eight times faster, and erasing a text never
depends on it. Validity is filtered here, because Chroma's `where` costs 50 to 400 ms at 100,000 rows (docs/decisions.md, 5).
The vectors in the release are the truth; when Chroma cannot be opened, exact search answers and `doctor` says so.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import numpy as np

from corpus.errors import ReleaseCorrupt, ReleaseError

COLLECTION = "passages"
ADD_AT_ONCE = 5000  # Chroma's own limit is 5,461
# Construction and search effort: recall@10 against exact search is measured by `vraagbaak doctor` on the real vectors.
# sync_threshold: every add goes to the index files at once; with Chroma's own 1000 a smaller index is only in its log, and
# every opening writes other index files.
HNSW: Mapping[str, Any] = {
    "space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 200, "sync_threshold": 2,
}  # fmt: skip
SERVER_S = 3.0  # for one search on a Chroma server; then exact search answers


class VectorIndex(Protocol):
    """The rows whose vectors are nearest to a query vector."""

    def nearest(self, vector: np.ndarray, limit: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Rows (int32) and cosines (float32) of the nearest allowed rows, best first, ties by row.

        vector: (dimension,) unit length.  allowed: bool per row, or None for all.
        """
        ...

    def count(self) -> int:
        """How many vectors can be found."""
        ...


class ExactVectors:
    """Cosine against every vector. vectors: (rows, dimension) unit length, may be memory-mapped float16."""

    _BLOCK = 16_384  # rows converted to float32 at a time: bounds memory at a million passages

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def count(self) -> int:
        """How many vectors can be found."""
        return len(self._vectors)

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), dimension): the vectors of some rows."""
        found: np.ndarray = self._vectors[rows]
        return found

    def cosines(self, vector: np.ndarray) -> np.ndarray:
        """float32 (rows,): cosine of every row with `vector`."""
        query = vector.astype(np.float32)
        parts = [
            self._vectors[begin : begin + self._BLOCK].astype(np.float32) @ query
            for begin in range(0, len(self._vectors), self._BLOCK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def nearest(self, vector: np.ndarray, limit: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """See VectorIndex."""
        scores = self.cosines(vector)
        found = scores != 0  # a text without known words has a zero vector and no direction
        rows = np.flatnonzero(found if allowed is None else found & allowed).astype(np.int32)
        return best(rows, scores[rows], limit)


def best(rows: np.ndarray, scores: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The `limit` highest scores, best first, ties by row."""
    if len(rows) > limit > 0:
        # everything at or above the limit-th score, so that ties at the border are broken by row as well
        border = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        kept = scores >= border
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[: max(limit, 0)]
    return rows[order].astype(np.int32), scores[order].astype(np.float32)


class ChromaVectors:
    """A Chroma collection read through LlamaIndex's ChromaVectorStore. Close it before its folder is removed."""

    def __init__(self, client: Any, name: str = COLLECTION, *, owns: bool = True) -> None:
        from llama_index.vector_stores.chroma import ChromaVectorStore

        self._client, self._owns = client, owns
        # embedding_function=None: the default one would download a model and call out (findings of 2026-11)
        self._collection = client.get_collection(name, embedding_function=None)
        space = self._collection.configuration["hnsw"]["space"]
        if space != "cosine":
            raise ReleaseCorrupt(
                f"the Chroma collection '{name}' measures '{space}', expected 'cosine'", hint="run: vraagbaak ingest --rebuild"
            )
        self._store = ChromaVectorStore(chroma_collection=self._collection)
        self._count = int(self._collection.count())

    @classmethod
    def open(cls, folder: Path) -> ChromaVectors:
        """Open an embedded collection; ReleaseCorrupt when Chroma cannot, or when an index file is not as it was built."""
        _verify(folder)
        try:
            return cls(_client(folder))
        except ReleaseCorrupt:
            raise
        except Exception as error:  # Chroma raises its own, sqlite's and Rust's errors alike
            raise ReleaseCorrupt(f"Chroma cannot open {folder.name}: {error}", hint="run: vraagbaak ingest --rebuild") from error

    @classmethod
    def connect(cls, url: str, name: str) -> ChromaVectors:
        """Open a collection on a Chroma server."""
        try:
            return cls(_server(url, SERVER_S), name)
        except Exception as error:
            raise ReleaseCorrupt(
                f"the Chroma server at {url} does not give collection '{name}': {error}",
                hint="start the server, or run: vraagbaak ingest --rebuild",
            ) from error

    def count(self) -> int:
        """How many vectors can be found."""
        return self._count

    def close(self) -> None:
        """Let go of the files and threads."""
        if self._owns:
            self._client.close()

    def nearest(self, vector: np.ndarray, limit: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """See VectorIndex. Asks for as many more as are not allowed, at most four times as many; the caller may fall back.

        Raises ReleaseError when Chroma fails: a server that went away, a file that was damaged after opening.
        """
        from llama_index.core.vector_stores.types import VectorStoreQuery

        if self._count == 0 or limit <= 0 or not vector.any():
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        share = 1.0 if allowed is None else max(float(allowed.mean()), 0.25)
        wanted = min(self._count, math.ceil(limit / share) + 8)
        try:
            found = self._store.query(VectorStoreQuery(query_embedding=vector.astype(float).tolist(), similarity_top_k=wanted))
        except Exception as error:  # Chroma raises its own, httpx's and Rust's errors alike
            raise ReleaseError(f"the vector index does not answer: {error}", hint="run: vraagbaak doctor") from error
        rows = np.array([int(name) for name in found.ids or []], dtype=np.int32)
        # LlamaIndex returns exp(-distance); distance is 1 - cosine
        scores = 1.0 + np.log(np.maximum(np.array(found.similarities or [], dtype=np.float64), 1e-9))
        if allowed is not None:
            kept = allowed[rows]
            rows, scores = rows[kept], scores[kept]
        return best(rows, scores.astype(np.float32), limit)


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def _server(url: str, seconds: float | None = None) -> Any:
    """A client of a Chroma server. seconds: for one request; Chroma itself would wait for ever, also while it is made."""
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    if seconds is not None:
        _heartbeat(parts, seconds)
    client = chromadb.HttpClient(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 8000,
        ssl=parts.scheme == "https",
        settings=Settings(anonymized_telemetry=False),
    )
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None and seconds is not None:
        session.timeout = seconds
    return client


def _heartbeat(parts: SplitResult, seconds: float) -> None:
    """OSError or HTTPException when no Chroma server answers in time."""
    from http.client import HTTPConnection, HTTPSConnection

    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "127.0.0.1", parts.port or 8000, timeout=seconds)
    try:
        connection.request("GET", "/api/v2/heartbeat")
        connection.getresponse().read()
    finally:
        connection.close()


def build_chroma(folder: Path, vectors: np.ndarray) -> None:
    """Write an embedded collection of `vectors` (rows, dimension) and the checksums of its index files; the row number is
    the id."""
    client = _client(folder)
    try:
        _fill(client, COLLECTION, vectors)
    finally:
        client.close()
    sums = {p.relative_to(folder).as_posix(): _sha256(p) for p in _index_files(folder)}
    _sums_file(folder).write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n", "ascii")


def _index_files(folder: Path) -> list[Path]:
    """What never changes after building. `chroma.sqlite3` changes whenever it is opened, and fails cleanly when it is damaged."""
    written = sorted(p.parent for p in folder.glob("*/index_metadata.pickle"))  # without it Chroma reads its log instead
    return [p for segment in written for p in sorted(segment.iterdir()) if p.is_file()]


def _sums_file(folder: Path) -> Path:
    return folder.with_name(folder.name + ".json")  # beside the folder, where the release's own checksums cover it


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(folder: Path) -> None:
    """ReleaseCorrupt when an index file is not as it was built: Chroma would take the whole process down with it (SIGSEGV)."""
    sums = _sums_file(folder)
    try:
        expected = json.loads(sums.read_text("ascii")) if sums.is_file() else {}
        damaged = next((name for name, sum_ in expected.items() if _sha256(folder / name) != sum_), "")
    except (OSError, ValueError) as error:
        damaged = str(error)
    if damaged:
        raise ReleaseCorrupt(f"the vector index is damaged or incomplete: {damaged}", hint="run: vraagbaak ingest --rebuild")


def upload_chroma(url: str, name: str, vectors: np.ndarray) -> None:
    """Write a collection on a Chroma server, replacing one of the same name. ReleaseError when the server fails."""
    remove_collections(url, (name,))
    with _server_errors(url):
        _fill(_server(url), name, vectors)


def remove_collections(url: str, names: Collection[str]) -> tuple[str, ...]:
    """Delete these collections from a Chroma server; returns those that were there. ReleaseError when the server fails."""
    with _server_errors(url):
        client = _server(url)
        there = [str(getattr(c, "name", c)) for c in client.list_collections()]
        gone = tuple(name for name in there if name in names)
        for name in gone:
            client.delete_collection(name)
        return gone


@contextmanager
def _server_errors(url: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Chroma raises its own, httpx's and bare ValueErrors alike
        raise ReleaseError(
            f"the Chroma server at {url} fails: {error}", hint="start it, or leave store.url empty; then run the command again"
        ) from error


def _fill(client: Any, name: str, vectors: np.ndarray) -> None:
    collection = client.create_collection(name, configuration={"hnsw": dict(HNSW)}, embedding_function=None)
    usable = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)  # a text without known words has no direction
    for begin in range(0, len(usable), ADD_AT_ONCE):
        rows = usable[begin : begin + ADD_AT_ONCE]
        collection.add(ids=[str(row) for row in rows], embeddings=np.asarray(vectors[rows], dtype=np.float32))


_CHILD = """
import os, sys, threading
from pathlib import Path
import numpy as np
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(9)), daemon=True).start()  # ends when its parent is killed
from corpus.vectors import build_chroma, check_in_child
folder, building = Path(sys.argv[1]), sys.argv[2] == "build"
vectors = np.load(folder / "vectors.npy", mmap_mode="r")
if building:
    build_chroma(folder / "chroma", vectors)
print(f"{check_in_child(folder, vectors):.4f}", flush=True)
os._exit(0)  # without waiting for the thread
"""


class RawChroma:
    """A collection read without LlamaIndex: for the check of a new release, which should not pay for that import."""

    def __init__(self, folder: Path) -> None:
        self._client = _client(folder)
        self._collection = self._client.get_collection(COLLECTION, embedding_function=None)

    def count(self) -> int:
        """How many vectors can be found."""
        return int(self._collection.count())

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def nearest(self, vector: np.ndarray, limit: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """See VectorIndex."""
        found = self._collection.query(query_embeddings=vector[None].astype(np.float32), n_results=limit, include=["distances"])
        rows = np.array([int(name) for name in found["ids"][0]], dtype=np.int32)
        return best(rows, 1 - np.array(found["distances"][0], dtype=np.float32), limit)


def make_chroma(release: Path) -> float:
    """Build the Chroma index of a release folder from its vectors.npy, and check it; returns recall@10 against exact search.

    In a child process: one that has seen nothing else, because Chroma writes memory it has not initialised to disk, and the
    vectors of an erased text would be in it; and because a damaged index takes its process down with it.
    ReleaseCorrupt when the index cannot be built or trusted.
    """
    return _in_child(release, "build")


def check_chroma(release: Path) -> float:
    """The check of `make_chroma` alone."""
    return _in_child(release, "check")


def _in_child(release: Path, what: str) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path[1:]])}
    command = [sys.executable, "-c", _CHILD, str(release), what]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        out, errors = child.stdout.read(), child.stderr.read()  # stdin stays open: the child ends itself when it closes
        child.wait()
    if child.returncode != 0:
        last = (errors.strip().splitlines() or [f"it ended with code {child.returncode}"])[-1]
        raise ReleaseCorrupt(
            f"the vector index failed its check: {last}", hint="check that the disk is not full, then run: vraagbaak ingest --rebuild"
        )
    return float(out.strip().splitlines()[-1])


def check_in_child(release: Path, vectors: np.ndarray) -> float:
    """Recall@10 of an index; AssertionError when it lacks vectors or finds other ones than exact search does."""
    chroma = RawChroma(release / "chroma")
    expected = int((np.abs(np.asarray(vectors)).sum(axis=1) > 0).sum())
    assert chroma.count() == expected, f"{chroma.count()} of {expected} vectors"
    recall = recall_at_10(chroma, ExactVectors(vectors), vectors, sample=100)
    assert recall >= 0.9, f"recall@10 {recall:.2f} against exact search"
    chroma.close()
    return recall


def recall_at_10(index: VectorIndex, exact: ExactVectors, vectors: np.ndarray, sample: int = 200) -> float:
    """Mean share of the exact 10 nearest that `index` finds, over evenly spread self-queries; ties count as found."""
    rows = np.unique(np.linspace(0, max(len(vectors) - 1, 0), num=min(sample, len(vectors)), dtype=int))
    shares = []
    for row in rows:
        query = np.asarray(vectors[row], dtype=np.float32)
        if not query.any():
            continue
        _, wanted = exact.nearest(query, 10)
        _, found = index.nearest(query, 10)
        shares.append(float((found >= wanted[-1] - 1e-3).sum() / len(wanted)))
    return float(np.mean(shares)) if shares else 1.0
