"""Joining two rankings into one: weighted scores, or reciprocal ranks.

Pure numpy.  Rows are passage numbers; a leg that did not find a passage gives it the lowest score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Scores = NDArray[np.float32]

RRF_DEPTH = 60  # the usual constant (Cormack, Clarke & Büttcher 2009)


def fuse(rows_a: Rows, scores_a: Scores, rows_b: Rows, scores_b: Scores, weight: float, limit: int) -> tuple[Rows, Scores]:
    """(1 - weight) * a + weight * b of normalised scores, by falling score and then rising row.

    weight: 0 gives leg a alone, 1 gives leg b alone; in between both legs must have been searched to the
    same depth.  Raises ValueError outside 0..1.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight must lie between 0 and 1, not {weight}")
    legs = ((rows_a, normalised(scores_a), 1.0 - weight), (rows_b, normalised(scores_b), weight))
    return _sum([leg for leg in legs if leg[2] > 0], limit)


def rrf(rows_a: Rows, rows_b: Rows, limit: int, depth: float = RRF_DEPTH) -> tuple[Rows, Scores]:
    """Sum of 1 / (depth + rank), ranks from 1: order counts, scores do not."""
    legs = [(rows, (1.0 / (depth + 1.0 + np.arange(len(rows)))).astype(np.float64), 1.0) for rows in (rows_a, rows_b)]
    return _sum(legs, limit)


def normalised(scores: Scores) -> NDArray[np.float64]:
    """Divided by the best score, so the best is 1; scores at or below zero become 0.

    Not min-max: with one or two candidates the lowest would become 0 however good it is.
    """
    positive: NDArray[np.float64] = np.maximum(scores.astype(np.float64), 0.0)
    top = float(positive.max(initial=0.0))
    return positive / top if top > 0 else positive


def _sum(legs: list[tuple[Rows, NDArray[np.float64], float]], limit: int) -> tuple[Rows, Scores]:
    if not legs:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    rows, where = np.unique(np.concatenate([rows for rows, _, _ in legs]), return_inverse=True)
    shares = np.concatenate([scores * weight for _, scores, weight in legs])
    total = np.bincount(where, weights=shares, minlength=len(rows)).astype(np.float32)
    order = np.lexsort((rows, -total))[: max(limit, 0)]
    return rows[order].astype(np.int32), total[order]
