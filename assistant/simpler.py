""" "Leg eenvoudiger uit": the plainest words the knowledge base itself has about a question. Nothing is rewritten.

Either the entry of a word list ("Achterwacht: de coördinator van dienst …") for a word in the question or the answer, or the passage
among the hits that reads easiest. Both are shown word for word with their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.model import Answer
from assistant.retrieve import Shelf
from corpus.errors import VraagbaakError
from corpus.model import Block, Document, Source

ENTRIES = 2  # explanations of words; more is not simpler
MIN_WORDS = 25  # a shorter passage cannot be judged
EASIER = 8.0  # points on the scale of `reading_ease` by which a passage must be easier than the answer

_GLOSSARY = re.compile(r"begrippen|woordenlijst|afkortingen|glossary", re.IGNORECASE)
_ENTRY = re.compile(r"^\s*([^:|\n]{2,60}?)\s*(?::|\|)\s+(\S.{10,})", re.DOTALL)
_VOWELS = re.compile(r"[aeiouyáéíóúàèäëïöü]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plain:
    """Words of the knowledge base: text == document(source).text[start:end]."""

    kind: Literal["word", "passage"]
    source: str
    start: int
    end: int
    text: str


def simpler(answer: Answer, shelf: Shelf, glossaries: Sequence[Source]) -> tuple[Plain, ...]:
    """Explanations of words in the question or answer first, then an easier passage; nothing when there is neither."""
    said = " ".join((answer.question.text, *(s.text for s in answer.sentences)))
    words = explained(answer.question.text, said, shelf, glossaries)
    easy = easiest(answer)
    return (*words, *((easy,) if easy else ()))


def glossaries(sources: Mapping[str, Source], answering: frozenset[str]) -> tuple[Source, ...]:
    """The word lists among the texts that hold. answering: keys of the versions that may answer today."""
    return tuple(s for s in sources.values() if s.key in answering and _GLOSSARY.search(s.title))


def explained(question: str, said: str, shelf: Shelf, lists: Sequence[Source]) -> tuple[Plain, ...]:
    """Entries whose word stands in the question, then those whose word stands in the answer; at most three."""
    found: list[tuple[bool, int, Plain]] = []
    for source in lists:
        try:
            document = shelf.document(source.key)
        except VraagbaakError:
            continue
        for block in document.blocks:
            term = entry_term(document, block)
            if term and _stands_in(term, said):
                plain = Plain("word", source.key, block.start, block.end, document.text[block.start : block.end])
                found.append((not _stands_in(term, question), -len(term), plain))
    return tuple(plain for _, _, plain in sorted(found, key=lambda f: f[:2])[:ENTRIES])


def entry_term(document: Document, block: Block) -> str:
    """The word that a block of a word list explains; "" for any other block."""
    if block.kind not in ("paragraph", "list_item", "table_row"):
        return ""
    match = _ENTRY.match(document.text[block.start : block.end])
    return match.group(1) if match else ""


def _stands_in(term: str, text: str) -> bool:
    bare = re.sub(r"\s*\(.*?\)", "", term).strip().casefold()
    return bool(bare) and re.search(rf"\b{re.escape(bare)}(s|en|n|e|’s|'s)?\b", text.casefold()) is not None


def easiest(answer: Answer) -> Plain | None:
    """The hit that reads easiest, when it is clearly easier than the answer and not the passage that is cited."""
    cited = {c.passage for c in answer.citations}
    level = reading_ease(" ".join(s.text for s in answer.sentences))
    strong = [h for h in answer.hits[:5] if h.passage.id not in cited and h.score >= 0.6 * answer.hits[0].score]
    ranked = [(reading_ease(h.passage.text), h.passage) for h in strong if len(h.passage.text.split()) >= MIN_WORDS]
    if not ranked or not answer.sentences:
        return None
    ease, passage = max(ranked, key=lambda r: r[0])
    if ease < level + EASIER:
        return None
    return Plain("passage", passage.source, passage.start, passage.end, passage.text)


def reading_ease(text: str) -> float:
    """How easily Dutch text reads; higher is easier, plain text scores above 65.

    Source: W. H. Douma, De leesbaarheid van landbouwbladen (1960): 207 - 0.93 × words per sentence - 77 × syllables per word.
    """
    words = re.findall(r"[^\W\d_]+", text)
    if not words:
        return 0.0
    sentences = max(1, len(re.findall(r"[.!?;:]+(?:\s|$)|\n", text.strip())))
    syllables = sum(max(1, len(_VOWELS.findall(w))) for w in words)
    return 207.0 - 0.93 * len(words) / sentences - 77.0 * syllables / len(words)
