"""Texts -> vectors by a small transformer that reads a sentence as a whole, in ONNX form and without torch.  (adapter)

A static embedding is a bag of words: it cannot tell "mag ik haar vertellen wat hij zei" from "mag hij weten wat zij vertelde". The
encoder can, but takes milliseconds a text, so it reads what is asked and the texts of a knowledge base of ordinary size (corpus/reading.py),
and the static embedding stays for what is large. Each text is encoded by itself: the same text has the same vector, whatever stands
beside it.

Folder: model.onnx (input `ids` int64 (1, pieces); output `vector` float32 (1, dimension), unit length), tokenizer.json, encoder.json
{"name", "question", "passage": what stands before a question and before a text}.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer

from corpus.embedder import HashEmbedder
from corpus.errors import EmbeddingMissing

BUNDLED = Path(__file__).parent / "transformer"
MODEL, TOKENIZER, SETTINGS = "model.onnx", "tokenizer.json", "encoder.json"
MOST_PIECES = 192  # of a text; the passages of the splitter are shorter
AT_ONCE = 8  # from so many texts on, all cores take part
LEVELS = 127  # a vector is rounded to this many steps a side, so that a kept vector and a fresh one are equal to the bit


class Encoder(Protocol):
    """Unit vectors of texts that carry their prefix already. `revision` changes whenever a text could get another vector."""

    name: str
    revision: str
    dimension: int
    question_prefix: str
    passage_prefix: str

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (len(texts), dimension), unit length, in the same order."""
        ...


class OnnxEncoder:
    """See the head of this file; safe to share between threads."""

    def __init__(self, folder: Path | str = BUNDLED) -> None:
        """Raises EmbeddingMissing when the folder lacks a file or a file cannot be read."""
        folder = Path(folder)
        try:
            settings = json.loads((folder / SETTINGS).read_text("utf-8"))
            self.name, self.dimension = str(settings["name"]), int(settings["dimension"])
            self.question_prefix, self.passage_prefix = str(settings["question"]), str(settings["passage"])
            self.revision = _revision(folder)
        except (OSError, ValueError, KeyError) as error:
            raise _unusable(folder, error) from error
        self._folder, self._opening = folder, threading.Lock()
        self._open: tuple[Tokenizer, Any] | None = None

    def _opened(self) -> tuple[Tokenizer, Any]:
        """Tokenizer and model, read when something is encoded for the first time: that takes a third of a second."""
        with self._opening:
            if self._open is None:
                try:
                    tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
                    session = _session(self._folder / MODEL)
                except Exception as error:  # tokenizers and onnxruntime raise bare exceptions for a damaged file
                    raise _unusable(self._folder, error) from error
                tokenizer.no_padding()
                tokenizer.enable_truncation(MOST_PIECES)
                self._open = tokenizer, session
            return self._open

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Encoder; a few texts in this thread, many on all cores."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        tokenizer, session = self._opened()
        pieces = [e.ids for e in tokenizer.encode_batch_fast(list(texts))]

        def vector(ids: Sequence[int]) -> np.ndarray:
            return rounded(session.run(None, {"ids": np.array([ids], np.int64)})[0][0])

        if len(pieces) < AT_ONCE:
            return np.stack([vector(ids) for ids in pieces])
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.stack(list(pool.map(vector, pieces)))


def _unusable(folder: Path, error: Exception) -> EmbeddingMissing:
    return EmbeddingMissing(
        f"the encoder in {folder} cannot be opened: {error}", hint="install Vraagbaak again, or set [search] encoder = false"
    )


class SeededEncoder:
    """An encoder that looks first whether a vector came with the program: those of the sample texts did (corpus/texts/encoded.npz)."""

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self.name, self.revision, self.dimension = encoder.name, encoder.revision, encoder.dimension
        self.question_prefix, self.passage_prefix = encoder.question_prefix, encoder.passage_prefix
        self._encoder, self._file = encoder, file
        self._known: dict[int, int] | None = None
        self._steps = np.zeros((0, encoder.dimension), np.int8)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See Encoder."""
        rows = [self._seeds().get(_number(text), -1) for text in texts]
        fresh = iter(self._encoder.passages([text for text, row in zip(texts, rows, strict=True) if row < 0]))
        found = [next(fresh) if row < 0 else rounded(self._steps[row].astype(np.float32)) for row in rows]
        return np.stack(found) if found else np.zeros((0, self.dimension), np.float32)

    def came_along(self, text: str) -> bool:
        """Whether its vector came with the program, so that nobody has to remember it."""
        return _number(text) in self._seeds()

    def _seeds(self) -> dict[int, int]:
        if self._known is None:
            self._known = {}
            if self._file.is_file():
                with np.load(self._file) as seeds:
                    if str(seeds["revision"]) == self.revision:
                        self._steps = seeds["steps"]
                        self._known = {int(number): row for row, number in enumerate(seeds["numbers"])}
        return self._known


def write_seeds(file: Path, encoder: Encoder, texts: Sequence[str]) -> None:
    """Keep the vectors of `texts` for SeededEncoder."""
    some = list(dict.fromkeys(texts))
    vectors = encoder.passages(some)
    steps = np.rint(vectors / np.abs(vectors).max(axis=1, keepdims=True) * LEVELS).astype(np.int8)
    numbers = np.array([_number(text) for text in some], np.uint64)
    with file.open("wb") as stream:
        np.savez(stream, revision=np.array(encoder.revision), numbers=numbers, steps=steps)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def rounded(vector: np.ndarray) -> np.ndarray:
    """float32 unit vector on a grid that int8 with one scale can hold, so that nothing is lost by keeping it that way."""
    most = float(np.abs(vector).max()) or 1.0
    steps = np.rint(vector * (LEVELS / most)).astype(np.float32)
    unit: np.ndarray = steps / np.float32(np.linalg.norm(steps) or 1.0)
    return unit


def _session(path: Path) -> Any:
    import onnxruntime  # takes a fifth of a second: only when something is encoded

    options = onnxruntime.SessionOptions()
    # two cores read a question sooner than one, with the same numbers; waiting threads sleep, so that many texts at once lose nothing
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=4)
def _revision(folder: Path) -> str:
    sha = hashlib.sha256()
    for name in (MODEL, TOKENIZER, SETTINGS):
        sha.update((folder / name).read_bytes())
    return sha.hexdigest()[:32]


class HashEncoder(HashEmbedder):
    """The shipped fake, for tests only: shared words mean closeness."""

    question_prefix = passage_prefix = ""


@lru_cache(maxsize=1)
def bundled_encoder() -> OnnxEncoder:
    """The Dutch encoder that comes with Vraagbaak (corpus/transformer), opened once per process."""
    return OnnxEncoder(BUNDLED)
