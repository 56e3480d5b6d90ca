"""From a question that somebody sent on purpose to an item of the evaluation.

The question is masked once more, a trainer rewrites it so that its facts are not those of a real family, a second trainer looks
at it, and it enters dev. It may only reach test in a later rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError
from evals.items import CANARY, FOLDER, Item

if TYPE_CHECKING:
    from assistant.answer import TextMasker
    from assistant.journal import Feedback

NEAR = 90.0  # token-set ratio from which a question is already there
FILE = "real.yaml"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An item to be completed. alike: ids of items that ask nearly the same."""

    id: str
    question: str
    masked: bool
    alike: tuple[str, ...]


def propose(feedback: Feedback, wording: str, items: Sequence[Item], masker: TextMasker) -> Proposal:
    """A proposal of a stored question. wording: the trainer's own; UsageError when it is the sent question itself."""
    from rapidfuzz import fuzz

    if not wording.strip():
        raise UsageError("an item needs a wording of its own", hint='give --wording "..."; keep the style, change the facts')
    if wording.strip().lower() == feedback.question.strip().lower():
        raise UsageError(
            "the wording is the question that was sent", hint="keep its style and change its facts: age, place, family"
        )
    masked = masker.mask(wording)
    alike = [i.id for i in items if fuzz.token_set_ratio(masked.text.lower(), i.question.lower()) >= NEAR]
    return Proposal(f"real-{feedback.id[:12]}", masked.text, bool(masked.found), tuple(alike))


def block(proposal: Proposal, expect: str, nearest: str, reviewers: Sequence[str], today: date) -> dict[str, Any]:
    """The YAML block of a proposal; UsageError without two different reviewers."""
    if len(set(reviewers)) < 2:
        raise UsageError("two trainers must look at an item", hint="give --reviewer twice, with different names")
    made: dict[str, Any] = {"cluster": proposal.id, "type": "single", "expect": expect}
    if expect == "abstain":
        made["type"] = "near_domain"
        made["nearest"] = nearest or "nog invullen"
    else:
        made["nuggets"], made["anchors"] = [], []  # the second trainer adds the quotes; lint fails until then
    asked = {
        "id": proposal.id + "-1",
        "variant": "colloquial",
        "question": proposal.question,
        "reviewed_by": list(reviewers),
        "origin": "real",
        "added": today.isoformat(),
    }
    return {**made, "items": [asked]}


def append(made: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Add a block to real.yaml; UsageError when it is there already."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 130
    path = folder / FILE
    data: Any = yaml.load(path.read_text("utf-8")) if path.exists() else {"canary": CANARY, "clusters": []}
    if any(c["cluster"] == made["cluster"] for c in data["clusters"]):
        raise UsageError(f"{made['cluster']} is an item already", hint=f"edit it in {path.name}")
    data["clusters"].append(made)
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)
    return path
