"""Draft + Evidence -> verified sentences with citations. What cannot be found in its source is dropped, and said to trainers.

A sentence that is a unit of the corpus must equal the canonical text at its offsets. A sentence a model wrote must have a
citation, and its numbers, names, negations and modals must occur in the span it cites (assistant/wording rules in decisions 8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.model import Citation, Draft, DraftSentence, Evidence, Sentence, Unit
from assistant.retrieve import Shelf
from corpus.analyse import Analyser
from corpus.model import Document
from corpus.sentences import sentences

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_QUOTED = re.compile(r"[“\"«]([^”\"»]{3,})[”\"»]")
_NAME = re.compile(r"(?<![.!?:\n]\s)(?<!^)\b[A-ZÀ-Þ][\w'-]+")
_NEGATIONS = frozenset("niet geen nooit niemand niets zonder nee noch evenmin".split())
_DUTIES = {
    "must": frozenset("moet moeten moest verplicht verplichte dient dienen".split()),
    "may": frozenset("mag mogen mocht toegestaan".split()),
    "only": frozenset("alleen uitsluitend slechts enkel".split()),
    "always": frozenset("altijd steeds iedere elke".split()),
}
_MEASURES = frozenset("minuut uur dag werkdag week maand kwartaal jaar keer maal euro procent meter kilometer".split())
MIN_SHARED = 0.6  # share of a written sentence's content stems that must occur in its cited span
NEIGHBOURS = 3  # characters between two units that still make one quotation: a space, or the break between list items


@dataclass(frozen=True, slots=True)
class Verified:
    """What of a draft may be shown, and why the rest may not."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    problems: tuple[str, ...]


def verify(draft: Draft, evidence: Evidence, shelf: Shelf, analyser: Analyser) -> Verified:
    """Check every sentence of a draft against the canonical text it cites."""
    passages = {hit.passage.id: hit.passage for hit in evidence.hits}
    kept: list[DraftSentence] = []
    problems: list[str] = []
    for sentence in draft.sentences:
        problem = _problem(sentence, passages, shelf, analyser)
        if problem:
            problems.append(problem)
        else:
            kept.append(sentence)
    citations = _citations([u for s in kept for u in s.units], evidence, shelf)
    return Verified(tuple(_shown(kept, citations)), citations, tuple(problems))


def _shown(kept: Sequence[DraftSentence], citations: Sequence[Citation]) -> Iterator[Sentence]:
    """The sentences with their citations, and with the heading of a section of which a list or table is the first thing shown."""
    headings, begun = {c.key: c.heading for c in citations}, set[str]()
    for sentence in kept:
        first = sentence.units[0]
        keys = tuple(dict.fromkeys(_key(citations, u) for u in sentence.units))
        alone = first.kind in ("list_item", "table_row") and first.passage not in begun
        begun.update(u.passage for u in sentence.units)
        above = headings[keys[0]]
        yield Sentence(sentence.text, keys, first.kind, first.header, above[-1] if alone and above else "")


def _problem(sentence: DraftSentence, passages: object, shelf: Shelf, analyser: Analyser) -> str:
    """Why a sentence may not be shown; "" when it may."""
    if not sentence.units:
        return f"geen bron: {sentence.text[:60]}"
    for unit in sentence.units:
        if unit.passage not in passages:  # type: ignore[operator]
            return f"bron hoort niet bij het bewijs: {unit.passage}"
        if shelf.document(unit.source).text[unit.start : unit.end] != unit.text:
            return f"citaat staat niet op zijn plaats: {unit.source} {unit.start}"
    if len(sentence.units) == 1 and sentence.text == sentence.units[0].text:
        return ""
    return written_problem(sentence.text, " ".join(u.text for u in sentence.units), analyser)


