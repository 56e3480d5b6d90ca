"""One typed settings file, read once: `settings.toml` in the data directory, all of it optional.

Defaults live here; each comment gives unit and reason. An unknown key is an error that lists the known ones. What ingest and
the assistant must agree on (embedding, analyser) is written in the release and read from there.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus.errors import UsageError

FILE = "settings.toml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusPart(_Part):
    """[corpus]: which texts."""

    path: str = ""  # folder with texts and catalogue.toml; empty: the sample corpus that ships with the program
    keep: int = Field(8, ge=2, le=100)  # releases kept for rollback
    ocr: bool = False  # read scans with tesseract; needs the `ocr` extra


class EmbeddingPart(_Part):
    """[embedding]: which sentence-transformers model."""

    name: str = "bundled"  # or the name or folder of a model on this machine
    query_prefix: str = ""  # words the model wants before a question, for instance "query: "
    passage_prefix: str = ""  # ... before a passage


class SearchPart(_Part):
    """[search]: how passages are ranked."""

    legs: Literal["fused", "rrf", "lexical", "dense"] = "fused"
    weight: float | None = Field(None, ge=0, le=1)  # of the dense leg; empty: as measured for the release's embedding
    encoder: bool = True  # let the bundled encoder read the texts and the questions; false: words and the static embedding alone
    reranker: str = ""  # a sentence-transformers CrossEncoder by name or folder; empty: none
    reranker_seconds: float = Field(1.5, gt=0)  # time budget of the reranker per question


class StorePart(_Part):
    """[store]: where the vectors are searched."""

    dense: Literal["chroma", "exact"] = "chroma"
    url: str = ""  # a Chroma server, for instance http://127.0.0.1:8000; empty: embedded


class LanguageModelPart(_Part):
    """[language_model]: optional; without it answers are extracted verbatim."""

    url: str = ""  # OpenAI-compatible or Ollama server, for instance http://127.0.0.1:11434/v1
    model: str = ""
    seconds: float = Field(20.0, gt=0)  # for a whole answer; then the extractive answer is shown
    allow_remote: bool = False  # an address outside this machine must be chosen on purpose


class ServePart(_Part):
    """[serve]: the web app."""

    host: str = "127.0.0.1"
    port: int = Field(7860, ge=1, le=65535)
    accounts: bool = False  # must be true for any other address than this machine
    trusted_header: str = ""  # header with the user's name, set by a proxy that signs people in
    trusted_proxies: tuple[str, ...] = ()  # addresses of that proxy
    session_hours: float = Field(8.0, gt=0, le=72)
    upload_mb: int = Field(50, ge=1, le=500)


class JournalPart(_Part):
    """[journal]: feedback that confidants chose to send."""

    days: int = Field(90, ge=1, le=730)  # after which it is deleted


class Settings(_Part):
    """All settings."""

    corpus: CorpusPart = CorpusPart()
    embedding: EmbeddingPart = EmbeddingPart()
    search: SearchPart = SearchPart()
    store: StorePart = StorePart()
    language_model: LanguageModelPart = LanguageModelPart()
    serve: ServePart = ServePart()
    journal: JournalPart = JournalPart()


def default_home() -> Path:
    """`VRAAGBAAK_HOME`, else the user's data folder."""
    if given := os.environ.get("VRAAGBAAK_HOME"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_DATA_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else "")
    return Path(base or Path.home() / ".local" / "share") / "vraagbaak"


def read(home: Path) -> Settings:
    """The settings of a data directory; UsageError names the key and what it should be."""
    file = home / FILE
    if not file.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}", hint="mend the line that is named") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{file}: {where}: {first['msg']}", hint=_known(first["loc"])) from error


def _known(place: tuple[Any, ...]) -> str:
    part = Settings.model_fields.get(str(place[0])) if place else None
    model = part.annotation if part is not None and len(place) > 1 else Settings
    fields = getattr(model, "model_fields", Settings.model_fields)
    return f"known here: {', '.join(fields)}"
