"""What a page of story asks: the clauses that ask, apart from what is around them.

In a few sentences the story says what the question is about ("haar tas met mijn aantekeningen is weg, wat moet ik nu doen?"); a page of it drowns
the question.
"""

from __future__ import annotations

import re

LONG = 100  # words from which a question holds a story that would drown it; up to there the encoder does better with all of it (docs/decisions.md, 32)
ENOUGH = 5  # words of the asking clauses; with fewer ("wat doe ik dan") the story is the subject
SHORTEST = 3  # words of a clause that can be a question

_CLAUSE = re.compile(r"(?<=[.!?;\n])\s+|,\s+|\s+(?:en|maar|dus|want|and|but|so)\s+(?=(?:wat|hoe|wie|waar|wanneer|mag|moet|kan|what|how|who|when|may|must|can)\b)", re.I)
_ASKS = re.compile(
    r"^\W*(?:(?:en|maar|dus|of|nu|oke|ok|want|and|but|so)\s+)?"
    r"(wat|hoe|hoelang|hoeveel|wie|waar|waarom|wanneer|welke?|mag|mogen|moet|moeten|kan|kun|kunnen|zal|zullen|hoef|is|zijn|heb|heeft|doe|"
    r"bestaat|geldt|what|how|who|where|when|which|may|must|can|should|do|does|is|are)\b",
    re.I,
)
_INSIDE = re.compile(
    r"\b(wat (?:moet|doe|kan|mag|zeg|nu)|hoe (?:moet|kan|doe|lang|snel|vaak|ga|reageer|rond|regel|pak)|mag ik|moet ik|kan ik|mogen we|moeten we|"
    r"waar (?:moet|kan|ligt)|wie (?:moet|kan|mag|beslist)|what (?:do|should)|how (?:do|should|long))\b",
    re.I,
)


def focus(text: str) -> str:
    """The asking clauses of a long question, joined; the text itself when it is short or nothing in it asks."""
    if len(text.split()) < LONG:
        return text
    clauses = [c for c in _CLAUSE.split(text) if c and len(c.split()) >= SHORTEST]
    asking = [c for c in clauses if c.rstrip().endswith("?") or _ASKS.match(c) or _INSIDE.search(c)]
    said = " ".join(asking)
    return said if len(asking) < len(clauses) and len(said.split()) >= ENOUGH else text
