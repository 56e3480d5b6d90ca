"""Every figure against a case that was worked out by hand."""

from __future__ import annotations

import math
import random

import pytest

from evals.items import Forbidden
from evals.metrics import abstention, augrc, auroc, of_clusters, ranking, risk_coverage
from evals.table import BY_NAME, figures, single_figures
from tests.evals.made import PERFECT, WHERE, item, row, run_of, shown, silent_item


def test_recall_counts_the_facts_whose_quote_is_among_the_first_five() -> None:
    far = tuple(("X@1", 0, 10) for _ in range(4))
    found = row(item(), shown(hits=(*far, ("D@1", 0, 100), ("D@1", 200, 300))))
    assert (found["recall@5"], found["all_needs@5"], found["mrr"]) == (0.5, 0.0, 0.2)


def test_an_alternative_quote_in_another_document_counts_as_the_fact() -> None:
    found = row(item(), shown(hits=(("E@1", 0, 60), ("D@1", 190, 310))))
    assert (found["recall@5"], found["all_needs@5"], found["mrr"]) == (1.0, 1.0, 1.0)


def test_a_quote_split_over_two_passages_is_found_when_both_are() -> None:
    found = row(item(), shown(hits=(("D@1", 0, 50), ("D@1", 50, 100), ("D@1", 200, 300))))
    assert (found["recall@5"], found["mrr"]) == (1.0, 1 / 2)


def test_recall_within_a_budget_cuts_the_passage_where_the_budget_ends() -> None:
    # 750 words fit; characters // 6 are words: the first passage takes 600, of the second 150 of 200 words are left
    where = WHERE.__class__({**WHERE.places, "a3": ("F@1", 0, 600)})
    hits = (("D@1", 0, 3600), ("F@1", 0, 1200))
    assert row(item(), shown(hits=hits), where)["recall@1000tokens"] == 1.0
    later = WHERE.__class__({**WHERE.places, "a3": ("F@1", 600, 1200)})
    assert row(item(), shown(hits=hits), later)["recall@1000tokens"] == 0.5


def test_vital_facts_are_strict_and_on_average() -> None:
    found = row(item(), shown(cited=(("D@1", 0, 85),)))
    assert (found["vital_strict"], found["vital_mean"], found["citation_recall"]) == (0.0, 0.5, 0.5)
    assert row(item(), PERFECT)["vital_strict"] == 1.0


def test_citation_precision_counts_unlabelled_quotes_as_wrong() -> None:
    found = row(item(), shown(cited=(("D@1", 0, 100), ("D@1", 400, 450), ("D@1", 900, 950), ("Z@1", 0, 9))))
    assert (found["cited"], found["cited_useful"], found["citation_precision"]) == (4, 2, 0.5)


def test_characters_on_target_are_counted_as_characters() -> None:
    assert row(item(), shown(cited=(("D@1", 0, 150),)))["token_precision"] == pytest.approx(100 / 150)


@pytest.mark.parametrize(
    ("what", "outcome", "utility"),
    [
        (PERFECT, "right", 1.0),
        (shown(cited=(("D@1", 0, 100),)), "partly", 0.5),
        (shown(cited=(("D@1", 400, 450),)), "partly", 0.5),
        (shown(), "silent", 0.0),
        (shown(cited=(("D@1", 900, 950),)), "wrong", -2.0),
    ],
)
def test_an_answer_is_worth_what_it_does_for_the_person(what: object, outcome: str, utility: float) -> None:
    found = row(item(), what)  # type: ignore[arg-type]
    assert (found["outcome"], found["utility"], found["flawed"]) == (outcome, utility, outcome == "wrong")


def test_silence_is_right_only_where_nothing_is_to_be_said() -> None:
    assert row(silent_item(), shown())["outcome"] == "right"
    assert row(silent_item(), PERFECT)["outcome"] == "wrong"


def test_something_forbidden_spoils_a_perfect_answer() -> None:
    phrase = item(must_not=(Forbidden(kind="phrase", any_of=("24 maanden",)),))
    assert row(phrase, shown(cited=PERFECT.cited, text="bewaar het 24\nmaanden"))["outcome"] == "wrong"
    expired = item(must_not=(Forbidden(kind="cite", doc="D@1"),))
    assert row(expired, PERFECT)["forbidden"]
    assert not row(item(must_not=(Forbidden(kind="cite", doc="D@2"),)), PERFECT)["forbidden"]


def test_an_emergency_needs_its_card_and_no_answer() -> None:
    made = item(expect="escalate", anchors=(), nuggets=(), type="emergency")
    assert row(made, shown(status="card", card="crisis", confidence=None))["passed"]
    assert row(made, shown())["outcome"] == "wrong"
    assert row(made, shown(status="card", card="judgement", confidence=None))["outcome"] == "wrong"


def test_personal_data_that_survives_fails_the_item() -> None:
    made = item(type="personal_data", masked=("Samira",))
    assert not row(made, shown(cited=PERFECT.cited, asked="SAMIRA belt"))["passed"]
    assert row(made, shown(cited=PERFECT.cited, asked="[naam] belt"))["passed"]


def test_a_partly_answerable_question_is_right_only_when_the_answer_says_so() -> None:
    made = item(expect="partly")
    assert row(made, shown(cited=PERFECT.cited, status="partly"))["outcome"] == "right"
    assert row(made, PERFECT)["outcome"] == "partly"