def written_problem(sentence: str, span: str, analyser: Analyser) -> str:
    """Why a sentence that somebody wrote is not supported by the span it cites; "" when nothing was found against it."""
    for quoted in _QUOTED.findall(sentence):
        if _flat(quoted) not in _flat(span):
            return f"aanhaling staat niet in de bron: {quoted[:40]}"
    known = set(analyser.keys(span))
    stems = set(analyser.analyse(span).terms) | set(analyser.analyse(span).parts)
    for number in _NUMBER.findall(sentence):
        if number not in _NUMBER.findall(span) and not set(analyser.keys(number)) <= known:
            return f"'{number}' staat niet in de bron"
    for number, measure in sorted(_amounts(sentence, analyser) - _amounts(span, analyser)):
        if measure or number not in stems:
            return f"'{number} {measure}'".replace(" '", "'") + " staat niet in de bron"
    for name in (*_NAME.findall(sentence), *_unknown_first(sentence, analyser)):
        if name.lower() not in span.lower():
            return f"naam '{name}' staat niet in de bron"
    words, source = _bare(sentence), _bare(span)
    if bool(words & _NEGATIONS) != bool(_bare(_nearest(sentence, span, analyser)) & _NEGATIONS):
        return "ontkenning klopt niet met de bron"
    for duty, forms in _DUTIES.items():
        if words & forms and not source & forms:
            return f"'{sorted(words & forms)[0]}' staat niet in de bron ({duty})"
    content = set(analyser.content_terms(sentence))
    if content and len(content & stems) / len(content) < MIN_SHARED:
        return "te weinig woorden van de zin staan in de bron"
    return ""


def _amounts(text: str, analyser: Analyser) -> set[tuple[str, str]]:
    """Numbers, also those in words, each with what it counts when that is a measure: ("2", "jaar")."""
    terms = analyser.analyse(text).terms
    following = (*terms[1:], "")
    return {(one, other if other in _MEASURES else "") for one, other in zip(terms, following, strict=True) if one[:1].isdigit()}


def _unknown_first(sentence: str, analyser: Analyser) -> list[str]:
    """The first word, which always has a capital, when it is no Dutch word: then it is a name ("Fatima bewaart ...")."""
    first = re.match(r"[^\W\d_][\w'-]+", sentence)
    return [first.group()] if first and not analyser.is_word(first.group().lower()) else []


def _nearest(sentence: str, span: str, analyser: Analyser) -> str:
    """The sentence of a span that a written one repeats, so that a "niet" in its neighbour proves nothing; else the whole span."""
    wanted = set(analyser.content_terms(sentence))
    parts = [span[start:end] for start, end in sentences(span)]
    shared = [len(wanted & set(analyser.content_terms(part))) for part in parts]
    best = max(shared, default=0)
    return parts[shared.index(best)] if wanted and best >= MIN_SHARED * len(wanted) else span


def _flat(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _bare(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def _citations(units: Sequence[Unit], evidence: Evidence, shelf: Shelf) -> tuple[Citation, ...]:
    """One citation for each unbroken run of units, in order of first use."""
    runs: list[list[Unit]] = []
    for unit in units:
        run = next((r for r in runs if _joins(r, unit)), None)
        if run is None:
            runs.append([unit])
        elif unit not in run:
            run.append(unit)
    return tuple(_citation(f"B{i}", run, evidence, shelf) for i, run in enumerate(runs, start=1))


def _joins(run: Sequence[Unit], unit: Unit) -> bool:
    if unit in run:
        return True
    last = run[-1]
    return unit.passage == last.passage and 0 <= unit.start - last.end <= NEIGHBOURS


def _citation(key: str, run: Sequence[Unit], evidence: Evidence, shelf: Shelf) -> Citation:
    passage = next(h.passage for h in evidence.hits if h.passage.id == run[0].passage)
    document = shelf.document(passage.source)
    start, end = run[0].start, run[-1].end
    pages = _pages(document, start, end) or passage.pages
    return Citation(key, passage.source, passage.id, passage.heading, pages, document.text[start:end], start, end)


def _pages(document: Document, start: int, end: int) -> tuple[int, ...]:
    return tuple(sorted({page for b in document.blocks if b.start < end and start < b.end for page in b.pages}))


def _key(citations: Sequence[Citation], unit: Unit) -> str:
    return next(c.key for c in citations if c.passage == unit.passage and c.start <= unit.start and unit.end <= c.end)
