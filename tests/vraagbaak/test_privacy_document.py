"""docs/privacy.md promises nothing that no test proves, and names everything that is stored."""

from __future__ import annotations

import ast
import logging
import re
import tempfile
from pathlib import Path

import pytest

from assistant.journal import Feedback, Journal
from assistant.model import Masked
from corpus.private import create
from tests.fakes import assistant_on, released, small_corpus
from vraagbaak.access import AccessError, Accounts, HashCost
from vraagbaak.audit import Audit

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "privacy.md").read_text("utf-8")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def everything_in(*folders: Path) -> bytes:
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return b"\n".join(str(path).encode() + (path.read_bytes() if path.is_file() else b"") for path in files)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    released(tmp_path / "home", small_corpus(tmp_path / "texts"))
    return tmp_path / "home"


def test_every_proof_in_the_privacy_file_is_a_test_that_exists():
    proofs = PROOF.findall(DOCUMENT)
    assert len(proofs) >= 20
    for file, name in proofs:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_every_promise_in_the_table_has_a_proof():
    table = DOCUMENT.split("## 4.")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 20
    assert [row for row in rows if not PROOF.search(row)] == []


def test_every_file_of_the_data_directory_is_in_the_privacy_file(home):
    Accounts(home, cost=HashCost(1, 8, 1)).add("anna", "admin", "vier paarse eenden zwemmen")
    Audit(home).append("anna", "corpus.publish", "1")
    Journal(home, mask=Masked).add(Feedback("klopt"))
    missing = [path.name for path in home.iterdir() if f"`{path.name}`" not in DOCUMENT and f"`{path.name}/`" not in DOCUMENT]
    assert missing == []


def test_questions_that_are_asked_leave_no_byte_in_files_temporary_files_or_logs(home, tmp_path, monkeypatch, caplog, capfd):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level(logging.DEBUG)
    assistant = assistant_on(home)
    words = [f"zoekwoord{number:03d}q" for number in range(40)]
    texts = ("Hoe lang bewaren we het dossier van {}?", "{} wil niet meer leven", "Is {} aan het radicaliseren?", "Wat eet {}?")
    statuses = {assistant.ask(texts[n % len(texts)].format(word)).status for n, word in enumerate(words)}
    assert len(statuses) > 1
    printed = capfd.readouterr()
    left = everything_in(home, temporary) + (caplog.text + printed.out + printed.err).encode()
    assert [word for word in words if word.encode() in left] == []


def test_the_cache_of_vectors_holds_no_text(home):
    stored = (home / "embeddings.sqlite").read_bytes().lower()
    assert stored
    assert [word for word in (b"dossier", b"contactnotitie", b"voicemail", b"bewaar", b"bellijn") if word in stored] == []


@pytest.mark.parametrize("store", ["accounts.sqlite", "audit.sqlite", "journal.sqlite"])
def test_a_private_file_that_others_could_read_is_closed_on_opening(tmp_path, store):
    (tmp_path / store).touch(mode=0o666)
    (tmp_path / store).chmod(0o666)
    create(tmp_path / store, "CREATE TABLE IF NOT EXISTS t (x);")
    assert (tmp_path / store).stat().st_mode & 0o777 == 0o600


def test_a_refusal_says_nothing_about_whether_a_name_exists(tmp_path):
    accounts = Accounts(tmp_path, cost=HashCost(1, 8, 1))
    accounts.add("anna", "trainer", "vier paarse eenden zwemmen")
    said = set()
    for name in ("anna", "niemand", "", "geen naam!"):
        with pytest.raises(AccessError) as error:
            accounts.verify(name, "drie groene torens dansen")
        said.add((type(error.value), str(error.value), error.value.text()))
    assert len(said) == 1
