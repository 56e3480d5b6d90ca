"""For which answer do the words of a question speak? Naive Bayes over the words of the phrasings.

The classifier of corpus/likely.py sees a question as one vector, in which a rare word that settles it ("naheffing") may drown. Here each word,
part of a compound and four letters, by rarity as in corpus/asked.py, speaks for the answers whose phrasings use it (multinomial naive Bayes over
tf-idf: Rennie et al. 2003, "Tackling the poor assumptions of naive Bayes text classifiers"). Nothing is learned step by step: it is counting. The
logits of both are added, this one's for a share, because words that come together are counted as if each were news.
In the folder `reading` of a release:

    words.npz    offsets int64 (features + 1); classes int32 and gains float16: for each feature, in the order of asked/words.txt, the classes whose
                 phrasings have it, and how much more it speaks for them than for a class without it; sizes float32 (classes,)
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = "words.npz"
UNSEEN = 0.01  # of a feature that no phrasing of a class has: what is added to each count
SHARE = 0.5  # of these logits in the sum; both chosen on the questions kept apart (docs/decisions.md, 32)


def write(folder: Path, asked: Path, of: NDArray[np.int32], count: int) -> None:
    """Count and write. asked: the folder that corpus/asked.py wrote; of: the class of each phrasing; count: of classes."""
    offsets, asks, weights = (np.load(asked / f"{name}.npy") for name in ("offsets", "asks", "weights"))
    features = len(offsets) - 1
    at = np.repeat(np.arange(features, dtype=np.int64), np.diff(offsets)) * count + of[asks]
    cells, into = np.unique(at, return_inverse=True)
    held = np.bincount(into, weights, minlength=len(cells))
    sizes = np.bincount(cells % count, held, minlength=count)
    begin = np.searchsorted(cells, np.arange(features + 1, dtype=np.int64) * count)
    with (folder / FILE).open("wb") as stream:
        np.savez(
            stream, offsets=begin.astype(np.int64), classes=(cells % count).astype(np.int32),
            gains=np.log1p(held / UNSEEN).astype(np.float16), sizes=np.log(sizes + UNSEEN * features).astype(np.float32),
        )  # fmt: skip


class Words:
    """What was counted, opened; reading only, safe to share between threads."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or ValueError when the file is missing or damaged."""
        try:
            with file.open("rb") as stream, np.load(stream) as kept:  # a damaged file would stay open otherwise
                self._offsets, self._classes, self._gains, self._sizes = (kept[name] for name in ("offsets", "classes", "gains", "sizes"))
        except (KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{file.name} is damaged: {error}") from error

    def logits(self, features: NDArray[np.int64], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (classes,) of a question, up to what is equal for all. features: those of its words that are known; weights: of each."""
        found = -np.float32(weights.sum()) * self._sizes
        for feature, weight in zip(features.tolist(), weights.tolist(), strict=True):
            span = slice(self._offsets[feature], self._offsets[feature + 1])
            found[self._classes[span]] += np.float32(weight) * self._gains[span]
        result: NDArray[np.float32] = np.asarray(found, np.float32)
        return result

