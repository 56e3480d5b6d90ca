"""Derive the compact Dutch lexicon from the OpenTaal word lists.

    python -m corpus.build_lexicon --data DIR

DIR holds `lexicon/opentaal` with basiswoorden-gekeurd.txt, flexies-ongekeurd.txt and inflections.tsv.
Writes, sorted and gzipped without a time stamp so that a second run gives the same bytes:

    parts.tsv.gz       part of a compound, weight as first part, weight as last part
    accents.tsv.gz     word without accents, the approved spelling with them
    separable.txt.gz   separable verbs, particle and verb divided by a bar
    forms.tsv.gz       inflected form, base form: only those the lemmatiser does not know

How the parts are found: every word of the list that can be read as two words of the list, with or without
a linking sound, gives its parts a share; a few rounds of re-estimation let frequent parts win over chance
("drugs|beleid" over "drug|sbeleid").  No reading is marked by hand.
"""

from __future__ import annotations

import argparse
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from corpus.analyse import dictionary_lemma
from corpus.lexicon import (
    LEXICON_FOLDER,
    LINK_COST,
    LINKS,
    MIN_PART_LETTERS,
    fold,
    load_rules,
    verb_stem,
)

ROUNDS = 4  # re-estimations; the shares hardly move after the third
MIN_FAMILY = 0.8  # expected number of listed compounds a part must occur in to be kept
LINK_ODDS = math.exp(-LINK_COST)
LETTERS = re.compile(r"[a-zàâäáéèêëïíîóôöòúùûüçñ]+")

# Endings and prefixes that are words by themselves or look like one: never a part of a compound.
_ENDINGS = """
heid heden lijk lijke baar bare loos loze schap schappen ing ingen atie aties isme ismen iteit teit eren erend eerd
eerde achtig achtige ster sters tje tjes etje pje jes dom nis nissen aar aars aren ers ende enden den ten ter der
sel sels ling lingen zaam zame rij rijen erij end voud voudig voudige matig matige aal ale ele eel ief ieve age
ages ant anten ent enten eur eurs ist isten isch ische tie ties sie sies oot aard aards gen ren gene men sen len
nen ken pen ven zen tal tes ste waarts gewijs wijs halve are air ade aden eus euze ees ese ette oor ora era ion
ium lei maal tig maals thans ieven ier iers iere ring ringen naar laar tand tip per pers tem dien deren enen loosheid
vrijheid gerend kend rend rest bele lant lant teren telen ters
"""
_PREFIXES = """
aan af be bij ge her in mis na om on ont op over per pre pro re ver voor toe tot uit door onder achter mee mede
tegen terug samen weg neer voort des dis ex inter con com anti poly een den der het van met die dat dan ten ter ons
uw hun wat wie hoe als nog ook wel hem haar mijn zijn vooraf los vast tussen boven buiten binnen beneden tele weder
weer wan oer aarts int tegens beg bek
"""
ENDINGS, PREFIXES = frozenset(_ENDINGS.split()), frozenset(_PREFIXES.split())

Shares = defaultdict[str, float]
Families = tuple[Shares, Shares]  # how many compounds a word opens, and closes
Reading = tuple[str, str, str]  # first part, linking sound, last part


def read_words(folder: Path) -> frozenset[str]:
    """Approved words of three letters and more, lower case only: names are no parts."""
    lines: list[str] = []
    for name in ("basiswoorden-gekeurd.txt", "flexies-ongekeurd.txt"):
        lines += (folder / name).read_text(encoding="utf-8").split()
    return frozenset(w for w in lines if len(w) >= MIN_PART_LETTERS and LETTERS.fullmatch(w))


def verb_stems(words: frozenset[str]) -> frozenset[str]:
    """First persons ("bewaar") of infinitives whose past participle or third person is a word too."""
    stems = set()
    for word in words:
        stem = verb_stem(word)
        if stem and words & {f"ge{stem}d", f"ge{stem}t", f"{stem}t", f"ge{word}"}:
            stems.add(stem)
    return frozenset(stems)


