"""Dutch text -> sentences with offsets. Cuts at sentence ends, not at abbreviations, initials, ordinals or list numbers.

The usual splitters cut Dutch abbreviations ("o.a. | heeft", "art. | 17e lid"), so this is our own short rule set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Abbreviations that are followed by more of the same sentence, even before a capital.
_NEVER_ENDS = frozenset(
    "bijv bv nl o.a m.a.w d.w.z i.v.m t.a.v m.b.t m.n n.a.v o.l.v e.d art lid nr blz pag par hfst dhr mevr mw dr drs mr ir "
    "ing prof st ca circa jr sr tel vgl zgn resp max min evt incl excl afd jl a.s ong gem nrs z.o.z i.p.v t.o.v z.s.m "
    "ma di wo do vr za zo jan feb mrt apr jun jul aug sep sept okt nov dec t.w v.a i.c vs pp fig e.g i.e mrs ms".split()
)
# Abbreviations that end a sentence when a capital follows.
_MAY_END = frozenset("enz etc e.a e.v n.v.t e.o i.o".split())
LONGEST_QUOTATION = 400  # characters within which a quotation must close to be kept together
_END = re.compile(r"([.!?…]+)([\"'”’»)\]]*)(\s+|$)")
_NEXT = re.compile(r"[\"'“‘«(\[•\-–]*\s*(\S)")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence, without the white space around it; together they hold every word of the text."""
    start = 0
    for match in _END.finditer(text):
        if _inside_quotation(text, start, match.end(2)) or not _ends_here(text, start, match):
            continue
        end = match.end(2)
        yield from _trimmed(text, start, end)
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    if part.strip():
        yield start + left, start + left + len(part.strip())


def _inside_quotation(text: str, start: int, end: int) -> bool:
    """What somebody says is shown whole: no cut between “ and ”. An opening mark that is never closed does not count."""
    opened = text.rfind("“", start, end)
    if opened < 0 or text.find("”", opened, end) >= 0:
        return False
    return 0 <= text.find("”", end) - end < LONGEST_QUOTATION


def _ends_here(text: str, start: int, match: re.Match[str]) -> bool:
    following = _NEXT.match(text, match.end())
    if following is None:
        return True
    first = following.group(1)
    if "\n" in match.group(3) and match.group(3).count("\n") > 1:
        return True
    if match.group(1) != ".":
        # "wat nu?" zei ze: a quotation that goes on in lower case is one sentence
        return not first.islower()
    word = re.search(r"(\S+)$", text[start : match.start()])
    last = (word.group(1) if word else "").lstrip("(\"'“‘[").lower()
    if last in _NEVER_ENDS or re.fullmatch(r"[a-z]", last):
        return False
    if last in _MAY_END:
        return first.isupper()
    if re.fullmatch(r"\d{1,3}|[ivx]{1,4}", last) and text[start : match.start()].strip().lower() == last:
        return False  # "1. Bel 112": the number of a list item
    return first.isupper() or first.isdigit() or not first.isalnum() and first not in ",;:"
