"""A follow-up becomes a question that stands alone, by rules: which words it lacks, and the last question that has them.

"en als ze het alleen aan de telefoon zegt?" after "Moet ik toestemming op papier hebben?" is searched with the content words of
both. A question that has enough of its own is left alone: a new subject must not be dragged back to the old one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.model import Turn

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
_BEFORE_ARTICLE = frozenset("aan achter bij binnen buiten door in met na naar om onder op over per sinds tegen tijdens tot uit van via volgens voor zonder".split())
ENOUGH = 5  # content words with which a question stands alone, even when it points back
FEW = 2  # with this few it hardly ever does


def is_follow_up(question: str, own_words: int) -> bool:
    """Whether a question needs the one before it. own_words: its content words."""
    if own_words >= ENOUGH:
        return False
    if own_words <= FEW - 1:
        return True
    opens, points = bool(_OPENS.search(question)), bool(_POINTS_BACK.search(question)) or _says_it(question)
    return opens or (points and own_words <= FEW + 1)


def _says_it(question: str) -> bool:
    """Whether "het" is a pronoun somewhere. It is an article after a preposition ("in het dossier": the pronoun would make that "erin", unless a verb
    follows: "zonder het te zeggen") and before an adjective ("het eerste gesprek")."""
    for before, after in _IT.findall(question):
        after_preposition = before.lower() in _BEFORE_ARTICLE and after.lower() != "te"
        if not after_preposition and not re.fullmatch(r"\w{3,}e", after):
            return True
    return False


def standalone(question: str, history: Sequence[Turn], analyser: Analyser) -> str:
    """The question to search with. Walks back over follow-ups to the question that opened the subject."""
    own = analyser.content_terms(question)
    if not history or not is_follow_up(question, len(set(own))):
        return question
    parts = [question]
    for turn in reversed(history[-4:]):
        parts.append(turn.question)
        if not is_follow_up(turn.question, len(set(analyser.content_terms(turn.question)))):
            break
    # the newest words come first and count once more: they say what is asked now
    return " ".join(parts)
