"""What is known about Dutch words: the hand-written rules and the lists derived from OpenTaal.

`dutch.toml` is edited by people; the `.gz` files are made by `python -m corpus.build_lexicon` and carry
the licence in LICENCE-OpenTaal.txt.  Everything here is read once and never changed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

LEXICON_FOLDER = Path(__file__).parent
LINKS = ("", "s", "en", "n", "e", "er", "ens")  # sounds between the parts of a compound
MIN_PART_LETTERS = 3
LINK_COST = 1.0  # log; "huis|arts" before "hui|s|arts", "ouder|groep" before "oud|er|groep"

_VOWELS = "aeiou"
_UNCASED = re.compile(r"[\u00ad\u200b-\u200d\u2060\ufeff]")  # soft hyphen, zero-width characters
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "‑": "-", "‐": "-"})


def lower(text: str) -> str:
    """Lower case, one kind of quote and hyphen, no invisible characters; accents stay."""
    if text.isascii():
        return text.replace("`", "'").lower()
    return _UNCASED.sub("", unicodedata.normalize("NFKC", text.translate(_QUOTES))).casefold()


def fold(text: str) -> str:
    """`lower`, and without accents: "Coördinator" and "coordinator" become one."""
    low = lower(text)
    if low.isascii():
        return low
    plain = unicodedata.normalize("NFD", low)
    return "".join(c for c in plain if not unicodedata.combining(c))


def verb_stem(infinitive: str) -> str:
    """First person of a regular infinitive ("bewaren" -> "bewaar"); "" when it is no -en word."""
    if not infinitive.endswith("en") or len(infinitive) < 5:
        return ""
    stem = infinitive[:-2]
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS:
        return stem[:-1]
    short = stem[-1] not in _VOWELS + "w" and stem[-2] in "aeou" and stem[-3:-2] not in _VOWELS
    if short and len(stem) >= 3:
        stem = stem[:-1] + stem[-2] + stem[-1]
    return stem[:-1] + {"v": "f", "z": "s"}.get(stem[-1], stem[-1])


@dataclass(frozen=True, slots=True)
class Rules:
    """The hand-written part: `dutch.toml` with every word folded."""

    stop: frozenset[str]
    negation: frozenset[str]
    modal: frozenset[str]
    light: frozenset[str]
    stop_verbs: frozenset[str]
    particles_free: frozenset[str]
    particles_bound: frozenset[str]
    after_particle: frozenset[str]
    chat: Mapping[str, str]
    numbers: Mapping[str, str]
    units: Mapping[str, str]
    lemma: Mapping[str, str]
    stem: Mapping[str, str]
    compounds: Mapping[str, str]

    @property
    def particles(self) -> tuple[str, ...]:
        return tuple(sorted(self.particles_free | self.particles_bound, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Rules plus lists.  Weights are natural logs of how many listed compounds a part occurs in."""

    rules: Rules
    firsts: Mapping[str, float]  # part of a compound that something follows
    lasts: Mapping[str, float]  # part that closes a compound
    accents: Mapping[str, str]  # bare spelling -> approved spelling
    separable: frozenset[str]  # "terug|bellen"
    forms: Mapping[str, str]  # inflected form -> base, unknown to the lemmatiser
    digest: str = field(default="")  # of everything above, so that an index knows its lexicon


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    with (LEXICON_FOLDER / "dutch.toml").open("rb") as file:
        raw = tomllib.load(file)
    lists = ("stop", "stop_verbs", "negation", "modal", "light", "particles_free", "particles_bound", "after_particle")
    tables = ("chat", "units", "lemma", "stem", "compounds")
    made: dict[str, Any] = {key: frozenset(fold(raw[key]).split()) for key in lists}
    made |= {key: {fold(word): value for word, value in raw[key].items()} for key in tables}
    made["numbers"] = {lower(word): digits for word, digits in raw["numbers"].items()}  # "een" is an article, "één" is 1
    return Rules(**made)


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The bundled lexicon; about 0.1 s and 10 MB."""
    parts = [line.split("\t") for line in _lines("parts.tsv.gz")]
    return Lexicon(
        rules=load_rules(),
        firsts={word: float(first) for word, first, _ in parts if first != "-9"},
        lasts={word: float(last) for word, _, last in parts if last != "-9"},
        accents=dict(_pairs("accents.tsv.gz")),
        separable=frozenset(_lines("separable.txt.gz")),
        forms=dict(_pairs("forms.tsv.gz")),
        digest=_digest(),
    )


def _lines(name: str) -> list[str]:
    path = LEXICON_FOLDER / name
    return gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()


def _pairs(name: str) -> list[tuple[str, str]]:
    return [(a, b) for a, _, b in (line.partition("\t") for line in _lines(name))]


def _digest() -> str:
    sha = hashlib.sha256()
    for path in sorted(LEXICON_FOLDER.glob("*.gz")) + [LEXICON_FOLDER / "dutch.toml"]:
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]
