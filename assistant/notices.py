"""What a reader should know beside the answer: versions, reviews, contradictions, hidden personal data, and whom to ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from assistant.model import Citation, Evidence, Language, Notice, Question, Unit
from assistant.relevance import Relevance
from assistant.retrieve import Shelf
from assistant.wording import day, kinds, say
from corpus.model import Source

# A quantity: a number and what it counts. Two valid texts that give another quantity for the same thing disagree.
_QUANTITY = re.compile(
    r"\b(\d+(?:[.,]\d+)?|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|twaalf)\s+(uur|minuten|dagen|werkdagen|weken|maanden|jaar|euro)\b",
    re.IGNORECASE,
)
_NUMBERS = dict(
    zip("een één twee drie vier vijf zes zeven acht negen tien twaalf".split(), (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12), strict=True)
)

# Subjects whose answers end with who decides or who is there for you; stems of words in question or heading.
_SUBJECTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "decide_sharing",
        re.compile(
            r"\b(delen|deel|gedeeld|doorgeven|doorgeef|toestemming|vertrouwelijk\w*|geheim\w*|zwijgplicht|melden|melding|aangifte\w*|consent|share)\b",
            re.I,
        ),
    ),
    (
        "decide_safety",
        re.compile(r"\b(gevaar\w*|veilig\w*|geweld\w*|bedreig\w*|dreig\w*|zelfdoding|suïcid\w*|suicid\w*|wapens?|slaa[nt]|vermis\w*)\b", re.I),
    ),
    (
        "care_self",
        re.compile(
            r"\b(overbelast\w*|trauma\w*|opvang|nazorggesprek|zelf ?zorg|zorg voor jezelf|wakker|moe|schuldig|machteloos|intervisie)\b", re.I
        ),
    ),
    ("legal", re.compile(r"\b(wettelijk\w*|wet|juridisch\w*|strafbaar|aangifteplicht|rechter|getuigen)\b", re.I)),
)


def about_question(question: Question, *, indirect: bool, injection: bool) -> list[Notice]:
    """Notices that follow from the question alone."""
    found = []
    if question.masked:
        text = say("personal_data", question.language, kinds=kinds(question.masked, question.language))
        found.append(Notice("personal_data", text))
    if indirect:
        found.append(Notice("indirect", say("indirect", question.language)))
    if injection:
        found.append(Notice("injection", say("injection", question.language)))
    return found


def about_sources(citations: Sequence[Citation], shelf: Shelf, today: date, language: Language) -> list[Notice]:
    """Reviews that are overdue and versions that were replaced, of the sources that are cited."""
    notices: list[Notice] = []
    for key in dict.fromkeys(c.source for c in citations):
        source = shelf.by_key[key]
        if source.review_overdue(today):
            text = say("review_overdue", language, title=source.title, date=day(source.review_by, language))
            notices.append(Notice("review_overdue", text))
        older = shelf.by_key.get(source.supersedes)
        if older is not None and _changed(citations, source, older, shelf):
            text = say("changed_since", language, title=source.title, version=source.version, date=day(source.valid_from, language))
            notices.append(Notice("changed_since", text))
    return notices


def _changed(citations: Sequence[Citation], source: Source, older: Source, shelf: Shelf) -> bool:
    """Whether a cited quantity is not the one the replaced version gives."""
    try:
        before = quantities(shelf.document(older.key).text)
    except Exception:  # the replaced version may be unreadable; then there is nothing to compare
        return False
    now = [quantities(c.quote) for c in citations if c.source == source.key]
    return any(q not in before for some in now for q in some)


def quantities(text: str) -> frozenset[tuple[float, str]]:
    """(number, unit) pairs of a text: {(12.0, "maanden")}."""
    return frozenset((_value(n), u.lower()) for n, u in _QUANTITY.findall(text))


def _value(number: str) -> float:
    return float(_NUMBERS.get(number.lower(), 0) or number.replace(",", "."))


def disagreement(relevance: Relevance, best: Sequence[Unit], sources: Mapping[str, Source]) -> tuple[Unit, Unit] | None:
    """Two units of different valid sources that say nearly the same with another quantity; None when there are none."""
    for i, one in enumerate(best):
        for other in best[i + 1 :]:
            if sources[one.source].code != sources[other.source].code and _contradict(relevance, one.text, other.text):
                return one, other
    return None


def _contradict(relevance: Relevance, one: str, other: str) -> bool:
    first, second = quantities(one), quantities(other)
    units = {u for _, u in first} & {u for _, u in second}
    if not units or first & second:
        return False
    a, b = relevance.features(one), relevance.features(other)
    return len(a & b) >= 0.5 * min(len(a), len(b)) and min(len(a), len(b)) >= 4


def pointers(question: Question, headings: Iterable[str], answered: bool, fixed: Mapping[str, str]) -> tuple[str, ...]:
    """Who decides or whom to ask. fixed: lines of cards.toml by name ("coordinator", "on_duty", "social_map")."""
    language = question.language
    about = " ".join((question.search, *headings))
    found = [say(name, language) for name, pattern in _SUBJECTS if pattern.search(about)]
    if not answered:
        named = (fixed.get(name) or say(default, language) for name, default in _WHOM)
        return tuple(dict.fromkeys((*named, *found)))
    return tuple(dict.fromkeys(found[:2]))


_WHOM = (("coordinator", "ask_coordinator"), ("on_duty", "ask_on_duty"), ("social_map", "social_map"))


def nearest(evidence: Evidence, language: Language, most: int = 3) -> str:
    """Where to look when nothing answers: the nearest sections by name; "" when nothing was found."""
    places = []
    for hit in evidence.hits[:most]:
        source = evidence.sources[hit.passage.source]
        section = hit.passage.heading[-1] if hit.passage.heading else ""
        places.append(f"{source.code} {source.title}" + (f", {section}" if section and section != source.title else ""))
    return say("nearest", language, where="; ".join(dict.fromkeys(places))) if places else ""
