"""Hides personal data in a question before anything else sees it.

Three layers: patterns with checksums, names and places by lists and by the words around them, and the rule-based `deduce`
library for Dutch. The first two always work; deduce is loaded in the background, with look-up lists of its own in the data
folder, and adds what it finds as soon as it is ready. Nothing is kept: what was found is reported by kind only.

No method finds everything, and nobody is hidden by leaving out a name only: see `indirect_hint`.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.model import Masked
from assistant.personal_names import Names, fold
from assistant.personal_patterns import Span, patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PLACEHOLDERS", "Masker", "Span"]

log = logging.getLogger(__name__)

PLACEHOLDERS = {
    "name": "[naam]",
    "place": "[plaats]",
    "address": "[adres]",
    "postcode": "[postcode]",
    "date_of_birth": "[geboortedatum]",
    "phone": "[telefoonnummer]",
    "email": "[e-mail]",
    "bsn": "[BSN]",
    "iban": "[rekeningnummer]",
    "handle": "[account]",
    "licence_plate": "[kenteken]",
    "url": "[webadres]",
}
MAX_CHARACTERS = 20_000  # a longer text is cut before it is masked, so nothing unmasked can pass
_DEDUCE_KINDS = {
    "persoon": "name",
    "patient": "name",
    "telefoonnummer": "phone",
    "emailadres": "email",
    "bsn": "bsn",
    "url": "url",
}
# deduce spends two minutes on 200,000 streets and care homes; streets are found by pattern here, and care homes are no persons
_LEFT_OUT = (
    "locations/lst_street/items.txt",
    "locations/lst_street/streets_bag.txt",
    "institutions/lst_healthcare_institution/items.txt",
)


class Masker:
    """Finds and hides personal data; safe to use from several threads.

    cache: folder for deduce's look-up lists (4 MB), made at the first load; without one they are made anew each time, in 3
    seconds.
    background: start loading deduce at once in a thread; otherwise it is loaded by `wait`.
    """

    def __init__(self, cache: Path | None = None, background: bool = False) -> None:
        self._cache = cache
        self._names = Names()
        self._deduce: Any = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        if background:
            threading.Thread(target=self.wait, name="deduce", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether all three layers are at work."""
        return self._deduce is not None

    def wait(self) -> bool:
        """Load deduce now, or wait until it is loaded; False when it cannot be loaded, and the other layers go on alone."""
        with self._lock:
            if not self._done.is_set():
                try:
                    self._deduce = _load_deduce(self._cache)
                except Exception as error:
                    log.warning("deduce could not be loaded (%s); patterns and lists mask without it", type(error).__name__)
                self._done.set()
        return self.ready

    def mask(self, text: str, named: Callable[[str], bool] | None = None) -> Masked:
        """The text with a placeholder for each piece of personal data, and the kinds in the order of the text.

        named: whether the handbook names a place. Who asks "wat is er voor ouders in Duinstad?" asks for a row of its tables, so such places
        stay, but only in a text that holds nothing else that is personal and by which nobody is recognised.
        """
        text = text[:MAX_CHARACTERS]
        parts: list[str] = []
        found: list[tuple[str, str]] = []
        at = 0
        spans = self.spans(text)
        if named and all(span.kind == "place" and named(text[span.start : span.end]) for span in spans) and not self.indirect_hint(text):
            return Masked(text)
        for span in spans:
            parts += [text[at : span.start], PLACEHOLDERS[span.kind]]
            found.append((span.kind, PLACEHOLDERS[span.kind]))
            at = span.end
        return Masked("".join([*parts, text[at:]]), tuple(found))

    def spans(self, text: str) -> tuple[Span, ...]:
        """Where personal data stands, in order, not overlapping; surer layers win where two overlap."""
        kept: list[Span] = []
        for layer in (list(patterns(text)), self._names.spans(text), self._by_deduce(text)):
            for span in layer:
                if not any(span.start < other.end and other.start < span.end for other in kept):
                    kept.append(span)
        return tuple(sorted(kept))

    def indirect_hint(self, text: str) -> bool:
        """May somebody be recognised without a name: an age or a rare trait with an exact place, school, club or job?

        A hint for a warning, not a measure: it errs to both sides.
        """
        details = [bool(sign.search(text)) for sign in _DETAILS]
        person = bool(_PERSON.search(text))
        placed = any(span.kind in ("place", "address", "postcode") for span in self.spans(text))
        return person and (sum(details) + placed >= 2 or bool(_ONLY_ONE.search(text)))

    def _by_deduce(self, text: str) -> list[Span]:
        if self._deduce is None:
            return []
        document = self._deduce.deidentify(text)
        found: list[Span] = []
        for note in document.annotations:
            kind = _DEDUCE_KINDS.get(note.tag)
            if kind and not self._is_protected(note.text):
                found.append(Span(note.start_char, note.end_char, kind))
        return sorted(found)

    def _is_protected(self, words: str) -> bool:
        """A term of the handbook, a role, a day or a title, not a person."""
        lists = self._names.lists
        known = lists.protected | lists.roles | lists.titles | lists.never | lists.interfix
        return all(fold(word) in known for word in re.findall(r"[^\W\d_]+", words)) or not re.search(
            r"[^\W\d_]{2}|\d{3}|@", words
        )


