"""The ablation changes one thing at a time, and leaves the search as it was."""

from __future__ import annotations

import pytest

from evals import ablate as module
from evals.ablate import SHIPPED, ablate, as_text, ladder, variants
from evals.items import Splits, chosen, load
from evals.world import World

QUESTION = "toestemmingsformulieren intrekken"


@pytest.fixture(scope="module")
def few() -> list[object]:
    """A handful of dev items."""
    return [i for i in chosen(load(), Splits.read(), "dev") if i.answerable][:6]


def test_every_row_leaves_the_search_as_it_found_it(sample: World) -> None:
    search = sample.shelved.search
    before = (search.settings, search.lexical, search.lexical.tuning, search.reranker)
    for change in {**ladder(), **variants()}.values():
        with change(sample):
            pass
        assert (search.settings, search.lexical, search.lexical.tuning, search.reranker) == before


def test_the_foot_of_the_ladder_knows_no_dutch_and_the_next_rungs_do(sample: World) -> None:
    search, found = sample.shelved.search, {}
    for name in ("1 words as written", "2 + stems", "3 + compound parts"):
        with ladder()[name](sample):
            found[name] = {h.row for h in search.search(QUESTION, 60)}
    assert found["1 words as written"] < found["2 + stems"] <= found["3 + compound parts"]


def test_the_table_has_the_ladder_the_shipped_search_and_a_reranker_where_there_is_one(
    sample: World, few: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reverse:
        depth = 10

        def rerank(self, question: str, hits: tuple[object, ...]) -> tuple[object, ...]:
            return hits[::-1]

    monkeypatch.setattr(module, "variants", dict)
    lines = ablate(sample, "dev", items=few, tell=lambda name: None, reranker=Reverse())  # type: ignore[arg-type]
    assert [line.name for line in lines] == [*ladder(), SHIPPED, "10 + reranker"]
    table = as_text(lines)
    assert table.count("\n") == len(lines) + 1
    assert {line.name for line in lines if "utility" in line.values} == {SHIPPED, "10 + reranker"}
