"""The Dutch analyser: what a text is searched by.

A text becomes three bags of features.  *Terms* are stems of whole words; *parts* are stems of the parts of
compounds ("geheimhoudingsplicht": geheimhouding, plicht); *grams* are runs of four letters, which survive
typing errors and endings no stemmer knows.  Documents and questions go the same way; a question is also
widened with related words (`Analyser.query`), each with a weight below one.

Stems: an exception table, then simplemma's Dutch lemma, then the Kraaij-Pohlmann stemmer (`dutch` of
PyStemmer 3).  Compounds: `corpus.lexicon` plus the words of the corpus itself.
"""

from __future__ import annotations

import hashlib
import re
import threading
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import simplemma
import Stemmer

from corpus.lexicon import (
    LINK_COST,
    LINKS,
    MIN_PART_LETTERS,
    Lexicon,
    fold,
    load_lexicon,
    lower,
    verb_stem,
)

ANALYSER_VERSION = "nl-1 simplemma2+kraaij-pohlmann3"

GRAM_LETTERS = 4
MAX_CACHED_WORDS = 300_000  # about 150 MB at most; then the cache starts anew
BRIDGE_WEIGHT = 0.9                  # an English word for its Dutch one
MAX_WORD_LETTERS = 60  # longer runs are no words (keys, links) and cost time
CLAUSE_WORDS = 9  # how far a particle may stand behind its verb
MIN_SPLIT_SCORE = 3.0  # sum of both log weights; chosen on public gold compounds
MODAL_WEIGHT = 0.5  # "mag", "moet" in a question: asked often, answered in other words
ACRONYM_WEIGHT = 0.5  # "oma" typed in lower case may mean OMA
CORRECTED_WEIGHT = 0.7  # the likeliest word behind a typing error
CORPUS_PART_WEIGHT = 1.6  # log weight of a word that only the corpus knows

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # o.a., i.v.m.
    r"|\d+(?:[.,:]\d+)*[^\W\d_]{0,12}"  # 24, 9.00, 12,5, 24u, 17e
    r"|[^\W_]+(?:[\u00ad'’‘`´ʼ‑‐-][^\W_]+)*"  # vp'er, e-mail, geheim\u00adhouding
)
_CLOCK = re.compile(r"(\d{1,2})[.:](\d\d)")
_GLUED = re.compile(r"([\d.,:]*\d)([^\W\d_]+)")
_CLAUSE_END = re.compile(r"[.,;:?!()\n\"“”]")


class Word(NamedTuple):
    """A token and where it stands: `text[start:end] == surface`."""

    surface: str
    start: int
    end: int


