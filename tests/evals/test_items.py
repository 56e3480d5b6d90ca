"""The items as they are written: complete, anchored, divided, and many enough."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.errors import UsageError
from evals.anchors import merged
from evals.items import FOLDER, Splits, chosen, draw, families, load, schema, split_hash
from evals.lint import lint
from evals.world import World, anchored, passages_of, spans_in
from ingest.split import SplitSettings, split


def test_there_are_enough_items_of_every_type_over_all_documents() -> None:
    items = load()
    assert len(items) >= 260
    types = {t: sum(i.type == t for i in items) for t in {i.type for i in items}}
    least = {
        "multi": 18,
        "table": 14,
        "followup": 14,
        "ambiguous": 10,
        "superseded": 8,
        "conflict": 6,
        "near_domain": 26,
        "out_of_scope": 14,
        "judgement": 6,
        "emergency": 6,
        "personal_data": 4,
        "attack": 6,
    }
    assert {t: n for t, n in least.items() if types.get(t, 0) < n} == {}
    variants = {v: sum(i.variant == v for i in items) for v in {i.variant for i in items}}
    assert min(variants.values()) >= 20
    quoted = {a.doc.partition("@")[0] for i in items for a in i.anchors}
    assert {f"H{n:02}" for n in range(1, 11)} | {
        f"N{n:02}" for n in range(1, 21) if n != 19
    } <= quoted  # N19 is a draft, N21 a scan


def test_the_split_is_sixty_forty_and_frozen(tmp_path: Path) -> None:
    items, splits = load(), Splits.read()
    assert 0.55 <= len(chosen(items, splits, "dev")) / len(items) <= 0.65
    assert draw(items, splits.clusters) == dict(splits.clusters)
    changed = dict(splits.clusters) | {items[0].cluster: "test" if splits.of(items[0]) == "dev" else "dev"}
    (tmp_path / "splits.json").write_text(json.dumps({"sha256": splits.sha256, "clusters": changed}))
    with pytest.raises(UsageError, match="by hand"):
        Splits.read(tmp_path / "splits.json")


def test_questions_with_the_same_first_quote_stay_in_one_split() -> None:
    items, splits = load(), Splits.read()
    for cluster, family in families(items).items():
        assert splits.clusters[cluster] == splits.clusters[family]


def test_a_new_cluster_is_drawn_without_moving_the_others() -> None:
    items, splits = load(), Splits.read()
    known = {c: s for c, s in splits.clusters.items() if c != items[0].cluster}
    drawn = draw(items, known)
    assert {c: drawn[c] for c in known} == known
    assert set(drawn) == set(splits.clusters)
    assert split_hash(drawn) == split_hash(dict(reversed(drawn.items())))


def test_the_linter_finds_nothing_wrong(sample: World) -> None:
    found = lint(load(), Splits.read(), sample.release, sample.shelved.search.lexical.analyser)
    assert [f for f in found if f.level == "error"] == []


def test_the_linter_finds_what_is_wrong(sample: World) -> None:
    first = next(i for i in load() if i.answerable)
    lost = first.anchors[0].model_copy(update={"exact": "deze woorden staan nergens in het handboek"})
    short = first.anchors[0].model_copy(update={"exact": "te kort"})
    wrong = [
        first.model_copy(update={"id": "a", "anchors": (lost, *first.anchors[1:])}),
        first.model_copy(update={"id": "b", "anchors": (short, *first.anchors[1:])}),
        first.model_copy(update={"id": "c", "expect": "abstain"}),
        first.model_copy(update={"id": "d", "question": first.anchors[0].exact, "variant": "colloquial"}),
        first.model_copy(update={"id": "e", "question": "bel 06-12345678"}),
        first.model_copy(update={"id": "f", "nuggets": tuple(n.model_copy(update={"by": ("zz",)}) for n in first.nuggets)}),
        first.model_copy(update={"id": "g", "anchors": (first.anchors[0], *first.anchors)}),
    ]
    found = lint(wrong, Splits.read(), sample.release, sample.shelved.search.lexical.analyser)
    assert {f.item for f in found if f.level == "error"} >= set("abcdefg")


@pytest.mark.parametrize("words", [40, 130, 400])
def test_splitting_the_texts_another_way_loses_no_anchor(words: int, sample: World) -> None:
    places = {(*p,) for i in load() for p in anchored(i, sample.release).places.values()}
    passages = [p for d in sample.release.documents() for p in split(d, SplitSettings(words=words))]
    spans = {key: merged(spans_in([(p.source, p.start, p.end) for p in passages], key)) for key in {p[0] for p in places}}
    missed = [(k, s, e) for k, s, e in places if sum(max(0, min(e, b) - max(s, a)) for a, b in spans[k]) < 0.8 * (e - s)]
    assert missed == []
    assert len(passages) != len(passages_of(sample.release)) or words == 130


def test_every_file_bears_the_canary_and_fits_the_schema() -> None:
    assert "clusters" in schema()["properties"]
    for path in FOLDER.glob("*.yaml"):
        assert "vraagbaak-evals-canary" in path.read_text("utf-8").splitlines()[0]


def test_a_wrong_file_is_named_with_its_field(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "canary: vraagbaak-evals-canary-7d1c2a64\n"
        "clusters:\n  - cluster: c\n    type: nonsense\n    expect: answer\n    items: []\n"
    )
    with pytest.raises(UsageError, match=r"x\.yaml: clusters\.0\.type"):
        load(tmp_path)
