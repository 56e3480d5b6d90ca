"""The doctor finds each thing that is wrong, says what mends it, and changes nothing by looking."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from corpus.encoder import HashEncoder
from corpus.release import release_folder, writer
from tests.fakes import released, small_corpus
from vraagbaak.audit import Audit
from vraagbaak.cli import main
from vraagbaak.doctor import Finding, _language_model, _unmet, examine, print_findings, sealed
from vraagbaak.offline import SWITCHES
from vraagbaak.settings import Settings

WITH_CHROMA = Settings.model_validate({"embedding": {"name": "hash"}})
OWN = Settings.model_validate({"embedding": {"name": "hash"}, "store": {"dense": "exact"}})  # a child process takes seconds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("doctor")
    released(place / "home", small_corpus(place / "texts"))
    return place / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "here"))


def found(home: Path, settings: Settings = OWN) -> dict[str, Finding]:
    return {f.name: f for f in examine(home, settings)}


def files(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file() and "chroma" not in p.parts}


def test_a_whole_installation_needs_no_mending_and_is_not_changed_by_looking(home: Path) -> None:
    Audit(home).append("wie", "corpus.publish", "1")
    with writer(home):
        pass  # the lock file is there from the first writer on
    before = files(home)
    findings = found(home, WITH_CHROMA)
    assert [f for f in findings.values() if not f.ok] == []
    assert {
        "python",
        "onnxruntime",
        "privacy switches",
        "release",
        "checksums",
        "passages",
        "chroma",
        "lexical",
        "audit log",
    } <= set(findings)
    assert files(home) == before


def test_before_the_first_release_it_says_how_to_make_one(tmp_path: Path) -> None:
    finding = found(tmp_path / "new")["release"]
    assert not finding.ok
    assert "vraagbaak ingest" in finding.hint
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["release.sqlite", "vectors.npy", "cards.toml", "lexical/meta.json"])
def test_a_damaged_file_of_the_release_is_named(home: Path, name: str) -> None:
    file = release_folder(home, 1) / name
    assert file.is_file()
    file.write_bytes(file.read_bytes()[:-3] + b"???")
    wrong = [f for f in examine(home, OWN) if not f.ok]
    assert any(name in f.text and "ingest --rebuild" in f.hint for f in wrong)


def test_a_chroma_index_that_cannot_be_opened_is_found_in_a_child_process(home: Path) -> None:
    for file in (release_folder(home, 1) / "chroma").rglob("*"):
        if file.is_file():
            file.write_bytes(b"rubbish")
    finding = found(home, WITH_CHROMA)["chroma"]
    assert not finding.ok
    assert "ingest --rebuild" in finding.hint


def test_another_embedding_in_the_settings_is_found(home: Path) -> None:
    finding = found(home, Settings.model_validate({"store": {"dense": "exact"}}))["embedding"]
    assert not finding.ok
    assert "bundled" in finding.text
    assert finding.hint == "run: vraagbaak ingest"


def test_a_release_that_was_read_by_another_encoder_is_found(home: Path) -> None:
    assert "not used" in found(home)["encoder"].text
    released(home, small_corpus(home.parent / "again"), encoder=HashEncoder())
    finding = found(home)["encoder"]
    assert not finding.ok
    assert "another encoder" in finding.text
    assert "ingest --rebuild" in finding.hint


def test_a_log_that_was_tampered_with_is_found_and_can_be_set_aside(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Audit(home).append("wie", "corpus.publish", "1")
    with sqlite3.connect(home / "audit.sqlite") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit SET actor = 'iemand anders'")
    finding = found(home)["audit log"]
    assert not finding.ok
    assert "tampered" in finding.text
    (home / "settings.toml").write_text('[embedding]\nname = "hash"\n[store]\ndense = "exact"\n', "utf-8")
    assert main(["doctor", "--home", str(home), "--restart-audit", "onderzocht", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert list(home.glob("audit.set-aside-*"))


def test_feedback_that_was_kept_too_long_is_found(home: Path) -> None:
    with sqlite3.connect(home / "journal.sqlite") as db:
        db.execute("CREATE TABLE feedback (day TEXT)")
        db.execute("INSERT INTO feedback VALUES ('2020-01-01')")
    (home / "journal.sqlite").chmod(0o600)
    finding = found(home)["journal"]
    assert not finding.ok
    assert "journal forget --before" in finding.hint


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
def test_a_private_file_that_others_may_read_is_found(home: Path) -> None:
    Audit(home).append("wie", "corpus.publish", "1")
    (home / "audit.sqlite").chmod(0o644)
    assert not found(home)["rights of audit.sqlite"].ok


def test_accounts_that_are_asked_for_but_were_never_made_are_found(home: Path) -> None:
    wanted = Settings.model_validate({"embedding": {"name": "hash"}, "store": {"dense": "exact"}, "serve": {"accounts": True}})
    assert "users add" in found(home, wanted)["accounts"].hint
    assert not found(home, wanted)["accounts"].ok


def test_a_build_that_is_going_on_is_no_fault(home: Path) -> None:
    with writer(home):
        finding = found(home)["writer lock"]
    assert finding.ok
    assert "another process" in finding.text


def test_a_switch_that_is_not_set_and_a_proxy_that_takes_local_calls_are_found() -> None:
    def of(**more: str) -> dict[str, bool]:
        return {f.name: f.ok for f in sealed({**SWITCHES, **more})}

    assert of() == {"privacy switches": True, "proxy": True}
    assert of(HF_HUB_DISABLE_TELEMETRY="True")["privacy switches"]  # as Gradio writes our "1"
    assert not of(HF_HUB_OFFLINE="0")["privacy switches"]
    assert not of(OPENAI_API_KEY="x")["privacy switches"]
    assert not of(HTTP_PROXY="http://proxy:3128")["proxy"]
    assert of(HTTP_PROXY="http://proxy:3128", NO_PROXY="127.0.0.1, localhost")["proxy"]


def test_a_library_of_another_version_than_was_tested_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import vraagbaak.doctor as doctor

    wanted = ["numpy<1", "kwijtgeraakt>=2", 'pytest<1; extra == "dev"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: wanted)
    said = list(_unmet())
    assert len(said) == 2
    assert "numpy is" in said[0]
    assert "kwijtgeraakt is missing" in said[1]


def test_a_language_model_that_is_away_or_elsewhere_is_found(home: Path) -> None:
    def with_url(url: str, **more: Any) -> Finding:
        given = Settings.model_validate({"language_model": {"url": url, "model": "m", **more}})
        return next(iter(_language_model(home, given)))

    away = with_url("http://127.0.0.1:9/v1")
    assert not away.ok
    assert "start the server" in away.hint
    refused = {
        f.name: f
        for f in examine(
            home, Settings.model_validate({"store": {"dense": "exact"}, "language_model": {"url": "http://10.0.0.9/v1"}})
        )
    }
    assert "allow_remote" in refused["language model"].hint


def test_each_thing_that_needs_mending_is_printed_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings((Finding("a", True, "fine"), Finding("b", False, "broken", "mend it")))
    out = capsys.readouterr().out
    assert "NOT  b" in out
    assert "-> mend it" in out
    assert "1 of 2 need mending" in out


def test_the_exit_code_tells_a_script_that_something_needs_mending(tmp_path: Path) -> None:
    assert main(["doctor", "--home", str(tmp_path / "new")]) == 2
