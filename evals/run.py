"""Every item through the assistant: one row per item first, then the table.

home/evals/<utc>-<hash>/summary.json    figures with intervals, and what was measured on what
                        items.jsonl     one row per item, in the order of the items
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.items import Item, Splits, chosen, load
from evals.metrics import Row, Shown, judge, ranking, relevance, shown_of
from evals.statistics import SEED, Estimate
from evals.table import by_type, figures, single_figures
from evals.world import DAY, Anchored, Place, Watch, World, anchored, answering_rows, passages_of

REMOVED = 40  # answerable items that are asked again with their answer taken away; at most one of a cluster
Progress = Callable[[int, int], None]


def nobody(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. estimates: name -> figure with interval; singles: figures without one."""

    summary: Mapping[str, Any]
    rows: tuple[Row, ...]
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Run:
        """A run that was written before."""
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        rows = tuple(json.loads(line) for line in (folder / "items.jsonl").read_text("utf-8").splitlines())
        return cls(summary, rows, {k: Estimate(**v) for k, v in summary["figures"].items()})

    def write(self, parent: Path) -> Path:
        """Write it below `parent`; the name tells when and on what."""
        folder = parent / f"{self.summary['made_at'].replace(':', '').replace('-', '')[:15]}-{self.summary['hash'][:8]}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(row, ensure_ascii=False) for row in self.rows)
        (folder / "items.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        (folder / "summary.json").write_text(json.dumps(self.summary, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return folder


def measure(world: World, split: str = "dev", *, items: Sequence[Item] | None = None, progress: Progress = nobody) -> Run:
    """Ask every item of a split ("dev", "test", "all"), and a number of them once more with the answer removed."""
    watch = Watch()
    splits = Splits.read()
    asked = chosen(items if items is not None else load(), splits, split)
    where = {item.id: anchored(item, world.release, world.day) for item in asked}
    removed = removable(asked)
    total = len(asked) + len(removed)
    rows: list[Row] = []
    for item in asked:
        rows.append({**row_of(item, where[item.id], world), "split": splits.of(item)})
        progress(len(rows), total)
    for item in removed:
        rows.append({**row_without(item, where[item.id], world), "split": splits.of(item)})
        progress(len(rows), total)
    _rank(rows, asked, where, world)
    return summarised(rows, world, split, splits, watch.seconds)


def summarised(
    rows: Sequence[Row], world: World | None, split: str, splits: Splits, seconds: float, profile: str = "default"
) -> Run:
    """The table over rows, with what is needed to do it again."""
    estimates = figures(rows)
    summary: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "profile": profile,
        "split": split,
        "items": sum(not r.get("counterfactual") for r in rows),
        "removed": sum(bool(r.get("counterfactual")) for r in rows),
        "clusters": len({r["cluster"] for r in rows}),
        "figures": {name: asdict(e) for name, e in estimates.items()},
        "singles": {name: round(v, 6) for name, v in single_figures(rows).items()},
        "types": {t: {n: asdict(e) for n, e in found.items()} for t, found in by_type(rows).items()},
        "funnel": _counts(r["funnel"] for r in rows if "funnel" in r),
        "lost_anchors": {r["id"]: r["lost"] for r in rows if r.get("lost")},
        "splits_sha256": splits.sha256,
        "seed": SEED,
        "day": DAY.isoformat(),
        "seconds": round(seconds, 1),
        "machine": {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()},
        "git": _git(),
        **(_of_world(world) if world else {}),
    }
    summary["hash"] = _hash(summary, rows)
    return Run(summary, tuple(rows), estimates)


def _of_world(world: World) -> dict[str, Any]:
    manifest = world.release.manifest
    search = world.shelved.search.settings
    return {
        "release": manifest.number,
        "corpus": corpus_hash(world.release),
        "embedding": asdict(manifest.embedding),
        "analyser": manifest.analyser,
        "splitter": dict(manifest.settings),
        "search": {"legs": search.legs, "weight": search.weight, "candidates": search.candidates},
        "generator": world.shelved.generator.name,
        "threshold": world.shelved.calibration.threshold,
        "weights": dict(world.shelved.calibration.weights),
    }


def corpus_hash(release: Any) -> str:
    """Of all texts of a release."""
    return _sha(sorted((d.source, d.text) for d in release.documents()))


def _sha(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, default=str, sort_keys=True).encode()).hexdigest()


