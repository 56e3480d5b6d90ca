"""A real question becomes an item only rewritten, masked and seen by two."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assistant.journal import Feedback
from assistant.model import Masked
from corpus.errors import UsageError
from evals.items import load
from evals.promote import append, block, propose

SENT = Feedback("niet_gevonden", "mag ik mee naar de rechtbank met moeder", id="abcdef0123456789")


class Masker:
    def mask(self, text: str, named: object = None) -> Masked:
        return Masked(text.replace("Fatima", "[naam]"), (("naam", "[naam]"),) if "Fatima" in text else ())

    def indirect_hint(self, text: str) -> bool:
        return False


def test_the_sent_question_itself_is_refused() -> None:
    for wording in ("", SENT.question, SENT.question.upper()):
        with pytest.raises(UsageError):
            propose(SENT, wording, (), Masker())


def test_the_rewritten_question_is_masked_once_more_and_compared_with_what_is_there() -> None:
    items = load()
    found = propose(SENT, "gaat Fatima met mij mee naar het stadhuis", items, Masker())
    assert (found.question, found.masked) == ("gaat [naam] met mij mee naar het stadhuis", True)
    assert items[0].id in propose(SENT, items[0].question, items, Masker()).alike


def test_two_different_trainers_are_needed() -> None:
    proposal = propose(SENT, "mag ik naast een vader zitten bij de notaris", (), Masker())
    with pytest.raises(UsageError, match="two trainers"):
        block(proposal, "answer", "", ("t1", "t1"), date(2026, 11, 23))


def test_the_item_is_added_once_and_can_be_read(tmp_path: Path) -> None:
    proposal = propose(SENT, "mag ik naast een vader zitten bij de notaris", (), Masker())
    made = block(proposal, "abstain", "vraag de coördinator", ("t1", "t2"), date(2026, 11, 23))
    append(made, tmp_path)
    [item] = load(tmp_path)
    assert (item.origin, item.reviewed_by, item.expect, item.nearest) == (
        "real",
        ("t1", "t2"),
        "abstain",
        "vraag de coördinator",
    )
    with pytest.raises(UsageError, match="already"):
        append(made, tmp_path)
