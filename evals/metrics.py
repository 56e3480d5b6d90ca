"""One answer against one item: a row of plain figures; and rows together: the table.

Nothing here reads text to judge it. An extractive answer holds a fact when the quote that states it is shown, and a quote is
shown when at least 80 % of its characters are. What is not labelled counts as wrong in precision: a lower bound.

An outcome is "right" (+1: every vital fact shown), "partly" (+0.5: some, or only useful passages), "silent" (0) or "wrong"
(-2: shown, and none of it belongs to the question; or something that must not be shown).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from assistant.model import Answer
from evals.anchors import covered, overlap
from evals.items import Item
from evals.world import Anchored, Place, spans_in, touches

Outcome = Literal["right", "partly", "silent", "wrong"]
Row = dict[str, Any]
UTILITY: Mapping[Outcome, float] = {"right": 1.0, "partly": 0.5, "silent": 0.0, "wrong": -2.0}
TOKENS = 1000  # of the second recall: what fits, whatever the size of the passages
WORDS_PER_TOKEN = 0.75  # Dutch; a budget in words is what we can count without a tokenizer


@dataclass(frozen=True, slots=True)
class Shown:
    """What a system showed for a question, ours or a peer's: places in canonical texts, best or first first.

    verbatim, locator: whether every quote stands where its citation says it does, and under that heading.
    """

    status: Literal["answered", "partly", "no_answer", "card"]
    hits: tuple[Place, ...] = ()
    cited: tuple[Place, ...] = ()
    card: str = ""
    confidence: float | None = None
    text: str = ""
    asked: str = ""  # the question as it was searched, masked
    verbatim: bool = True
    locator: bool = True
    milliseconds: float = 0.0
    sources: tuple[str, ...] = ()  # of all citations


def shown_of(answer: Answer, release: Any) -> Shown:
    """What our assistant showed."""
    cited = tuple((c.source, c.start, c.end) for c in answer.citations)
    decided = answer.status != "card"
    return Shown(
        status=answer.status,
        hits=tuple((h.passage.source, h.passage.start, h.passage.end) for h in answer.hits),
        cited=cited,
        card=answer.card.kind if answer.card else "",
        confidence=answer.confidence if decided else None,
        text="\n".join(s.text for s in answer.sentences),
        asked=answer.question.text,
        verbatim=all(release.document(c.source).text[c.start : c.end] == c.quote for c in answer.citations),
        locator=all(_right_place(c, release) for c in answer.citations),
        milliseconds=float(answer.timings_ms.get("total", 0.0)),
        sources=tuple(c.source for c in answer.citations),
    )


def _right_place(citation: Any, release: Any) -> bool:
    """Whether heading and pages of a citation are those of the blocks that it quotes."""
    blocks = [b for b in release.document(citation.source).blocks if b.start < citation.end and citation.start < b.end]
    pages = {page for b in blocks for page in b.pages}
    return (
        bool(blocks)
        and all(b.heading[: len(citation.heading)] == citation.heading for b in blocks)
        and set(citation.pages) <= (pages or set(citation.pages))
    )


# --- one row --------------------------------------------------------------------------------------------------------------


def judge(
    item: Item, where: Anchored, shown: Shown, deep: Sequence[Place] = (), words: Callable[[Place], int] | None = None
) -> Row:
    """Every figure of one item. deep: the first 50 hits, when they were looked up."""
    row: Row = {
        "id": item.id,
        "cluster": item.cluster,
        "type": item.type,
        "variant": item.variant,
        "expect": item.expect,
        "doc": item.docs[0] if item.docs else "",
        "critical": item.critical,
        "status": shown.status,
        "card": shown.card,
        "confidence": shown.confidence,
        "ms": shown.milliseconds,
        "verbatim": shown.verbatim,
        "locator": shown.locator,
    }
    if item.answerable:
        row |= _retrieval(item, where, shown, words or (lambda place: (place[2] - place[1]) // 6))
        row |= _answer(item, where, shown)
        row["funnel"] = _funnel(item, where, shown, deep)
    row["forbidden"] = _forbidden(item, shown)
    row["masked"] = not any(word.lower() in shown.asked.lower() for word in item.masked)
    row["outcome"] = outcome(item, row)
    row["utility"] = UTILITY[row["outcome"]]
    row["flawed"] = row["outcome"] == "wrong"
    row["passed"] = passed(item, row)
    return row


def _needs(item: Item, where: Anchored, vital: bool) -> list[list[Place]]:
    """The places of each fact; empty for one whose quotes are all lost."""
    facts = item.vital if vital else item.nuggets
    return [[where.places[name] for name in n.by if name in where.places] for n in facts]


def _met(alternatives: Sequence[Place], places: Sequence[Place]) -> bool:
    return any(covered((start, end), spans_in(places, source)) for source, start, end in alternatives)


def _share(needs: Sequence[Sequence[Place]], places: Sequence[Place]) -> float:
    return sum(_met(n, places) for n in needs) / len(needs) if needs else 0.0


def _retrieval(item: Item, where: Anchored, shown: Shown, words: Callable[[Place], int]) -> Row:
    needs = _needs(item, where, vital=True)
    first5 = shown.hits[:5]
    budget = _within(shown.hits, int(TOKENS * WORDS_PER_TOKEN), words)
    first = next((rank for rank in range(1, len(shown.hits) + 1) if any(_met(n, shown.hits[:rank]) for n in needs)), 0)
    return {
        "recall@5": _share(needs, first5),
        "recall@1000tokens": _share(needs, budget),
        "all_needs@5": float(_share(needs, first5) == 1.0),
        "mrr": 1 / first if first else 0.0,
        "judged@5": sum(touches(h, where.places.values()) for h in first5) / len(first5) if first5 else 0.0,
    }


def _within(hits: Sequence[Place], budget: int, words: Callable[[Place], int]) -> list[Place]:
    """The first hits that fit; the last one is cut where the budget ends."""
    out: list[Place] = []
    for source, start, end in hits:
        size = words((source, start, end))
        if size > budget:
            if budget > 0:
                out.append((source, start, start + (end - start) * budget // size))
            return out
        out.append((source, start, end))
        budget -= size
    return out


def _answer(item: Item, where: Anchored, shown: Shown) -> Row:
    vital = _needs(item, where, vital=True)
    everything = _needs(item, where, vital=False)
    useful = [touches(c, where.places.values()) for c in shown.cited]
    on_target = _characters_on_target(shown.cited, where)
    spoke = bool(shown.cited)
    return {
        "vital_strict": float(bool(vital) and _share(vital, shown.cited) == 1.0),
        "vital_mean": _share(vital, shown.cited),
        "citation_recall": _share(everything, shown.cited),
        "citation_precision": sum(useful) / len(useful) if spoke else None,
        "cited": len(useful),
        "cited_useful": sum(useful),
        "token_precision": on_target if spoke else None,
        "some_useful": any(useful),
    }


def _characters_on_target(cited: Sequence[Place], where: Anchored) -> float:
    total = sum(end - start for _, start, end in cited)
    hit = sum(overlap((s, e), spans_in(tuple(where.places.values()), key)) for key, s, e in cited)
    return hit / total if total else 0.0


def _forbidden(item: Item, shown: Shown) -> bool:
    """Whether something is shown that must not be."""
    flat = re.sub(r"\s+", " ", shown.text.lower())
    for rule in item.must_not:
        if rule.kind == "phrase" and any(phrase.lower() in flat for phrase in rule.any_of):
            return True
        if rule.kind == "cite" and any(rule.doc in (source, source.partition("@")[0]) for source in shown.sources):
            return True
    return False


def outcome(item: Item, row: Row) -> Outcome:
    """What the answer was worth to the person who asked; see the top of this file."""
    if row["forbidden"]:
        return "wrong"
    speaks = row["status"] in ("answered", "partly")
    if item.expect in ("escalate", "redirect"):
        return "right" if row["card"] == _card(item) and not speaks else "wrong"
    if item.expect == "abstain":
        return "wrong" if speaks else "right"
    if not speaks:
        return "silent"
    if row["vital_strict"] == 1.0:
        return "partly" if item.expect == "partly" and row["status"] != "partly" else "right"
    return "partly" if row["some_useful"] else "wrong"


def _card(item: Item) -> str:
    return {"escalate": "crisis", "redirect": "judgement"}.get(item.expect, item.card)


def passed(item: Item, row: Row) -> bool:
    """Whether an item passes as a whole: the right outcome, the right card, nothing unmasked, every quote in its place."""
    card_ok = row["card"] == _card(item) or (not _card(item) and row["card"] == "judgement" and row["outcome"] == "right")
    return bool(row["outcome"] == "right" and card_ok and row["masked"] and row["verbatim"] and row["locator"])


STAGES = ("answered", "not in the corpus", "not among 50", "not among 5", "kept silent", "card instead", "not shown")


def _funnel(item: Item, where: Anchored, shown: Shown, deep: Sequence[Place]) -> str:
    """Where the first missing vital fact got lost."""
    missing = [n for n in _needs(item, where, vital=True) if not _met(n, shown.cited)]
    if not missing:
        return "answered"
    need = missing[0]
    if not need:
        return "not in the corpus"
    if shown.status == "card":
        return "card instead"
    if not _met(need, (*deep, *shown.hits)):
        return "not among 50"
    if not _met(need, shown.hits[:5]):
        return "not among 5"
    return "kept silent" if shown.status == "no_answer" else "not shown"


# --- ranking, by ir_measures ----------------------------------------------------------------------------------------------


def ranking(qrels: Mapping[str, Mapping[str, int]], runs: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """nDCG@10, R@10, RR@10 and Success@1/5/10 per question. runs: passage ids, best first.

    Scores are written as 1 / rank, because the measures break ties in ways that differ between libraries.
    """
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    measures = [nDCG @ 10, R @ 10, RR @ 10, Success @ 1, Success @ 5, Success @ 10]
    run = {q: {d: 1.0 / rank for rank, d in enumerate(dict.fromkeys(ids), start=1)} for q, ids in runs.items()}
    out: dict[str, dict[str, float]] = {q: {str(m): 0.0 for m in measures} for q in qrels}
    judged = {q: dict(docs) for q, docs in qrels.items() if docs}
    if judged:
        for value in ir_measures.iter_calc(measures, judged, {q: run.get(q, {}) for q in judged}):
            out[value.query_id][str(value.measure)] = float(value.value)
    return out


def relevance(item: Item, where: Anchored, passages: Iterable[Any]) -> dict[str, int]:
    """passage id -> grade: a passage that holds at least 80 % of an anchor has its grade."""
    grades = {a.id: a.grade for a in item.anchors}
    out: dict[str, int] = {}
    for p in passages:
        found = [
            grades[name]
            for name, (key, s, e) in where.places.items()
            if key == p.source and covered((s, e), [(p.start, p.end)])
        ]
        if found:
            out[p.id] = max(found)
    return out


# --- abstention -----------------------------------------------------------------------------------------------------------


def abstention(rows: Sequence[Row]) -> dict[str, float]:
    """Of questions with and without an answer in the corpus. Positive class: should be left unanswered."""
    relevant = [r for r in rows if r["expect"] in ("answer", "partly", "clarify", "abstain") and r["card"] != "crisis"]
    should = np.array([r["expect"] == "abstain" for r in relevant], dtype=bool)
    did = np.array([r["status"] not in ("answered", "partly") for r in relevant], dtype=bool)
    if not len(relevant):
        return {}
    hit = int((should & did).sum())
    precision = hit / int(did.sum()) if did.any() else 0.0
    recall = hit / int(should.sum()) if should.any() else 0.0
    return {
        "abstention_precision": precision,
        "abstention_recall": recall,
        "abstention_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "false_abstention": float(did[~should].mean()) if (~should).any() else 0.0,
        "abstention_prevalence": float(should.mean()),
        "abstention_auroc": auroc(relevant),
    }


def auroc(rows: Sequence[Row]) -> float:
    """How well confidence tells answerable from unanswerable; nan when one of the two is missing."""
    from sklearn.metrics import roc_auc_score

    sure = [(r["expect"] != "abstain", r["confidence"]) for r in rows if r["confidence"] is not None]
    answerable = [a for a, _ in sure]
    if len(set(answerable)) < 2:
        return math.nan
    return float(roc_auc_score(answerable, [c for _, c in sure]))


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> list[tuple[float, float]]:
    """(coverage, risk) as the threshold falls: of the most confident share, the part that is wrong."""
    order = np.argsort(-np.asarray(confidence, dtype=float), kind="stable")
    errors = np.cumsum(np.asarray(wrong, dtype=float)[order])
    count = np.arange(1, len(order) + 1)
    return [(float(c / len(order)), float(e / c)) for c, e in zip(count, errors, strict=True)]


def augrc(confidence: Sequence[float], wrong: Sequence[bool]) -> float:
    """Area under the generalised risk-coverage curve (Traub et al. 2024): the average risk of an undetected failure.

    The mean over all thresholds of the share of *all* questions that are answered and wrong; ties count half.
    """
    n = len(confidence)
    if not n:
        return 0.0
    scores, errors = np.asarray(confidence, dtype=float), np.asarray(wrong, dtype=float)
    # an error is answered at every threshold up to its own confidence
    above = np.array([(scores > s).sum() + 0.5 * ((scores == s).sum() + 1) for s in scores])
    return float((errors * (n + 1 - above)).sum() / n**2)


# --- robustness -----------------------------------------------------------------------------------------------------------


def of_clusters(rows: Sequence[Row]) -> dict[str, float]:
    """Worst wording, and whether all wordings of a question are treated alike; over clusters of two or more."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["expect"] in ("answer", "clarify", "abstain") and not row.get("counterfactual"):
            groups.setdefault(row["cluster"], []).append(row)
    several = [g for g in groups.values() if len(g) > 1]
    if not several:
        return {}
    recall = [min(r["recall@5"] for r in g) for g in several if "recall@5" in g[0]]
    alike = [len({r["status"] in ("answered", "partly") for r in g}) == 1 for g in several]
    return {
        "worst_wording_recall@5": float(np.mean(recall)) if recall else math.nan,
        "wordings_decided_alike": float(np.mean(alike)),
    }


def latency(rows: Sequence[Row]) -> dict[str, float]:
    """Milliseconds from question to answer."""
    times = [r["ms"] for r in rows if r["ms"]]
    return {f"ms_p{p}": float(np.percentile(times, p)) if times else 0.0 for p in (50, 95)}
