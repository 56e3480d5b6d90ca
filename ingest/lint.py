"""What a trainer should look at: contradictions, doubles, personal data, texts past their date, lines meant for a computer.

Pure functions over a release; every finding names its source, quotes the words, and says what to do. Precision goes before
completeness: a check that cries wolf is not read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from corpus.model import Block, Document, Passage, Source
from corpus.release import Release
from corpus.sentences import sentences
from ingest import wording

_SAME_SUBJECT = 0.6  # of the content words of two sentences, for them to state the same rule
_SAME_UNDER_HEADING = 0.45  # ... when they also stand under the same heading
_SHARED_WORDS = 3
_COMMON = 60  # a word in more rules than this does not bring two of them together
_DUPLICATE = 0.75  # of the five-word runs of two passages
_DUPLICATE_WORDS = 25
_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. kind: see wording.FINDING_HINTS.  other: the second source, where two are compared."""

    kind: str
    source: str
    text: str
    hint: str = ""
    heading: tuple[str, ...] = ()
    other: str = ""


def lint(release: Release, today: date) -> Iterator[Finding]:
    """Everything worth a look, in the order in which it should be looked at."""
    documents = {d.source: d for d in release.documents()}
    yield from unreadable(release.report())
    yield from contradictions(release.sources, documents, today)
    for document in documents.values():
        yield from personal_data(document)
        yield from instructions(document)
        yield from scans(document)
    answering = {s.key for s in release.sources if s.answers_on(today)}
    yield from duplicates([p for p in release.passages() if p.source in answering])
    yield from dates(release.sources, today)


def _finding(kind: str, source: str, text: str, heading: tuple[str, ...] = (), other: str = "") -> Finding:
    return Finding(kind, source, text, wording.FINDING_HINTS[kind], heading, other)


# --- state ----------------------------------------------------------------------------------------------------------------