def test_the_funnel_names_the_step_where_the_fact_got_lost() -> None:
    def stage(deep: tuple[tuple[str, int, int], ...] = (), **what: object) -> str:
        from evals.metrics import judge

        return str(judge(item(), WHERE, shown(**what), deep)["funnel"])  # type: ignore[arg-type]

    both = (("D@1", 0, 100), ("D@1", 200, 300))
    assert stage(cited=both) == "answered"
    assert stage(hits=both) == "kept silent"
    assert stage(hits=both, cited=(("D@1", 0, 100),)) == "not shown"
    assert stage(deep=both) == "not among 5"
    assert stage() == "not among 50"
    assert stage(hits=both, status="card", card="crisis") == "card instead"


def test_ndcg_by_hand() -> None:
    # grades 2 and 1; the run puts an irrelevant passage first: (2/log2(3) + 1/log2(4)) / (2/log2(2) + 1/log2(3))
    found = ranking({"q": {"a": 2, "b": 1}}, {"q": ["x", "a", "b"]})["q"]
    assert found["nDCG@10"] == pytest.approx((2 / math.log2(3) + 0.5) / (2 + 1 / math.log2(3)))
    assert (found["RR@10"], found["Success@1"], found["Success@5"], found["R@10"]) == (0.5, 0.0, 1.0, 1.0)


def test_a_question_without_hits_scores_zero_and_is_counted() -> None:
    assert ranking({"q": {"a": 1}}, {"q": []})["q"]["nDCG@10"] == 0.0


def test_ties_cannot_change_a_figure_because_ranks_are_scored() -> None:
    ids = [f"d{i}" for i in range(20)]
    qrels = {"q": {"d3": 2, "d11": 1}}
    scores = {
        ranking({k: dict(random.Random(s).sample(list(v.items()), len(v))) for k, v in qrels.items()}, {"q": ids})["q"][
            "nDCG@10"
        ]
        for s in range(8)
    }
    assert len(scores) == 1


def test_abstention_by_hand() -> None:
    rows = [
        row(silent_item("s1"), shown()),
        row(silent_item("s2"), PERFECT),
        row(item("i1"), shown()),
        row(item("i2"), PERFECT),
        row(item("i3"), PERFECT),
    ]
    found = abstention(rows)
    assert (found["abstention_precision"], found["abstention_recall"], found["abstention_f1"]) == (0.5, 0.5, 0.5)
    assert found["false_abstention"] == pytest.approx(1 / 3)
    estimates = figures(rows)
    for name in ("abstention_precision", "abstention_recall", "abstention_f1", "false_abstention"):
        assert estimates[name].value == pytest.approx(found[name])


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    rows = [
        row(item("a"), PERFECT) | {"confidence": 0.8},
        row(item("b"), PERFECT) | {"confidence": 0.3},
        row(silent_item(), shown()) | {"confidence": 0.5},
    ]
    assert auroc(rows) == 0.5
    assert math.isnan(auroc(rows[:2]))


def test_risk_and_coverage_by_hand() -> None:
    assert risk_coverage([0.9, 0.5, 0.7], [False, True, True]) == [(1 / 3, 0.0), (2 / 3, 0.5), (1.0, 2 / 3)]


def test_augrc_equals_a_count_over_all_thresholds() -> None:
    dice = random.Random(3)
    for _ in range(20):
        n = dice.randint(1, 30)
        sure = [dice.random() for _ in range(n)]
        wrong = [dice.random() < 0.4 for _ in range(n)]
        order = sorted(range(n), key=lambda i: -sure[i])
        brute = sum(sum(wrong[i] for i in order[:k]) for k in range(1, n + 1)) / n**2
        assert augrc(sure, wrong) == pytest.approx(brute)


def test_augrc_with_ties_does_not_depend_on_order() -> None:
    assert augrc([0.5, 0.5], [True, False]) == augrc([0.5, 0.5], [False, True]) == pytest.approx(1.5 / 4)


def test_the_worst_wording_counts_for_its_cluster() -> None:
    rows = [
        row(item("a", cluster="c"), PERFECT),
        row(item("b", cluster="c"), shown(hits=(("D@1", 0, 100),))),
        row(item("d"), PERFECT),
    ]
    found = of_clusters(rows)
    assert (found["worst_wording_recall@5"], found["wordings_decided_alike"]) == (0.5, 0.0)


def test_a_perfect_run_scores_one_and_an_empty_run_zero() -> None:
    items = [item(f"i{i}") for i in range(6)]
    perfect, empty = (figures([row(i, what) for i in items]) for what in (PERFECT, shown()))
    for name in ("recall@5", "mrr", "vital_strict", "vital_mean", "citation_precision", "citation_recall", "utility"):
        assert perfect[name].value == 1.0, name
    for name in ("recall@5", "mrr", "vital_strict", "vital_mean", "utility"):
        assert empty[name].value == 0.0, name
    assert "citation_precision" not in empty
    assert (perfect["flawed_all"].value, empty["false_abstention"].value) == (0.0, 1.0)


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [row(item(f"i{i}", cluster=f"c{i % 7}"), PERFECT if i % 3 else shown()) for i in range(30)]
    mixed = rows[:]
    random.Random(5).shuffle(mixed)
    assert figures(rows) == figures(mixed)
    assert single_figures(rows) == pytest.approx(single_figures(mixed))


def test_every_metric_is_explained_in_both_languages_and_counts_over_something() -> None:
    rows = run_of([row(item(), PERFECT), row(silent_item(), shown())]).rows
    for metric in BY_NAME.values():
        assert metric.nl, metric.name
        assert metric.en, metric.name
        assert metric.better in (-1, 1)
        assert all(metric.below(r) >= 0 for r in rows)
