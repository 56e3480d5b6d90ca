"""Names and places in a question, also typed without a capital: by lists, by the word before ("haar zoon ..."), by how they
are written.

The lists of first names, surnames and places are those that the `deduce` library brings along; they are read as plain text,
which takes some hundredths of a second, without loading the library. personal_words.toml adds what those lists do not have.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import simplemma

from assistant.personal_patterns import Span, word_set
from corpus.analyse import default_analyser

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_GAP = re.compile(r"[ \t]{1,3}|\. ?")  # what may stand between the words of one name
_INITIALS = re.compile(r"(?:\b[A-Z]\.\s?){1,4}$")
_STARTS = re.compile(r"(?:^|[.?!:\n]\s*|[\"“‘'(]\s*)$")
_PLACE_BEFORE = word_set("in uit naar te bij van richting omgeving regio from dorp stad wijk gemeente nabij rond buurt")
_LIVES = word_set("woont wonen woon woonde wonende dorp stad wijk buurt verhuisd geboren lives living")
_VERBS_AFTER = word_set(
    "is was heeft had wil wilt wilde belt belde appt appte zegt zei vertelt vertelde vroeg vraagt komt kwam woont "
    "gaat ging mag moet kan zit zat spreekt sprak denkt vindt zijn haar zn z'n d'r dr en doet mailt stuurde stuurt "
    "werkt blijft laat kreeg krijgt leeft slaapt eet huilt has wants and said says heet geeft gaf vind weet wist"
)
_NAMED_AFTER = word_set("zn z'n zijn haar d'r dr")
# a full stop after these ends no sentence
_ABBREVIATED = word_set("dhr mevr mw mvr dr drs mr ir prof fam st")
_POINTING = re.compile(r"(?:daar|er|hier|waar|ergens|nergens)(?:[a-z]{2,7})")
_TOWN = re.compile(
    r"[a-z-]{2,}(?:stad|dorp|veen|waard|dam|drecht|hoven|zaal|wijk|berg|broek|horst|loo|meer|mond|oord|rode|voort|"
    r"zande|burg|kerk|huizen|um)"
)
_PLACE_WORDS = word_set("in dorp stad wijk buurt")
_SUBJECTS = word_set("ik je jij we wij de het een mijn hij ze zij")
MIN_LETTERS = 3
MIN_COMPOUND = 7  # letters; shorter words are no compounds


@dataclass(frozen=True, slots=True)
class Lists:
    """Names and places in small letters without accents, and words that are never one."""

    first: frozenset[str]
    last: frozenset[str]
    places: frozenset[str]
    long_places: frozenset[tuple[str, ...]]
    roles: frozenset[str]
    titles: frozenset[str]
    naming: frozenset[str]
    interfix: frozenset[str]
    never: frozenset[str]
    protected: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """A word where it stands. low: small letters, no accents. opens: the first of a sentence."""

    start: int
    end: int
    text: str
    low: str
    opens: bool

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def shouted(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


class Names:
    """Finds names of people and places."""

    def __init__(self, lists: Lists | None = None) -> None:
        self.lists = lists or load_lists()

    def spans(self, text: str) -> list[Span]:
        """Names and places, in the order of the text, not overlapping."""
        tokens = list(_tokens(text))
        telling = _capitals_tell(tokens)
        found: list[Span] = []
        at = 0
        while at < len(tokens):
            if end := self._place(tokens, at, telling, text):
                found.append(Span(tokens[at].start, tokens[end - 1].end, "place"))
            elif end := self._name(tokens, at, telling, text):
                found.append(Span(_with_initials(text, tokens[at].start), tokens[end - 1].end, "name"))
            at = end or at + 1
        return found

    # ---- people ------------------------------------------------------------------------------

    def _name(self, tokens: Sequence[Token], at: int, telling: bool, text: str) -> int:
        """End of a name that begins at a token, or 0."""
        token = tokens[at]
        before = tokens[at - 1] if at else None
        if token.low in self.lists.interfix and token.capital and telling and not token.opens:
            return self._surname_with_interfix(tokens, at, text)
        if token.low in self.lists.interfix and before and before.low in self.lists.titles:
            return self._surname_with_interfix(tokens, at, text)
        if not self._begins(tokens, at, telling, text):
            return 0
        return self._extended(tokens, at + 1, telling, text)

    def _begins(self, tokens: Sequence[Token], at: int, telling: bool, text: str) -> bool:
        token = tokens[at]
        low = token.low
        lists = self.lists
        if low in lists.protected or len(low) < 2 or low in lists.interfix or low in lists.roles or _is_acronym(token, telling):
            return False
        pointed = self._pointed_at(tokens, at, text)
        if token.capital and telling:
            return self._capital_name(tokens, at, pointed, text)
        if low in lists.never and pointed and low in lists.first and tokens[at - 1].low == "van":
            return self._reads_on_as_name(tokens, at, text)  # "vrouw van said"
        if low in lists.never or len(low) < MIN_LETTERS:
            return False
        if low in lists.first and not ordinary(token.text):
            return True
        if pointed and low in lists.first and self._reads_on_as_name(tokens, at, text):
            return True
        return (
            pointed
            and not ordinary(token.text)
            and (low in lists.last or self._reads_on_as_name(tokens, at, text))
            and not _typo(low)
        )

    def _capital_name(self, tokens: Sequence[Token], at: int, pointed: bool, text: str) -> bool:
        token = tokens[at]
        low = token.low
        lists = self.lists
        if low in lists.roles or low in lists.titles:
            return False
        listed = low in lists.first or low in lists.last
        if _INITIALS.search(text[: token.start]) and low not in lists.never:
            return True
        if low in lists.never:
            return low in lists.first and pointed and not token.opens
        known = ordinary(token.text)
        if token.opens:
            follows = at + 1 < len(tokens) and (
                tokens[at + 1].low in _VERBS_AFTER or tokens[at + 1].capital or tokens[at + 1].low in lists.interfix
            )
            if low in lists.first:
                return not known or (follows and not self._verb_first(tokens, at))
            return not known and (follows or (listed and len(tokens) > 1)) and not _typo(low)
        return low in lists.first or not known or (pointed and listed) or (listed and self._after_name(tokens, at))

    def _verb_first(self, tokens: Sequence[Token], at: int) -> bool:
        """ "Mark is boos" is a name; "Wil moeder praten" is a question."""
        after = tokens[at + 1].low if at + 1 < len(tokens) else ""
        return after in self.lists.roles or after in _SUBJECTS

    def _after_name(self, tokens: Sequence[Token], at: int) -> bool:
        return at > 0 and tokens[at - 1].low in self.lists.first

    def _pointed_at(self, tokens: Sequence[Token], at: int, text: str) -> bool:
        """Does the word before say that a name follows: "haar zoon", "moeder van", "ze heet", "mevrouw"?"""
        if not at:
            return False
        before, lists = tokens[at - 1], self.lists
        gap = text[before.end : tokens[at].start]
        if len(gap) > 3 or any(c in gap for c in ".?!;\n") and before.low not in lists.titles:
            return False
        if before.low in lists.roles or before.low in lists.titles or before.low in lists.naming:
            return True
        if before.low in ("van", "of", "from", "met", "is") and at > 1:
            return tokens[at - 2].low in lists.roles | {"naam", "name", "gesproken", "contact", "gesprek"}
        return False

    def _reads_on_as_name(self, tokens: Sequence[Token], at: int, text: str) -> bool:
        """After a name in small letters comes a verb, a surname, a comma, a number or nothing; not another noun."""
        if at + 1 >= len(tokens):
            return True
        rest = text[tokens[at].end : tokens[at + 1].start]
        after = tokens[at + 1]
        return (
            bool(re.search(r"[,.()?!:;\d@]", rest))
            or after.low in _VERBS_AFTER
            or after.low in self.lists.last
            or after.low in self.lists.interfix
            or after.low in self.lists.never
        )

    def _extended(self, tokens: Sequence[Token], at: int, telling: bool, text: str) -> int:
        """The end of the name with its second names, "van der" and surname."""
        end = at
        while end < len(tokens) and end - at < 6 and _GAP.fullmatch(text[tokens[end - 1].end : tokens[end].start]):
            token = tokens[end]
            if token.low in self.lists.interfix and (more := self._surname_with_interfix(tokens, end, text)):
                return more
            if not self._continues(token, telling):
                break
            end += 1
        return end

    def _continues(self, token: Token, telling: bool) -> bool:
        low = token.low
        lists = self.lists
        if low in lists.protected or low in lists.roles or _is_acronym(token, telling):
            return False
        if token.capital and telling:
            return low not in lists.never or low in lists.first
        if low in lists.never or ordinary(token.text):
            return False
        return low in lists.last or low in lists.first

    def _surname_with_interfix(self, tokens: Sequence[Token], at: int, text: str) -> int:
        """ "van der Meulen", "el idrissi", "de bruin": the end, or 0 when no name follows the small words."""
        end = at
        while end < len(tokens) and end - at < 3 and tokens[end].low in self.lists.interfix:
            end += 1
        if end >= len(tokens) or not _GAP.fullmatch(text[tokens[end - 1].end : tokens[end].start]):
            return 0
        last = tokens[end]
        if last.low in self.lists.protected or last.low in self.lists.roles or last.low in self.lists.never:
            return 0
        arabic = tokens[at].low in ("el", "al", "ait", "ould", "bin", "ibn", "abu", "abou")
        inside = at > 0 and (tokens[at - 1].low in self.lists.first or tokens[at - 1].low in self.lists.titles)
        capital = last.capital and (tokens[at].capital or inside)
        listed = last.low in self.lists.last and (inside or not ordinary(last.text))
        return end + 1 if arabic or capital or (listed and inside) or (inside and not ordinary(last.text)) else 0

    # ---- places ------------------------------------------------------------------------------

    def _place(self, tokens: Sequence[Token], at: int, telling: bool, text: str) -> int:
        """End of a place that begins at a token, or 0."""
        for size in (4, 3, 2):
            part = tuple(t.low for t in tokens[at : at + size])
            if len(part) == size and part in self.lists.long_places and self._is_long_place(tokens, at, size):
                return at + size
        token = tokens[at]
        small = token.low in self.lists.never and not (token.capital and telling)
        if token.low in self.lists.protected or token.low in self.lists.roles or small:
            return 0
        if not self._is_place(tokens, at, telling):
            return 0
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        quarter = after is not None and after.low in (
            "zuidoost",
            "noord",
            "zuid",
            "oost",
            "west",
            "centrum",
            "nieuw-west",
            "zuid-oost",
        )
        return at + 2 if quarter and after and (after.capital or not telling) else at + 1

    def _is_long_place(self, tokens: Sequence[Token], at: int, size: int) -> bool:
        """ "Den Haag", "bergen op zoom"; not "de groep", which is a hamlet too."""
        if tokens[at + size - 1].capital:
            return True
        last = tokens[at + size - 1]
        return (
            at > 0
            and tokens[at - 1].low in _PLACE_BEFORE
            and (not ordinary(last.text) or tokens[at].low in ("den", "bergen", "alphen"))
        )

    def _is_place(self, tokens: Sequence[Token], at: int, telling: bool) -> bool:
        token = tokens[at]
        base = token.low.split("-")[0]
        listed = token.low in self.lists.places or (
            "-" in token.low and base in self.lists.places and base not in self.lists.protected
        )
        before = tokens[at - 1].low if at else ""
        earlier = tokens[at - 2].low if at > 1 else ""
        led = before in _PLACE_BEFORE
        named = token.low in self.lists.first
        if not (token.capital and telling):
            return (
                listed
                and led
                and not ordinary(token.text)
                and not named
                and (before != "van" or not earlier or earlier not in self.lists.roles)
            )
        if listed and named:
            return led and before not in ("van", "bij")
        own_word = ordinary(token.text)
        if listed:
            return led or (not own_word and not (token.opens and token.low in self.lists.last))
        if led and not named and _TOWN.fullmatch(token.low) and not simplemma.is_known(token.text.casefold(), lang="nl"):
            return True
        lives = bool({t.low for t in tokens[max(0, at - 6) : at]} & _LIVES)
        return before in _PLACE_WORDS and lives and not (own_word or named or _is_acronym(token, telling))


def _tokens(text: str) -> Iterator[Token]:
    before = ""
    for match in _WORD.finditer(text):
        opens = bool(_STARTS.search(text[max(0, match.start() - 4) : match.start()])) and before not in _ABBREVIATED
        before = fold(match[0])
        yield Token(match.start(), match.end(), match[0], before, opens)


def _capitals_tell(tokens: Sequence[Token]) -> bool:
    """False when all or nearly all words have a capital: there a capital says nothing."""
    longer = [t for t in tokens if len(t.text) > 2]
    capitals = sum(t.capital for t in longer)
    if len(longer) < 5:
        return not all(t.shouted for t in longer) or len(longer) < 2
    return capitals <= 0.85 * len(longer)


def _is_acronym(token: Token, telling: bool) -> bool:
    head = token.text.split("-")[0]
    return telling and len(head) > 1 and head.isupper() and len(head) <= 5


def _with_initials(text: str, start: int) -> int:
    """Where the initials before a name begin: "S. Bouali"."""
    match = _INITIALS.search(text[max(0, start - 16) : start])
    return start - len(match[0]) if match else start


def fold(word: str) -> str:
    """Small letters without accents; the dotless ı of Turkish as i."""
    plain = unicodedata.normalize("NFKD", word.replace("ı", "i").replace("’", "'")).casefold()
    return "".join(c for c in plain if unicodedata.category(c) != "Mn")


@lru_cache(maxsize=20_000)
def ordinary(word: str) -> bool:
    """Is it a Dutch word that has a meaning of its own? Compounds of two words are; names that look like one are listed."""
    low = word.casefold()
    if simplemma.is_known(low, lang="nl") or _POINTING.fullmatch(low):
        return True
    lists = load_lists()
    if len(low) < MIN_COMPOUND or fold(low) in lists.first or fold(low) in lists.last or fold(low) in lists.places:
        return False
    parts = default_analyser().split(fold(low))
    return len(parts) > 1 and all(len(part) > 2 and simplemma.is_known(part, lang="nl") for part in parts)


@lru_cache(maxsize=20_000)
def _typo(word: str) -> bool:
    """Is an unknown word a slip of the pen: an ordinary word with two letters swapped, one doubled or one left
    out at the end?
    """
    if len(word) < 5:
        return False
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
    shorter = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    return any(simplemma.is_known(other, lang="nl") for other in swapped | shorter | {word + "n", word + "t"})


@lru_cache(maxsize=1)
def load_lists() -> Lists:
    """The lists of the deduce library, where it is installed, with the words of personal_words.toml."""
    words = tomllib.loads((Path(__file__).parent / "personal_words.toml").read_text(encoding="utf-8"))
    own = {name: frozenset(fold(word) for word in value.split()) for name, value in words.items()}
    never, protected = own["never"] | own["english"], own["protected"]
    first = own["names"] | {name for name in _deduce_list("names/lst_first_name") if " " not in name}
    last = own["surnames"] | {name for name in _deduce_list("names/lst_surname") if " " not in name}
    towns = _deduce_list("locations/lst_placename/lst_residence") | _deduce_list("locations/lst_placename/lst_municipality")
    many = {tuple(name.split()) for name in towns if " " in name and len(name.split()) <= 4}
    many |= {tuple(name.split()) for name in ("den haag", "den bosch", "den helder", "bergen op zoom")}
    return Lists(
        first=first - protected,
        last=last - protected,
        places=(own["places"] | {name for name in towns if " " not in name and len(name) > 2}) - protected - own["never"],
        long_places=frozenset(many),
        roles=own["roles"],
        titles=own["titles"],
        naming=own["naming"],
        interfix=own["interfix"] - {"in", "op"},
        never=never,
        protected=protected,
    )


def _deduce_list(name: str) -> frozenset[str]:
    """A list of the deduce package without its exceptions, folded; empty when the package is not there."""
    spec = importlib.util.find_spec("deduce")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    folder = Path(spec.submodule_search_locations[0]) / "data" / "lookup" / "src" / name
    found = [_lines(folder / file) for file in ("items.txt", "exceptions.txt")]
    return frozenset(fold(line) for line in found[0] - found[1])


def _lines(path: Path) -> set[str]:
    return {line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()} if path.exists() else set()
