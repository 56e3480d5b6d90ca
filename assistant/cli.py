"""vraagbaak ask: one question, or many from a file, as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from corpus.errors import UsageError

if TYPE_CHECKING:
    from assistant.answer import Assistant
    from assistant.model import Turn
    from assistant.wiring import AssistantSettings

EXAMPLE = '{"id": "1", "question": "Hoe lang bewaren we een dossier?"}'


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `ask`."""
    ask = commands.add_parser("ask", parents=[shared], help="ask a question and get cited sentences")
    ask.add_argument("question", nargs="?", help="a question in plain words")
    ask.add_argument("--json", action="store_true", help="print one JSON object (docs/json-contract.md)")
    ask.add_argument("--jsonl", metavar="FILE", help="read one JSON object per line from FILE (- for standard input) and answer each")
    ask.add_argument("--corpus", type=Path, metavar="DIR", help="bring the release up to date with this folder first")
    ask.add_argument("--source", action="append", default=[], metavar="CODE", help="answer from these sources only")
    ask.add_argument("--language", choices=("nl", "en"), default="nl", help="of the words around the quotations")
    ask.set_defaults(run=run)


def run(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Answer; exit code 0 whether answered or abstained."""
    if (arguments.question is None) == (arguments.jsonl is None):
        raise UsageError("give one question, or --jsonl FILE", hint='for example: vraagbaak ask "Hoe lang bewaren we een dossier?"')
    if arguments.jsonl is not None:
        return _many(arguments, home, settings)
    return _one(arguments, home, settings)


def assistant_settings(settings: Any, *, one_shot: bool = False) -> AssistantSettings:
    """The part of all settings (vraagbaak.settings.Settings) that the assistant reads."""
    from assistant.wiring import AssistantSettings, LanguageModelSettings
    from corpus.search import SearchSettings

    model, search, store = settings.language_model, settings.search, settings.store
    # a process that answers one question does not pay two seconds to import Chroma; the vectors are the same
    dense: Literal["chroma", "exact"] = "exact" if one_shot else store.dense
    chosen = SearchSettings(legs=search.legs) if search.weight is None else SearchSettings(legs=search.legs, weight=search.weight)
    if not search.encoder:
        chosen = replace(chosen, read=0.0)
    return AssistantSettings(
        search=chosen,
        dense=dense,
        chroma_url=store.url,
        query_prefix=settings.embedding.query_prefix,
        passage_prefix=settings.embedding.passage_prefix,
        reranker="" if one_shot else search.reranker,  # it takes longer to load than one question can wait
        reranker_seconds=search.reranker_seconds,
        language_model=LanguageModelSettings(model.url, model.model, model.seconds, model.allow_remote),
    )


def _one(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    from assistant.personal_data import Masker
    from assistant.render import as_json, as_text
    from assistant.wiring import assistant

    # nothing is stored or sent by this command, so it does not wait seconds for the name finder: patterns mask (decisions, 7)
    helper = assistant(home, Masker(), assistant_settings(settings, one_shot=True))
    answer = helper.ask(arguments.question, (), arguments.language, only=arguments.source)
    if arguments.json:
        print(json.dumps(as_json(answer), ensure_ascii=False))  # noqa: T201
    else:
        sys.stdout.write(as_text(answer))
    return 0


def _many(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    from assistant.personal_data import Masker
    from assistant.wiring import assistant

    masker = Masker(cache=home / "deduce", background=True)
    helper = assistant(home, masker, assistant_settings(settings))
    with _opened(arguments.jsonl) as stream:
        rows = list(parsed_rows(stream))
    helper.current()
    masker.wait()
    for row in rows:
        sys.stdout.write(json.dumps(answer_row(helper, row, arguments), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0


def _opened(name: str) -> Any:
    from contextlib import nullcontext

    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}", hint="give a file with one JSON object per line") from error


def parsed_rows(stream: TextIO | Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON Lines stream; UsageError names the line that is wrong."""
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"line {number} is not JSON: {error.msg}", hint=f"each line looks like: {EXAMPLE}") from error
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise UsageError(f"line {number} has no question", hint=f"each line looks like: {EXAMPLE}")
        yield row


def answer_row(helper: Assistant, row: Mapping[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """One answer object for one line."""
    from assistant.render import as_json

    answer = helper.ask(row["question"], history_of(row), arguments.language, only=arguments.source)
    return as_json(answer, row.get("id"))


def history_of(row: Mapping[str, Any]) -> Sequence[Turn]:
    """The earlier turns of a line; anything that is not a question with an answer is left out."""
    from assistant.model import Turn

    turns = row.get("history") or []
    return tuple(
        Turn(str(t["question"]), str(t.get("answer") or "")) for t in turns if isinstance(t, dict) and isinstance(t.get("question"), str)
    )
