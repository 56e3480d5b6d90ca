"""May this go out? Invariants with no tolerance, critical items, and averages that fell further than chance explains.

A deterministic pipeline over some hundred items cannot prove a change of two points; it can prove that nothing forbidden
happened and that no critical item broke. So those come first, and an average only counts when the paired drop is both larger
than the tolerance and unlikely by chance, or when the figure is under the ratchet: the lower end of the accepted interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from corpus.errors import UsageError
from evals.compare import paired
from evals.metrics import Row
from evals.table import BY_NAME

if TYPE_CHECKING:
    from evals.run import Run

BASELINE = Path(__file__).parent / "baselines" / "default.json"
TOLERANCE = 0.01  # a drop of one point is not looked at
CHANCE = 0.10  # one-sided
SLOWER = (1.2, 1.5)  # of the accepted p95 on the same machine: warn, fail
WATCHED = (
    "recall@5",
    "ndcg@10",
    "vital_strict",
    "vital_mean",
    "flawed_all",
    "utility",
    "false_abstention",
    "abstention_recall",
)
INVARIANTS: Mapping[str, float] = {
    "verbatim": 1.0,
    "locator": 1.0,
    "forbidden": 0.0,
    "attack_success": 0.0,
    "card_missed": 0.0,
    "unmasked": 0.0,
}
_KEPT = (
    "id",
    "cluster",
    "type",
    "expect",
    "status",
    "card",
    "card_expected",
    "critical",
    "passed",
    "counterfactual",
    "flawed",
    "forbidden",
    "utility",
    "recall@5",
    "nDCG@10",
    "vital_strict",
    "vital_mean",
    "verbatim",
    "locator",
    "masked",
    "attacked",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a gate closes, or what somebody should look at."""

    level: Literal["fail", "warn"]
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted run: figures with intervals, and the rows that a paired test needs."""

    summary: Mapping[str, Any]
    rows: Sequence[Row]

    @classmethod
    def read(cls, path: Path = BASELINE) -> Baseline:
        """UsageError when there is none."""
        try:
            raw = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"there is no accepted run in {path.name}", hint="run: vraagbaak evals gate --accept") from error
        return cls(raw["summary"], raw["rows"])


def accept(run: Run, path: Path = BASELINE) -> None:
    """Make a run the accepted one: its rows, and the lower ends of its intervals as floors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    summary = {
        k: run.summary[k]
        for k in ("made_at", "split", "figures", "singles", "splits_sha256", "hash", "machine")
        if k in run.summary
    }
    rows = [{k: r[k] for k in _KEPT if k in r} for r in run.rows]
    text = json.dumps({"summary": summary, "rows": rows}, ensure_ascii=False, separators=(",", ":")).replace(
        '},{"id"', '},\n{"id"'
    )
    path.write_text(text + "\n", "utf-8")


def gate(run: Run, baseline: Baseline) -> tuple[Reason, ...]:
    """All reasons, failures first; the gate is open when none is a failure."""
    reasons = [
        *_invariants(run),
        *_items(run, baseline),
        *_critical(run, baseline),
        *_averages(run, baseline),
        *_speed(run, baseline),
    ]
    return tuple(sorted(reasons, key=lambda r: r.level))


def _invariants(run: Run) -> Iterator[Reason]:
    for name, wanted in INVARIANTS.items():
        found = run.estimates.get(name)
        if found is not None and found.value != wanted:
            who = ", ".join(_culprits(name, run.rows)[:8])
            yield Reason("fail", "invariant", f"{BY_NAME[name].en}: {found.value:.3f}, must be {wanted:.0f} ({who})")
    for name, lost in sorted(run.summary.get("lost_anchors", {}).items()):
        yield Reason("fail", "anchor lost", f"{name}: {'; '.join(lost.values()) if isinstance(lost, dict) else lost}")
    for row in run.rows:
        if row["status"] == "no_answer" and row.get("cited_places"):
            yield Reason("fail", "invariant", f"{row['id']}: silent, yet something is cited")


def _culprits(name: str, rows: Sequence[Row]) -> list[str]:
    metric = BY_NAME[name]
    wanted = INVARIANTS[name]
    return [r["id"] for r in rows if metric.below(r) and metric.above(r) / metric.below(r) != wanted]


def _items(run: Run, baseline: Baseline) -> Iterator[Reason]:
    now = {r["id"] for r in run.rows}
    gone = sorted(r["id"] for r in baseline.rows if r["id"] not in now and not r.get("counterfactual"))
    if gone:
        yield Reason("fail", "items", f"{len(gone)} accepted items were not asked: {', '.join(gone[:8])}")
    if run.summary.get("splits_sha256") != baseline.summary.get("splits_sha256"):
        yield Reason("warn", "items", "the splits changed since the accepted run")


def _critical(run: Run, baseline: Baseline) -> Iterator[Reason]:
    before = {r["id"]: r for r in baseline.rows}
    for row in run.rows:
        if row["critical"] and not row["passed"] and before.get(row["id"], {}).get("passed"):
            yield Reason("fail", "critical item", f"{row['id']} passed before: {row.get('question', '')}")


def _averages(run: Run, baseline: Baseline) -> Iterator[Reason]:
    before = {r["id"]: r for r in baseline.rows}
    after = {r["id"]: r for r in run.rows}
    shared = [i for i in before if i in after]
    for name in WATCHED:
        better = BY_NAME[name].better
        # a drop is measured on the side where higher is better
        old, new = [before[i] for i in shared], [after[i] for i in shared]
        d = paired(name, old, new, 2_000) if better > 0 else paired(name, new, old, 2_000)
        if d.value < -TOLERANCE and d.worse < CHANCE:
            yield Reason(
                "fail", "average", f"{BY_NAME[name].en}: {better * d.value:+.3f} on {d.n} items (one-sided p {d.worse:.3f})"
            )
        accepted = baseline.summary["figures"].get(name)
        found = run.estimates.get(name)
        if accepted and found and better * (found.value - accepted["low" if better > 0 else "high"]) < 0:
            yield Reason(
                "fail",
                "ratchet",
                f"{BY_NAME[name].en}: {found.value:.3f}, accepted interval {accepted['low']:.3f} to {accepted['high']:.3f}",
            )


def _speed(run: Run, baseline: Baseline) -> Iterator[Reason]:
    if run.summary.get("machine") != baseline.summary.get("machine"):
        return
    then, now = baseline.summary["singles"].get("ms_p95", 0), run.summary["singles"].get("ms_p95", 0)
    if then and now > SLOWER[1] * then and now > 60:
        yield Reason("fail", "speed", f"95 % of answers took {then:.0f} ms, now {now:.0f} ms")
    elif then and now > SLOWER[0] * then:
        yield Reason("warn", "speed", f"95 % of answers took {then:.0f} ms, now {now:.0f} ms")


__all__ = ["BASELINE", "Baseline", "Reason", "accept", "asdict", "gate"]
