"""Personal data that can be recognised by how it is written: numbers with a checksum, telephone numbers, addresses, dates of
birth.

Every rule is one regular expression that takes time in proportion to the text, and where there is one a check of its digits.
Nothing here needs a list of names, so it works at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import simplemma


def word_set(words: str) -> frozenset[str]:
    """The words of a line, for lists that are easier to read without quotes."""
    return frozenset(words.split())


MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|jan|feb|febr|mrt|"
    "apr|jun|jul|aug|sep|sept|okt|"
    "nov|dec|january|february|march|may|june|july|october"
)
YOUNGEST = 2018  # a full date before this year is taken as a date of birth; the handbook speaks of later years


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open offsets in the text as it was typed, and what stands there."""

    start: int
    end: int
    kind: str


def patterns(text: str) -> Iterator[Span]:
    """Every span that a rule recognises; they may overlap, the earlier rule is the surer one."""
    for kind, expression, check in _RULES:
        for match in expression.finditer(text):
            group = "it" if "it" in expression.groupindex else 0
            start, end = match.span(group)
            if start < end and check(text[start:end], text, start):
                yield Span(start, end, kind)


def is_bsn(digits: str) -> bool:
    """The 11-test of a Dutch service number: 9 digits (8 with a nought left out)."""
    if len(digits) not in (8, 9) or len(set(digits)) == 1:
        return False
    number = digits.zfill(9)
    return sum(int(d) * w for d, w in zip(number, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0


def is_iban(text: str) -> bool:
    """ISO 13616: the number moved round and read in base 36 leaves 1 when divided by 97."""
    plain = re.sub(r"[\s.-]", "", text).upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _bsn(found: str, text: str, start: int) -> bool:
    return is_bsn(re.sub(r"\D", "", found)) and not re.search(r"[\d.,:/-]$", text[max(0, start - 1) : start])


def _not_bsn(found: str, text: str, start: int) -> bool:
    return not is_bsn(re.sub(r"\D", "", found))


def _iban(found: str, text: str, start: int) -> bool:
    return is_iban(found) or bool(re.search(r"(?i)(iban|rekening\w*|bank\w*)\W+$", text[max(0, start - 25) : start]))


def _phone(found: str, text: str, start: int) -> bool:
    """Eight to fifteen digits; service numbers (0800, 0900, 088 of organisations stay) are no persons."""
    digits = re.sub(r"\D", "", found)
    if re.match(r"0(800|900|906|909)", digits) or re.match(r"(19|20)\d\d", digits):
        return False
    return 9 <= len(digits) <= 15


def _plate(found: str, text: str, start: int) -> bool:
    """Six characters in three groups, each of letters or of digits only, at least one of both."""
    groups = re.split(r"[-\s]", found)
    if sum(map(len, groups)) != 6 or not any(g.isdigit() for g in groups) or not any(g.isalpha() for g in groups):
        return False
    return all(g.isdigit() or g.isalpha() for g in groups)


def _glued_plate(found: str, text: str, start: int) -> bool:
    return bool(re.search(r"\d", found) and re.search(r"[A-Za-z]", found))


_TWO_LETTER_WORDS = word_set(
    "aan al as at be bv by ca co da de do dr en er ex gb ga go ha he ie ik in is je ja km kg la ma me mb mg mm mw "
    "na nl no nr nu of ok om op or pa pm so st te to tv uu uw vp vs vt wa we wo ze zn zo ik jr cm ml ok dd"
)


def _postcode(found: str, text: str, start: int) -> bool:
    letters = found[-2:]
    if letters.upper() in ("SA", "SD", "SS"):
        return False
    if letters.isupper():
        return not (re.match(r"(19|20)\d\d\s", found) and letters in ("VP", "VT"))
    named = re.search(r"(?i)postcode\W*(\w+\W+){0,2}$", text[max(0, start - 30) : start])
    return bool(named) or letters.casefold() not in _TWO_LETTER_WORDS


def _born(found: str, text: str, start: int) -> bool:
    """A full date: of birth when the words around it say so or when its year is long ago."""
    year = int(re.findall(r"\d{4}|\d{2}$", found)[0])
    year += 0 if year > 99 else (1900 if year > 30 else 2000)
    around = text[max(0, start - 45) : start] + " " + text[start + len(found) : start + len(found) + 30]
    told = re.search(r"(?i)\b(geb\w*|jarig\w*|verjaar\w*|verjaart|dob|born|birth\w*)", around)
    return bool(told) or 1900 <= year < YOUNGEST


def _any(found: str, text: str, start: int) -> bool:
    return True


_DOUBTFUL_ENDS = (
    "ring",
    "plaats",
    "kamp",
    "markt",
    "haven",
    "baan",
    "wal",
    "erf",
    "veld",
    "berg",
    "horst",
    "zoom",
    "park",
    "burg",
    "oever",
    "vaart",
    "hof",
)
_NO_STREETS = (
    "onderweg",
    "terugweg",
    "heenweg",
    "uitweg",
    "omweg",
    "werkplaats",
    "parkeerplaats",
    "bijbaan",
    "ophaal",
    "verkering",
    "omhoog",
)


def _street(found: str, text: str, start: int) -> bool:
    words = re.findall(r"[^\W\d_]{3,}", found.casefold()) or [""]
    known = any(word.endswith(_DOUBTFUL_ENDS) and simplemma.is_known(word, lang="nl") for word in words)
    return not known and not words[0].endswith(_NO_STREETS)


def _handle(found: str, text: str, start: int) -> bool:
    return len(found) > 2 and not found[1:].replace(".", "").isdigit()


def _underscored(found: str, text: str, start: int) -> bool:
    return bool(re.search(r"[A-Za-z]", found)) and len(found) >= 5


_ENDS = (
    "straat|laan|weg|plein|kade|gracht|hof|dijk|singel|steeg|dreef|pad|plantsoen|markt|ring|wal|erf|burg|baan|"
    "boulevard|haven|oever|zoom|park|"
    "plaats|brink|kamp|akker|kraag|werf|hoeve|weide|veste|vaart|poort|veld|horst|berg|straatje|laantje|str\\."
)
_NUMBER = r"(?:nr\.? ?|nummer )?\d{1,5}(?: ?(?:bis|hs|[a-zA-Z]))?(?:[-/ ]?(?:\d{1,3}|[IVX]{1,4}|hs|[a-h]))?(?![\w.:]?\d)\b"
_Check = Callable[[str, str, int], bool]

_RULES: tuple[tuple[str, re.Pattern[str], _Check], ...] = (
    ("email", re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}"), _any),
    ("url", re.compile(r"(?i)(?:https?://)?(?:www\.|m\.)?\b(?:instagram|facebook|fb|tiktok|snapchat|twitter|x|linkedin|youtube|"
        r"t|"
        r"wa|"
        r"discord|reddit|vk)\.(?:com|me|gg)/\S{2,200}"), _any),
    ("iban", re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ .-]?[A-Za-z0-9]{4}){2,7}(?:[ .-]?\d{1,4})?\b"), _iban),
    ("iban", re.compile(r"\b[A-Za-z]{2}\d{2}[ ]?[A-Za-z0-9]{11,30}\b"), _iban),
    ("bsn", re.compile(r"(?i)\b(?:bsn|burger ?service ?nummer|sofi ?-?nummer)(?:[- ]?nummer)?\W{0,3}(?:is|van|was|"
        r"luidt)?\W{0,4}(?P<it>\d{8,9}|\d{3,4}[ .]\d{2,3}[ .]\d{2,3})\b"), _any),
    ("phone", re.compile(r"(?<![\w+])(?:\+|00)\d{1,3}(?:[ .\-/]?\(?0?\)?[ .\-/]?)\d(?:[ .\-/]?\d){6,11}\b"), _phone),
    ("phone", re.compile(r"(?<![\w.,])\(?0\d{1,3}\)?[ .\-/]{0,3}\d(?:[ .\-/]?\d){5,8}(?![\w-])"), _phone),
    ("phone", re.compile(r"(?<![\w.,])6[ -]?[1-9]\d{7}(?!\w)"), _not_bsn),
    ("bsn", re.compile(r"(?<![\w.,-])\d{9}(?![\w-])|(?<![\w.,-])\d{4}[ .]\d{2}[ .]\d{3}(?![\w-])|"
        r"(?<![\w.,-])\d{3}[ .]\d{3}[ .]\d{3}(?![\w-])"), _bsn),
    ("handle", re.compile(r"(?<![\w@.])@\w(?:[\w.]{0,38}\w)"), _handle),
    ("handle", re.compile(r"(?<![\w@.])[A-Za-z0-9]+(?:_[A-Za-z0-9]+){1,5}(?![\w@])"), _underscored),
    ("handle", re.compile(r"(?i)\b(?:snapchat|snap|insta|instagram|tiktok|discord\w*|twitter|telegram|gebruikersnaam|username|"
        r"user|"
        r"account)\W{0,2} (?:is|heet|naam|als|van \w+ is)? ?(?P<it>[a-z]+[._]?[a-z]*\d+\w*)\b"), _any),
    ("licence_plate", re.compile(r"(?<![\w-])[A-Za-z0-9]{1,3}-[A-Za-z0-9]{1,3}-[A-Za-z0-9]{1,3}(?![\w-])"), _plate),
    ("licence_plate", re.compile(r"(?i)\b(?:kenteken|nummerbord|nummerplaat|plaat|auto|busje|scooter)\W+(?:(?:is|met|was|"
        r"had)\W+)?(?P<it>(?=[a-z0-9 ]{6,8}\b)(?:[a-z]{1,3} ?\d{1,3} ?[a-z]{1,3}|\d{1,3} ?[a-z]{1,3} ?\d{1,3}|"
            r"[a-z]{2} ?[a-z]{2} ?\d{2}|\d{2} ?\d{2} ?[a-z]{2}))\b"), _glued_plate),
    ("postcode", re.compile(r"(?<![\w.,-])[1-9]\d{3} ?[A-Za-z]{2}\b(?!')"), _postcode),
    ("date_of_birth", re.compile(r"(?<![\w.-])(?:\d{1,2}(?P<sep>[-/. ])\d{1,2}(?P=sep)(?:19|20)\d{2}|(?:19|"
        r"20)\d{2}-\d{1,2}-\d{1,2}|"
        r"\d{1,2}(?P<sep2>[-/])\d{1,2}(?P=sep2)\d{2})(?![\w-])"), _born),
    ("date_of_birth", re.compile(rf"(?i)\b\d{{1,2}}(?:e|ste|de|th|st|nd)? ?(?:{MONTHS})\.? '?(?:19|20)?\d{{2}}\b"), _born),
    ("date_of_birth", re.compile(rf"(?i)\b(?:geboren|jarig|geb\.?|verjaardag|born)\W+(?:op |is |on )?(?P<it>\d{{1,2}}(?:e|ste|"
        rf"de)? "
        rf"(?:{MONTHS})\b|\d{{1,2}}[-/]\d{{1,2}}\b)"), _any),
    ("address", re.compile(rf"\b(?:[A-ZÀ-Ý][\w'’.-]{{0,25}} (?:(?:van|de|der|den|het|'t|ten|ter) "
        rf"){{0,2}}){{0,3}}[A-ZÀ-Ý][\w'’-]{{1,30}}(?:{_ENDS}) {_NUMBER}"), _street),
    ("address", re.compile(rf"\b[a-zà-ÿ'’-]{{3,30}}(?:{_ENDS}) {_NUMBER}"), _street),
    ("address", re.compile(rf"\b(?:Laan|Weg|Plein|Straat|Hof|Kade|Nieuwe|Oude|Lange|Korte|Grote|Kleine|Eerste|Tweede|Derde|"
        rf"Burgemeester|"
        rf"Prof\.|Dr\.|St\.|Sint)(?: (?:[A-ZÀ-Ý][\w'’.-]{{1,25}}|van|de|der|den|het)){{1,4}} {_NUMBER}"), _any),
    ("address", re.compile(r"(?i)\b(?:plein|laan van [\w' ]{3,30}|weg) \d{3,4} nr\.? ?\d{1,4}\b"), _any),
    ("address", re.compile(rf"(?:\badres|\bwoont op|\bwoont aan|\bwonen op|\bhuis aan de|\bwoon op)(?: is| de| het|:)? "
        rf"(?P<it>[A-ZÀ-Ý][\w'’-]{{2,30}}(?: [A-ZÀ-Ý][\w'’-]{{2,30}})? {_NUMBER})"), _any),
)  # fmt: skip
