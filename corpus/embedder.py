"""Texts -> vectors: the bundled static model without torch, any sentence-transformers model, and a shipped fake.  (adapter)

A static model is a table: each word piece has a row, a text is the mean of its rows, made unit length. So it needs a
tokenizer and numpy only, and a question costs a tenth of a millisecond. Its folder is in sentence-transformers format
(StaticEmbedding, then Normalize); tests/contracts/test_embedders.py proves that both readers give the same vectors.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer

from corpus.errors import EmbeddingMissing

BUNDLED = Path(__file__).parent / "embedding"
WEIGHTS, TOKENIZER, MODULES = "model.safetensors", "tokenizer.json", "modules.json"
AT_ONCE = 256  # passages pooled together: 256 of 100 words need 26 MB
_TYPES = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "I32": np.int32, "I64": np.int64}
_PROBE = "Wat mag ik doorgeven?"


class Embedder(Protocol):
    """Unit vectors of texts. `revision` changes whenever the same text could get another vector."""

    name: str
    revision: str
    dimension: int

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), dimension), unit length, same order; zeros for a text without known words."""
        ...

    def query(self, text: str) -> np.ndarray:
        """float32 (dimension,), unit length; zeros for a text without known words."""
        ...


class StaticEmbedder:
    """A StaticEmbedding folder, read with numpy and tokenizers alone; safe to share between threads.

    The weights are either one table (`embedding.weight`) or, as in the bundled model, `embeddings` (rows, dimension),
    `mapping` (pieces,) from piece to row and `weights` (pieces,): spellings of one word share a row, and int8 rows fit
    more words in the same space.
    """

    def __init__(self, folder: Path | str, name: str = "", query_prefix: str = "", passage_prefix: str = "") -> None:
        """Raises EmbeddingMissing when the folder lacks a file or the weights cannot be read."""
        folder = Path(folder)
        try:
            tensors = _tensors(folder / WEIGHTS)
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._rows, self._mapping, self._weights = _table(tensors)
        except Exception as error:  # tokenizers raises a bare Exception for a missing or damaged file
            raise _missing(str(folder), str(error)) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._prefixes = query_prefix, passage_prefix
        self.name = name or folder.name
        self.dimension = int(self._rows.shape[1])
        self.revision = _revision((folder / WEIGHTS, folder / TOKENIZER), self._prefixes)

    @property
    def prefixes(self) -> tuple[str, str]:
        """What stands before a question and before a passage."""
        return self._prefixes

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Embedder; zeros for a text without known words."""
        return self._many(self._prefixes[1], texts)

    def query(self, text: str) -> np.ndarray:
        """See Embedder."""
        vector: np.ndarray = self._many(self._prefixes[0], [text])[0]
        return vector

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), dimension): `query` of many, in a fraction of the time."""
        return self._many(self._prefixes[0], texts)

    def _many(self, prefix: str, texts: Sequence[str]) -> np.ndarray:
        out = np.zeros((len(texts), self.dimension), np.float32)
        for begin in range(0, len(texts), AT_ONCE):
            some = [prefix + text for text in texts[begin : begin + AT_ONCE]]
            pieces = [e.ids for e in self._tokenizer.encode_batch_fast(some, add_special_tokens=False)]
            out[begin : begin + len(some)] = self._pooled(pieces)
        return out

    def _pooled(self, pieces: Sequence[Sequence[int]]) -> np.ndarray:
        """Unit sums of the rows of each text. A mean has the same direction, so nothing is divided by the length."""
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        flat = np.fromiter((p for text in pieces for p in text), np.int64, int(lengths.sum()))
        total = np.zeros((len(pieces), self.dimension), np.float32)
        filled = lengths > 0
        if filled.any():
            weighted = self._rows[self._mapping[flat]] * self._weights[flat, None]
            # reduceat sums from each start to the next one: texts without pieces must not be among the starts
            starts = (np.cumsum(lengths) - lengths)[filled]
            total[filled] = np.add.reduceat(weighted, starts, axis=0, dtype=np.float32)
        return _unit(total)


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-12)
    return unit


def _tensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, memory-mapped. Format: 8 bytes of header length, JSON header, data."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    length = int.from_bytes(mapped[:8], "little")
    header: dict[str, Any] = json.loads(mapped[8 : 8 + length])
    header.pop("__metadata__", None)
    return {name: _tensor(mapped, 8 + length, entry) for name, entry in header.items()}


def _tensor(mapped: mmap.mmap, data: int, entry: dict[str, Any]) -> np.ndarray:
    shape, begin = entry["shape"], entry["data_offsets"][0]
    count = int(np.prod(shape))
    return np.frombuffer(mapped, _TYPES[entry["dtype"]], count, data + begin).reshape(shape)


