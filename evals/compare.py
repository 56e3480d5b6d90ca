"""Two runs over the same items: what changed, how sure we are, and which items it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus.errors import UsageError
from evals.metrics import Row
from evals.statistics import PERMUTATIONS, Difference, difference, holm
from evals.table import BY_NAME

if TYPE_CHECKING:
    from evals.run import Run

NAMES = (
    "recall@5",
    "ndcg@10",
    "vital_strict",
    "vital_mean",
    "flawed_all",
    "utility",
    "false_abstention",
    "abstention_recall",
)


@dataclass(frozen=True, slots=True)
class Flip:
    """An item that passed in one run and not in the other."""

    id: str
    better: bool
    question: str
    expected: tuple[str, ...]
    before: str
    after: str
    stage: str
    critical: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A. holm: p-values adjusted for looking at several figures."""

    differences: Mapping[str, Difference]
    holm: Mapping[str, float]
    flips: tuple[Flip, ...]
    items: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def broke(self) -> tuple[Flip, ...]:
        """Items that passed and no longer do, critical ones first."""
        return tuple(sorted((f for f in self.flips if not f.better), key=lambda f: (not f.critical, f.id)))


def compare(a: Run, b: Run, names: Sequence[str] = NAMES, resamples: int = PERMUTATIONS) -> Comparison:
    """Pair the items of two runs; UsageError when they have none in common."""
    before, after = {r["id"]: r for r in a.rows}, {r["id"]: r for r in b.rows}
    shared = [name for name in before if name in after]
    if not shared:
        raise UsageError("the two runs have no item in common", hint="compare runs of the same split")
    found = {name: paired(name, [before[i] for i in shared], [after[i] for i in shared], resamples) for name in names}
    found = {name: d for name, d in found.items() if d.n}
    adjusted = dict(zip(found, holm([d.p for d in found.values()]), strict=True))
    return Comparison(
        differences=found,
        holm=adjusted,
        flips=tuple(_flip(before[i], after[i]) for i in shared if before[i]["passed"] != after[i]["passed"]),
        items=len(shared),
        only_a=tuple(i for i in before if i not in after),
        only_b=tuple(i for i in after if i not in before),
        warnings=tuple(_warnings(a, b)),
    )


def paired(name: str, before: Sequence[Row], after: Sequence[Row], resamples: int = PERMUTATIONS) -> Difference:
    """The difference of one figure over the items that count for it in both runs."""
    metric = BY_NAME[name]
    pairs = [(x, y) for x, y in zip(before, after, strict=True) if metric.below(x) and metric.below(y)]
    a = [metric.above(x) / metric.below(x) for x, _ in pairs]
    b = [metric.above(y) / metric.below(y) for _, y in pairs]
    return difference(a, b, [x["cluster"] for x, _ in pairs], resamples)


def _flip(before: Row, after: Row) -> Flip:
    return Flip(
        id=after["id"],
        better=bool(after["passed"]),
        question=after["question"],
        expected=tuple(after["expected"]),
        before=_said(before),
        after=_said(after),
        stage=after.get("funnel") or after["outcome"],
        critical=bool(after["critical"]),
    )


def _said(row: Row) -> str:
    if row["status"] in ("answered", "partly"):
        return str(row["shown"])
    return f"[{row['card']}]" if row["card"] else "[-]"


def _warnings(a: Run, b: Run) -> list[str]:
    out = []
    if a.summary.get("corpus") != b.summary.get("corpus"):
        out.append("the texts differ between the runs: nDCG is over other passages")
    if a.summary.get("splits_sha256") != b.summary.get("splits_sha256"):
        out.append("the splits differ between the runs")
    return out
