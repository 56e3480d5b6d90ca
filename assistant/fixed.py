"""The fixed texts of cards.toml that are not cards: whom to ask, and what the app says about privacy. Trainers edit them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.model import Language
from corpus.errors import CatalogueError


@dataclass(frozen=True, slots=True)
class Fixed:
    """The tables [pointers] and [privacy] of cards.toml, as written."""

    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def pointers(self, language: Language) -> Mapping[str, str]:
        """name -> line, for instance "coordinator"; names without a line in that language are left out."""
        return _in_language(self.tables.get("pointers", {}), language)

    def privacy(self, language: Language) -> Mapping[str, Any]:
        """section -> text or lines of the privacy page."""
        return _in_language(self.tables.get("privacy", {}), language)


def _in_language(table: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Keys of one language: `name` for Dutch and `name_en` for English, or a table for each language."""
    if isinstance(table.get(language), Mapping):
        return dict(table[language])
    if language == "en":
        return {key.removesuffix("_en"): value for key, value in table.items() if key.endswith("_en")}
    return {key: value for key, value in table.items() if not key.endswith("_en") and not isinstance(value, Mapping)}


def read_fixed(path: Path) -> Fixed:
    """The fixed texts of a cards.toml; nothing when there is no such file. CatalogueError when it is no TOML."""
    if not path.is_file():
        return Fixed()
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name} is not valid TOML: {error}", hint="mend the line that is named") from error
    return Fixed({name: raw[name] for name in ("pointers", "privacy") if isinstance(raw.get(name), dict)})
