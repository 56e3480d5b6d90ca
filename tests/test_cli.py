"""The command line as a person or a program meets it: real processes, exit codes, JSON Lines in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import small_corpus


def vraagbaak(*arguments: str, home: Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VRAAGBAAK_HOME": str(home)}
    command = [sys.executable, "-m", "vraagbaak.cli", *arguments]
    return subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    done = vraagbaak("ingest", "--corpus", str(small_corpus(place / "texts")), "--json", home=place / "home")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["number"] == 1
    assert done.stderr == ""  # silent in a pipe
    return place / "home"


def test_ask_prints_the_answer_with_numbered_sources(home: Path) -> None:
    done = vraagbaak("ask", "Hoe lang bewaren we een dossier?", home=home)
    assert done.returncode == 0
    assert "12 maanden" in done.stdout
    assert "[1] N01" in done.stdout


def test_json_is_one_object_whose_quote_stands_in_the_printed_canonical_text(home: Path) -> None:
    row = json.loads(vraagbaak("ask", "--json", "Hoe lang bewaren we een dossier?", home=home).stdout)
    text = vraagbaak("corpus", "text", "N01@3.0", home=home).stdout
    for citation in row["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_jsonl_answers_in_the_same_order_with_the_same_ids(home: Path) -> None:
    asked = [
        {"id": "b", "question": "Wanneer beantwoord ik een voicemail?"},
        {"id": "a", "question": "en hoe snel?", "history": [{"question": "Wanneer beantwoord ik een voicemail?", "answer": "…"}]},
        {"id": 3, "question": "Hoe lang bewaren we een dossier?", "extra": True},
    ]
    done = vraagbaak("ask", "--jsonl", "-", home=home, given="\n".join(map(json.dumps, asked)) + "\n\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["b", "a", 3]
    assert "24 uur" in json.dumps(rows[1], ensure_ascii=False)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("ask",), None),
        (("ask", "--jsonl", "-"), "{"),
        (("ask", "--jsonl", "-"), '{"vraag": "x"}'),
        (("ask", "--jsonl", "nergens.jsonl"), None),
        (("ingest", "--corpus", "nergens"), None),
        (("corpus", "text", "X99"), None),
        (("corpus", "rollback", "99"), None),
    ],
)
def test_a_wrong_command_exits_with_two_and_a_hint(home: Path, arguments: tuple[str, ...], given: str | None) -> None:
    done = vraagbaak(*arguments, home=home, given=given)
    assert done.returncode == 2
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_release_the_hint_names_the_command_that_makes_one(tmp_path: Path) -> None:
    done = vraagbaak("ask", "Hoe lang?", home=tmp_path)
    assert done.returncode == 2
    assert "vraagbaak ingest" in done.stderr


def test_an_unknown_setting_is_an_error_that_lists_the_known_ones(home: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[serve]\npoort = 1\n", "utf-8")
    done = vraagbaak("ask", "Hoe lang?", home=tmp_path)
    assert done.returncode == 2
    assert "port" in done.stderr


def test_releases_diff_and_rollback_tell_what_they_did(home: Path) -> None:
    assert "* " in vraagbaak("corpus", "releases", home=home).stdout
    assert "0 sections differ" in vraagbaak("corpus", "diff", "1", "1", home=home).stdout
    assert "release 1 answers now" in vraagbaak("corpus", "rollback", "1", home=home).stdout


def test_a_folder_without_a_catalogue_answers_with_file_titles(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "honden.md").write_text("# Honden uitlaten\n\nEen hond laat je drie keer per dag uit.\n", "utf-8")
    (tmp_path / "texts" / "leeg.txt").write_text("", "utf-8")
    assert vraagbaak("ingest", "--corpus", str(tmp_path / "texts"), home=tmp_path / "home").returncode == 0
    row = json.loads(vraagbaak("ask", "--json", "Hoe vaak laat ik een hond uit?", home=tmp_path / "home").stdout)
    assert row["hits"][0]["path"] == "honden.md"
    assert row["citations"][0]["title"] == "Honden uitlaten"
