"""How well the guard and the masker do on the phrase sets: `python -m evals.guard_report [--held | --asked]`.

Without --held the *_dev sets, which were looked at while the rules were made; with --held the *_held sets, which were not, and with --asked
what people ask who were not thinking of emergencies (asked.jsonl), and those of such questions that an earlier guard doubted (doubted.jsonl, weighed.jsonl). Only counts are printed, never a phrase. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.cards import Cards, CardText
from assistant.guard import Guard, Verdict
from assistant.model import Card
from assistant.personal_data import Masker, Span, overlap
from evals.train_guard import COUNTED, DOUBTED, ordinary, read_phrases
from evals.train_guard import rows as learned_rows

FOLDER = Path(__file__).parent / "phrases"
SETS = ("crisis", "judgement", "injection")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with Wilson's 95 % interval."""

    name: str
    count: int
    total: int

    @property
    def value(self) -> float:
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.count, self.total)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.name:<44} {self.count:>5} / {self.total:<5} {100 * self.value:6.1f} %  [{100 * low:.1f}, {100 * high:.1f}]"
        )


def wilson(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a share; (0, 1) when there is nothing to count."""
    if not total:
        return 0.0, 1.0
    share, square = count / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def rows(name: str, split: str) -> list[dict[str, Any]]:
    """The phrases of a set."""
    return read_phrases(FOLDER / f"{name}_{split}.jsonl")


def report_guard() -> Guard:
    """A guard whose cards are stand-ins: the figures are about recognising, not about the text of a card."""
    crisis, judgement = (
        Card("crisis", "crisis", "crisis", ("Bel 112.",)),
        Card("judgement", "judgement", "judgement", ("Weeg samen.",)),
    )
    return Guard(Cards((CardText(crisis, crisis), CardText(judgement, judgement))))


def said_yes(name: str, verdict: Verdict) -> bool:
    """Does the verdict say what the set is about?"""
    return {"crisis": verdict.crisis is not None, "judgement": verdict.judgement is not None, "injection": verdict.injection}[
        name
    ]


def of_guard(name: str, split: str, guard: Guard) -> Iterator[Share]:
    """Recall, false alarms and precision of one set, and recall of each kind."""
    phrases = rows(name, split)
    found = [(row, guard.check(row["text"])) for row in phrases]
    yes = [(row, said_yes(name, verdict)) for row, verdict in found]
    wanted = [(row, said) for row, said in yes if row["label"] != "none"]
    ordinary = [said for row, said in yes if row["label"] == "none"]
    yield Share(f"{name}: recall", sum(said for _, said in wanted), len(wanted))
    yield Share(f"{name}: false alarms", sum(ordinary), len(ordinary))
    yield Share(f"{name}: precision", sum(said for _, said in wanted), sum(said for _, said in yes))
    if name == "crisis":
        yield from _by_label(found)
    for kind in sorted({row["kind"] for row, _ in wanted}):
        some = [said for row, said in wanted if row["kind"] == kind]
        yield Share(f"   recall of {kind}", sum(some), len(some))


def _by_label(found: Sequence[tuple[dict[str, Any], Verdict]]) -> Iterator[Share]:
    for label in ("crisis", "protocol"):
        some = [verdict for row, verdict in found if row["label"] == label]
        yield Share(f"   card on {label}", sum(v.crisis is not None for v in some), len(some))
        right = sum(v.crisis is not None and v.protocol == (label == "protocol") for v in some)
        yield Share(f"   card, and told apart, on {label}", right, len(some))


def ordinary_alarms(split: str, guard: Guard) -> Iterator[Share]:
    """False alarms of crisis on the ordinary phrases of the other sets, which were not written to mislead it."""
    names = ("judgement", "injection", "personal_data")
    texts = [row["text"] for name in names for row in rows(name, split) if row["label"] == "none"]
    yield Share("crisis: false alarms, ordinary phrases", sum(guard.check(t).crisis is not None for t in texts), len(texts))


def of_asked(guard: Guard, name: str) -> Iterator[Share]:
    """Cards on questions of writers who thought of method: what two readers call an emergency, a question about emergencies, a request to judge
    somebody, or none of these. Those of doubted.jsonl were read for emergencies alone, those of weighed.jsonl for requests to judge."""
    found = [(row["label"], guard.check(row["text"])) for row in read_phrases(FOLDER / f"{name}.jsonl")]
    for kind in ("crisis", "judgement"):
        if name in DOUBTED and DOUBTED[name] != kind:
            continue
        for label in ("crisis", "protocol") if kind == "crisis" else ("judgement",):
            if some := [said_yes(kind, verdict) for said, verdict in found if said == label]:
                yield Share(f"{name}: card on {label}", sum(some), len(some))
        some = [said_yes(kind, verdict) for said, verdict in found if said == "none"]
        yield Share(f"{name}: false alarms, {kind}", sum(some), len(some))


def kept_apart() -> list[tuple[str, str]]:
    """(set, text) of the plain questions among the phrasings that no model learned from; a question may ask for several sentences."""
    learned = {text for _, _, text, _ in learned_rows()}
    return [(name, text) for name, text in dict.fromkeys(ordinary(kept=True)) if text not in learned]


def phrasing_alarms(guard: Guard) -> Iterator[Share]:
    """False alarms on the plain questions among the phrasings of the sample corpus that no model learned from."""
    kept = kept_apart()
    calm = [text for name, text in kept if name != "ordinary judgement"]
    mild = [text for name, text in kept if name != "ordinary crisis"]
    yield Share("crisis: false alarms, phrasings kept apart", sum(guard.check(t).crisis is not None for t in calm), len(calm))
    yield Share("judgement: false alarms, phrasings kept apart", sum(guard.check(t).judgement is not None for t in mild), len(mild))


def of_masker(split: str, masker: Masker) -> Iterator[Share]:
    """Recall of spans (every letter and digit covered), by kind, and the words that were hidden without need."""
    spans: dict[str, list[bool]] = {}
    words = false = ordinary = ordinary_false = 0
    for row in rows("personal_data", split):
        text, found = row["text"], masker.spans(row["text"])
        wanted = [Span(s["start"], s["end"], s["kind"]) for s in row["spans"]]
        for span in wanted:
            spans.setdefault(span.kind, []).append(_covered(text, found, span))
        free, hidden = _words(text, found, wanted)
        words, false = words + free, false + hidden
        if row["label"] == "none":
            ordinary, ordinary_false = ordinary + free, ordinary_false + hidden
    every = [hit for hits in spans.values() for hit in hits]
    yield Share("personal data: recall of spans", sum(every), len(every))
    yield Share("personal data: words hidden without need", false, words)
    yield Share("   of phrases without personal data", ordinary_false, ordinary)
    for kind, hits in sorted(spans.items()):
        yield Share(f"   recall of {kind}", sum(hits), len(hits))


def _covered(text: str, found: Sequence[Span], span: Span) -> bool:
    if overlap(found, span):
        return True
    inside = [at for at in range(span.start, span.end) if text[at].isalnum()]
    return all(any(s.start <= at < s.end for s in found) for at in inside)


def _words(text: str, found: Sequence[Span], wanted: Sequence[Span]) -> tuple[int, int]:
    """(words that are no personal data, how many of them were hidden)."""
    free = hidden = at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        if not any(start < s.end and s.start < at for s in wanted):
            free += 1
            hidden += any(start < s.end and s.start < at for s in found)
    return free, hidden


def milliseconds(check: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """(median, 95th percentile) of one call, after a first round that fills the caches of words."""
    for text in texts:
        check(text)
    taken = []
    for text in texts:
        start = time.perf_counter()
        check(text)
        taken.append(1000 * (time.perf_counter() - start))
    taken.sort()
    return taken[len(taken) // 2], taken[int(0.95 * len(taken))]


def say(*lines: object) -> None:
    """Lines on standard output."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(description="Recall and precision of the guard and the masker on the phrase sets.")
    parser.add_argument("--held", action="store_true", help="the sets that were not looked at; counts only")
    parser.add_argument("--asked", action="store_true", help="what people ask who were not thinking of emergencies, for the guard only; counts only")
    parser.add_argument("--lists", type=Path, default=None, help="folder for the look-up lists of deduce")
    arguments = parser.parse_args()
    if arguments.asked:
        guard = report_guard()
        for name in COUNTED:
            say(f"phrase set: {name}.jsonl", *of_asked(guard, name))
        return
    split = "held" if arguments.held else "dev"
    guard, masker = report_guard(), Masker(cache=arguments.lists)
    masker.wait()
    say(f"phrase sets: *_{split}.jsonl")
    for name in SETS:
        say(*of_guard(name, split, guard))
    say(*ordinary_alarms(split, guard), *phrasing_alarms(guard))
    say(*of_masker(split, masker))
    texts = [row["text"] for name in SETS for row in rows(name, split)]
    say("guard: {:.2f} ms median, {:.2f} ms p95 a question".format(*milliseconds(guard.check, texts)))
    say("masker: {:.2f} ms median, {:.2f} ms p95 a question".format(*milliseconds(masker.spans, texts)))


if __name__ == "__main__":
    main()
