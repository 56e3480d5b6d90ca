"""What the questions kept apart say: wordings that no phrasing repeats and no model was taught.

    vraagbaak evals apart [--json]

The items of evals/items say more of each question (facts, refusals, conversations), but they are few: a difference of two points drowns in
their intervals. These are many. Their writers saw the headings of the sample corpus and not its texts; others, who read all of it, judged which
sentences answer, help, or do neither (evals/judged.py). the decision to answer (`evals calibrate`) and the
weights of the ranking (`evals ranking`) are fitted on them; how much the words of phrasings count (corpus/bayes.py) and from which length on a story is told
apart (assistant/focus.py) were chosen on parts of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.english import is_english
from evals.judged import Judged
from evals.statistics import Estimate, ratio
from evals.world import Place, World, touches

if TYPE_CHECKING:
    from assistant.model import Answer, Language
    from corpus.release import Release

Outcome = Literal["right", "helps", "beside", "silent", "card"]
FEW = 5  # passages


@dataclass(frozen=True, slots=True)
class Found:
    """What was done with a question. rank: of the first passage that holds a sentence which answers, from 1; 0 when none of them does.
    outcome: a sentence that answers was shown, else one that helps, else others; or nothing was, or an emergency card or a refusal to judge."""

    question: str
    answerable: bool
    outcome: Outcome
    rank: int
    confidence: float


def places_of(release: Release) -> dict[str, tuple[Place, ...]]:
    """Where each judged text stands: sentence with title and heading -> places."""
    from corpus.encoder import HashEncoder
    from corpus.reading import release_texts
    from corpus.units import units_of

    units = [unit for passage in release.passages() for unit in units_of(release.document(passage.source), passage)]
    found: dict[str, tuple[Place, ...]] = {}
    for text, unit in zip(release_texts(release, HashEncoder()).units, units, strict=True):  # which puts nothing before a text
        found[text] = (*found.get(text, ()), (unit.source, unit.start, unit.end))
    return found


def language_of(question: str) -> Language:
    """The language that the app would be in."""
    return "en" if is_english(question) else "nl"


def held_against(one: Judged, answer: Answer, places: Mapping[str, tuple[Place, ...]]) -> Found:
    """An answer against the judgements. Raises KeyError for a judged text that the release does not hold."""
    answers, helps = ([place for text in texts for place in places[text]] for texts in (one.answers, one.helps))
    hits = [touches((h.passage.source, h.passage.start, h.passage.end), answers) for h in answer.hits]
    cited: list[Place] = [(c.source, c.start, c.end) for c in answer.citations]
    outcome: Outcome = "beside"
    if answer.status == "card":
        outcome = "card"
    elif not cited:
        outcome = "silent"
    elif any(touches(place, answers) for place in cited):
        outcome = "right"
    elif any(touches(place, helps) for place in cited):
        outcome = "helps"
    return Found(one.question, bool(one.answers), outcome, hits.index(True) + 1 if True in hits else 0, answer.confidence)


def measured(world: World, questions: Sequence[Judged], tell: Callable[[int], None] = lambda done: None) -> Iterator[Found]:
    """Ask them all. tell: gets how many were asked."""
    places = places_of(world.release)
    for done, one in enumerate(questions, start=1):
        yield held_against(one, world.put(one.question, language=language_of(one.question)), places)
        tell(done)


def figures(found: Sequence[Found]) -> dict[str, Estimate]:
    """Shares with 95 % intervals."""
    decided = [one for one in found if one.outcome != "card"]
    answerable = [one for one in decided if one.answerable]
    unanswerable = [one for one in decided if not one.answerable]
    shown = [one for one in decided if one.outcome != "silent"]

    def share(hits: Sequence[bool]) -> Estimate:
        return ratio([float(hit) for hit in hits], [1.0] * len(hits), [str(i) for i in range(len(hits))])

    return {
        "first passage answers": share([one.rank == 1 for one in answerable]),
        "one of five answers": share([0 < one.rank <= FEW for one in answerable]),
        "answered": share([one.outcome == "right" for one in answerable]),
        "silent, though answerable": share([one.outcome == "silent" for one in answerable]),
        "silent, rightly": share([one.outcome == "silent" for one in unanswerable]),
        "shown: answers": share([one.outcome == "right" for one in shown]),
        "shown: helps": share([one.outcome == "helps" for one in shown]),
        "shown: beside the question": share([one.outcome == "beside" for one in shown]),
        "card": share([one.outcome == "card" for one in found]),
    }


def auroc(found: Sequence[Found]) -> float:
    """How well confidence tells answerable questions from others; 0.5 is chance."""
    from sklearn.metrics import roc_auc_score

    decided = [one for one in found if one.outcome != "card"]
    return float(roc_auc_score([one.answerable for one in decided], [one.confidence for one in decided]))