def unreadable(report: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Files that could not be read, with the hint of the reader."""
    for row in report:
        if row.get("problem"):
            yield Finding(wording.UNREADABLE, str(row["source"]), str(row["problem"]), str(row.get("hint") or ""))


def dates(sources: Sequence[Source], today: date) -> Iterator[Finding]:
    """Texts that are past their review date, soon will be, ended, have not begun, or are a draft."""
    for source in sources:
        if source.status == "concept":
            yield _finding(wording.DRAFT, source.key, wording.is_draft())
        elif source.status == "vervallen" or (source.valid_until and source.valid_until <= today):
            yield _finding(wording.NO_LONGER_VALID, source.key, wording.ended(source.valid_until))
        elif source.valid_from and source.valid_from > today:
            yield _finding(wording.NOT_YET_VALID, source.key, wording.starts(source.valid_from))
        elif source.review_overdue(today):
            yield _finding(wording.OVERDUE, source.key, wording.review_was_due(source.review_by))
        elif source.review_soon(today):
            yield _finding(wording.SOON, source.key, wording.review_is_due(source.review_by))


def scans(document: Document) -> Iterator[Finding]:
    """Pages without readable text."""
    for warning in document.warnings:
        if "(scan" in warning:
            yield _finding(wording.SCAN, document.source, warning)


# --- contradictions -------------------------------------------------------------------------------------------------------

_NUMBERS = {
    "een": 1, "één": 1, "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9, "tien": 10,
    "elf": 11, "twaalf": 12,
}  # fmt: skip
_HOURS = {"minuut": 1 / 60, "minuten": 1 / 60, "uur": 1, "uren": 1, "dag": 24, "dagen": 24, "week": 168, "weken": 168,
          "maand": 730, "maanden": 730, "jaar": 8760, "jaren": 8760}  # fmt: skip
_UNITS = "minuten|minuut|uur|uren|werkdagen|werkdag|dagen|dag|weken|week|maanden|maand|jaar|jaren|euro|kilometer|km|procent|%"
_WORDS = "|".join(word for word in _NUMBERS if word != "een")  # "een dag" is mostly an article
_QUANTITY = re.compile(rf"(?<![\w.,-])(\d+(?:[.,]\d+)?|{_WORDS})[ \u00a0]?({_UNITS})(?!\w)", re.IGNORECASE)
_CONTENT = re.compile(r"[^\W\d_]{3,}")
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
    aan als bij dan dat der des deze die dit door dus een ene het hun iets ook maar met mag meer naar niet nog nooit
    ooit over per tot uit van voor wat wel wie wij wordt worden zal zijn zich zie zij hij haar hem had heb hebt heeft
    hebben kan kun kunt moet moeten daarna daarom altijd alleen binnen uiterlijk maximaal minimaal ongeveer eerst elke
    elk iedere ieder jouw jij uur uren dag dagen werkdag werkdagen week weken maand maanden jaar jaren minuut minuten
    euro kilometer procent na om op een twee drie vier vijf zes zeven acht negen tien elf twaalf één staat krijgt gaat
    doet
    """,
    )
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence or row that states one quantity. about: its content words, crudely stemmed."""

    source: str
    heading: tuple[str, ...]
    text: str
    about: frozenset[str]
    quantity: tuple[str, float]  # (what is counted, how much)


def rules(document: Document) -> Iterator[Rule]:
    """The sentences and table rows of a document that state exactly one quantity."""
    for block in document.blocks:
        if block.kind in ("heading", "notice", "table_header"):
            continue
        for text in _statements(document, block):
            found = {_quantity(m) for m in _QUANTITY.finditer(text)}
            if len(found) == 1:
                yield Rule(document.source, block.heading, text, content_words(text), found.pop())


def _statements(document: Document, block: Block) -> Iterator[str]:
    text = document.text[block.start : block.end]
    if block.kind == "table_row":
        yield text
    else:
        yield from (text[a:b] for a, b in sentences(text))


def _quantity(match: re.Match[str]) -> tuple[str, float]:
    word, unit = match[1].lower(), match[2].lower()
    number = float(_NUMBERS[word]) if word in _NUMBERS else float(word.replace(",", "."))
    if unit in _HOURS:
        return "tijd", round(number * _HOURS[unit], 3)
    return {"werkdagen": "werkdag", "kilometer": "km", "%": "procent"}.get(unit, unit), number


def content_words(text: str) -> frozenset[str]:
    """The words that say what a sentence is about, cut to nine letters so that inflection matters less."""
    return frozenset(w[:9] for w in _CONTENT.findall(text.lower()) if w not in _STOP)


def contradictions(sources: Sequence[Source], documents: Mapping[str, Document], today: date) -> Iterator[Finding]:
    """Pairs of sentences about the same thing with another number, in two sources that both answer or are versions of one."""
    by_key = {s.key: s for s in sources}
    found = [rule for key, document in documents.items() if key in by_key for rule in rules(document)]
    for one, other in _pairs(found):
        a, b = by_key[one.source], by_key[other.source]
        if a.answers_on(today) and b.answers_on(today):
            kind = wording.CONTRADICTION
        elif a.code == b.code and (a.answers_on(today) or b.answers_on(today)):
            kind = wording.OLD_VERSION
        else:
            continue
        if b.answers_on(today) and not a.answers_on(today):
            one, other = other, one
        text = wording.differ(_short(one.text), other.source, _short(other.text))
        yield _finding(kind, one.source, text, one.heading, other.source)


def _pairs(found: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Rules of different sources about the same thing with different quantities; each rule with its best match per source."""
    for i, j in sorted(_best_matches(found)):
        yield found[i], found[j]