class Features(NamedTuple):
    """What one word adds to each bag."""

    terms: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    grams: tuple[str, ...] = ()

    def bags(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """As searched: a simple word stands among the parts too, so "plicht" meets "zwijgplicht"."""
        return self.terms, self.parts or self.terms, self.grams


class Analysed(NamedTuple):
    """The three bags of a text, repetitions kept, in order of the text."""

    terms: tuple[str, ...]
    parts: tuple[str, ...]
    grams: tuple[str, ...]


Weighted = dict[str, float]


class Query(NamedTuple):
    """A question as weights per feature; words of the question weigh 1, related words less."""

    terms: Weighted
    parts: Weighted
    grams: Weighted


class Concept(NamedTuple):
    """One content word of a question, and what would do for it: each way is stems that must all be there, and its worth."""

    term: str
    ways: tuple[tuple[tuple[str, ...], float], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """`variants` mean nearly the same as `term`; weight 0..1 is what a match through it is worth."""

    term: str
    variants: tuple[str, ...]
    weight: float = 0.5


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Relations between words, and pairs that must never be taken for each other."""

    relations: tuple[Relation, ...] = ()
    never: tuple[tuple[str, str], ...] = ()


def load_synonyms(path: Path) -> Synonyms:
    """Read `[[relation]]` and `[[never]]` tables.  Raises ValueError naming the entry that is wrong."""
    return parse_synonyms(path.read_text(encoding="utf-8"))


def parse_synonyms(text: str) -> Synonyms:
    """The relations and never-merge pairs of a synonyms.toml.  Raises ValueError naming the entry that is wrong."""

    raw = tomllib.loads(text)
    relations = tuple(_relation(entry) for entry in raw.get("relation", ()))
    never = tuple(_never(entry) for entry in raw.get("never", ()))
    return Synonyms(relations, never)


def _relation(entry: dict[str, object]) -> Relation:
    term, variants, weight = entry.get("term"), entry.get("variants"), entry.get("weight", 0.5)
    good = isinstance(term, str) and isinstance(variants, list) and isinstance(weight, int | float)
    if not good or not 0 < weight <= 1:  # type: ignore[operator]
        raise ValueError(f"relation needs term, variants and a weight above 0 up to 1: {entry!r}")
    return Relation(term, tuple(variants), float(weight))  # type: ignore[arg-type]


def _never(entry: dict[str, object]) -> tuple[str, str]:
    pair = entry.get("pair")
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError(f"never needs a pair of two words: {entry!r}")
    return str(pair[0]), str(pair[1])


class Analyser:
    """Turns Dutch text into features; made once, safe to share between threads."""

    def __init__(
        self,
        lexicon: Lexicon,
        vocabulary: Iterable[str] = (),
        synonyms: Synonyms = Synonyms(),
    ) -> None:
        """vocabulary: words of the corpus, any case; they serve as parts of compounds."""
        self.lexicon = lexicon
        self.synonyms = synonyms
        self.vocabulary = _vocabulary(vocabulary)
        self._stemmer = Stemmer.Stemmer("dutch")
        self._lock = threading.RLock()  # the stemmer keeps state and is not thread-safe
        self._cache: dict[str, Features] = {}
        self._infinitives: dict[tuple[str, str], str] = {}  # (particle, word) -> separable verb
        self._lower_keys: dict[str, str] = {}  # surface -> key
        self._acronym_keys: dict[str, str] = {}
        self._particles = lexicon.rules.particles_free | lexicon.rules.particles_bound
        self._literal: frozenset[str] = frozenset()  # words whose stem would merge a pair that must stay apart
        self._apart: dict[str, frozenset[str]] = {}  # stem of a word -> features it may not have
        self._literal = self._merged_by_stem()
        self._cache.clear()
        self._apart = self._kept_apart()
        self._cache.clear()

    def with_vocabulary(self, vocabulary: Iterable[str]) -> Analyser:
        """The same analyser for another corpus. The latest are remembered: what they know of words takes a third of a second to gather again."""
        words = _vocabulary(vocabulary)
        for known in tuple(_LATEST):
            if known.lexicon is self.lexicon and known.vocabulary == words and known.synonyms == self.synonyms:
                return known
        made = Analyser(self.lexicon, words, self.synonyms)
        _LATEST.append(made)
        return made

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever the same passage could get other features: an index must be made anew."""
        never = sorted(self.synonyms.never)
        facts = (ANALYSER_VERSION, self.lexicon.digest, Stemmer.version(), simplemma.__version__, never)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    # ---- words -------------------------------------------------------------------------------

    def words(self, text: str) -> tuple[Word, ...]:
        """Tokens with their offsets in `text`; hyphenated and apostrophe words are one token."""
        return tuple([Word(m[0], *m.span()) for m in _TOKEN.finditer(text)])

    def keys(self, text: str) -> list[str]:
        """One key per token, ready for `features`; separable verbs that stand apart add one more.

        A key is the lower-case word, or the word in capitals where the capitals mean something.
        """
        words = self.words(text)
        table = self._acronym_keys if _capitals_tell(words) else self._lower_keys
        keys = [table.get(word[0]) or self._new_key(word[0], table) for word in words]
        if not self._particles.isdisjoint(keys):
            keys += list(self._separated(text, words, keys))
        return keys

    def features(self, key: str) -> Features:
        """What a key from `keys` adds to the bags; remembered, since words repeat."""
        found = self._cache.get(key)
        if found is None:
            with self._lock:
                found = self._features(key)
                if len(self._cache) >= MAX_CACHED_WORDS:
                    self._cache.clear()
                self._cache[key] = found
        return found

    # ---- texts -------------------------------------------------------------------------------

    def analyse(self, text: str) -> Analysed:
        """The features of a text as they go into the index."""
        found = [self.features(key) for key in self.keys(text)]
        return Analysed(
            tuple(t for f in found for t in f.terms),
            tuple(p for f in found for p in f.parts),
            tuple(g for f in found for g in f.grams),
        )

    def content_terms(self, text: str) -> tuple[str, ...]:
        """Stems of the words that carry the topic: no function words, negations, modals, bare verbs."""
        rules = self.lexicon.rules
        skip = rules.negation | rules.modal | rules.light
        return tuple(t for key in self.keys(text) if key not in skip for t in self.features(key).terms)

    def query(self, text: str, correct: Callable[[str], str] | None = None) -> Query:
        """The features of a question with their weights, widened with related words.

        correct: gives for a word that the index does not know the likeliest one it does ("" = none).
        """
        keys = self.keys(text)
        query = Query({}, {}, {})
        for key in keys:
            self._add(query, key, MODAL_WEIGHT if key in self.lexicon.rules.modal else 1.0)
            for other, weight in self._alternatives(key, correct):
                self._add(query, other, weight)
        for phrase, weight in self._related(keys):
            for key in phrase:
                self._add(query, key, weight, grams=False)
        return query

    def concepts(self, text: str, correct: Callable[[str], str] | None = None) -> tuple[Concept, ...]:
        """The content words of a question, each once, with the words, parts and relations that cover it."""
        rules = self.lexicon.rules
        skip = rules.negation | rules.modal | rules.light
        keys = [key for key in self.keys(text) if self.features(key).terms]
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for key in keys:
            if key not in skip:
                ways = found.setdefault(self.features(key).terms[0], {})
                self._add_ways(ways, key, 1.0)
                for other, weight in self._alternatives(key, correct):
                    self._add_ways(ways, other, weight)
        for span, others, weight in self._related_spans(keys):
            stems = tuple(t for other in others for t in self.features(other).terms[:1])
            for term in span:
                if term in found and stems:
                    found[term][stems] = max(found[term].get(stems, 0.0), weight)
        return tuple(Concept(term, tuple(ways.items())) for term, ways in found.items())

    def _add_ways(self, ways: dict[tuple[str, ...], float], key: str, weight: float) -> None:
        found = self.features(key)
        for term in found.terms:
            ways[(term,)] = max(ways.get((term,), 0.0), weight)
        if len(found.parts) > 1:
            ways[tuple(found.parts)] = max(ways.get(tuple(found.parts), 0.0), 0.8 * weight)

    def _add(self, query: Query, key: str, weight: float, grams: bool = True) -> None:
        found = self.features(key).bags()
        for bag, features in zip(query, found if grams else found[:2], strict=False):
            for feature in features:
                bag[feature] = max(bag.get(feature, 0.0), weight)

    def _alternatives(self, key: str, correct: Callable[[str], str] | None) -> Iterator[tuple[str, float]]:
        if len(key) <= 6 and key.isalpha() and key.islower() and self.features(key).terms:
            yield from [(key.upper(), ACRONYM_WEIGHT)] if self._is_acronym_word(key) else []
        if correct and key.isalpha() and key.islower() and (better := correct(key)):
            yield better, CORRECTED_WEIGHT

    # ---- one word ----------------------------------------------------------------------------

    def _new_key(self, surface: str, table: dict[str, str]) -> str:
        """The key of a word, remembered in `table`; capitals count only in the table of acronyms."""
        bare = surface.rstrip("'’.")
        key = lower(surface).rstrip(".")
        if table is self._acronym_keys and 2 <= len(bare) <= 6 and bare.isupper() and self._is_acronym_word(key):
            key = bare
        if len(table) >= MAX_CACHED_WORDS:
            table.clear()
        table[surface] = key
        return key

    def _is_acronym_word(self, low: str) -> bool:
        """Is the lower-case spelling an ordinary word too, so that capitals make a difference?"""
        return bool(dictionary_lemma(low)) or low in self.lexicon.lasts or low in ("anna", "oen")

    def _features(self, key: str) -> Features:
        rules = self.lexicon.rules
        if key.isupper() and key.isalpha():
            return Features((key,), (), ())
        if key[0].isdigit():
            return self._number(key)
        if key in rules.numbers:
            return Features((rules.numbers[key],), (), ())
        bare = fold(key)
        if bare in rules.chat:
            return self._several(rules.chat[bare].split())
        if bare in rules.stop or len(bare) > MAX_WORD_LETTERS:
            return Features()
        if value := _number_word(bare, rules.numbers):
            return Features((value,), (), ())
        if "-" in bare or "'" in bare:
            return self._joined(key)
        return self._word(key)

    def is_word(self, key: str) -> bool:
        """Does the lexicon or the lemmatiser know this spelling?"""
        bare = fold(key)
        lexicon = self.lexicon
        known = bare in lexicon.lasts or bare in lexicon.accents or bare in lexicon.rules.lemma
        return known or bool(self._looked_up(key))

    def _several(self, keys: Sequence[str]) -> Features:
        found = [self._features(key) for key in keys]
        return Features(*(tuple(x for f in found for x in f[bag]) for bag in range(3)))

    def _number(self, key: str) -> Features:
        if clock := _CLOCK.fullmatch(key):
            hour, minutes = str(int(clock[1])), clock[2]
            return Features((hour,) if minutes == "00" else (f"{hour}:{minutes}",))
        if glued := _GLUED.fullmatch(key):
            unit = self.lexicon.rules.units.get(glued[2])
            if unit:
                return Features((*self._number(glued[1]).terms, *self._word(unit).terms))
            return Features((key,), (glued[1],), ())
        digits = re.sub(r"[.](?=\d{3}(?:\D|$))", "", key)  # 1.000 -> 1000
        return Features((digits.lstrip("0") or "0",) if digits.isdigit() and digits != key else (digits,))

    def _joined(self, key: str) -> Features:
        """For "rechts-extremisme": the word without its hyphen, and its pieces as parts."""
        if key.endswith("'s"):
            return self._word(key[:-2])
        pieces = [p for p in re.split(r"[-']", key) if p]
        whole = self._word("".join(pieces))
        inner = [self._features(p) for p in pieces]
        parts = tuple(x for f in inner for x in (f.terms + f.parts))
        return Features(whole.terms, self._allowed(whole.terms[:1], parts), whole.grams)

    def _word(self, word: str) -> Features:
        bare = fold(word)
        lemma = self.lemma(word)
        if not lemma:
            return Features()
        term = bare if bare in self._literal else self._stem(lemma)
        parts = tuple(self._stem(self.lemma(p)) or p for p in self.split(bare))
        return Features((term,), self._allowed((term,), parts), grams_of(bare))

    # ---- lemma and stem ----------------------------------------------------------------------

    def lemma(self, word: str) -> str:
        """Dictionary form: "ingetrokken" -> "intrekken"; the word itself when nothing is known."""
        word = lower(word)
        rules = self.lexicon.rules
        if (bare := fold(word)) in rules.lemma:
            return rules.lemma[bare]
        word = self.lexicon.accents.get(word, word)
        found = self._looked_up(word)
        if found:
            return found
        cut = self._split_once(bare)
        if cut:
            first, last = cut
            return first + (self._looked_up(last) or last)
        return word

    def _looked_up(self, word: str) -> str:
        rules = self.lexicon.rules
        if word in rules.lemma:
            return rules.lemma[word]
        return dictionary_lemma(word) or self.lexicon.forms.get(word, "")

    def _stem(self, lemma: str) -> str:
        bare = fold(lemma).replace("-", "")
        rules = self.lexicon.rules
        if bare in rules.stem:
            return rules.stem[bare]
        if bare in self._apart:
            return bare
        stem: str = self._stemmer.stemWord(bare)
        if bare == f"{stem}den":  # "melden" would become "mel", away from "meld"
            stem = verb_stem(bare)
        # Kraaij-Pohlmann also cuts "ge" off the front, so "gesprek" meets "sprek", and "overheid" becomes "over".
        plausible = stem[:2] == bare[:2] and (len(stem) >= 5 or len(bare) - len(stem) <= 3) and len(stem) >= 3
        return stem if plausible else bare

    # ---- compounds ---------------------------------------------------------------------------

    def split(self, word: str) -> tuple[str, ...]:
        """Parts of a compound without the linking sound; () for a simple word.  word: folded.

        "geheimhoudingsplicht" -> ("geheimhouding", "plicht"); separable verbs give their verb.
        """
        if word in self.lexicon.rules.compounds:
            return tuple(self.lexicon.rules.compounds[word].split())
        if separable := self._separable_parts(word):
            return separable
        cut = self._split_once(word)
        if not cut:
            return ()
        head, last = cut
        return (self._best_first(head)[1], last)

    def _split_once(self, word: str) -> tuple[str, str] | None:
        """The best place to cut: (first part with its linking sound, last part)."""
        if word in self.lexicon.rules.compounds:
            return None
        best, best_score = None, MIN_SPLIT_SCORE
        for cut in range(MIN_PART_LETTERS, len(word) - MIN_PART_LETTERS + 1):
            last = self._weight(word[cut:], self.lexicon.lasts)
            if last is None:
                continue
            first = self._best_first(word[:cut])[0]
            if first is not None and first + last > best_score:
                best, best_score = (word[:cut], word[cut:]), first + last
        return best

    def _best_first(self, head: str) -> tuple[float | None, str]:
        """Weight of the likeliest reading of `head` as part plus linking sound, and that part."""
        found: list[tuple[float, str]] = []
        for link in LINKS:
            if head.endswith(link) and len(head) - len(link) >= MIN_PART_LETTERS:
                part = head[: len(head) - len(link)]
                weight = self._weight(part, self.lexicon.firsts)
                if weight is not None:
                    found.append((weight - LINK_COST if link else weight, part))
        return max(found) if found else (None, "")

    def _weight(self, part: str, table: Mapping[str, float]) -> float | None:
        weight = table.get(part)
        if weight is None and len(part) >= 4 and part in self.vocabulary:
            return CORPUS_PART_WEIGHT
        return weight

    # ---- separable verbs ---------------------------------------------------------------------

    def _separable_parts(self, word: str) -> tuple[str, ...]:
        lemma = fold(self._looked_up(word) or word)
        for particle in self.lexicon.rules.particles:
            verb = lemma.removeprefix(particle)
            if verb != lemma and f"{particle}|{verb}" in self.lexicon.separable:
                return (verb,)
        return ()

    def _separated(self, text: str, words: Sequence[Word], keys: Sequence[str]) -> Iterator[str]:
        """Infinitives of verbs whose particle stands apart: "ik bel je morgen terug" -> terugbellen."""
        rules = self.lexicon.rules
        for at, key in enumerate(keys):
            free = key in rules.particles_free
            if not free and key not in rules.particles_bound:
                continue
            if joined := self._with_te(key, keys, at):
                yield joined
            elif free or self._closes_clause(text, words, keys, at):
                yield from self._verb_before(key, text, words, keys, at)

    def _with_te(self, particle: str, keys: Sequence[str], at: int) -> str:
        """From "in te trekken" -> "intrekken"."""
        if at + 2 < len(keys) and keys[at + 1] == "te":
            return self._infinitive(particle, keys[at + 2])
        return ""

    def _closes_clause(self, text: str, words: Sequence[Word], keys: Sequence[str], at: int) -> bool:
        if at + 1 == len(words):
            return True
        gap = text[words[at].end : words[at + 1].start]
        return keys[at + 1] in self.lexicon.rules.after_particle or bool(_CLAUSE_END.search(gap))

    def _verb_before(self, particle: str, text: str, words: Sequence[Word], keys: Sequence[str], at: int) -> Iterator[str]:
        for before in range(at - 1, max(-1, at - 1 - CLAUSE_WORDS), -1):
            if _CLAUSE_END.search(text, words[before].end, words[before + 1].start):
                return
            if joined := self._infinitive(particle, keys[before]):
                yield joined
                return

    def _infinitive(self, particle: str, key: str) -> str:
        """The separable verb, "" for none; remembered, since the same words stand before the same particles."""
        found = self._infinitives.get((particle, key))
        if found is None:
            if len(self._infinitives) >= MAX_CACHED_WORDS:
                self._infinitives.clear()
            found = self._infinitives[particle, key] = self._joined_verb(particle, key)
        return found

    def _joined_verb(self, particle: str, key: str) -> str:
        if len(key) < 2 or not key.isalpha() or self._is_bare_function_word(key):
            return ""
        for verb in (fold(self._looked_up(key)), fold(key), fold(key) + "en"):
            if f"{particle}|{verb}" in self.lexicon.separable:
                return particle + verb
        return ""

    def _is_bare_function_word(self, key: str) -> bool:
        """A stop word that is no form of a verb: "mijn" must not give "inmijnen"."""
        rules = self.lexicon.rules
        return key in rules.stop and fold(self._looked_up(key)) not in rules.stop_verbs

    # ---- words that are related, and words that are not ---------------------------------------

    def _merged_by_stem(self) -> frozenset[str]:
        """Both words of each never-merge pair that has one stem: they are indexed as they are written."""
        pairs = [(self.keys(one), self.keys(other)) for one, other in self.synonyms.never]
        return frozenset(
            fold(key)
            for one, other in pairs
            if len(one) == len(other) == 1 and self.features(one[0]).terms == self.features(other[0]).terms
            for key in (one[0], other[0])
        )

    def _kept_apart(self) -> dict[str, frozenset[str]]:
        """For each single word in a never-merge pair the features it may not share with the other."""
        apart: dict[str, set[str]] = {}
        for one, other in self.synonyms.never:
            for mine, theirs in ((one, other), (other, one)):
                keys = self.keys(mine)
                features = {x for k in self.keys(theirs) for f in self.features(k)[:2] for x in f}
                for key in keys if len(keys) == 1 else ():
                    for name in {fold(key), fold(self.lemma(key)), *self.features(key).terms}:
                        apart.setdefault(name, set()).update(features)
        return {name: frozenset(features) for name, features in apart.items()}

    def _allowed(self, terms: Sequence[str], parts: tuple[str, ...]) -> tuple[str, ...]:
        blocked = self._apart.get(terms[0], frozenset()) if terms else frozenset()
        return tuple(p for p in parts if p not in blocked) if blocked else parts

    @cached_property
    def _phrases(self) -> dict[tuple[str, ...], list[tuple[tuple[str, ...], float]]]:
        """From the stems of a phrase to the keys of each phrase that is related to it, with weight."""
        table: dict[tuple[str, ...], list[tuple[tuple[str, ...], float]]] = {}
        never = self._never_stems
        for relation in self.synonyms.relations:
            keys = [self._content_keys(p) for p in (relation.term, *relation.variants)]
            phrases = [(k, self._stems(k)) for k in keys]
            for i, (_, stems) in enumerate(phrases):
                for j, (others, other_stems) in enumerate(phrases):
                    weight = relation.weight * (1.0 if 0 in (i, j) else 0.6)
                    if i != j and stems and others and frozenset((stems, other_stems)) not in never:
                        table.setdefault(stems, []).append((others, weight))
        return table

    def _content_keys(self, text: str) -> tuple[str, ...]:
        return tuple(key for key in self.keys(text) if self.features(key).terms)

    def _stems(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(t for key in keys for t in self.features(key).terms)

    @cached_property
    def _never_stems(self) -> frozenset[frozenset[tuple[str, ...]]]:
        return frozenset(frozenset(self._stems(self.keys(side)) for side in pair) for pair in self.synonyms.never)

    def _related(self, keys: Sequence[str]) -> Iterator[tuple[tuple[str, ...], float]]:
        for _, others, weight in self._related_spans(keys):
            yield others, weight

    def _related_spans(self, keys: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], float]]:
        """(stems of the question, related words, weight) of each relation that a run of the question's words opens."""
        if not self._phrases:
            return
        stems = self._stems(k for k in keys if self.features(k).terms)
        asked = {stems[i:j] for i in range(len(stems)) for j in range(i + 1, min(i + 7, len(stems) + 1))}
        blocked = self._blocked_by(asked)
        for phrase in sorted(asked & self._phrases.keys()):
            for others, weight in self._phrases[phrase]:
                if self._stems(others) not in blocked:
                    yield phrase, others, weight

    def _blocked_by(self, asked: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """What may not be added to a question because it names the other side of a never-merge pair."""
        blocked: set[tuple[str, ...]] = set()
        for pair in self._never_stems:
            for span in pair & asked:
                blocked |= (pair - {span}) or {span}
        return blocked


def _vocabulary(words: Iterable[str]) -> frozenset[str]:
    return frozenset(w for w in map(fold, words) if w.isalpha())


_LATEST: deque[Analyser] = deque(maxlen=2)  # a release that is opened again, and the one before it


@lru_cache(maxsize=100_000)
def dictionary_lemma(word: str) -> str:
    """simplemma's lemma; "" when its dictionary does not have the word (it would guess)."""
    if not simplemma.is_known(word, lang="nl"):
        return ""
    lemma = simplemma.lemmatize(word, lang="nl")
    if lemma != word and simplemma.lemmatize(lemma, lang="nl") == word:  # "trek" <-> "trekken"
        lemma = max(lemma, word, key=len)
    return str(lemma).replace("_", "").casefold()


def grams_of(word: str) -> tuple[str, ...]:
    """Runs of four letters; a shorter word is its own gram."""
    if len(word) <= GRAM_LETTERS:
        return (word,)
    return tuple(word[i : i + GRAM_LETTERS] for i in range(len(word) - GRAM_LETTERS + 1))


def _capitals_tell(words: Sequence[Word]) -> bool:
    """False for a text typed in capitals throughout: there capitals mean nothing."""
    upper = sum(word[0].isupper() for word in words)
    if upper * 2 <= len(words):
        return True
    letters = [w.surface for w in words if len(w.surface) > 1 and w.surface[0].isalpha()]
    return sum(w.isupper() for w in letters) * 2 <= len(letters) or len(letters) == 1


def _number_word(word: str, numbers: Mapping[str, str]) -> str:
    """The digits of a number between 20 and 100 ("vierentwintig": 24); empty when the word is none."""
    for cut in (m.start() for m in re.finditer("en", word)):
        low, high = word[:cut], numbers.get(word[cut + 2 :], "")
        unit = "1" if low == "een" else numbers.get(low, "")
        if len(unit) == 1 and len(high) == 2 and high[1] == "0":
            return high[0] + unit
    return ""


@lru_cache(maxsize=1)
def english_relations() -> tuple[Relation, ...]:
    """English words of helpline questions and the Dutch word for each: an English question finds Dutch passages."""
    lines = (Path(__file__).parent / "embedding_bridge.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(Relation(english, (dutch,), BRIDGE_WEIGHT) for english, dutch in pairs)


@lru_cache(maxsize=1)
def spoken_dutch() -> Synonyms:
    """Spoken and everyday Dutch beside the words that handbooks and leaflets use; applies to every corpus."""
    return load_synonyms(Path(__file__).parent / "lexicon" / "spreektaal.toml")


@lru_cache(maxsize=1)
def default_analyser() -> Analyser:
    """The bundled lexicon, with the relations of the bundled corpus when they are there."""
    path = Path(__file__).parent / "texts" / "synonyms.toml"
    synonyms = load_synonyms(path) if path.exists() else Synonyms()
    return Analyser(load_lexicon(), synonyms=synonyms)
