"""Questions that readers held against sentences of the sample corpus: which of them answer, help, or do neither.

Two files of one form. `TAUGHT` (judged.json.gz) is what the encoder was taught with. `APART` (apart.json.gz) is taught to nothing and among
no phrasings: what decides when to answer is fitted with it, and it is what a change is measured on besides the items (evals/apart.py).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TAUGHT = Path(__file__).parent / "judged.json.gz"
APART = Path(__file__).parent / "apart.json.gz"


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with the texts that readers held against it; a text is a sentence with its title and heading, as corpus/reading.py puts it.

    answers: texts that state what is asked; helps: texts that give a piece of it, taught neither way; others: texts that do not.
    """

    question: str
    answers: tuple[str, ...]
    helps: tuple[str, ...]
    others: tuple[str, ...]


def judged_questions(file: Path = TAUGHT) -> list[Judged]:
    """The judged questions. file: {"texts": [...], "questions": [{"question", and the numbers of the texts under "answers", "helps" and
    "others"}]}."""
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        kept = json.load(stream)

    def texts(numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(kept["texts"][number] for number in numbers)

    return [Judged(row["question"], texts(row["answers"]), texts(row["helps"]), texts(row["others"])) for row in kept["questions"]]
