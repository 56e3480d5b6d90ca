"""Answer, or say it is not in the knowledge base: a small calibrated model over what retrieval saw.

Logistic regression over a dozen signals that mean the same on any corpus (shares, cosines, margins; never raw BM25 sums). Its
weights were fitted by `vraagbaak evals calibrate` and are data: assistant/confidence.json, with the evidence for them. There are four of
them, for there are signals that only exist where people wrote phrasings, and others that only exist where the encoder read the texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from assistant.model import Evidence, Scored
from assistant.relevance import Relevance, Wanted, answers

SIGNALS = (
    "cover_best",  # share of the question's words that the best sentence holds
    "cover_passage",  # ... that its passage holds, with title and headings
    "cover_top5",  # ... that the first five passages hold together
    "cosine_best",  # best sentence and question
    "cosine_passage",
    "margin",  # how far the second passage is behind the first, 0..1
    "agreement",  # whether the legs put the same passage first: 1 / (rank in the dense leg)
    "unknown",  # share of the question's words that the corpus does not know at all
    "typed",  # the answer has the type that was asked for; 0.5 when no type was asked for
    "words",  # content words of the question, 0..1
    "heading",  # share of the question's words that title and headings hold
    "rare_missing",  # rarity of the rarest question word that the passage lacks, against the average, 0..1
    "asked",  # likeness of the nearest known phrasing that the passage answers
    "gap",  # likeness of the nearest question that is known to have no answer
    "votes",  # share of the nearest known phrasings that the passage answers
    "gap_votes",  # ... that are known to have no answer
    "likely",  # how probable it is that the passage is what is asked for (`odds`), by the classifier that the phrasings taught
    "nowhere",  # ... that nothing answers
    "score",  # value of the first passage, as it was ranked
    "read_best",  # cosine of its best sentence by the encoder
    "read_passage",  # ... of the whole passage
    "read_asked",  # ... of the nearest known phrasing that a passage which may answer answers
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the signals, the intercept, and the confidence below which nothing is answered."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float
    partly: float  # below this an answered question is marked partly when a clause of it is open
    evidence: Mapping[str, object]

    @classmethod
    def read(cls, path: Path, situation: str) -> Calibration:
        """Read a calibration that `evals calibrate` wrote; ValueError when its signals are not these."""
        raw = json.loads(path.read_text("utf-8"))[situation]
        if set(raw["weights"]) != set(SIGNALS):
            raise ValueError(f"{path.name} was fitted on other signals: run vraagbaak evals calibrate")
        return cls(raw["weights"], raw["intercept"], raw["threshold"], raw["partly"], raw["evidence"])


FILE = Path(__file__).with_name("confidence.json")


def situation(asked: bool, read: bool) -> str:
    """Which calibration holds. asked: are phrasings kept of the texts; read: did the encoder read them."""
    return ("phrasings" if asked else "texts") + (" and encoder" if read else "")


@lru_cache(maxsize=4)
def shipped(asked: bool = True, read: bool = True) -> Calibration:
    """The calibration that ships with the program. See `situation`."""
    return Calibration.read(FILE, situation(asked, read))


def signals(relevance: Relevance, wanted: Wanted, evidence: Evidence) -> dict[str, float]:
    """The signals of one question; all zero without evidence."""
    ranked = [s for s in evidence.ranked if s.units]
    if not ranked:
        return dict.fromkeys(SIGNALS, 0.0)
    first, read = ranked[0], evidence.read
    title = evidence.sources[first.hit.passage.source].title
    best = first.units[first.best]
    around = relevance.features(" . ".join((title, *first.hit.passage.heading)))
    within = relevance.features(first.hit.passage.text) | around
    top5 = within.union(*(relevance.features(h.passage.text) for h in evidence.hits[:5]))
    shares = relevance.covered(wanted, within)
    missing = [rarity * (1 - share) for rarity, share in zip(wanted.rarities, shares, strict=True)]
    mean = wanted.total / max(wanted.content, 1)
    return {
        "cover_best": relevance.coverage(wanted, relevance.features(best.text)),
        "cover_passage": relevance.coverage(wanted, within),
        "cover_top5": relevance.coverage(wanted, top5),
        "cosine_best": float(relevance.cosines(wanted, [u.text for u in first.units]).max()),
        "cosine_passage": first.hit.dense,
        "margin": _margin(ranked),
        "agreement": _agreement(evidence),
        "unknown": wanted.unknown,
        "typed": answers(wanted.kind, first.hit.passage.text) if wanted.kind else 0.5,
        "words": min(wanted.content, 10) / 10,
        "heading": relevance.coverage(wanted, around),
        "asked": first.hit.asked,
        "gap": evidence.gap or 0.0,
        "votes": first.hit.votes,
        "gap_votes": evidence.gap_votes,
        "likely": odds(first.hit.likely),
        "nowhere": odds(evidence.nowhere),
        "score": first.hit.score,
        "read_best": first.hit.read or 0.0,
        "read_passage": float(read.passages[first.hit.row]) if read else 0.0,
        "read_asked": evidence.asked_read,
        "rare_missing": min(max(missing, default=0.0) / (2 * mean), 1.0) if mean else 0.0,
    }


def odds(probability: float) -> float:
    """A probability on the scale of a regression: its log odds, from 0 for one in ten thousand or less over 0.5 for even to 1."""
    return float(np.clip(0.5 + math.log10(max(probability, 1e-9) / max(1 - probability, 1e-9)) / 8, 0, 1))


def _margin(ranked: Sequence[Scored]) -> float:
    if len(ranked) < 2 or ranked[0].value <= 0:
        return 1.0 if ranked else 0.0
    return float(np.clip((ranked[0].value - ranked[1].value) / ranked[0].value, 0, 1))


def _agreement(evidence: Evidence) -> float:
    by_meaning = sorted(evidence.hits, key=lambda h: -h.dense)
    lexical_first = max(evidence.hits, key=lambda h: h.lexical)
    return 1.0 / (1 + by_meaning.index(lexical_first))


def confidence(seen: Mapping[str, float], calibration: Calibration) -> float:
    """0..1: how sure we are that the shown passage answers the question."""
    score = calibration.intercept + sum(calibration.weights[name] * seen[name] for name in SIGNALS)
    return 1.0 / (1.0 + math.exp(-max(min(score, 30.0), -30.0)))
