"""The drawings of the report, as SVG text. No clock, no random names: the same run draws the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.metrics import STAGES, risk_coverage
from evals.wording import Language, say

if TYPE_CHECKING:
    from evals.run import Run

INK, BLUE, RED, GREY, GREEN = "#22303c", "#1f6f8b", "#b3412e", "#9aa5ad", "#3c7a4e"
_COLOURS = (GREEN, GREY, RED, "#d08c3a", "#6a7fae", "#8b5a8c", "#c9b458")


def _draw(draw: Callable[[Any], None], height: float = 2.8) -> str:
    # no pyplot: it keeps one state for the whole process, and a page measures in a thread beside others that draw
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "evals",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
            "text.color": INK,
            "font.family": "sans-serif",
        }
    ):
        figure = Figure(figsize=(6.4, height))
        draw(figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = out.getvalue()
    return text[text.index("<svg") :]


def forest(run: Run, language: Language, column: str = "utility") -> str:
    """Each type of question against the whole."""
    whole = run.estimates[column].value
    types = [(t, found[column]) for t, found in run.summary["types"].items() if column in found and not t.startswith("wording")]

    def draw(axes: Any) -> None:
        for y, (_, e) in enumerate(reversed(types)):
            value, low, high = (e[k] - whole for k in ("value", "low", "high"))
            axes.plot([low, high], [y, y], color=BLUE if value >= 0 else RED, lw=2)
            axes.plot(value, y, "o", color=BLUE if value >= 0 else RED)
        axes.axvline(0, color=GREY, lw=1)
        axes.set_yticks(range(len(types)), [f"{say(t, language)} ({e['n']})" for t, e in reversed(types)])

    return _draw(draw, 0.6 + 0.28 * len(types))


def risk(run: Run, language: Language) -> str:
    """Risk and coverage, with the chosen threshold."""
    rows = [r for r in run.rows if r["confidence"] is not None and r["expect"] in ("answer", "partly", "clarify", "abstain")]
    curve = risk_coverage([r["confidence"] for r in rows], [r["risk"] for r in rows])
    spoke = [r for r in rows if r["status"] in ("answered", "partly")]

    def draw(axes: Any) -> None:
        axes.plot([c for c, _ in curve], [r for _, r in curve], color=BLUE)
        if spoke:
            axes.plot(len(spoke) / len(rows), float(np.mean([r["flawed"] for r in spoke])), "o", color=RED)
        axes.set(xlabel=say("coverage", language), ylabel=say("wrong_share", language), xlim=(0, 1.02), ylim=(0, None))

    return _draw(draw)


def precision_recall(run: Run, language: Language) -> str:
    """Of being silent, over all thresholds."""
    from sklearn.metrics import precision_recall_curve

    rows = [r for r in run.rows if r["confidence"] is not None and r["expect"] in ("answer", "partly", "clarify", "abstain")]
    should = [r["expect"] == "abstain" for r in rows]

    def draw(axes: Any) -> None:
        if any(should) and not all(should):
            precision, recall, _ = precision_recall_curve(should, [1 - r["confidence"] for r in rows])
            axes.plot(recall, precision, color=BLUE)
        p, r = (run.estimates.get(f"abstention_{n}") for n in ("precision", "recall"))
        if p and r:
            axes.plot(r.value, p.value, "o", color=RED)
        axes.set(xlabel=say("recall", language), ylabel=say("precision", language), xlim=(0, 1.02), ylim=(0, 1.05))

    return _draw(draw)


def reliability(run: Run, language: Language, bins: int = 8) -> str:
    """What it says it knows against what it knows."""
    rows = [r for r in run.rows if r["confidence"] is not None and r["expect"] in ("answer", "partly", "clarify", "abstain")]
    sure, right = np.array([r["confidence"] for r in rows]), np.array([not r["risk"] for r in rows], dtype=float)
    place = np.minimum((sure * bins).astype(int), bins - 1)

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, lw=1)
        for b in range(bins):
            mine = place == b
            if mine.any():
                axes.plot(sure[mine].mean(), right[mine].mean(), "o", color=BLUE, ms=3 + 12 * mine.mean() ** 0.5)
        axes.set(xlabel=say("ours", language), ylabel=say("actual", language), xlim=(0, 1), ylim=(0, 1.02))

    return _draw(draw)


def funnel(run: Run, language: Language) -> str:
    """Where vital facts get lost, per document."""
    rows = [r for r in run.rows if "funnel" in r and r["doc"]]
    docs = sorted({r["doc"] for r in rows})

    def draw(axes: Any) -> None:
        left = np.zeros(len(docs))
        for stage, colour in zip(STAGES, _COLOURS, strict=True):
            counts = np.array([sum(r["doc"] == d and r["funnel"] == stage for r in rows) for d in docs])
            if counts.any():
                axes.barh(docs, counts, left=left, color=colour, label=say(stage, language), height=0.75)
            left += counts
        axes.invert_yaxis()
        axes.set_xlabel(say("questions", language))
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return _draw(draw, 0.8 + 0.19 * len(docs))


def depth(run: Run, language: Language) -> str:
    """How the first places fill, and what is shown of them."""
    rows = [r for r in run.rows if "recall@5" in r]
    first = [round(1 / r["mrr"]) if r["mrr"] else 99 for r in rows]

    def draw(axes: Any) -> None:
        ks = range(1, 11)
        axes.plot(ks, [float(np.mean([f <= k for f in first])) for k in ks], "o-", color=BLUE)
        shown = float(np.mean([r["vital_mean"] > 0 for r in rows])) if rows else 0.0
        axes.axhline(shown, color=GREEN, lw=1, ls="--")
        axes.text(10, shown, say("displayed", language), ha="right", va="bottom", color=GREEN)
        axes.set(xlabel=say("passages", language), ylabel=say("share", language), ylim=(0, 1.02))

    return _draw(draw)


def wordings(run: Run, language: Language) -> str:
    """Mean against the worst wording of the same question, per kind of wording."""
    rows = [r for r in run.rows if "recall@5" in r]
    worst: dict[str, float] = {}
    for r in rows:
        worst[r["cluster"]] = min(worst.get(r["cluster"], 1.0), r["recall@5"])
    kinds = sorted({r["variant"] for r in rows})

    def draw(axes: Any) -> None:
        for y, kind in enumerate(kinds):
            mine = [r for r in rows if r["variant"] == kind]
            mean, low = (float(np.mean(v)) for v in ([r["recall@5"] for r in mine], [worst[r["cluster"]] for r in mine]))
            axes.plot([low, mean], [y, y], color=GREY, lw=2)
            axes.plot(mean, y, "o", color=BLUE, label=say("mean", language) if not y else None)
            axes.plot(low, y, "o", color=RED, label=say("worst", language) if not y else None)
        axes.set_yticks(range(len(kinds)), [say(k, language) for k in kinds])
        axes.set_xlim(0, 1.02)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return _draw(draw, 0.7 + 0.28 * len(kinds))


def speed(run: Run, language: Language) -> str:
    """Cumulative share of answers by time."""
    times = sorted(r["ms"] for r in run.rows)

    def draw(axes: Any) -> None:
        axes.plot(times, [(i + 1) / len(times) for i in range(len(times))], color=BLUE)
        axes.set(xlabel=say("milliseconds", language), ylabel=say("share", language), xlim=(0, None), ylim=(0, 1.02))

    return _draw(draw)


def history(
    runs: Sequence[Mapping[str, Any]], language: Language, names: Sequence[str] = ("recall@5", "vital_strict", "utility")
) -> str:
    """Headline figures over runs; a vertical line where the texts changed."""

    def draw(axes: Any) -> None:
        for name, colour in zip(names, (BLUE, GREEN, RED), strict=False):
            axes.plot([r["figures"].get(name, {}).get("value", np.nan) for r in runs], "o-", color=colour, label=name, ms=3)
        for i in range(1, len(runs)):
            if runs[i].get("corpus") != runs[i - 1].get("corpus"):
                axes.axvline(i - 0.5, color=GREY, lw=1, ls=":")
        axes.set_xticks(range(len(runs)), [r["made_at"][5:16].replace("T", " ") for r in runs], rotation=60, fontsize=7)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return _draw(draw)


def sparkline(values: Sequence[float]) -> str:
    """A line of a word's size; "" for fewer than two values."""
    usable = [v for v in values if v == v]
    if len(usable) < 2:
        return ""
    low, high = min(usable), max(usable)
    spread = (high - low) or 1.0
    points = " ".join(f"{i * 60 / (len(usable) - 1):.1f},{16 - 14 * (v - low) / spread:.1f}" for i, v in enumerate(usable))
    line = f'<polyline points="{points}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>'
    return f'<svg width="62" height="18" role="img" aria-hidden="true">{line}</svg>'
