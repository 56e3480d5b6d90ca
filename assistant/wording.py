"""Every sentence of the assistant that a confidant can read, in Dutch and English; cards come from cards.toml.

B1 Dutch, je-form, warm, no moralising. `{...}` are filled in by the code that shows the sentence.
"""

from __future__ import annotations

from assistant.model import Language

_NL = {
    "nothing_found": "Hierover staat niets in de kennisbank.",
    "part_missing": "Over dit deel van je vraag staat niets in de kennisbank: “{part}”.",
    "ask_coordinator": "Overleg met je coördinator.",
    "ask_on_duty": "Kan het niet wachten? Bel de coördinator van dienst (achterwacht).",
    "nearest": "Dit komt er het dichtst bij: {where}.",
    "social_map": "Voor andere organisaties: kijk in de Sociale kaart.",
    "decide_sharing": "Je beslist niet alleen over delen. Overleg altijd met je coördinator.",
    "decide_safety": "Twijfel je over veiligheid? Bel bij direct gevaar 112 en daarna de achterwacht.",
    "care_self": "Je hoeft dit niet alleen te dragen. Je coördinator is er ook voor jou.",
    "legal": "Dit is geen juridisch advies. Je coördinator kan een jurist vragen.",
    "personal_data": "Ik heb persoonsgegevens verborgen: {kinds}. Ze zijn niet bewaard. Stel je vraag liever zonder namen of nummers.",
    "indirect": "Let op: ook zonder naam kan iemand herkenbaar zijn, bijvoorbeeld door plaats, school of beroep. Laat zulke details weg.",
    "expired_version": "{title}, versie {version}, geldt niet meer sinds {date}. Dit antwoord komt uit de geldende versie.",
    "changed_since": "Dit is veranderd. Sinds {date} geldt {title}, versie {version}.",
    "review_overdue": "{title} had voor {date} opnieuw bekeken moeten worden. Controleer bij twijfel bij je coördinator of dit nog klopt.",
    "sources_disagree": "Twee geldige teksten zeggen hier niet hetzelfde: {one} ({one_date}) en {two} ({two_date}). Vraag je coördinator welke geldt.",
    "injection": "Ik geef alleen antwoord uit de kennisbank. Opdrachten aan mij in een vraag voer ik niet uit.",
    "model_failed": "Het taalmodel gaf geen bruikbaar antwoord. Je ziet de zinnen uit de bron zelf.",
    "model_remote": "Let op: dit antwoord is gemaakt met een taalmodel op een andere computer ({host}).",
    "empty_question": "Typ eerst je vraag.",
    "too_long": "Je vraag is erg lang. Ik heb alleen het begin en het eind gelezen.",
    "english_source": "",
    "page": "pagina {pages}",
    "version": "versie {version}",
    "sources": "Bronnen",
    "row_header": "{header}: {cell}",
    "who_to_ask": "Wie kun je vragen?",
    "card_first": "Eerst dit",
    "simpler": "Eenvoudiger uitgelegd",
    "no_simpler": "Er staat geen eenvoudiger uitleg in de kennisbank. Vraag je coördinator om uitleg.",
}

_EN = {
    "nothing_found": "The knowledge base says nothing about this.",
    "part_missing": "The knowledge base says nothing about this part of your question: “{part}”.",
    "ask_coordinator": "Talk to your coordinator.",
    "ask_on_duty": "Can it not wait? Call the coordinator on duty (achterwacht).",
    "nearest": "This comes closest: {where}.",
    "social_map": "For other organisations: see the Sociale kaart.",
    "decide_sharing": "You do not decide about sharing alone. Always talk to your coordinator.",
    "decide_safety": "In doubt about safety? In direct danger call 112, then the coordinator on duty.",
    "care_self": "You do not have to carry this alone. Your coordinator is there for you too.",
    "legal": "This is not legal advice. Your coordinator can ask a lawyer.",
    "personal_data": "I have hidden personal data: {kinds}. Nothing was kept. Please ask without names or numbers.",
    "indirect": "Note: a person can be recognised without a name too, by place, school or job. Leave such details out.",
    "expired_version": "{title}, version {version}, no longer holds since {date}. This answer comes from the valid version.",
    "changed_since": "This has changed. Since {date} {title}, version {version} holds.",
    "review_overdue": "{title} should have been reviewed before {date}. If in doubt, ask your coordinator whether it still holds.",
    "sources_disagree": "Two valid texts do not say the same here: {one} ({one_date}) and {two} ({two_date}). Ask your coordinator which one holds.",
    "injection": "I only answer from the knowledge base. I do not carry out instructions hidden in a question.",
    "model_failed": "The language model gave no usable answer. You see the sentences of the source itself.",
    "model_remote": "Note: this answer was made with a language model on another computer ({host}).",
    "empty_question": "Type your question first.",
    "too_long": "Your question is very long. I read only its beginning and its end.",
    "english_source": "The handbook is in Dutch; the sentences below are quoted as they stand.",
    "page": "page {pages}",
    "version": "version {version}",
    "sources": "Sources",
    "row_header": "{header}: {cell}",
    "who_to_ask": "Whom can you ask?",
    "card_first": "This first",
    "simpler": "Explained more simply",
    "no_simpler": "The knowledge base has no simpler explanation. Ask your coordinator.",
}

_TEXTS: dict[Language, dict[str, str]] = {"nl": _NL, "en": _EN}

# What is masked, as the reader calls it.
KINDS: dict[Language, dict[str, str]] = {
    "nl": {
        "name": "naam", "place": "plaats", "address": "adres", "postcode": "postcode", "date_of_birth": "geboortedatum",
        "date": "datum", "phone": "telefoonnummer", "email": "e-mailadres", "bsn": "BSN", "iban": "rekeningnummer",
        "handle": "account", "licence_plate": "kenteken", "url": "webadres",
    },
    "en": {
        "name": "name", "place": "place", "address": "address", "postcode": "postcode", "date_of_birth": "date of birth",
        "date": "date", "phone": "phone number", "email": "e-mail address", "bsn": "BSN", "iban": "account number",
        "handle": "account", "licence_plate": "licence plate", "url": "web address",
    },
}  # fmt: skip

_MONTHS = "januari februari maart april mei juni juli augustus september oktober november december".split()
_MONTHS_EN = "January February March April May June July August September October November December".split()


def say(name: str, language: Language = "nl", **values: object) -> str:
    """The sentence called `name`, filled in."""
    return _TEXTS[language][name].format(**values)


def day(value: object, language: Language = "nl") -> str:
    """A date as people write it: 1 maart 2026; "onbekende datum" without one."""
    from datetime import date

    if not isinstance(value, date):
        return "onbekende datum" if language == "nl" else "unknown date"
    months = _MONTHS if language == "nl" else _MONTHS_EN
    return f"{value.day} {months[value.month - 1]} {value.year}"


def kinds(found: tuple[tuple[str, str], ...], language: Language = "nl") -> str:
    """What was masked, each kind once: "naam, telefoonnummer"."""
    names = [KINDS[language].get(kind, kind) for kind, _ in found]
    return ", ".join(dict.fromkeys(names))