def _table(tensors: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, piece -> row, weight of each piece): sentence-transformers multiplies in the same way on loading."""
    if "embedding.weight" in tensors:
        rows = tensors["embedding.weight"]
        return rows, np.arange(len(rows)), np.ones(len(rows), np.float32)
    rows = tensors["embeddings"]
    mapping = tensors.get("mapping", np.arange(len(rows)))
    weights = tensors.get("weights", np.ones(len(mapping), np.float32))
    return rows, mapping, weights.astype(np.float32)


def _revision(files: Sequence[Path], prefixes: Sequence[str]) -> str:
    sha = hashlib.sha256(repr(tuple(prefixes)).encode())
    for file in files:
        sha.update(file.read_bytes())
    return sha.hexdigest()[:32]


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by name or folder; importing torch takes seconds and happens here only."""

    def __init__(
        self,
        name: str,
        query_prefix: str = "",
        passage_prefix: str = "",
        *,
        download: bool = False,
        batch: int = 32,
        max_tokens: int | None = None,
    ) -> None:
        """An empty prefix means the prompt that the model itself carries. download: only then is a hub asked.

        Raises EmbeddingMissing when the model is not on this machine or a prefix does not reach its encoder.
        """
        self._model = _load_transformer(name, download)
        if max_tokens is not None:
            self._model.max_seq_length = max_tokens
        own = self._model.prompts
        self._model.prompts = {
            "query": query_prefix or own.get("query") or "",
            "document": passage_prefix or own.get("document") or own.get("passage") or "",
        }
        self.name, self._batch = name, batch
        self.dimension = int(self._model.get_embedding_dimension())
        self.revision = _model_revision(self._model)
        self._check_prefixes()

    @property
    def prefixes(self) -> tuple[str, str]:
        """What stands before a question and before a passage when they reach the encoder."""
        return self._model.prompts["query"], self._model.prompts["document"]

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Embedder; uses all cores."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return self._encode(self._model.encode_document, list(texts))

    def query(self, text: str) -> np.ndarray:
        """See Embedder; one thread: with more, a busy machine answers ten times slower."""
        with _one_thread():
            vector: np.ndarray = self._encode(self._model.encode_query, [text])[0]
            return vector

    def _encode(self, encode: Any, texts: list[str], **options: Any) -> np.ndarray:
        found = encode(
            texts, batch_size=self._batch, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False, **options
        )
        return np.asarray(found, dtype=np.float32)

    def _check_prefixes(self) -> None:
        """A prefix written by hand before the text must give the vector that the prompt gives."""
        for encode, prefix in zip((self._model.encode_query, self._model.encode_document), self.prefixes, strict=True):
            prompted = self._encode(encode, [_PROBE])
            by_hand = self._encode(self._model.encode, [prefix + _PROBE], prompt="")
            if not np.allclose(prompted, by_hand, atol=1e-3):
                raise EmbeddingMissing(
                    f"the prefix {prefix!r} does not reach the encoder of '{self.name}'",
                    hint="choose a model that takes its prefix as plain text: vraagbaak models",
                )


def _load_transformer(name: str, download: bool) -> Any:
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(name, device="cpu", local_files_only=not download)
    except Exception as error:  # the hub, transformers and safetensors each raise their own
        raise _missing(name, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _model_revision(model: Any) -> str:
    """Hash of the weights as loaded and the prefixes: the same on every machine, wherever the files lie."""
    sha = hashlib.sha256(repr(sorted(model.prompts.items())).encode() + repr(model.max_seq_length).encode())
    for key, tensor in sorted(model.state_dict().items()):
        sha.update(key.encode() + tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return sha.hexdigest()[:32]


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class HashEmbedder:
    """The shipped fake, for tests only: words hashed to directions, so shared words mean closeness."""

    def __init__(self, dimension: int = 64) -> None:
        self.name, self.revision, self.dimension = "hash", f"hash-{dimension}", dimension

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Embedder."""
        return np.stack([self.query(t) for t in texts]) if texts else np.zeros((0, self.dimension), np.float32)

    def query(self, text: str) -> np.ndarray:
        """See Embedder."""
        total = np.zeros(self.dimension, np.float32)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.strip(".,?!:;()").encode()).digest()[:8], "little")
            total += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        norm = np.linalg.norm(total)
        return total / norm if norm else total


def bundled() -> StaticEmbedder:
    """The Dutch model that comes with Vraagbaak (corpus/embedding)."""
    return StaticEmbedder(BUNDLED, "bundled")


def open_embedder(name: str, query_prefix: str = "", passage_prefix: str = "", *, download: bool = False) -> Embedder:
    """The embedding called `name`: "bundled", or the name or folder of a sentence-transformers model.

    A folder with a static model is read without torch. download: may a hub be asked for a model that is not here?
    Raises EmbeddingMissing.
    """
    if name == "bundled":
        return bundled()
    if name == "hash":
        return HashEmbedder()
    if _is_static(Path(name)):
        return StaticEmbedder(name, name, query_prefix, passage_prefix)
    return SentenceTransformerEmbedder(name, query_prefix, passage_prefix, download=download)


def _is_static(folder: Path) -> bool:
    """Is this a local StaticEmbedding with Normalize, and without prompts of its own?"""
    modules, settings = folder / MODULES, folder / "config_sentence_transformers.json"
    if not modules.is_file():
        return False
    kinds = [str(m["type"]).rpartition(".")[2] for m in json.loads(modules.read_text("utf-8"))]
    prompts = json.loads(settings.read_text("utf-8")).get("prompts", {}) if settings.is_file() else {}
    return kinds == ["StaticEmbedding", "Normalize"] and not any(prompts.values())


def _missing(name: str, why: str) -> EmbeddingMissing:
    return EmbeddingMissing(
        f"the embedding '{name}' cannot be opened: {why}",
        hint="run: vraagbaak models; where there is internet, vraagbaak models use NAME fetches one",
    )
