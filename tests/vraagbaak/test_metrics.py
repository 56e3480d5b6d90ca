"""Metrics count and time; they never hold a word that a person typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from vraagbaak.metrics import Metrics, metrics_text

LINE = re.compile(r'[a-z_]+(\{(status="[a-z_]+"|le="[0-9.+Inf]+")\})? [0-9.e+]+')


@dataclass
class Found:
    status: str


def text(metrics: Metrics) -> str:
    return metrics_text(metrics, release=3, passages=1200, ready=True)


def value(page: str, name: str) -> float:
    return next(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name + " "))


def test_answers_are_counted_by_status_and_timed() -> None:
    metrics = Metrics()
    metrics.answered("answered", 0.03)
    metrics.answered("answered", 0.3)
    metrics.timed(lambda: Found("card"))
    page = text(metrics)
    assert value(page, 'vraagbaak_answers_total{status="answered"}') == 2
    assert value(page, 'vraagbaak_answers_total{status="card"}') == 1
    assert value(page, 'vraagbaak_answer_seconds_bucket{le="0.05"}') == 2
    assert value(page, 'vraagbaak_answer_seconds_bucket{le="+Inf"}') == value(page, "vraagbaak_answer_seconds_count") == 3
    assert 0.33 <= value(page, "vraagbaak_answer_seconds_sum") < 1


def test_a_duration_on_a_border_falls_in_the_bucket_that_ends_there() -> None:
    metrics = Metrics()
    metrics.answered("partly", 0.1)
    assert value(text(metrics), 'vraagbaak_answer_seconds_bucket{le="0.1"}') == 1
    assert value(text(metrics), 'vraagbaak_answer_seconds_bucket{le="0.05"}') == 0


def test_an_error_is_counted_and_passed_on() -> None:
    metrics = Metrics()

    def broken() -> Found:
        raise RuntimeError("a question about Jan")

    with pytest.raises(RuntimeError):
        metrics.timed(broken)
    page = text(metrics)
    assert value(page, "vraagbaak_errors_total") == 1
    assert "Jan" not in page


def test_a_status_that_does_not_exist_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="no status of that name") as caught:
        Metrics().answered("mijn zoon", 0.1)
    assert "zoon" not in str(caught.value)


def test_every_line_is_a_comment_or_a_number_with_a_closed_label() -> None:
    metrics = Metrics()
    metrics.answered("answered", 0.2)
    metrics.switched()
    for line in text(metrics).splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or LINE.fullmatch(line), line


def test_the_release_that_answers_and_its_size_are_shown() -> None:
    page = text(Metrics())
    assert (value(page, "vraagbaak_release"), value(page, "vraagbaak_passages"), value(page, "vraagbaak_ready")) == (3, 1200, 1)
