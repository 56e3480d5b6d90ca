"""A follow-up becomes a question that stands alone: which one is one, and the last question that has the words it lacks.

"en als ze het alleen aan de telefoon zegt?" after "Moet ik toestemming op papier hebben?" is searched with the content words of
both. A question that has enough of its own is left alone: a new subject must not be dragged back to the old one. A small linear model
that read short conversations tells which it is ("per mail?" is a follow-up, "wat is intervisie" is none), with what rules see as part of what it looks at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.model import Turn
from assistant.second_opinion import Opinion, features, load_opinions
from assistant.understand import clean_text

if TYPE_CHECKING:
    from corpus.analyse import Analyser

_OPENS = re.compile(
    r"^\W*(en|ook|maar|of|dus|oke|ok|okee|hoezo|want|and|but|also|or|so|what about|how about|stel|wat als|en als|waarom)\b", re.IGNORECASE
)
_POINTS_BACK = re.compile(
    r"\b(dat|die|dit|deze|hij|zij|ze|hem|haar|hun|hen|dan|daar|daarvoor|daarna|daarmee|daarover|daarvan|ervoor|erna|ermee|erover|"
    r"hetzelfde|zelfde|zoiets|zo|toch|that|this|it|they|them|he|she|then|there)\b",
    re.IGNORECASE,
)
_IT = re.compile(r"(?:(\w+)\s+)?\bhet\b(?:\s+(\w+))?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_BEFORE_ARTICLE = frozenset("aan achter bij binnen buiten door in met na naar om onder op over per sinds tegen tijdens tot uit van via volgens voor zonder".split())
ENOUGH = 8  # content words with which a question stands alone, whatever else it says
FEW = 2  # with fewer it is a follow-up by rule
LOOK_BACK = 4  # questions
EVEN = 0.5
DOUBT = (0.25, 0.85)  # between these likelihoods a question is searched both ways, which takes twice as long
# by logistic regression on evals/phrases/follow_ups_dev.jsonl: of the model, and of how sure the answers to both readings are
LEAN, BIAS = 2.4, -0.57


def looks(question: str, before: Sequence[str], analyser: Analyser) -> frozenset[str]:
    """What the model looks at. before: the questions before it, oldest first; only whether they share words with it counts."""
    own, words = set(analyser.content_terms(question)), _WORD.findall(clean_text(question))
    shared = own.intersection(analyser.content_terms(" ".join(before[-2:])))
    marks = [f"own {min(len(own), 6)}", f"words {min(len(words), 12)}"]
    marks += ["opens"] * bool(_OPENS.search(question))
    marks += ["points"] * _points(question)
    marks += ["rule"] * _by_rule(question, len(own))
    marks += [f"shared {min(len(shared), 2)}"] * bool(own and before)
    marks += ["asks"] * question.rstrip().endswith("?")
    return features(words, marks, {})


def follow_up(question: str, before: Sequence[str], analyser: Analyser, opinions: Mapping[str, Opinion] | None = None) -> float:
    """0..1: how likely a question needs those before it (oldest first) to be understood; 0 without any, 0 or 1 by rule without a model."""
    own = len(set(analyser.content_terms(question)))
    if not before or own >= ENOUGH:
        return 0.0
    model = (load_opinions() if opinions is None else opinions).get("needs")
    return model.probability(looks(question, before, analyser)) if model else float(_by_rule(question, own))


def is_follow_up(question: str, before: Sequence[str], analyser: Analyser, opinions: Mapping[str, Opinion] | None = None) -> bool:
    """Whether it does, more likely than not."""
    return follow_up(question, before, analyser, opinions) >= EVEN


def _by_rule(question: str, own_words: int) -> bool:
    """What the words alone say. own_words: content words."""
    if own_words < FEW:
        return True
    return own_words <= FEW + 2 and bool(_OPENS.search(question)) or own_words <= FEW + 1 and _points(question)


def _points(question: str) -> bool:
    return bool(_POINTS_BACK.search(question)) or _says_it(question)


def _says_it(question: str) -> bool:
    """Whether "het" is a pronoun somewhere. It is an article after a preposition ("in het dossier": the pronoun would make that "erin", unless a verb
    follows: "zonder het te zeggen") and before an adjective ("het eerste gesprek")."""
    for before, after in _IT.findall(question):
        after_preposition = before.lower() in _BEFORE_ARTICLE and after.lower() != "te"
        if not after_preposition and not re.fullmatch(r"\w{3,}e", after):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Reading:
    """A way a question may be meant. text: what to search with; joined: with the questions before it; odds: log odds that it is meant so,
    on the scale of the log odds of the confidence with which it is answered."""

    text: str
    joined: bool
    odds: float = 0.0


def readings(question: str, history: Sequence[Turn], analyser: Analyser) -> tuple[Reading, ...]:
    """The ways a question may be meant: one when that is plain, else both, and the one that is answered better counts for more."""
    likely = follow_up(question, [turn.question for turn in history[-LOOK_BACK:]], analyser)
    alone = Reading(question, joined=False)
    if likely < DOUBT[0]:
        return (alone,)
    joined = Reading(_joined(question, history, analyser), True, LEAN * math.log(likely / (1 - likely)) + BIAS if likely < 1 else 0.0)
    return (joined,) if likely > DOUBT[1] else (joined, alone)


def _joined(question: str, history: Sequence[Turn], analyser: Analyser) -> str:
    """A follow-up with the question that opened the subject, and the follow-ups between them."""
    asked = [turn.question for turn in history[-LOOK_BACK:]]
    # the newest words come first and count once more: they say what is asked now
    parts = [question, asked.pop()]
    while asked and is_follow_up(parts[-1], asked, analyser):
        parts.append(asked.pop())
    return " ".join(parts)


def log_odds(probability: float) -> float:
    """The log odds of a probability, which is never taken for certain."""
    held = min(max(probability, 0.01), 0.99)
    return math.log(held / (1 - held))
