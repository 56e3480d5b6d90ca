"""How sure are we? Clusters are drawn, not items: four wordings of one question are not four pieces of evidence."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SEED = 20261123
RESAMPLES = 2_000  # of an interval in a run; a comparison uses more
PERMUTATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval. n: what it is counted over; clusters: independent questions among them."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A over the same items. p: two-sided cluster sign-flip permutation; worse: one-sided, that B is worse."""

    value: float
    low: float
    high: float
    p: float
    worse: float
    n: int


def sums(values: Sequence[float], clusters: Sequence[str]) -> np.ndarray:
    """Per-cluster sums, clusters in sorted order."""
    names = {name: i for i, name in enumerate(sorted(set(clusters)))}
    out = np.zeros(len(names))
    np.add.at(out, [names[c] for c in clusters], np.asarray(values, dtype=float))
    return out


def ratio(
    numerators: Sequence[float], denominators: Sequence[float], clusters: Sequence[str], resamples: int = RESAMPLES
) -> Estimate:
    """Sum of numerators by sum of denominators, with a cluster bootstrap interval (BCa).

    When every item is the same the bootstrap is blind; then the exact binomial interval over clusters is given.
    """
    above, below = sums(numerators, clusters), sums(denominators, clusters)
    total = float(below.sum())
    if total == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, 0)
    value = float(above.sum()) / total
    counted = int((below > 0).sum())
    low, high = _interval(above, below, resamples) if counted > 1 else (math.nan, math.nan)
    if math.isnan(low) or math.isnan(high) or low == high:
        low, high = _exact(value, counted)
    return Estimate(value, low, high, round(total), counted)


def _interval(above: np.ndarray, below: np.ndarray, resamples: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    def statistic(a: np.ndarray, b: np.ndarray, axis: int = -1) -> Any:
        return a.sum(axis=axis) / np.maximum(b.sum(axis=axis), 1e-12)

    if np.ptp(np.divide(above, below, out=np.zeros_like(above), where=below > 0)[below > 0]) == 0:
        return math.nan, math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # BCa is undefined for a constant jackknife; the exact interval is used then
        found = bootstrap(
            (above, below),
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=resamples,
            method="BCa",
            rng=np.random.default_rng(SEED),
            batch=500,
        )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _exact(value: float, n: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    if not 0 <= value <= 1 or n < 1:
        return value, value
    found = binomtest(round(value * n), n).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def difference(a: Sequence[float], b: Sequence[float], clusters: Sequence[str], resamples: int = PERMUTATIONS) -> Difference:
    """Mean of b minus mean of a over the same items. Under "no difference" each cluster's sign may be flipped."""
    from scipy.stats import permutation_test

    n = len(a)
    if n == 0:
        return Difference(0.0, 0.0, 0.0, 1.0, 1.0, 0)
    delta = np.asarray(b, dtype=float) - np.asarray(a, dtype=float)
    value = float(delta.mean())
    if not delta.any():
        return Difference(0.0, 0.0, 0.0, 1.0, 1.0, n)
    by_cluster = sums(delta.tolist(), clusters)
    # a sign flip of nothing changes nothing; two zeros keep the test defined when a single cluster moved
    moved = np.append(by_cluster[by_cluster != 0], [0.0, 0.0])
    p, worse = (
        float(
            permutation_test(
                (moved,),
                lambda x, axis=-1: x.sum(axis=axis),
                permutation_type="samples",
                vectorized=True,
                n_resamples=resamples,
                alternative=side,
                rng=np.random.default_rng(SEED),
            ).pvalue
        )
        for side in ("two-sided", "less")
    )
    spread = ratio(delta.tolist(), [1.0] * n, clusters, resamples)
    low, high = (spread.low, spread.high) if spread.low != spread.high else (value, value)
    return Difference(value, low, high, min(p, 1.0), min(worse, 1.0), n)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of a family of p-values, in the order given."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, highest = [0.0] * len(p), 0.0
    for step, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - step) * p[i]))
        out[i] = highest
    return out
