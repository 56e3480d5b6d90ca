"""What holds for every format: the block of facts about a document is a notice, and a question is the heading of its answer.

Pure functions over pieces. A notice stays in the canonical text, because a reader sees the whole document, but it is never a
passage: nobody asks for "versie: 3.0" and nobody should be answered with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.pieces import Parsed, Piece

_KEYS = (
    "titel|title|documentcode|code|documentnummer|nummer|versie|version|versienummer|status|eigenaar|owner|auteur|auteurs|author|"
    "vastgesteld|vastgesteld op|vastgesteld door|herzien voor|herzien op|herziening|review|doelgroep|audience|datum|date|"
    "geldig vanaf|geldig tot|vervangt|vervallen per|supersedes|bestandsformaat|format|documenttype|soort document|"
    "valid_from|valid_until|review_by|goedgekeurd door|beheerder|kenmerk"
)
_FACT = re.compile(rf"(?:{_KEYS})\s*(?::|\||\t)\s*", re.IGNORECASE)
_KEY = re.compile(rf"(?:{_KEYS})\s*:?", re.IGNORECASE)
_BANNER = re.compile(r"voorbeelddocument\b", re.IGNORECASE)
_QUESTION = re.compile(r"\A(?:vraag|v|q)\s*\d{0,3}\s*[.:)]\s*(?=\S)", re.IGNORECASE)
_ANSWER = re.compile(r"\A(?:antwoord|a)\s*\d{0,3}\s*[.:)]\s*(?=\S)", re.IGNORECASE)
_FRONT = 40  # pieces from the start among which a block of facts is looked for


def refine(parsed: Parsed) -> Parsed:
    """The pieces with notices and questions marked as such."""
    return replace(parsed, pieces=tuple(questions(notices(parsed.pieces))))


# --- notices --------------------------------------------------------------------------------------------------------------


def notices(pieces: Sequence[Piece]) -> list[Piece]:
    """Mark the banner and the block of facts that stand before the first section heading. One fact alone proves nothing."""
    front = _front(pieces)
    facts = {i for i in range(front) if _is_fact(pieces[i])}
    enough = len(facts) >= 2 or any(_facts_in(pieces[i]) >= 3 for i in facts)
    marked = {i for i in range(front) if _BANNER.match(_words(pieces[i]))}
    if enough:
        marked |= facts | _headers_of(pieces, facts)
    return [_as_notice(p) if i in marked else p for i, p in enumerate(pieces)]


def _front(pieces: Sequence[Piece]) -> int:
    """How many pieces stand before the second real heading: the title and what follows it."""
    headings = 0
    for i, piece in enumerate(pieces[:_FRONT]):
        if piece.kind == "heading" and not _BANNER.match(piece.text.strip()):
            headings += 1
            if headings == 2:
                return i
    return min(len(pieces), _FRONT)


def is_front_matter(piece: Piece) -> bool:
    """Whether a piece is a banner or a fact about the document, so that the title may still follow."""
    return bool(_BANNER.match(_words(piece))) or _is_fact(piece)


def _is_fact(piece: Piece) -> bool:
    if piece.kind == "heading":
        return False
    if piece.cells:
        return len(piece.cells) % 2 == 0 and all(_KEY.fullmatch(c.strip()) for c in piece.cells[::2])
    return bool(_FACT.match(piece.text.strip()))


def _facts_in(piece: Piece) -> int:
    return len(_FACT.findall(_words(piece)))


def _headers_of(pieces: Sequence[Piece], facts: set[int]) -> set[int]:
    """A header row that only names the columns of the block of facts ("Kenmerk | Waarde")."""
    return {i for i, p in enumerate(pieces) if p.kind == "table_header" and i + 1 in facts}


def _words(piece: Piece) -> str:
    return " | ".join(piece.cells) if piece.cells else piece.text.strip()


def _as_notice(piece: Piece) -> Piece:
    return replace(piece, kind="notice", level=0, header=())


# --- questions ------------------------------------------------------------------------------------------------------------


def questions(pieces: Sequence[Piece]) -> list[Piece]:
    """Turn "Vraag: ..." before "Antwoord: ..." into a heading, so that question and answer make one passage."""
    out: list[Piece] = []
    level = 0
    asked = False  # whether the piece before was a question of this kind: only then is "A." an answer's label
    for i, piece in enumerate(pieces):
        after = pieces[i + 1] if i + 1 < len(pieces) else None
        if piece.kind == "heading":
            level = piece.level
        if _asks(piece) and after is not None and after.kind == "paragraph" and _ANSWER.match(after.text.strip()):
            piece = replace(piece, kind="heading", text=_QUESTION.sub("", piece.text.strip(), count=1), level=level + 1)
            asked = True
        elif asked:
            piece = replace(piece, text=_ANSWER.sub("", piece.text.strip(), count=1))
            asked = False
        out.append(piece)
    return out


def _asks(piece: Piece) -> bool:
    return piece.kind == "paragraph" and bool(_QUESTION.match(piece.text.strip())) and len(piece.text) < 300
