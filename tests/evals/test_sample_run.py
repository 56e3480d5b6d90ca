"""The whole measurement on the sample corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.wiring import AssistantSettings, open_shelved
from corpus import likely
from corpus.embedder import open_embedder
from corpus.encoder import bundled_encoder
from evals.compare import compare
from evals.items import Splits, chosen, load
from evals.report import html
from evals.run import Run, measure, removable
from evals.world import World, anchored, answering_rows
from ingest.build import ingest
from ingest.cli import chosen_encoder, sample_folder
from tests.browser.world import small_texts
from tests.fakes import NoMask


@pytest.fixture(scope="module")
def some() -> list[object]:
    """Every fifth dev item, and all about keeping files."""
    dev = chosen(load(), Splits.read(), "dev")
    return [i for k, i in enumerate(dev) if k % 5 == 0 or i.cluster.startswith(("bewaar", "inj"))]


@pytest.fixture(scope="module")
def first(sample: World, some: list[object]) -> Run:
    """One run."""
    return measure(sample, "dev", items=some)  # type: ignore[arg-type]


def test_two_runs_give_identical_figures(sample: World, some: list[object], first: Run) -> None:
    second = measure(sample, "dev", items=list(some))  # type: ignore[arg-type]
    assert second.summary["hash"] == first.summary["hash"]
    assert second.estimates == first.estimates


def test_a_run_is_read_back_as_it_was_written(first: Run, tmp_path: Path) -> None:
    back = Run.read(first.write(tmp_path))
    assert back.estimates == first.estimates
    assert len(back.rows) == len(first.rows)


def test_every_quote_that_was_shown_stands_in_its_source(first: Run) -> None:
    assert first.estimates["verbatim"].value == 1.0
    assert first.estimates["locator"].value == 1.0


def test_what_the_phrasings_of_the_sample_teach_came_along(sample: World) -> None:
    weights = likely.stored(likely.SEEDS, likely.key_of(sample.release.asks(), bundled_encoder().revision))
    assert weights is not None, "python -m evals.train_encoder --seeds"
    assert weights.shape[1] == bundled_encoder().dimension + 1


def test_no_anchor_is_lost(first: Run) -> None:
    assert first.summary["lost_anchors"] == {}


def test_a_removed_answer_is_really_gone(sample: World, some: list[object]) -> None:
    for item in removable(some):  # type: ignore[arg-type]
        hidden = answering_rows(item, sample, anchored(item, sample.release))
        answer = sample.ask(item, hidden=hidden)
        gone = {i for i, h in enumerate(hidden) if h}
        assert gone
        assert not {h.row for h in answer.hits} & gone


def some_texts(folder: Path, codes: set[str]) -> Path:
    """A few texts of the sample with their phrasings: learning from few takes a second, from all half a minute."""
    small_texts(folder, codes)
    asked = (sample_folder() / "phrasings.toml").read_text("utf-8").split("\n[[")[1:]
    kept = [entry for entry in asked if any(f'source = "{code}"' in entry for code in codes)]
    (folder / "phrasings.toml").write_text("".join(f"[[{entry}\n" for entry in kept), "utf-8")
    return folder


def test_a_wrong_document_shows_which_items_broke(tmp_path: Path) -> None:
    import docx

    items = [i for i in load() if i.cluster in ("bewaartermijn", "bewaar-conflict", "openingstijden", "vog")]
    folder, home = some_texts(tmp_path / "texts", {anchor.doc for item in items for anchor in item.anchors}), tmp_path / "home"

    def measured() -> Run:
        ingest(home, folder, open_embedder("bundled"), encoder=chosen_encoder())
        shelved = open_shelved(home, AssistantSettings(dense="exact"))
        try:
            return measure(World(shelved, NoMask()), "all", items=items)
        finally:
            shelved.search.release.close()

    before = measured()
    path = folder / "N01_werkinstructie_registratie_v3.0.docx"
    document = docx.Document(str(path))
    paragraphs = [*document.paragraphs, *(p for t in document.tables for c in t._cells for p in c.paragraphs)]
    for run in (r for p in paragraphs for r in p.runs):
        run.text = run.text.replace("12 maanden", "24 maanden")
    document.save(str(path))
    after = measured()
    assert {i.partition("-2")[0] for i in after.summary["lost_anchors"]}
    broke = {f.id for f in compare(before, after).broke}
    passed_before = {
        r["id"] for r in before.rows if r["passed"] and r["cluster"].startswith("bewaar") and not r.get("counterfactual")
    }
    assert broke
    assert broke <= passed_before
    assert not {i for i in broke if i.startswith(("openingstijden", "vog"))}


def test_the_report_stands_alone_in_two_languages(first: Run) -> None:
    page = html(first, first, [], [first.summary, first.summary])
    assert [
        mark
        for mark in ("<script src", "<link", "@import", "url(", 'src="', 'href="http', "fetch(")
        if mark in page.replace("url(#", "")
    ] == []
    assert "Hoe goed zijn de antwoorden?" in page
    assert "How good are the answers?" in page
    assert page.count("<svg") >= 16
    assert first.summary["made_at"][:10] in page


def test_the_same_run_draws_the_same_page(first: Run) -> None:
    assert html(first) == html(first)


def test_markup_in_a_question_is_only_text(first: Run) -> None:
    rows = tuple({**r, "question": "<script>alert(1)</script>"} for r in first.rows)
    assert "<script>alert(1)" not in html(replace(first, rows=rows))


def test_nothing_is_asked_with_personal_data_in_the_rows_that_are_kept(sample: World) -> None:
    class Masker(NoMask):
        def mask(self, text: str, named: object = None):  # type: ignore[no-untyped-def]
            from assistant.model import Masked

            return Masked("[alles]", (("naam", "[alles]"),))

    item = next(i for i in load() if i.type == "personal_data")
    run = measure(replace(sample, masker=Masker()), "all", items=[item])
    assert run.rows[0]["masked"]
    assert run.rows[0]["asked"] == "[alles]"