def readings(word: str, firsts: frozenset[str], lasts: frozenset[str]) -> Iterator[Reading]:
    """Every way the word can be read as two parts."""
    for cut in range(MIN_PART_LETTERS, len(word) - MIN_PART_LETTERS + 1):
        last = word[cut:]
        if last in ENDINGS or last not in lasts:
            continue
        for link in LINKS:
            first = word[: cut - len(link)]
            if word[:cut].endswith(link) and first in firsts and first not in PREFIXES:
                yield first, link, last


def families(words: frozenset[str]) -> Families:
    """How many listed compounds each word opens and closes, shared over rival readings."""
    firsts = words | verb_stems(words)
    compounds = [found for word in words if (found := list(readings(word, firsts, words)))]
    opens: Shares = defaultdict(lambda: 1.0)
    closes: Shares = defaultdict(lambda: 1.0)
    for _ in range(ROUNDS):
        opens, closes = _share(compounds, opens, closes)
    return opens, closes


def _share(compounds: list[list[Reading]], opens: Shares, closes: Shares) -> Families:
    next_opens: Shares = defaultdict(float)
    next_closes: Shares = defaultdict(float)
    for found in compounds:
        odds = [(opens[first] * closes[last] + 1e-9) * (LINK_ODDS if link else 1.0) for first, link, last in found]
        total = sum(odds)
        for (first, _, last), odd in zip(found, odds, strict=True):
            next_opens[first] += odd / total
            next_closes[last] += odd / total
    return next_opens, next_closes


def part_lines(opens: Shares, closes: Shares) -> list[str]:
    """`part TAB weight as first TAB weight as last`; weights are natural logs, 2 decimals, -9 = never."""
    kept = {w for w, n in opens.items() if n >= MIN_FAMILY}
    kept |= {w for w, n in closes.items() if n >= MIN_FAMILY}
    return sorted(f"{fold(w)}\t{_log(opens[w])}\t{_log(closes[w])}" for w in kept)


def _log(count: float) -> str:
    return f"{math.log(count):.1f}" if count >= MIN_FAMILY else "-9"


def accent_lines(words: Iterable[str]) -> list[str]:
    """Words that people type without their accents, when the bare spelling is no word itself."""
    words = frozenset(words)
    pairs = {fold(w): w for w in sorted(words) if fold(w) != w and fold(w) not in words}
    return sorted(f"{bare}\t{word}" for bare, word in pairs.items())


def separable_lines(words: frozenset[str]) -> list[str]:
    """`particle|verb` for each infinitive of the list that is a particle before another verb."""
    known = verbs(words)
    return sorted(
        f"{fold(particle)}|{fold(word.removeprefix(particle))}"
        for particle in load_rules().particles
        for word in words
        if word.startswith(particle) and word.removeprefix(particle) in known
    )


def verbs(words: frozenset[str]) -> frozenset[str]:
    """Infinitives: what participles go back to, and words whose third person is a word as well."""
    found = {dictionary_lemma(word) for word in words if word.startswith("ge")}
    conjugated = {word for word in words if (stem := verb_stem(word)) and f"{stem}t" in words}
    found |= {word for word in conjugated if dictionary_lemma(word) in (word, "")}
    return frozenset(word for word in found & words if word.endswith("n"))


def form_lines(path: Path) -> list[str]:
    """Inflected forms that the lemmatiser has never seen, with their base."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        form, _, base = line.partition("\t")
        if LETTERS.fullmatch(form) and LETTERS.fullmatch(base) and not dictionary_lemma(form):
            lines.append(f"{form}\t{base}")
    return sorted(set(lines))


def write(path: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size / 1024:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds lexicon/opentaal")
    source = parser.parse_args().data / "lexicon" / "opentaal"
    words = read_words(source)
    write(LEXICON_FOLDER / "parts.tsv.gz", part_lines(*families(words)))
    write(LEXICON_FOLDER / "accents.tsv.gz", accent_lines(words))
    write(LEXICON_FOLDER / "separable.txt.gz", separable_lines(words))
    write(LEXICON_FOLDER / "forms.tsv.gz", form_lines(source / "inflections.tsv"))


if __name__ == "__main__":
    main()