_PERSON = re.compile(
    r"(?i)\b(moeder|vader|ouders?|zoon(?:tje)?|dochter(?:tje)?|kind|jongen|meisje|broer(?:tje)?|zus(?:je)?|oma|"
    r"opa|oom|tante|beller|hulpvrager|"
    r"cli[eë]nt|gezin|familie|man|vrouw|hij|ze|zij|jongere|leerling|my caller|her|his|he|she)\b"
)
_DETAILS = (
    re.compile(r"(?i)\b(\d{1,2})[ -]?(jaar|jarige?|jr|years? old)\b|\bvan (1\d|[2-9]\d)\b|\bgroep [1-8]\b|\bklas [1-6]\b|"
        r"\btweeling\b|\bdrieling\b"),
    re.compile(r"(?i)\b(school|college|lyceum|gymnasium|basisschool|universiteit|hogeschool|mbo|roc|moskee|kerk|tempel|club|"
        r"vereniging|azc|flat|wijk|dorp)\b"
               r"|\b(al|el|de|het|sint|st\.?)[- ][A-Z]\w+"),
    re.compile(r"(?i)\b(bakker(ij)?|slager(ij)?|kapper(szaak)?|huisarts|tandarts|notaris|burgemeester|wethouder|raadslid|"
        r"imam|dominee|rabbijn|trainer|"
               r"keeper|profvoetballer|journalist|rapper|influencer|advocaat|rechter|agent|piloot|chirurg|"
                   r"directeur|conci[eë]rge|buschauffeur|winkel|"
               r"restaurant|snackbar|garage|taxichauffeur|leraar|lerares|verpleegkundige)\b"),
    re.compile(r"(?i)\b(rolstoel|blind|doof|albino|litteken|amputatie|adoptie|geadopteerd|syndroom|zeldzam\w+|bekend van (tv|"
        r"televisie|het nieuws)|in de krant)\b"),
)  # fmt: skip
_ONLY_ONE = re.compile(
    r"(?i)\b(de|het) (enige|eerste|jongste|oudste|bekende) \w+ (?:\w+ ){0,3}(in|van|op) (het|de|ons|onze|dit|"
    r"deze)\b|\bin de krant\b|\bop het nieuws\b"
)


def _load_deduce(cache: Path | None) -> Any:
    """Deduce with shortened look-up lists. The cache holds only words of its lists, never text of a user."""
    with _logging_untouched():
        import deduce
        from deduce import Deduce

        source = Path(deduce.__file__).parent / "data" / "lookup" / "src"
        if cache is None:
            with tempfile.TemporaryDirectory(prefix="vraagbaak-") as folder:
                return _built(Deduce, _prepared(Path(folder), source))
        return _built(Deduce, _prepared(cache, source))


def _built(maker: Any, folder: Path) -> Any:
    try:
        return maker(lookup_data_path=folder, cache_path=folder)
    except Exception:
        return maker(lookup_data_path=folder, cache_path=folder, build_lookup_structs=True)


def _prepared(folder: Path, source: Path) -> Path:
    """The folder with deduce's lists in it, without the long ones."""
    target = folder / "src"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix="src-", dir=folder))
        shutil.copytree(source, half / "src", ignore=shutil.ignore_patterns("__pycache__"))
        for name in _LEFT_OUT:
            (half / "src" / name).write_text("Dorpsstraat\n", encoding="utf-8")
        try:
            (half / "src").rename(target)  # appears whole or not at all, also when two programs start together
        except OSError:
            log.info("another process made the look-up lists")
        shutil.rmtree(half, ignore_errors=True)
    return folder


@contextmanager
def _logging_untouched() -> Iterator[None]:
    """deduce sets the root logger to DEBUG on standard output when it is imported; a handler that is there
    already prevents that.
    """
    root = logging.getLogger()
    nothing = logging.NullHandler()
    root.addHandler(nothing)
    try:
        yield
    finally:
        root.removeHandler(nothing)


def overlap(spans: Sequence[Span], wanted: Span) -> bool:
    """Whether every letter of `wanted` is covered by spans; for reports."""
    return all(any(s.start <= at < s.end for s in spans) for at in range(wanted.start, wanted.end))
