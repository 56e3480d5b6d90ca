"""Changes to cards and synonyms: one person proposes, another one approves; only then the file in the corpus folder changes.

    home/proposals.json    what waits: who proposed it, what stood there, what should stand there

A proposal changes one entry. When that entry was changed meanwhile the approval is refused; nothing is overwritten. Without
accounts nobody can be told apart, so nothing can be proposed: who owns the computer edits the file itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from corpus import release as releases
from corpus.errors import CatalogueError, VraagbaakError
from ingest.build import analyser_with
from ingest.cli import sample_folder
from ingest.edit import WAIT_S, Actor, Bench, Conflict, EditError, changing, read_toml, write_whole

Kind = Literal["cards", "synonyms"]
FILES: Mapping[Kind, str] = {"cards": "cards.toml", "synonyms": "synonyms.toml"}
_TABLE: Mapping[Kind, str] = {"cards": "card", "synonyms": "relation"}
CARD_FIELDS = ("title", "lines", "title_en", "lines_en")
MOST = 100  # that wait at once

Check = Callable[[Path], object]
"""Raises when a file of cards cannot be used."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One entry that should change. subject: "crisis/acuut" or a term. before, after: its fields; {} where it is not there."""

    id: str
    kind: Kind
    by: str
    day: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def waiting(home: Path) -> tuple[Proposal, ...]:
    """What waits for a second person, oldest first."""
    try:
        rows = json.loads((home / "proposals.json").read_text("utf-8"))
        return tuple(Proposal(**row) for row in rows)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise EditError("proposals_unreadable") from error


def cards(bench: Bench) -> dict[str, dict[str, Any]]:
    """subject -> the fields of each card that are compared."""
    return {_subject("cards", row): _fields("cards", row) for row in _rows(bench, "cards")}


def card(bench: Bench, subject: str) -> dict[str, Any]:
    """One card. Raises Conflict when it is not there (any more)."""
    found = cards(bench).get(subject)
    if found is None:
        raise Conflict("changed_meanwhile", key=subject or "…")
    return found


def relations(bench: Bench) -> tuple[dict[str, Any], ...]:
    """The synonyms as they stand: term, variants, weight."""
    return tuple(_fields("synonyms", row) for row in _rows(bench, "synonyms"))


def propose(
    bench: Bench, actor: Actor, kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], check: Check
) -> Proposal:
    """Put a change in the queue. Raises EditError when it would not work, so that the second person need not find out."""
    _need(actor, "cards.propose")
    if not before and not after:
        raise EditError("nothing_changed")
    subject = _subject(kind, after or before)
    with changing(bench, actor, "cards.propose") as folder:
        queue = waiting(bench.home)
        if len(queue) >= MOST:
            raise EditError("too_many_proposals")
        if before == after:
            raise EditError("nothing_changed")
        _applied(folder, kind, before, after, check)
        proposal = Proposal(
            secrets.token_hex(6), kind, actor.name, bench.today().isoformat(), subject, dict(before), dict(after)
        )
        _keep(bench.home, (*queue, proposal))
    actor.log(f"{kind}.propose", subject, {"proposal": proposal.id})
    return proposal


def approve(bench: Bench, actor: Actor, id: str, check: Check) -> Proposal:
    """Do what another person proposed. Raises EditError for one's own proposal, Conflict when the entry was changed meanwhile."""
    _need(actor, "cards.approve")
    with changing(bench, actor, "cards.approve") as folder:
        proposal = _found(bench.home, id)
        if proposal.by == actor.name:
            raise EditError("own_proposal")
        text = _applied(folder, proposal.kind, proposal.before, proposal.after, check)
        write_whole(folder / FILES[proposal.kind], text)
        _keep(bench.home, tuple(p for p in waiting(bench.home) if p.id != id))
    actor.log(f"{proposal.kind}.approve", proposal.subject, {"proposal": id, "proposed_by": proposal.by})
    return proposal


def reject(bench: Bench, actor: Actor, id: str) -> Proposal:
    """Take a proposal out of the queue; one's own may be withdrawn."""
    _need(actor, "cards.propose")
    actor.ready()
    with releases.writer(bench.home, wait_s=WAIT_S):
        proposal = _found(bench.home, id)
        if proposal.by != actor.name:
            actor.need("cards.approve")
        _keep(bench.home, tuple(p for p in waiting(bench.home) if p.id != id))
    actor.log(f"{proposal.kind}.reject", proposal.subject, {"proposal": id, "proposed_by": proposal.by})
    return proposal


def _need(actor: Actor, action: str) -> None:
    actor.need(action)
    if not actor.name:
        raise EditError("accounts_needed")


def _found(home: Path, id: str) -> Proposal:
    found = next((p for p in waiting(home) if p.id == id), None)
    if found is None:
        raise Conflict("proposal_gone")
    return found


def _keep(home: Path, queue: tuple[Proposal, ...]) -> None:
    write_whole(home / "proposals.json", json.dumps([asdict(p) for p in queue], ensure_ascii=False, indent=1) + "\n")


# --- the files ------------------------------------------------------------------------------------------------------------


def _rows(bench: Bench, kind: Kind) -> list[dict[str, Any]]:
    return list(read_toml(_file(bench.folder, kind)).get(_TABLE[kind], []))


def _file(folder: Path, kind: Kind) -> Path:
    """The file of the folder, or the one that serves when it has none."""
    own = folder / FILES[kind]
    return own if own.is_file() else sample_folder() / FILES[kind]


def _subject(kind: Kind, row: Mapping[str, Any]) -> str:
    return f"{row['kind']}/{row['id']}" if kind == "cards" else str(row["term"])


def _fields(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry that are compared, as plain values."""
    names = ("kind", "id", *CARD_FIELDS) if kind == "cards" else ("term", "variants", "weight")
    return {name: _plain(row[name]) for name in names if name in row}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _applied(folder: Path, kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], check: Check) -> str:
    """The text of the file with one entry changed, comments kept. Raises Conflict, or EditError when the file cannot be used then."""
    import tomlkit

    document = tomlkit.parse(_file(folder, kind).read_text("utf-8"))
    rows: Any = document.setdefault(_TABLE[kind], tomlkit.aot())
    places = [i for i, row in enumerate(rows) if _fields(kind, row) == dict(before)]
    if before and not places:
        raise Conflict("changed_meanwhile", key=_subject(kind, before))
    if not after:
        del rows[places[0]]
    else:
        row = rows[places[0]] if before else tomlkit.table()
        for name, value in after.items():
            row[name] = _item(value)
        if not before:
            rows.append(row)
    text = tomlkit.dumps(document)
    _usable(folder, kind, text, check)
    return text


def _item(value: Any) -> Any:
    import tomlkit

    item = tomlkit.item(value)
    if isinstance(value, list) and sum(map(len, value)) > 80:
        item.multiline(True)
    return item


def _usable(folder: Path, kind: Kind, text: str, check: Check) -> None:
    if kind == "synonyms":
        try:
            analyser_with(text.encode("utf-8"))
        except CatalogueError as error:
            raise EditError("entry_wrong", why=str(error)) from error
        return
    trial = folder / ".cards.trial.toml"
    write_whole(trial, text)
    try:
        check(trial)
    except VraagbaakError as error:
        raise EditError("entry_wrong", why=str(error)) from error
    finally:
        trial.unlink()
