"""Larger corpora made of the sample texts: sections shuffled, every paragraph made unlike every other one.

Real sentences keep the language real; inserted words keep the vocabulary growing as it does in real collections (a new word every
few passages). Same seed, same corpus.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from benchmarks.common import ROOT

SOURCES = ROOT / "corpus" / "sources"
PASSAGES_PER_DOCUMENT = 12


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


@lru_cache(maxsize=1)
def sections() -> tuple[Section, ...]:
    """The sections of the sample texts, as written."""
    found: list[Section] = []
    for file in sorted(SOURCES.glob("*.md")):
        text = re.sub(r"\A---.*?^---$", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for part in re.split(r"^#{1,3} ", text, flags=re.MULTILINE)[1:]:
            heading, _, body = part.partition("\n")
            paragraphs = tuple(p.strip() for p in body.split("\n\n") if len(p.split()) > 8 and "|" not in p)
            if paragraphs:
                found.append(Section(heading.strip(), paragraphs))
    return tuple(found)


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """Dutch words to sprinkle in, from the lexicon that ships with the analyser."""
    from corpus.lexicon import load_lexicon

    return tuple(sorted(w for w in load_lexicon().lasts if len(w) > 6))


def questions(count: int, seed: int = 11) -> list[str]:
    """Questions about what the sections say: their headings, and runs of words out of a sentence."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        section = chance.choice(sections())
        inside = re.findall(r"\w+", chance.choice(section.paragraphs))
        begin = chance.randrange(max(1, len(inside) - 6))
        found.append(f"Wat moet ik doen bij {section.heading.lower()}: {' '.join(inside[begin : begin + chance.randint(3, 6)])}?")
    return found


def paragraph(text: str, number: int, chance: random.Random) -> str:
    """The paragraph with a few words of its own."""
    parts = text.split(" ")
    for _ in range(3):
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(words()))
    return f"{' '.join(parts)} (zie aantekening {number}.)"


def documents(count: int, seed: int = 5, each: int = PASSAGES_PER_DOCUMENT) -> Iterator[tuple[str, list[Section]]]:
    """(title, sections): about `each` paragraphs a document."""
    chance = random.Random(seed)
    number = 0
    for i in range(count):
        made: list[Section] = []
        filled = 0
        while filled < each:
            section = chance.choice(sections())
            kept = []
            for text in section.paragraphs[: each - filled]:
                number += 1
                kept.append(paragraph(text, number, chance))
            made.append(Section(f"{section.heading} {i}", tuple(kept)))
            filled += len(kept)
        yield f"Werkwijze {i}: {made[0].heading}", made


def write_folder(folder: Path, count: int) -> int:
    """Write `count` documents as Markdown, plain text and HTML (6 : 2 : 2); returns their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for i, (title, made) in enumerate(documents(count)):
        ending = ("md", "md", "md", "txt", "html", "md", "md", "md", "txt", "html")[i % 10]
        text = {"md": _markdown, "txt": _plain, "html": _html}[ending](title, made)
        data = text.encode("utf-8")
        (folder / f"document_{i:05d}.{ending}").write_bytes(data)
        total += len(data)
    return total


def _markdown(title: str, made: Sequence[Section]) -> str:
    return "\n\n".join([f"# {title}", *(f"## {s.heading}\n\n" + "\n\n".join(s.paragraphs) for s in made)]) + "\n"


def _plain(title: str, made: Sequence[Section]) -> str:
    return "\n\n".join([title.upper(), *(f"{s.heading}\n\n" + "\n\n".join(s.paragraphs) for s in made)]) + "\n"


def _html(title: str, made: Sequence[Section]) -> str:
    body = "".join(f"<h2>{escape(s.heading)}</h2>" + "".join(f"<p>{escape(p)}</p>" for p in s.paragraphs) for s in made)
    return f"<!doctype html><html lang='nl'><head><title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
