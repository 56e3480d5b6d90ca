"""An English question becomes the Dutch words it is about: the texts are Dutch, and so are both search legs.

Word for word, with the list of corpus/embedding_bridge.tsv; enough to find a passage, not a translation, and never shown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from corpus.analyse import english_relations

# Words that only English uses this way. Those that are Dutch words too (do, we, is, in, over, me) prove nothing.
_ENGLISH = frozenset(
    "the what when how my i you your he she they his her their them who whom which where why can could should would must may might "
    "does did done has have had are was were be been am an and or but if then than this that these those there of to for from with "
    "about without not any some other by at on it its us our just also need want get after before during because please".split()
)
_ALSO_DUTCH = frozenset("do we is in me a as so over hebben".split())
_DUTCH = frozenset("de het een ik je jij hij zij ze wij niet wat hoe wie waar mag moet kan als met voor van naar bij dat dit en of er mijn".split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")


def is_english(text: str) -> bool:
    """Whether the function words are English: two or more that only English has, or one and no Dutch ones beside it."""
    words = _WORD.findall(text.lower())
    english = sum(w in _ENGLISH for w in words)
    dutch = sum(w in _DUTCH for w in words)
    return english > dutch and (english >= 2 or (dutch == 0 and any(w in _bridge() for w in words)))


def dutch_words(text: str) -> str:
    """The content words of an English question in Dutch; a word that is not in the list stays as it is."""
    kept = []
    for word in _WORD.findall(text):
        low = word.lower().replace("’", "'").removesuffix("'s")
        if low in _ENGLISH or low in _ALSO_DUTCH or low in ("don't", "i'm", "can't"):
            continue
        kept.append(_bridge().get(low) or _bridge().get(low.removesuffix("s")) or word)
    return " ".join(kept) or text


@lru_cache(maxsize=1)
def _bridge() -> dict[str, str]:
    return {relation.term.lower(): relation.variants[0] for relation in english_relations()}
