"""Every word that a trainer reads about a file: why it could not be read, what to do, and what stood out in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.errors import SourceUnreadable

_RESAVE = "Open het bestand in het programma waarin het is gemaakt, sla het opnieuw op en probeer het nog een keer."
_OCR_HINT = (
    "Laat de tekst herkennen (OCR) en sla de pdf opnieuw op, zet OCR aan in de instellingen, of gebruik het originele bestand."
)

KIND_NAMES = {
    "pdf": "een pdf",
    "zip": "een zip-archief",
    "docx": "een Word-document (docx)",
    "odt": "een OpenDocument-tekst (odt)",
    "office": "een Office-bestand dat geen tekstdocument is",
    "ole": "een oud Word-document (doc)",
    "image": "een afbeelding",
    "html": "een webpagina (html)",
    "rtf": "een rtf-document",
    "program": "een programma",
    "archive": "een archiefbestand",
}


# --- reasons why a file cannot be read ------------------------------------------------------------------------------------


def not_there() -> SourceUnreadable:
    return SourceUnreadable("Het bestand is er niet.", hint="Zet het terug in de map, of haal de regel uit catalogue.toml.")


def was_erased() -> SourceUnreadable:
    return SourceUnreadable(
        "Deze tekst is gewist en wordt niet meer ingelezen.",
        hint="Haal het bestand weg, en de regel uit catalogue.toml. Is dit een nieuwe tekst, geef die dan een nieuwe versie of naam.",
    )


def leads_outside() -> SourceUnreadable:
    return SourceUnreadable(
        "Het bestand is een koppeling naar een plek buiten de map met teksten.", hint="Zet het bestand zelf in de map."
    )


def no_ordinary_file() -> SourceUnreadable:
    return SourceUnreadable("Dit is geen gewoon bestand.", hint="Zet er een document voor in de plaats.")


def cannot_open(reason: str | None) -> SourceUnreadable:
    return SourceUnreadable(
        f"Het bestand kan niet worden geopend ({reason or 'onbekende reden'}).",
        hint="Kijk of het bestand er is en of je het mag lezen.",
    )


def phrasings_lost(quotes: Sequence[str]) -> str:
    """A warning about phrasings.toml."""
    first = " ".join(quotes[0].split())
    short = first if len(first) <= 60 else first[:57] + "…"
    return f"{len(quotes)} vraagvorm(en) horen bij een zin die niet (meer) precies één keer in de tekst staat, en tellen niet mee: ‘{short}’"


def changed_while_reading() -> SourceUnreadable:
    return SourceUnreadable(
        "Het bestand veranderde tijdens het lezen.", hint="Wacht tot het klaar is en lees de teksten opnieuw in."
    )


def vanished() -> SourceUnreadable:
    return SourceUnreadable("Het bestand verdween tijdens het lezen.", hint="Zet het terug en lees de teksten opnieuw in.")


def unsupported(ending: str, supported: Iterable[str]) -> SourceUnreadable:
    return SourceUnreadable(
        f"Bestanden van de soort '{ending or 'zonder einde'}' worden niet gelezen.",
        hint=f"Sla de tekst op als een van: {', '.join(supported)}.",
    )


def other_format(found: str, ending: str) -> SourceUnreadable:
    """The bytes say something else than the name does."""
    return SourceUnreadable(
        f"De naam eindigt op '{ending}', maar de inhoud is {KIND_NAMES[found]}.",
        hint="Geef het bestand het einde dat erbij hoort, of sla de tekst op in een soort die wordt gelezen.",
    )


def empty() -> SourceUnreadable:
    return SourceUnreadable("Het bestand is leeg.", hint="Zet er de goede versie voor in de plaats, of haal het weg.")


def no_text() -> SourceUnreadable:
    return SourceUnreadable("Er staat geen leesbare tekst in het bestand.", hint="Kijk of dit het goede bestand is.")


def only_scripts() -> SourceUnreadable:
    return SourceUnreadable(
        "De webpagina bevat geen tekst, alleen programmacode.",
        hint="Open de pagina in een browser en bewaar haar als pdf of als volledige webpagina.",
    )


def too_large(megabytes: float, limit: int) -> SourceUnreadable:
    return SourceUnreadable(
        f"Het bestand is te groot: {megabytes:.0f} MB, de grens is {limit} MB.",
        hint="Splits de tekst, of haal grote afbeeldingen eruit.",
    )


def unpacks_too_large(limit: int) -> SourceUnreadable:
    return SourceUnreadable(
        f"Het bestand wordt uitgepakt groter dan {limit} MB; dat past niet bij een tekst.",
        hint="Vertrouw dit bestand niet. Vraag de maker om een nieuwe versie.",
    )


def password() -> SourceUnreadable:
    return SourceUnreadable("Het bestand is beveiligd met een wachtwoord.", hint="Sla het op zonder wachtwoord.")


def old_word() -> SourceUnreadable:
    return SourceUnreadable(
        "Dit is een oud Word-document (doc).", hint="Open het in Word of LibreOffice en sla het op als docx."
    )


def damaged(what: str) -> SourceUnreadable:
    return SourceUnreadable(f"Het bestand is beschadigd: {what}.", hint=_RESAVE)


def hostile_xml() -> SourceUnreadable:
    return SourceUnreadable(
        "Het bestand bevat verwijzingen die het geheugen laten vollopen; dat hoort niet in een tekst.",
        hint="Vertrouw dit bestand niet. Vraag de maker om een nieuwe versie.",
    )


def too_deep() -> SourceUnreadable:
    return SourceUnreadable("De onderdelen van het bestand zijn te diep in elkaar genest.", hint=_RESAVE)


def no_plain_text() -> SourceUnreadable:
    return SourceUnreadable(
        "Dit is geen leesbare tekst: het bestand bevat vooral andere tekens.",
        hint="Kijk of dit het goede bestand is en sla het op als tekst in UTF-8.",
    )


def took_too_long(seconds: float) -> SourceUnreadable:
    return SourceUnreadable(
        f"Het lezen duurde langer dan {seconds:g} seconden.", hint="Splits het bestand, of sla het opnieuw op."
    )


def too_much_memory(limit: int) -> SourceUnreadable:
    return SourceUnreadable(f"Het lezen vroeg meer dan {limit} MB geheugen.", hint="Splits het bestand, of sla het opnieuw op.")


def reader_crashed() -> SourceUnreadable:
    return SourceUnreadable("Het leesprogramma liep vast op dit bestand.", hint=_RESAVE)


def reader_failed(name: str) -> SourceUnreadable:
    return SourceUnreadable(f"Het bestand kon niet worden gelezen ({name}).", hint=_RESAVE)


def scan() -> SourceUnreadable:
    return SourceUnreadable("Er staat geen leesbare tekst in: dit is een scan.", hint=_OCR_HINT)


def no_ocr() -> SourceUnreadable:
    return SourceUnreadable(
        "Dit is een scan en tekstherkenning (OCR) is niet geïnstalleerd.",
        hint="Installeer tesseract met Nederlands, en het pakket: pip install 'vraagbaak[ocr]'.",
    )


# --- things that stood out in a file that was read ------------------------------------------------------------------------


def page_without_text(page: int) -> str:
    return f"Op pagina {page} staat geen leesbare tekst (scan of afbeelding)."


def recognised_page(page: int) -> str:
    return f"De tekst van pagina {page} is herkend van een scan; controleer die."


def encoding_guessed(name: str) -> str:
    return f"De tekens zijn gelezen als {name}; controleer letters met accenten."


def tracked_changes(number: int) -> str:
    return f"Er staan {number} bijgehouden wijzigingen in; gelezen is de tekst zoals die na aanvaarden wordt."


def comments_left_out(number: int) -> str:
    return f"{number} opmerkingen in de kantlijn zijn niet meegenomen."


def hidden_text_left_out() -> str:
    return "Er staat verborgen tekst in; die is niet meegenomen."


def pictures_without_text(number: int) -> str:
    return f"{number} afbeeldingen zonder beschrijving zijn niet meegenomen."


def very_little_text(words: int) -> str:
    return f"Er staat weinig tekst in: {words} woorden."


# --- findings of the corpus check -----------------------------------------------------------------------------------------

UNREADABLE = "onleesbaar"
SCAN = "scan"
OVERDUE = "herziening te laat"
SOON = "herziening binnenkort"
NO_LONGER_VALID = "niet meer geldig"
NOT_YET_VALID = "nog niet geldig"
DRAFT = "concept"
CONTRADICTION = "tegenspraak"
OLD_VERSION = "verschil met oude versie"
DUPLICATE = "bijna dubbel"
PERSONAL = "persoonsgegevens"
INSTRUCTION = "opdracht aan een computer"

FINDING_HINTS = {
    UNREADABLE: "De vraagbaak antwoordt hier niet uit. Los het op, of haal het bestand weg.",
    SCAN: _OCR_HINT,
    OVERDUE: "Laat de eigenaar de tekst nakijken en pas de herzieningsdatum aan in catalogue.toml.",
    SOON: "Vraag de eigenaar om de tekst op tijd na te kijken.",
    NO_LONGER_VALID: "De vraagbaak antwoordt hier niet meer uit. Klopt dat niet, pas dan de datum of status aan.",
    NOT_YET_VALID: "De vraagbaak antwoordt hier pas uit vanaf die datum.",
    DRAFT: "De vraagbaak antwoordt hier niet uit totdat de status 'geldig' is.",
    CONTRADICTION: "Zoek uit wat klopt en pas een van de twee teksten aan.",
    OLD_VERSION: "Kijk of deze verandering bedoeld is en of iedereen haar kent.",
    DUPLICATE: "Laat de uitleg op een plek staan en verwijs er vanaf de andere plek naar.",
    PERSONAL: "Kijk of hier gegevens van een echt mens staan en haal die weg.",
    INSTRUCTION: "Kijk of deze regel in de tekst hoort; hij lijkt geschreven voor een computer.",
}


def review_was_due(day: object) -> str:
    return f"De tekst had voor {day} nagekeken moeten zijn."


def review_is_due(day: object) -> str:
    return f"De tekst moet voor {day} worden nagekeken."


def ended(day: object) -> str:
    return f"De tekst geldt niet meer sinds {day}." if day else "De status is 'vervallen'."


def starts(day: object) -> str:
    return f"De tekst geldt vanaf {day}."


def is_draft() -> str:
    return "De status is 'concept'."


def differ(one: str, other_source: str, other: str) -> str:
    return f"'{one}' tegenover {other_source}: '{other}'"


def alike(one: str, other_source: str) -> str:
    return f"'{one}' staat bijna hetzelfde in {other_source}."


def looks_like(kind: str, words: str) -> str:
    return f"{kind}: '{words}'"


PHONE, EMAIL, BSN, IBAN, NAME = "telefoonnummer", "e-mailadres", "burgerservicenummer", "rekeningnummer", "naam"
