"""A quote finds its place: relevance is anchored on words of the documents, never on passage ids.

A selector in the style of the W3C text-quote selector is resolved in the canonical text of a source version to a span of
characters. It survives another way of splitting, and other products can be scored on the same quotes. White space is not
compared: a quote may run over a line break between list items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.errors import UsageError
from corpus.quotes import Span, places

COVERED = 0.8  # share of an anchor's characters that must be inside the shown spans
DRIFTED = 95.0  # rapidfuzz partial ratio (0..100) from which changed wording still counts as the same sentence


class AnchorProblem(UsageError):
    """A quote cannot be found, or stands in more than one place."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a quote stands. state: "drifted" when the text changed a little; then `text` is what stands there now."""

    start: int
    end: int
    state: Literal["exact", "drifted"]
    text: str


def resolve(text: str, exact: str, prefix: str = "", suffix: str = "") -> Resolved:
    """The place of a quote in `text`. Raises AnchorProblem when it is not there, or is there more than once."""
    found = places(text, exact, prefix, suffix)
    if len(found) == 1:
        start, end = found[0]
        return Resolved(start, end, "exact", text[start:end])
    if found:
        raise AnchorProblem(
            f"the quote stands in {len(found)} places: {exact[:60]!r}", hint="add prefix: or suffix: with the words around it"
        )
    return _drifted(text, exact)


def _drifted(text: str, exact: str) -> Resolved:
    from rapidfuzz import fuzz

    found = fuzz.partial_ratio_alignment(exact, text, score_cutoff=DRIFTED)
    if found is None or not exact:
        raise AnchorProblem(
            f"the quote is not in the text: {exact[:60]!r}", hint="copy the sentence from: vraagbaak corpus text CODE"
        )
    start, end = _whole_words(text, found.dest_start, found.dest_end)
    if _telling(text[start:end]) != _telling(exact):  # "24 maanden" for "12 maanden" is another fact, not another wording
        raise AnchorProblem(f"the text now says something else: {text[start:end]!r}", hint=f"the quote was: {exact!r}")
    return Resolved(start, end, "drifted", text[start:end])


_TELLING = re.compile(
    r"\d+|\b(?:niet|geen|nooit|niemand|zonder|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf)\b"
)


def _telling(text: str) -> list[str]:
    """Numbers and negations: what a sentence may not lose and still mean the same."""
    return sorted(_TELLING.findall(text.lower()))


def _whole_words(text: str, start: int, end: int) -> Span:
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same characters as spans that do not overlap, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif end > start:
            out.append((start, end))
    return tuple(out)


def overlap(span: Span, spans: Sequence[Span]) -> int:
    """How many characters of `span` lie in the union of `spans`."""
    start, end = span
    return sum(max(0, min(end, e) - max(start, s)) for s, e in merged(spans))


def covered(span: Span, spans: Sequence[Span], share: float = COVERED) -> bool:
    """Whether at least `share` of a span's characters lie in the union of the others."""
    length = span[1] - span[0]
    return length > 0 and overlap(span, spans) >= share * length
