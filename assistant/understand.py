"""Reads a question into words, sentences and clauses, forgives how it was typed, and finds the concepts of a lexicon in it.

The lexicon (guard.toml) is data that people can read: a concept is a list of patterns. Everything here is deterministic and
takes time in proportion to the number of words; nothing is kept about a question except the spelling of single words.

Patterns:  `word`  `stem*`  `*tail`  `a|b`  `@class`  `_` any one word  `~` up to four words  `~7` up to seven
           `[word]` may be absent
           `^word` a word that opens a clause
           `A & B` both in one sentence, in any order, at most WINDOW words apart
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import simplemma
from rapidfuzz.distance import OSA


def word_set(words: str) -> frozenset[str]:
    """The words of a line, for lists that are easier to read without quotes."""
    return frozenset(words.split())


HEAD_CHARACTERS = 4_000  # of a very long text only the beginning and the end are read
TAIL_CHARACTERS = 1_000
WINDOW = 8  # words: how far the parts of an `A & B` pattern may be apart
MAX_REPAIRS = 16  # unknown words a question may have looked at; a page of nonsense must stay cheap
MOST_PLACES = 12  # of one pattern in one text; "hij slaat haar" a thousand times says no more than twelve times
MOST_WORDS = 50_000  # spellings remembered; they are single words, never a question
MAX_WORD = 40  # letters; longer runs are no words
MIN_FUZZY = 5  # letters; a shorter word is too easily another word

_TOKEN = re.compile(r"\d+(?:[.:,]\d+)+|[^\W_]+(?:['-][^\W_]+)*|[.?!;\n]+|[,:()\"]")
_SENTENCE_END = frozenset(".?!;\n")
_CLAUSE_END = frozenset(',:()"')
_CONJUNCTIONS = word_set("en maar want terwijl omdat dus of and but because while so")
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": ","}
)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words. sentence, clause: the number of each word's sentence and clause; asked: sentences that end
    in a question mark.
    """

    words: tuple[str, ...]
    sentence: tuple[int, ...]
    clause: tuple[int, ...]
    asked: frozenset[int] = frozenset()

    @property
    def opens(self) -> tuple[bool, ...]:
        """For each word whether it is the first of its clause; a conjunction does not count as one."""
        return _openings(self)


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern of a concept found in the words start..end (half-open); `spread` when its parts may stand apart."""

    concept: str
    pattern: str
    start: int
    end: int
    spread: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    atom: int = -1  # -1: any word
    least: int = 1
    most: int = 1
    opens: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """A reading with the atoms of each word, and the sentence that a match may not leave."""

    reading: Reading
    ids: Sequence[tuple[int, ...]]
    sentence: int

    def inside(self, at: int) -> bool:
        return at < len(self.ids) and self.reading.sentence[at] == self.sentence


@dataclass(slots=True)
class Lexicon:
    """Concepts compiled for one pass over the words.  concepts: name -> patterns.  classes: name -> "a|b|c"."""

    concepts: Mapping[str, Sequence[str]]
    classes: Mapping[str, str] = field(default_factory=dict)
    chat: Mapping[str, str] = field(default_factory=dict)
    glue: str = ""  # small words that may stand glued to others: "hijheefteenmes"
    _atoms: dict[str, int] = field(default_factory=dict)
    _exact: dict[str, set[int]] = field(default_factory=dict)
    _prefix: dict[str, set[int]] = field(default_factory=dict)
    _suffix: dict[str, set[int]] = field(default_factory=dict)
    _operands: list[tuple[_Step, ...]] = field(default_factory=list)
    _by_first: dict[int, list[int]] = field(default_factory=dict)
    _patterns: list[tuple[str, str, tuple[int, ...]]] = field(default_factory=list)
    _of_operand: dict[int, list[int]] = field(default_factory=dict)
    _seen: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _begun: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _needs: dict[int, list[frozenset[int]]] = field(default_factory=dict)
    _fuzzy: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for concept, patterns in self.concepts.items():
            for pattern in patterns:
                self._add(concept, pattern)
        known = {word for word in self._exact if len(word) >= MIN_FUZZY and word.isalpha()}
        self._fuzzy = tuple(sorted(known | {p for p in self._prefix if len(p) >= MIN_FUZZY + 1}))

    # ---- compiling ---------------------------------------------------------------------------

    def _add(self, concept: str, pattern: str) -> None:
        operands = tuple(self._operand(part) for part in pattern.split(" & "))
        number = len(self._patterns)
        self._patterns.append((concept, pattern, operands))
        needs = frozenset(
            step.atom for operand in operands for step in self._operands[operand] if step.atom >= 0 and step.least
        )
        for operand in set(operands):
            self._of_operand.setdefault(operand, []).append(number)
            self._needs.setdefault(operand, []).append(needs)

    def _operand(self, text: str) -> int:
        steps = tuple(self._step(part) for part in text.split())
        if not steps or steps[0].atom < 0 or steps[0].least == 0:
            raise ValueError(f"a pattern must begin with a word: {text!r}")
        number = len(self._operands)
        self._operands.append(steps)
        self._by_first.setdefault(steps[0].atom, []).append(number)
        return number

    def _step(self, text: str) -> _Step:
        if text.startswith("~"):
            return _Step(-1, 0, int(text[1:] or 4))
        if text == "_":
            return _Step()
        if text.startswith("["):
            return _Step(self._atom(text[1:-1]), 0, 1)
        if text.startswith("^"):
            return _Step(self._atom(text[1:]), opens=True)
        return _Step(self._atom(text))

    def _atom(self, text: str) -> int:
        if text in self._atoms:
            return self._atoms[text]
        number = self._atoms[text] = len(self._atoms)
        for word in self._alternatives(text):
            if word.startswith("*"):
                self._suffix.setdefault(word[1:], set()).add(number)
            elif word.endswith("*"):
                self._prefix.setdefault(word[:-1], set()).add(number)
            else:
                self._exact.setdefault(word, set()).add(number)
        return number

    def _alternatives(self, text: str) -> Iterator[str]:
        for word in text.split("|"):
            if word.startswith("@"):
                yield from self._alternatives(self.classes[word[1:]])
            else:
                yield word

    def kinds(self) -> Mapping[str, str]:
        """Whole word -> its class, in capitals; of two classes the first in the file."""
        found: dict[str, str] = {}
        for name, words in self.classes.items():
            for word in self._alternatives(words):
                if "*" not in word:
                    found.setdefault(word, name.upper())
        return found

    # ---- reading -----------------------------------------------------------------------------

    def read(self, text: str) -> Reading:
        """Words as the lexicon spells them, from a text of any length and any alphabet."""
        clean = clean_text(text)
        words: list[str] = []
        sentence: list[int] = []
        clause: list[int] = []
        asked: set[int] = set()
        at_sentence = at_clause = repairs = 0
        for token in _TOKEN.findall(clean):
            if token[0] in _SENTENCE_END:
                if "?" in token:
                    asked.add(at_sentence)
                at_sentence, at_clause = at_sentence + 1, at_clause + 1
                continue
            if token in _CLAUSE_END:
                at_clause += 1
                continue
            if token in _CONJUNCTIONS:
                at_clause += 1
            unknown = not self.knows(token)
            repairs += unknown
            for word in self._respelled(token) if unknown and repairs <= MAX_REPAIRS else self._chat(token):
                words.append(word)
                sentence.append(at_sentence)
                clause.append(at_clause)
        return Reading(tuple(words), tuple(sentence), tuple(clause), frozenset(asked))

    def _chat(self, token: str) -> Sequence[str]:
        return self.chat[token].split() if token in self.chat else (token[:MAX_WORD],)

    def knows(self, token: str) -> bool:
        """Whether the lexicon or the Dutch word list has this spelling."""
        return token in self.chat or bool(self._ids(token)) or _is_dutch(token)

    def _respelled(self, token: str) -> Sequence[str]:
        if "-" in token:
            return [word for part in token.split("-") for word in self._chat(part)]
        short = _STRETCHED.sub(r"\1", token)
        if short != token and self.knows(short):
            return self._chat(short)
        if better := _nearest(short, self._fuzzy):
            return (better,)
        return self._unglued(short) or (token[:MAX_WORD],)

    def _unglued(self, token: str) -> Sequence[str]:
        """ "hijheefteenmes" -> hij heeft een mes; () when it cannot be cut into words of the lexicon."""
        if not 8 <= len(token) <= MAX_WORD or not token.isalpha():
            return ()
        best: list[tuple[str, ...] | None] = [(), *[None] * len(token)]
        small = frozenset(self.glue.split())
        for end in range(2, len(token) + 1):
            for start in range(max(0, end - 14), end - 1):
                head, part = best[start], token[start:end]
                if head is None or not (part in small or (len(part) >= 3 and part in self._exact)):
                    continue
                if best[end] is None or len(head) + 1 < len(best[end] or ()):
                    best[end] = (*head, part)
        return best[-1] or ()

    # ---- finding -----------------------------------------------------------------------------

    def find(self, reading: Reading) -> tuple[Hit, ...]:
        """Every concept in the text, in order of place."""
        ids = [self._ids(word) for word in reading.words]
        present = frozenset(atom for some in ids for atom in some)
        able = {number for number, needs in self._able(present) if needs <= present}
        found: dict[int, list[tuple[int, int]]] = {}
        last = len(reading.words) - 100  # the end of a long text is read in full, whatever it repeated before
        for at, word in enumerate(reading.words):
            seen = _Seen(reading, ids, reading.sentence[at])
            for operand in self._operands_of(word, ids[at]):
                if operand not in able or (len(found.get(operand, ())) > 2 * MOST_PLACES and at < last):
                    continue
                if end := self._match(self._operands[operand], 0, at, seen):
                    found.setdefault(operand, []).append((at, end))
        few = {operand: _few(places) for operand, places in found.items()}
        return tuple(sorted(self._hits(few, reading), key=lambda hit: (hit.start, hit.end, hit.concept)))

    def _able(self, present: frozenset[int]) -> Iterator[tuple[int, frozenset[int]]]:
        """The operands that begin with a word of the text, each with the words its patterns cannot do without."""
        for atom in present:
            for operand in self._by_first.get(atom, ()):
                for needs in self._needs[operand]:
                    yield operand, needs

    def _operands_of(self, word: str, ids: Sequence[int]) -> tuple[int, ...]:
        known = self._begun.get(word)
        if known is None:
            known = tuple(operand for atom in ids for operand in self._by_first.get(atom, ()))
            if len(self._begun) < MOST_WORDS:
                self._begun[word] = known
        return known

    def _match(self, steps: Sequence[_Step], number: int, at: int, seen: _Seen) -> int:
        """End of a match of the steps from `number` on at word `at`, or 0. Steps are few and gaps short, so this
        stays cheap.
        """
        if number == len(steps):
            return at
        step = steps[number]
        if step.atom < 0:
            for skipped in range(step.least, step.most + 1):
                if skipped and not seen.inside(at + skipped - 1):
                    return 0
                if end := self._match(steps, number + 1, at + skipped, seen):
                    return end
            return 0
        fits = seen.inside(at) and step.atom in seen.ids[at] and (not step.opens or seen.reading.opens[at])
        if fits and (end := self._match(steps, number + 1, at + 1, seen)):
            return end
        return self._match(steps, number + 1, at, seen) if step.least == 0 else 0

    def _hits(self, found: Mapping[int, Sequence[tuple[int, int]]], reading: Reading) -> Iterator[Hit]:
        touched = {number for operand in found for number in self._of_operand[operand]}
        for number in sorted(touched):
            concept, pattern, operands = self._patterns[number]
            if not all(operand in found for operand in operands):
                continue
            if len(operands) == 1:
                for start, end in found[operands[0]]:
                    yield Hit(concept, pattern, start, end)
            else:
                for start, end in _together([found[o] for o in operands], reading.sentence):
                    yield Hit(concept, pattern, start, end, spread=True)

    def _ids(self, word: str) -> tuple[int, ...]:
        known = self._seen.get(word)
        if known is None:
            ids = set(self._exact.get(word, ()))
            for cut in range(2, len(word) + 1):
                ids |= self._prefix.get(word[:cut], set())
                ids |= self._suffix.get(word[-cut:], set())
            known = tuple(sorted(ids))
            if len(self._seen) < MOST_WORDS:
                self._seen[word] = known
        return known


def _few(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first and the last places, for a text that repeats itself."""
    return places if len(places) <= MOST_PLACES else places[: MOST_PLACES - 4] + places[-4:]


