"""Evidence -> Draft. `ExtractiveGenerator` needs no model: the sentences, list items and table rows that answer, as they stand.

It shows one run of text around the best sentence of the best passage: lists whole, with the sentence that introduces them. A
second passage is added only for what the first leaves open. Verbatim text is easy to trust and hard to get wrong; its limit is
that it cannot combine two sources into one sentence.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.model import Draft, DraftSentence, Evidence, Scored, Unit
from assistant.relevance import Relevance, Wanted
from assistant.retrieve import Shelf


class Generator(Protocol):
    """Makes a draft from evidence; may raise ModelUnavailable."""

    name: str

    def draft(self, evidence: Evidence, shelf: Shelf) -> Draft:
        """Propose sentences with the units that support them; never shown before `verify`."""
        ...


@dataclass(frozen=True, slots=True)
class ExtractSettings:
    """Sizes in words. A phone screen of 360 x 640 shows about 120 words of answer above the sources."""

    first: int = 125  # of the passage that answers best
    second: int = 75  # of a further passage
    passages: int = 2
    considered: int = 5  # passages among which the best is chosen
    list_words: int = 170  # a list or table up to this size stays whole
    adds: float = 0.3  # share of the question that a second passage must add
    tie: float = 0.8  # a passage with this share of the first one's value is shown beside it: either may be what is meant
    near: float = 0.45  # a unit with this share of the best unit's score belongs to the answer
    near_row: float = 0.4  # ... a row of a table of records
    record: int = 20  # words of a row from which it is about one thing, such as an organisation


class ExtractiveGenerator:
    """Verbatim answers."""

    name = "extractive"

    def __init__(self, relevance: Relevance, settings: ExtractSettings = ExtractSettings()) -> None:
        self._relevance, self._settings = relevance, settings

    def draft(self, evidence: Evidence, shelf: Shelf) -> Draft:
        """See Generator."""
        if not evidence.ranked:
            return Draft(())
        wanted = self._relevance.wanted(evidence.question.asked)
        ranked = evidence.ranked[: self._settings.considered]
        asked = self._relevance.features(evidence.question.asked)
        chosen: list[Unit] = list(self._rows(ranked[0], self._run(ranked[0], self._settings.first), asked))
        for other in self._further(wanted, ranked, chosen):
            chosen += self._rows(other, self._run(other, self._settings.second), asked)
        return Draft(tuple(DraftSentence(unit.text, (unit,)) for unit in chosen))

    def _further(self, wanted: Wanted, ranked: Sequence[Scored], chosen: Sequence[Unit]) -> Iterable[Scored]:
        """The passage the first one refers to ("Zie N01"), else one that covers what the first leaves open."""
        referred = self._referred(ranked)
        if referred is not None:
            yield referred
            return
        shown = frozenset().union(*(self._relevance.features(u.text) for u in chosen))
        shown |= self._relevance.features(" . ".join(ranked[0].hit.passage.heading))
        covered = self._relevance.coverage(wanted, shown)
        for other in ranked[1:]:
            best = other.units[other.best]
            more = self._relevance.coverage(wanted, shown | self._relevance.features(best.text))
            adds = more - covered >= self._settings.adds and other.value >= 0.8 * ranked[0].value
            if adds or other.value >= self._settings.tie * ranked[0].value:
                yield other
                return

    @staticmethod
    def _referred(ranked: Sequence[Scored]) -> Scored | None:
        """A text that says "zie N01" repeats a rule that lives elsewhere: the home of the rule is shown beside it."""
        first = ranked[0]
        named = {m.group(1).upper() for m in _SEE.finditer(first.hit.passage.text)}
        own = first.hit.passage.source.partition("@")[0].upper()
        homes = (s for s in ranked[1:] if s.hit.passage.source.partition("@")[0].upper() in named - {own})
        return next((s for s in homes if s.value >= 0.6 * first.value), None)

    def _run(self, scored: Scored, budget: int) -> Sequence[Unit]:
        """One unbroken run of units around the best one, at most about `budget` words; lists and tables stay whole."""
        units, scores = scored.units, scored.scores
        if _words(units) <= budget:
            return units
        first = last = scored.best
        first, last = self._whole_list(units, first, last)
        enough = max(scores) * self._settings.near
        least = 0 if units[first].kind == "table_row" and first == last else budget // 3  # the row beside it is about something else
        while True:
            options = [(scores[i], i) for i in (first - 1, last + 1) if 0 <= i < len(units)]
            options = [(s, i) for s, i in options if _words(units[min(i, first) : max(i, last) + 1]) <= budget]
            if not options:
                break
            score, i = max(options, key=lambda o: (o[0], o[1]))
            if score < enough and _words(units[first : last + 1]) >= least:
                break
            first, last = min(first, i), max(last, i)
        return units[self._lead(units, first) : last + 1]

    def _rows(self, scored: Scored, run: Sequence[Unit], asked: frozenset[str]) -> Sequence[Unit]:
        """Of a table whose rows have names, the rows from the first to the last that the question names: a row of another town would only mislead.
        Of one with long rows, which are about one thing each, those that come near the best one."""
        rows = [i for i, unit in enumerate(run) if unit.kind == "table_row"]
        if not rows or rows[-1] - rows[0] >= len(rows):  # sentences between rows
            return run
        kept = [i for i in rows if self._says(asked, run[i].text.partition(" | ")[0])]
        if not kept and scored.units[scored.best] in run and _words([run[i] for i in rows]) >= self._settings.record * len(rows):
            worth = dict(zip(scored.units, scored.scores, strict=True))
            kept = [i for i in rows if worth[run[i]] >= self._settings.near_row * max(scored.scores)]
        return [*run[: rows[0]], *run[kept[0] : kept[-1] + 1], *run[rows[-1] + 1 :]] if kept else run

    def _says(self, asked: frozenset[str], name: str) -> bool:
        """Whether a question has all words of a name; the number of a row is none."""
        features = self._relevance.features(name)
        return features <= asked and any(not feature.isdigit() for feature in features)

    def _whole_list(self, units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
        """Widen a list item or table row to its list, when that fits."""
        kind = units[first].kind
        if kind == "lead_in" and last + 1 < len(units) and units[last + 1].kind in ("list_item", "table_row"):
            kind, last = units[last + 1].kind, last + 1
        if kind not in ("list_item", "table_row"):
            return first, last
        low, high = last, last
        while low > 0 and units[low - 1].kind == kind:
            low -= 1
        while high + 1 < len(units) and units[high + 1].kind == kind:
            high += 1
        if _words(units[low : high + 1]) <= self._settings.list_words:
            return min(low, first), high
        return first, last

    @staticmethod
    def _lead(units: Sequence[Unit], first: int) -> int:
        """Take along the sentence that introduces a list, and the one a sentence leans on ("Dat geldt ook ...")."""
        if first > 0 and units[first].kind in ("list_item", "table_row") and units[first - 1].kind == "lead_in":
            return first - 1
        if first > 0 and _LEANS.match(units[first].text):
            return first - 1
        return first


_SEE = re.compile(r"\bzie(?: ook)?:? (?:de |het |hoofdstuk |notitie |document )?([A-Z]{1,3}-?\d{1,4})\b", re.IGNORECASE)
_LEANS = re.compile(r"(dat|dit|deze|die|daarom|daarna|daarbij|dan|zo|ook|maar|want|hij|zij|ze|het|verder|bovendien)\b", re.IGNORECASE)


def _words(units: Sequence[Unit]) -> int:
    return sum(len(u.text.split()) for u in units)


class ScriptedGenerator:
    """The shipped fake: gives the drafts it was given, in order; an exception in the script is raised."""

    name = "scripted"

    def __init__(self, script: Iterable[Draft | Exception]) -> None:
        self._script = deque(script)

    def draft(self, evidence: Evidence, shelf: Shelf) -> Draft:
        """The next draft of the script."""
        nxt = self._script.popleft()
        if isinstance(nxt, Exception):
            raise nxt
        return nxt
