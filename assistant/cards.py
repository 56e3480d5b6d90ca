"""The fixed cards that trainers wrote, read from cards.toml: shown as they are, before anything else.

A card belongs to a kind ("crisis" or "judgement") and has an id, which may be the name of a topic such as "suicide"; the first
card of a kind is the one for every topic without a card of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assistant.model import Card, CardKind, Language
from corpus.errors import CatalogueError

HELP = "Every [[card]] needs kind, id, title and lines; title_en, lines_en, topics and examples are optional."


@dataclass(frozen=True, slots=True)
class CardText:
    """One card in both languages. examples: questions for which it was made. topics: names of what it is about."""

    card: Card
    card_en: Card
    examples: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """All cards, in the order of the file."""

    texts: tuple[CardText, ...] = ()

    def card(self, kind: CardKind, topic: str = "", language: Language = "nl") -> Card | None:
        """The card for a topic, else the first of its kind; None when the file has none of that kind."""
        found = [text for text in self.texts if text.card.kind == kind]
        exact = [text for text in found if topic and (topic == text.card.id or topic in text.topics)]
        for text in exact or found:
            return text.card_en if language == "en" else text.card
        return None

    def in_language(self, card: Card, language: Language) -> Card:
        """The same card in another language; the card itself when it is not one of these."""
        for text in self.texts:
            if text.card.id == card.id and text.card.kind == card.kind:
                return text.card_en if language == "en" else text.card
        return card

    def examples(self, kind: CardKind) -> tuple[str, ...]:
        """Every example question of a kind, in the order of the file."""
        return tuple(example for text in self.texts if text.card.kind == kind for example in text.examples)


def load_cards(path: Path) -> Cards:
    """Read cards.toml.  Raises CatalogueError when the file is missing, no TOML, or lacks a field."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CatalogueError(f"there is no file {path.name} with the cards", hint=HELP) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name} cannot be read: {error}", hint=HELP) from error
    rows = tables.get("card", [])
    if not isinstance(rows, list):
        raise CatalogueError(f"{path.name}: write each card under [[card]]", hint=HELP)
    cards = Cards(tuple(_card(row, number, path.name) for number, row in enumerate(rows, start=1)))
    _no_doubles(cards, path.name)
    return cards


def default_cards(folder: Path | None = None) -> Cards:
    """The cards of a folder with texts, or those of the bundled corpus."""
    import corpus

    bundled = Path(corpus.__file__).parent
    for path in (folder / "cards.toml" if folder else None, bundled / "cards.toml", bundled / "texts" / "cards.toml"):
        if path and path.exists():
            return load_cards(path)
    raise CatalogueError("there is no cards.toml", hint=HELP)


def _card(row: Mapping[str, object], number: int, name: str) -> CardText:
    kind, ident, title = (_text(row, field, number, name) for field in ("kind", "id", "title"))
    if kind not in get_args(CardKind):
        raise CatalogueError(f"{name}, card {number}: kind is {kind!r}, not one of {', '.join(get_args(CardKind))}", hint=HELP)
    lines = _lines(row, "lines", number, name)
    if not lines:
        raise CatalogueError(f"{name}, card {number} ({ident}) has no lines", hint=HELP)
    if kind == "crisis" and "112" not in lines[0]:
        raise CatalogueError(f"{name}, card {number} ({ident}): the first line of a crisis card names 112", hint=HELP)
    title_en = row.get("title_en") or title
    lines_en = _lines(row, "lines_en", number, name) or lines
    typed: CardKind = "crisis" if kind == "crisis" else "judgement"
    return CardText(
        Card(typed, ident, title, lines),
        Card(typed, ident, str(title_en), lines_en),
        _lines(row, "examples", number, name),
        _lines(row, "topics", number, name),
    )


def _text(row: Mapping[str, object], field: str, number: int, name: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{name}, card {number}: {field} is missing or empty", hint=HELP)
    return value


def _lines(row: Mapping[str, object], field: str, number: int, name: str) -> tuple[str, ...]:
    value = row.get(field, ())
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(x, str) for x in value):
        raise CatalogueError(f"{name}, card {number}: {field} must be a list of texts", hint=HELP)
    return tuple(x.strip() for x in value if x.strip())


def _no_doubles(cards: Cards, name: str) -> None:
    seen: set[tuple[str, str]] = set()
    for text in cards.texts:
        key = (text.card.kind, text.card.id)
        if key in seen:
            raise CatalogueError(f"{name}: two {key[0]} cards have the id {key[1]!r}", hint=HELP)
        seen.add(key)