def _together(places: Sequence[Sequence[tuple[int, int]]], sentence: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Spans that hold one place of each kind: in one sentence, not overlapping, at most WINDOW words apart."""
    for start, end in places[0]:
        chosen = [(start, end)]
        for others in places[1:]:
            near = [
                (a, b)
                for a, b in others
                if sentence[a] == sentence[start]
                and all(b <= s or a >= e for s, e in chosen)
                and a - end <= WINDOW
                and start - b <= WINDOW
            ]
            if not near:
                break
            chosen.append(min(near, key=lambda span: abs(span[0] - start)))
        if len(chosen) == len(places):
            yield min(s for s, _ in chosen), max(e for _, e in chosen)


@lru_cache(maxsize=4)
def _openings(reading: Reading) -> tuple[bool, ...]:
    opens: list[bool] = []
    for at, clause in enumerate(reading.clause):
        first = at == 0 or reading.clause[at - 1] != clause
        skipped = at > 0 and opens[at - 1] and reading.words[at - 1] in _CONJUNCTIONS
        opens.append(first or skipped)
    return tuple(opens)


def clean_text(text: str) -> str:
    """Case, accents, invisible characters and odd quotes taken away; a long text cut to its beginning and end."""
    if len(text) > HEAD_CHARACTERS + TAIL_CHARACTERS:
        text = f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"
    folded = unicodedata.normalize("NFKD", text.translate(_QUOTES)).casefold()
    if folded.isascii():
        return folded
    return "".join(c for c in folded if c == "\n" or unicodedata.category(c) not in ("Mn", "Cf", "Cc", "Cs"))


@lru_cache(maxsize=50_000)
def _is_dutch(word: str) -> bool:
    return not word.isalpha() or simplemma.is_known(word, lang="nl")


@lru_cache(maxsize=4_000)
def _nearest(word: str, vocabulary: tuple[str, ...]) -> str:
    """The word of the lexicon that was meant: one slip in a short word, two in a long one; "" when none is near."""
    if len(word) < MIN_FUZZY or not word.isalpha():
        return ""
    most = 1 if len(word) < 9 else 2
    best, least = "", most + 1
    for candidate in vocabulary:
        if abs(len(candidate) - len(word)) < least and candidate[0] == word[0]:
            distance = OSA.distance(word, candidate, score_cutoff=least - 1)
            if distance < least:
                best, least = candidate, distance
    return best
