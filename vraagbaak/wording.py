"""What people read about logging in, accounts and the audit log, in Dutch and English. B1, je-form.

The question page has its own table in `assistant.wording`.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["nl", "en"]

_NL = {
    # logging in
    "login_title": "Inloggen",
    "login_name": "Gebruikersnaam",
    "login_password": "Wachtwoord",
    "login_button": "Inloggen",
    "logout_button": "Uitloggen",
    "login_wrong": "De naam of het wachtwoord klopt niet.",
    "login_wait": "Te vaak geprobeerd. Wacht {wait} en probeer het dan opnieuw.",
    "login_expired": "Je bent uitgelogd, omdat je een tijd niets hebt gedaan. Log opnieuw in.",
    "login_needed": "Log eerst in.",
    "not_allowed": "Dit mag je niet met jouw account. Vraag de beheerder als je dit toch nodig hebt.",
    "csrf_wrong": "Deze pagina is verlopen. Laad de pagina opnieuw en probeer het nog een keer.",
    "no_accounts_notice": "Er zijn geen accounts ingesteld. Iedereen die deze computer gebruikt, kan alles doen.",
    "seconds": "{n} seconden",
    "second": "1 seconde",
    "minutes": "{n} minuten",
    "minute": "1 minuut",
    # roles
    "role_confidant": "vertrouwenspersoon",
    "role_trainer": "trainer",
    "role_admin": "beheerder",
    # passwords
    "password_short": "Kies een wachtwoord van minstens {least} tekens. Een zin van vier of meer woorden onthoud je makkelijk.",
    "password_long": "Kies een wachtwoord van hoogstens {most} tekens.",
    "password_name": "Je naam mag niet in je wachtwoord staan.",
    "password_common": "Dit wachtwoord is te makkelijk te raden. Kies een ander, bijvoorbeeld een zin.",
    "password_simple": "Gebruik meer verschillende tekens in je wachtwoord.",
    # accounts
    "account_name": "Een naam heeft 2 tot 64 tekens: letters, cijfers, punt, streepje, onderstreping of @.",
    "account_exists": "Het account {name} bestaat al.",
    "account_unknown": "Het account {name} bestaat niet.",
    "account_last_admin": "{name} is de enige beheerder. Maak eerst een andere beheerder.",
    "account_role": "De rol {role} bestaat niet. Kies confidant, trainer of admin.",
    # the command line: vraagbaak users
    "users_ask_password": "Wachtwoord voor {name}: ",
    "users_ask_again": "Nog een keer: ",
    "users_not_same": "De twee wachtwoorden zijn niet hetzelfde. Er is niets veranderd.",
    "users_no_password": "Er kwam geen wachtwoord binnen. Er is niets veranderd.",
    "users_added": "Het account {name} is gemaakt. Rol: {role}.",
    "users_changed": "Het wachtwoord van {name} is veranderd. Alle sessies van {name} zijn gestopt.",
    "users_removed": "Het account {name} is verwijderd. Alle sessies van {name} zijn gestopt.",
    "users_none": "Er zijn nog geen accounts. Maak het eerste: vraagbaak users add NAAM --role admin",
    "users_row": "{name}\t{role}\t{how}\tsinds {day}",
    "users_by_password": "wachtwoord",
    "users_by_sso": "inlogdienst",
    # the audit log
    "audit_whole": "Het logboek van wijzigingen is heel: {count} regels.",
    "audit_tampered": "Regel {number} van het logboek is veranderd.",
    "audit_unlinked": "Regel {number} van het logboek sluit niet aan op de regel ervoor.",
    "audit_missing": "Vanaf regel {number} ontbreken regels in het logboek.",
    "audit_truncated": "Het logboek is afgekapt: vanaf regel {number} ontbreekt het einde.",
    "audit_unannounced": "Vanaf regel {number} staan er regels in het logboek die Vraagbaak niet heeft geschreven.",
    "audit_head": "Het bestand audit.head ontbreekt of past niet bij het logboek.",
    "audit_witness": "Het logboek past niet bij de kopie van audit.head die je elders bewaarde (regel {number}).",
    "audit_unguarded": "De beveiliging tegen wijzigen is uit het logboek gehaald.",
    "audit_unreadable": "Het logboek is beschadigd en kan niet worden gelezen.",
}

_EN = {
    "login_title": "Log in",
    "login_name": "User name",
    "login_password": "Password",
    "login_button": "Log in",
    "logout_button": "Log out",
    "login_wrong": "The name or the password is not right.",
    "login_wait": "Too many attempts. Wait {wait} and try again.",
    "login_expired": "You were logged out because you did nothing for a while. Please log in again.",
    "login_needed": "Please log in first.",
    "not_allowed": "Your account may not do this. Ask the administrator if you need it.",
    "csrf_wrong": "This page has expired. Reload it and try again.",
    "no_accounts_notice": "No accounts have been set up. Everyone who uses this computer can do everything.",
    "seconds": "{n} seconds",
    "second": "1 second",
    "minutes": "{n} minutes",
    "minute": "1 minute",
    "role_confidant": "confidant",
    "role_trainer": "trainer",
    "role_admin": "administrator",
    "password_short": "Choose a password of at least {least} characters. A sentence of four or more words is easy to remember.",
    "password_long": "Choose a password of at most {most} characters.",
    "password_name": "Your name may not be part of your password.",
    "password_common": "This password is too easy to guess. Choose another, a sentence for example.",
    "password_simple": "Use more different characters in your password.",
    "account_name": "A name has 2 to 64 characters: letters, digits, dot, hyphen, underscore or @.",
    "account_exists": "The account {name} exists already.",
    "account_unknown": "The account {name} does not exist.",
    "account_last_admin": "{name} is the only administrator. Make another administrator first.",
    "account_role": "There is no role {role}. Choose confidant, trainer or admin.",
    "users_ask_password": "Password for {name}: ",
    "users_ask_again": "Once more: ",
    "users_not_same": "The two passwords are not the same. Nothing was changed.",
    "users_no_password": "No password came in. Nothing was changed.",
    "users_added": "The account {name} was made. Role: {role}.",
    "users_changed": "The password of {name} was changed. All sessions of {name} have stopped.",
    "users_removed": "The account {name} was removed. All sessions of {name} have stopped.",
    "users_none": "There are no accounts yet. Make the first: vraagbaak users add NAME --role admin",
    "users_row": "{name}\t{role}\t{how}\tsince {day}",
    "users_by_password": "password",
    "users_by_sso": "login service",
    "audit_whole": "The log of changes is whole: {count} rows.",
    "audit_tampered": "Row {number} of the log was changed.",
    "audit_unlinked": "Row {number} of the log does not follow from the row before it.",
    "audit_missing": "From row {number} on, rows are missing from the log.",
    "audit_truncated": "The log was cut off: its end is missing from row {number} on.",
    "audit_unannounced": "From row {number} on, the log has rows that Vraagbaak did not write.",
    "audit_head": "The file audit.head is missing or does not fit the log.",
    "audit_witness": "The log does not fit the copy of audit.head that you kept elsewhere (row {number}).",
    "audit_unguarded": "The guard against changes was taken out of the log.",
    "audit_unreadable": "The log is damaged and cannot be read.",
}

TEXTS: dict[Language, dict[str, str]] = {"nl": _NL, "en": _EN}


def say(name: str, language: Language = "nl", /, **values: object) -> str:
    """The sentence called `name`, filled in."""
    return TEXTS[language][name].format(**values)


def waiting(seconds: float, language: Language = "nl") -> str:
    """A waiting time as people say it, rounded up: "40 seconden", "2 minuten"."""
    whole = max(1, -int(-seconds // 1))
    if whole < 60:
        return say("second" if whole == 1 else "seconds", language, n=whole)
    minutes = -(-whole // 60)
    return say("minute" if minutes == 1 else "minutes", language, n=minutes)