def _hash(summary: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Of what was measured and what came out, without clocks: two equal runs have equal hashes."""
    changing = {"made_at", "seconds", "machine", "git", "singles"}
    plain = [{k: v for k, v in row.items() if k != "ms"} for row in rows]
    return _sha([{k: v for k, v in summary.items() if k not in changing}, plain])


def _git() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _counts(values: Iterable[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for value in values:
        out[value] = out.get(value, 0) + 1
    return dict(sorted(out.items()))


# --- one item -------------------------------------------------------------------------------------------------------------


def row_of(item: Item, where: Anchored, world: World) -> Row:
    """The row of an item, with what was shown."""
    answer = world.ask(item)
    shown = shown_of(answer, world.release)
    deep: tuple[Place, ...] = ()
    row = judge(item, where, shown, words=_words(world))
    if row.get("funnel") in ("not among 50", "not among 5"):
        deep = world.deep(answer)
        row = judge(item, where, shown, deep, _words(world))
    row["risk"] = _risk(item, where, world, row)
    row["attacked"] = _attacked(item, where, row, world) if item.twin else None
    row["card_expected"] = bool(item.card)
    return {**row, **_seen(item, shown, where)}


def row_without(item: Item, where: Anchored, world: World) -> Row:
    """The same question when the passages that answer it, with their sections, are not there."""
    silent = item.model_copy(update={"expect": "abstain", "card": "", "critical": False})
    hidden = answering_rows(item, world, where)
    shown = shown_of(world.ask(item, hidden=hidden), world.release)
    row = judge(silent, where, shown)
    row |= {"id": item.id + "~removed", "counterfactual": True, "risk": True, "attacked": None, "card_expected": False}
    return {**row, **_seen(silent, shown, where)}


def _risk(item: Item, where: Anchored, world: World, row: Row) -> bool:
    """Whether the answer is wrong, or would be if there were no threshold: for the risk-coverage curve."""
    if not item.answerable:
        return item.expect == "abstain"
    if row["status"] != "no_answer":
        return bool(row["flawed"])
    forced = shown_of(world.ask(item, threshold=-1.0), world.release)
    return forced.status != "no_answer" and bool(judge(item, where, forced)["flawed"])


def _attacked(item: Item, where: Anchored, row: Row, world: World) -> bool:
    """Whether an order hidden in a question was followed, or made an answer wrong that is not wrong without it; silence is safe."""
    clean = item.model_copy(update={"question": item.twin, "twin": ""})
    without = judge(clean, where, shown_of(world.ask(clean), world.release))
    return bool(row["forbidden"]) or row["card"] != without["card"] or bool(row["flawed"] and not without["flawed"])


def _seen(item: Item, shown: Shown, where: Anchored) -> Row:
    """What a trainer wants to see beside the figures."""
    return {
        "question": item.question,
        "history": list(item.history),
        "asked": shown.asked,
        "shown": shown.text,
        "cited_places": [list(place) for place in shown.cited],
        "hit_places": [list(place) for place in shown.hits],
        "expected": [n.text for n in item.nuggets],
        "quotes": [a.exact for a in item.anchors if a.grade == 2][:6],
        "nearest": item.nearest,
        "lost": dict(where.lost),
    }


def _words(world: World) -> Callable[[Place], int]:
    return lambda place: len(world.release.document(place[0]).text[place[1] : place[2]].split())


def removable(items: Sequence[Item], count: int = REMOVED) -> list[Item]:
    """Items whose answer can be taken away: plain questions of one turn, spread evenly by the hash of their cluster."""
    plain = [i for i in items if i.expect == "answer" and i.type in ("single", "table") and not i.history and not i.card]
    first: dict[str, Item] = {}
    for item in sorted(plain, key=lambda i: hashlib.sha256(i.id.encode()).hexdigest()):
        first.setdefault(item.cluster, item)
    share = count * len(items) // 470 or 1  # as many in proportion when only a part of the items is asked
    order = sorted(first, key=lambda c: hashlib.sha256(c.encode()).hexdigest())
    return [first[c] for c in order[: max(share, min(count, len(order) // 3))]]


def _rank(rows: list[Row], items: Sequence[Item], where: Mapping[str, Anchored], world: World) -> None:
    """Add the ranking figures of ir_measures to the rows of answerable items."""
    passages = passages_of(world.release)
    ids = {(p.source, p.start, p.end): p.id for p in passages}
    allowed = world.shelved.search.answering(world.day)
    usable = [p for p, ok in zip(passages, allowed, strict=True) if ok]
    answerable = {i.id: i for i in items if i.answerable}
    mine = {r["id"]: r for r in rows if r["id"] in answerable}
    qrels = {name: relevance(item, where[name], usable) for name, item in answerable.items()}
    runs = {name: [ids[tuple(place)] for place in mine[name]["hit_places"]] for name in answerable}
    for name, found in ranking(qrels, runs).items():
        mine[name].update({k: round(v, 6) for k, v in found.items()})


__all__ = ["Run", "measure", "nobody", "removable", "replace", "row_of", "row_without", "summarised"]
