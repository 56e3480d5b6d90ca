"""Run peers in environments of their own, find what they showed in the canonical texts, and score it like ours.

No peer is given a language model: as its answer counts what it would hand to one. Every peer gets our embedding, because the
models they would fetch or call by default are not on this machine; so the pipelines are compared and not the weights. "default"
is the peer as its documentation starts it, on all texts; "tuned" has Dutch word analysis, smaller chunks, fused legs and valid
texts only, which is what a careful installer would do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.embedder import BUNDLED
from corpus.errors import UsageError
from evals.compare import paired
from evals.items import Item, Splits, chosen, load
from evals.metrics import Row, Shown, judge
from evals.run import measure
from evals.statistics import Difference
from evals.table import BY_NAME
from evals.world import Place, World, anchored, opened

if TYPE_CHECKING:
    from assistant.wiring import AssistantSettings

SCRIPTS = Path(__file__).parent / "scripts"
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "llama_index": ("llama-index-core==0.14.25", "llama-index-retrievers-bm25==0.8.0"),  # brings PyStemmer 2.2
    "haystack": ("haystack-ai>=3,<4",),
    "txtai": ("txtai==9.14.0", "torch==2.13.0"),
}
OURS = ("numpy>=2", "tokenizers>=0.22", "safetensors>=0.5")  # what corpus/embedder.py needs in a peer's environment
VARIANTS = ("default", "tuned")
COLUMNS = ("recall@5", "recall@1000tokens", "all_needs@5", "vital_strict", "citation_precision")
PATIENCE = 900  # seconds per run, installation apart


@dataclass(frozen=True, slots=True)
class Compared:
    """The table. summary: per system the figures, and the differences with ours."""

    summary: Mapping[str, Any]

    def as_text(self) -> str:
        """A Markdown table; behind each figure ours minus theirs with its interval."""
        head = "| system | " + " | ".join(COLUMNS) + " | p50 ms |\n|---|" + "---|" * (len(COLUMNS) + 1)
        return head + "\n" + "\n".join(_line(name, s) for name, s in self.summary["systems"].items())


def _line(name: str, system: Mapping[str, Any]) -> str:
    cells = [name]
    for column in COLUMNS:
        d = system["ours_minus_theirs"].get(column)
        behind = f" ({d['value']:+.3f} [{d['low']:+.3f}, {d['high']:+.3f}])" if d else ""
        cells.append(f"{system['figures'][column]:.3f}{behind}")
    return "| " + " | ".join([*cells, f"{system['ms']:.0f}"]) + " |"


def compared(home: Path, settings: AssistantSettings, split: str, only: Sequence[str] = ()) -> Compared:
    """Ours and every peer, default and tuned, on the answerable items of a split."""
    unknown = set(only) - set(PACKAGES)
    if unknown:
        raise UsageError(f"there is no peer {sorted(unknown)[0]}", hint=f"peers: {', '.join(PACKAGES)}")
    with opened(home, settings) as world:
        items = [i for i in chosen(load(), Splits.read(), split) if i.answerable and i.variant != "english"]
        names = {i.id for i in items}
        ours = [r for r in measure(world, split, items=items).rows if r["id"] in names]
        systems = {"vraagbaak": _system(ours, ours)}
        for name in only or PACKAGES:
            python = environment(name, home / "evals" / "peers")
            for variant in VARIANTS:
                systems[f"{name}, {variant}"] = _system(peer_rows(python, name, variant, items, world), ours)
    return Compared({"split": split, "items": len(items), "systems": systems})


def _system(rows: Sequence[Row], ours: Sequence[Row]) -> dict[str, Any]:
    by_id = {r["id"]: r for r in ours}
    pairs = [by_id[r["id"]] for r in rows]
    differences: dict[str, Difference] = {}
    if rows is not ours:
        differences = {c: paired(c, rows, pairs) for c in COLUMNS}
    return {
        "figures": {c: BY_NAME[c].of(rows).value for c in COLUMNS},
        "ours_minus_theirs": {
            c: {"value": d.value, "low": d.low, "high": d.high, "p": d.p, "n": d.n} for c, d in differences.items()
        },
        "ms": sorted(r["ms"] for r in rows)[len(rows) // 2],
    }


# --- environments ---------------------------------------------------------------------------------------------------------


def environment(name: str, folder: Path) -> Path:
    """The python of a peer's own environment, made when it is not there; UsageError when it cannot be installed."""
    place = folder / name
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if (place / "installed").exists():
        return python
    commands = (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[name], *OURS],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UsageError(
                f"{name} could not be installed: {last}", hint="a package index must be reachable for this command"
            )
    (place / "installed").write_text("\n".join(PACKAGES[name]) + "\n", "utf-8")
    return python


# --- one peer -------------------------------------------------------------------------------------------------------------


def peer_rows(python: Path, name: str, variant: str, items: Sequence[Item], world: World) -> list[Row]:
    """A row per item, from what the peer showed."""
    answers = {a["id"]: a for a in _asked(python, name, _task(variant, items, world))["answers"]}
    found = Finder(world)
    rows = []
    for item in items:
        answer = answers[item.id]
        hits = [p for h in answer["hits"] for p in found.places(h)]
        cited = [p for c in answer["cited"] for p in found.places(c)]
        shown = Shown(
            status="answered" if cited else "no_answer",
            hits=tuple(hits),
            cited=tuple(cited),
            milliseconds=answer["seconds"] * 1000,
        )
        rows.append(judge(item, anchored(item, world.release, world.day), shown))
    return rows


def _task(variant: str, items: Sequence[Item], world: World) -> dict[str, Any]:
    release = world.release
    keys = [s.key for s in release.sources if release.parsed(s.key) and (variant == "default" or s.answers_on(world.day))]
    return {
        "variant": variant,
        "embedding": str(BUNDLED),
        "documents": [{"id": key, "title": release.by_key[key].title, "text": release.document(key).text} for key in keys],
        "questions": [{"id": i.id, "text": " ".join((*i.history, i.question))} for i in items],
    }


def _asked(python: Path, name: str, task: Mapping[str, Any]) -> Any:
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [str(python), str(SCRIPTS / f"peer_{name}.py")],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={
            "PYTHONPATH": f"{root}:{SCRIPTS}",
            "PATH": "/usr/bin:/bin",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "HOME": str(python.parent),
        },
    )
    if done.returncode:
        raise UsageError(
            f"{name} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}", hint="run its script by hand"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


class Finder:
    """Where a piece of text that a peer showed stands in the canonical texts; white space is not compared."""

    def __init__(self, world: World) -> None:
        self._release = world.release
        self._squeezed: dict[str, tuple[str, list[int]]] = {}

    def places(self, piece: Mapping[str, str]) -> list[Place]:
        """The place of a piece; none when the peer changed its text."""
        text, offsets = self._of(piece["doc"])
        wanted = "".join(piece["text"].split())
        at = text.find(wanted) if wanted else -1
        return [(piece["doc"], offsets[at], offsets[at + len(wanted) - 1] + 1)] if at >= 0 else []

    def _of(self, key: str) -> tuple[str, list[int]]:
        if key not in self._squeezed:
            text = self._release.document(key).text
            offsets = [i for i, c in enumerate(text) if not c.isspace()]
            self._squeezed[key] = ("".join(text[i] for i in offsets), offsets)
        return self._squeezed[key]
