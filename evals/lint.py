"""Are the items in order? Every rule that can be checked without asking a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evals.anchors import AnchorProblem, resolve
from evals.items import Item, Splits

if TYPE_CHECKING:
    from corpus.analyse import Analyser
    from corpus.release import Release

OVERLAP = 0.6  # largest share of a question's content stems that its quotes may hold, unless the question is `direct`
NEAR_DUPLICATE = 90.0  # token-set ratio (0..100) above which two questions may not stand in different splits
WORDS = (5, 40)  # of a quote
_PERSONAL = re.compile(r"\b06[- ]?\d{8}\b|\b\d{9}\b|[\w.]+@[\w.]+\.\w+")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a trainer should look at; errors stop a run, warnings do not."""

    level: Literal["error", "warning"]
    item: str
    text: str


def lint(items: Sequence[Item], splits: Splits, release: Release, analyser: Analyser) -> tuple[Finding, ...]:
    """All findings, errors first."""
    found: list[Finding] = []
    for item in items:
        found += _of_item(item, release, analyser)
    found += _of_splits(items, splits)
    return tuple(sorted(found, key=lambda f: (f.level, f.item, f.text)))


def _of_item(item: Item, release: Release, analyser: Analyser) -> Iterator[Finding]:
    yield from _anchors(item, release)
    yield from _nuggets(item)
    if item.expect == "abstain" and not item.nearest:
        yield Finding("error", item.id, "an abstention needs `nearest`: what the knowledge base does say, or who knows")
    if item.type != "personal_data" and _PERSONAL.search(item.question):
        yield Finding("error", item.id, "the question holds something that looks like personal data")
    share = overlap_share(analyser, item.question, [a.exact for a in item.anchors if a.grade == 2])
    if share > OVERLAP and item.variant not in ("direct", "english"):
        yield Finding(
            "error", item.id, f"{share:.0%} of the question's words are in its quotes: call it direct, or word it otherwise"
        )


def _anchors(item: Item, release: Release) -> Iterator[Finding]:
    for name, count in Counter(a.id for a in item.anchors).items():
        if count > 1:
            yield Finding("error", item.id, f"{count} anchors are called {name}: give each an id of its own")
    for anchor in item.anchors:
        count = len(anchor.exact.split())
        if not WORDS[0] <= count <= WORDS[1]:
            yield Finding("error", item.id, f"{anchor.id} has {count} words; a quote has {WORDS[0]} to {WORDS[1]}")
        try:
            text = release.document(release.find(anchor.doc).key).text
            place = resolve(text, anchor.exact, anchor.prefix, anchor.suffix)
        except Exception as error:
            yield Finding("error", item.id, f"{anchor.id}: {error}")
            continue
        if place.state == "drifted":
            yield Finding("warning", item.id, f"{anchor.id} changed in {anchor.doc}; it now says: {place.text!r}")


def _nuggets(item: Item) -> Iterator[Finding]:
    known = {a.id for a in item.anchors}
    for nugget in item.nuggets:
        if nugget.vital and not nugget.by and not nugget.any_of:
            yield Finding("error", item.id, f"{nugget.id} is vital and has no `by` or `any_of`")
        for name in set(nugget.by) - known:
            yield Finding("error", item.id, f"{nugget.id} names {name}, which is no anchor of this item")
    if item.answerable and not item.vital:
        yield Finding("error", item.id, "an item that is to be answered needs a vital nugget")
    if not item.answerable and item.anchors:
        yield Finding("error", item.id, "an item that is not to be answered has no anchors")


def overlap_share(analyser: Analyser, question: str, quotes: Sequence[str]) -> float:
    """Share of a question's content stems that occur in its quotes; 0 without quotes."""
    asked = set(analyser.content_terms(question))
    there = {term for quote in quotes for term in analyser.content_terms(quote)}
    return len(asked & there) / len(asked) if asked and quotes else 0.0


def _of_splits(items: Sequence[Item], splits: Splits) -> Iterator[Finding]:
    from rapidfuzz import fuzz, process

    dev = [i for i in items if splits.of(i) == "dev"]
    test = [i for i in items if splits.of(i) == "test"]
    if not dev or not test:
        return
    scores = process.cdist(
        [_key(i) for i in dev], [_key(i) for i in test], scorer=fuzz.token_set_ratio, score_cutoff=NEAR_DUPLICATE
    )
    for one, row in zip(dev, scores, strict=True):
        for other, score in zip(test, row, strict=True):
            if score and _alike(one, other):
                yield Finding("error", one.id, f"is nearly the same question as {other.id}, which is in the other split")


def _key(item: Item) -> str:
    return " ".join((*item.history, item.question)).lower()


def _alike(one: Item, other: Item) -> bool:
    """Token-set ratio calls a short question the same as any longer one that holds it; the lengths must be alike too."""
    lengths = sorted((len(_key(one).split()), len(_key(other).split())))
    return lengths[0] >= 0.6 * lengths[1]


def table(items: Sequence[Item], splits: Splits) -> Mapping[str, Counter[str]]:
    """How many items of each type, expectation and document there are."""
    return {
        "split": Counter(splits.of(i) for i in items),
        "type": Counter(i.type for i in items),
        "variant": Counter(i.variant for i in items),
        "expect": Counter(i.expect for i in items),
        "document": Counter(i.docs[0] for i in items if i.docs),
    }


__all__ = ["AnchorProblem", "Finding", "lint", "overlap_share", "table"]