def _best_matches(found: Sequence[Rule]) -> set[tuple[int, int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for i, rule in enumerate(found):
        for word in rule.about:
            holders[word].append(i)
    best: dict[tuple[int, str], tuple[float, int]] = {}
    for i, rule in enumerate(found):
        shared = Counter(
            j for w in rule.about if len(holders[w]) <= _COMMON for j in holders[w] if found[j].source != rule.source
        )
        for j, _ in shared.items():
            score = _same_subject(rule, found[j])
            place = (i, found[j].source)
            # a sentence that agrees wins from one that differs, so that "24 uur" next to "24 uur" raises no alarm
            if score and (score, found[j].quantity == rule.quantity) > best.get(place, (0.0, -1))[:1] + (False,):
                best[place] = (score, j)
    return {(min(i, j), max(i, j)) for (i, _), (_, j) in best.items() if _differs(found[i], found[j])}


def _same_subject(one: Rule, other: Rule) -> float:
    """How much two rules are about the same thing; 0.0 when that is not enough to compare their numbers."""
    common = len(one.about & other.about)
    if common < _SHARED_WORDS:
        return 0.0
    alike = common / len(one.about | other.about)
    same_heading = bool(one.heading and other.heading) and one.heading[-1].casefold() == other.heading[-1].casefold()
    return alike if alike >= (_SAME_UNDER_HEADING if same_heading else _SAME_SUBJECT) else 0.0


def _differs(one: Rule, other: Rule) -> bool:
    comparable = one.quantity[0] == other.quantity[0] or {one.quantity[0], other.quantity[0]} == {"tijd", "werkdag"}
    return comparable and one.quantity != other.quantity


# --- doubles --------------------------------------------------------------------------------------------------------------


def duplicates(passages: Sequence[Passage]) -> Iterator[Finding]:
    """Passages of different sources that say almost the same in the same words; each pair of sources at most three times."""
    runs = [_runs(p.text) for p in passages]
    holders: dict[int, list[int]] = defaultdict(list)
    seen: Counter[tuple[str, str]] = Counter()
    for i, passage in enumerate(passages):
        if len(passage.text.split()) < _DUPLICATE_WORDS:
            continue
        shared = Counter(j for run in runs[i] for j in holders[run] if passages[j].source != passage.source)
        for j, common in shared.most_common(1):
            pair = (passages[j].source, passage.source)
            if common / len(runs[i] | runs[j]) >= _DUPLICATE and seen[pair] < 3:
                seen[pair] += 1
                text = wording.alike(_short(passage.text), passages[j].source)
                yield _finding(wording.DUPLICATE, passage.source, text, passage.heading, passages[j].source)
        for run in runs[i]:
            if len(holders[run]) < _COMMON:
                holders[run].append(i)


def _runs(text: str) -> frozenset[int]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(hash(tuple(words[k : k + 5])) for k in range(max(1, len(words) - 4)))


# --- personal data --------------------------------------------------------------------------------------------------------

_PHONE = re.compile(r"(?<![\d/-])(?:\+31[\s-]?|0031[\s-]?|0)[1-9](?:[\s.-]?\d){7,9}(?![\d/-])")
_PUBLIC_PHONE = re.compile(r"0(?:800|900|906|909|88|85|14)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ROLE_ADDRESS = re.compile(
    r"^(?:info|contact|privacy|post|secretariaat|meld\w*|help\w*|hulp\w*|klacht\w*|bestuur|coordinat\w*|coördinat\w*|support|"
    r"redactie|aanmeld\w*|vragen|vraagbaak|training\w*|administratie|noreply|no-reply|naam|voornaam|jouwnaam|example)",
    re.IGNORECASE,
)
_BSN = re.compile(r"(?<![\w.-])\d{9}(?![\w-])|(?<![\w.-])\d{4}\.\d{2}\.\d{3}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{0,3}\b")
_ROLE = (
    r"(?:[Cc]oördinator|[Cc]oordinator|[Vv]ertrouwenspersoon|[Mm]evrouw|[Mm]eneer|[Dd]e heer|[Dd]hr\.?|[Mm]evr\.?|[Mm]w\.?|"
    r"[Cc]ontactpersoon|[Hh]uisarts|[Ww]ijkagent|[Hh]ulpvrager|[Tt]rainer|[Tt]olk|[Vv]oorzitter|[Bb]estuurslid|[Mm]oeder|[Vv]ader)"
)
_NAME = re.compile(
    rf"\b{_ROLE}[,:]?\s+((?!Zorg|Veilig|Slachtoffer|Landelijk|Nederland|Hulplijn)[A-ZÀ-Þ][a-zà-ÿ]+(?:\s(?:van|de|den|der|el|al|ten|ter|"
    r"ben|von|te|'t))*\s(?:(?:El|Al|Ben|Van|De)\s)?[A-ZÀ-Þ][a-zà-ÿ]{2,})\b"
)


def personal_data(document: Document) -> Iterator[Finding]:
    """Strings that look like data of a person. Numbers in a column for numbers are those of organisations."""
    for block in document.blocks:
        if block.kind == "notice":
            continue
        text = document.text[block.start : block.end]
        for what, words in _personal(text, _is_directory(block)):
            yield _finding(wording.PERSONAL, document.source, wording.looks_like(what, words), block.heading)


def _is_directory(block: Block) -> bool:
    return any(re.search(r"nummer|telefoon|bereikbaar|contact", name, re.IGNORECASE) for name in block.header)


def _personal(text: str, directory: bool) -> Iterator[tuple[str, str]]:
    for match in _IBAN.finditer(text):
        if is_iban(match[0]):
            yield wording.IBAN, match[0].strip()
            text = text.replace(match[0], " " * len(match[0]))  # its digits are no telephone number
    for match in _PHONE.finditer(text):
        bare = re.sub(r"\D", "", match[0])
        known = directory and not bare.startswith(("06", "316", "00316"))
        if not known and not _PUBLIC_PHONE.match(bare) and "fictie" not in text[match.end() : match.end() + 14]:
            yield wording.PHONE, match[0]
    for match in _EMAIL.finditer(text):
        if not _ROLE_ADDRESS.match(match[0]):
            yield wording.EMAIL, match[0]
    yield from ((wording.BSN, m[0]) for m in _BSN.finditer(text) if is_bsn(re.sub(r"\D", "", m[0])))
    yield from ((wording.NAME, m[1]) for m in _NAME.finditer(text))


def is_bsn(digits: str) -> bool:
    """The eleven test of the Dutch citizen service number; nine digits."""
    if len(digits) != 9 or len(set(digits)) == 1:
        return False
    weighed = sum(int(d) * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return weighed % 11 == 0


def is_iban(text: str) -> bool:
    """The check digits of an account number (ISO 13616: modulo 97)."""
    bare = text.replace(" ", "")
    if not 15 <= len(bare) <= 34:
        return False
    moved = bare[4:] + bare[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


# --- lines for a computer -------------------------------------------------------------------------------------------------

_INSTRUCTION = re.compile(
    r"\b(?:negeer|vergeet)\s+(?:nu\s+)?(?:al(?:le|les)?|jouw|je|(?:de )?(?:eerdere|vorige|bovenstaande))\b[^.?!]{0,40}?"
    r"\b(?:regels|instructies|opdrachten|aanwijzingen|beperkingen)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:all|any|the|your|previous|prior)\b[^.?!]{0,40}?\b(?:instructions?|rules|prompts?)\b"
    r"|\b(?:systeemprompt|system\s*prompt|prompt injection)\b"
    r"|\bje bent (?:nu|vanaf nu|voortaan) (?:een|geen)\b[^.?!]{0,40}\b(?:assistent|chatbot|ai|model|computer)\b"
    r"|\byou are now\b[^.?!]{0,40}\b(?:assistant|ai|model)\b"
    r"|<\|?\s*(?:im_start|system|endoftext)\b|\[/?INST\]",
    re.IGNORECASE,
)


def instructions(document: Document) -> Iterator[Finding]:
    """Lines that address a language model rather than a reader."""
    for block in document.blocks:
        text = document.text[block.start : block.end]
        if found := _INSTRUCTION.search(text):
            around = text[max(0, found.start() - 40) : found.end() + 60]
            yield _finding(wording.INSTRUCTION, document.source, _short(around.strip()), block.heading)


def _short(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rsplit(" ", 1)[0] + "…"
