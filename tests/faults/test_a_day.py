"""A day of use, with a crash in it: what nobody chose to send is on no disk afterwards, and no personal data is anywhere.

VRAAGBAAK_DAY=500 asks as many questions as a busy line; the default is a fifth of that.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes import released, small_corpus

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX systems"), pytest.mark.timeout(600)]
QUESTIONS = int(os.environ.get("VRAAGBAAK_DAY", "100"))  # read on import: each test gets a clean environment
SENT_EVERY = 10  # questions of which one is sent as feedback
UPLOADS = 5
SETTINGS = '[corpus]\npath = "{corpus}"\n[embedding]\nname = "hash"\n[store]\ndense = "exact"\n'
ASKED = (
    "mag ik {secret} opschrijven in een contactnotitie over de {mark}",
    "moeder met nummer {secret} vraagt hoe lang we een dossier over haar {mark} bewaren",
    "hoe lang bewaren we het dossier met {secret}, het gaat over een {mark}",
)


def secret(n: int) -> str:
    """A test number or address that no other question has."""
    return (f"06-{12345000 + n}", f"ouder{n}.van.{n}@example.nl", f"NL91ABNA04171643{n:02d}", f"(06) {23456000 + n}")[n % 4 if n % 4 != 2 else 0]


def mark(n: int) -> str:
    """A word that no other question and no text has."""
    return "zwaluwstaart" + "".join(chr(ord("a") + int(d)) for d in f"{n:04d}")


def question(n: int) -> str:
    return ASKED[n % len(ASKED)].format(secret=secret(n), mark=mark(n))


@contextmanager
def serving(base: Path, turn: int) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The real program, with a temporary folder of its own, and all it says in a file."""
    environment = {**os.environ, "TMPDIR": str(base / "tmp"), "HOME": str(base / "user")}
    with (base / f"log{turn}.txt").open("w") as log:
        command = [sys.executable, "-m", "vraagbaak.cli", "serve", "--home", str(base / "home"), "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            assert server.stdout is not None
            address = next(line for line in server.stdout if "http" in line).split()[-1]
            with httpx.Client(base_url=address, timeout=60, trust_env=False, headers={"origin": address.rstrip("/")}) as client:
                yield server, client
        finally:
            server.kill()
            rest = server.communicate()[0]
            log.write(rest)


def ask(client: httpx.Client, handler: int, text: str) -> str:
    body = {"data": [text, ""], "fn_index": handler, "session_hash": "dag"}
    client.post("gradio_api/queue/join", json=body).raise_for_status()
    return client.get("gradio_api/queue/data", params={"session_hash": "dag"}).text


def send(client: httpx.Client, body: dict[str, str]) -> None:
    """Feedback waits until the name lists are loaded, as the page does: without them nothing is stored."""
    for _ in range(400):
        status = client.post("/terugkoppeling", json=body).status_code
        if status != 503:
            break
        time.sleep(0.5)
    assert status == 200


def handler_of(client: httpx.Client) -> int:
    page = client.get("/").text
    config = json.loads(page.split("window.gradio_config = ", 1)[1].split(";</script>", 1)[0])
    return next(d["id"] for d in config["dependencies"] if len(d["inputs"]) == 2)


def test_after_a_day_with_a_crash_only_what_was_sent_is_on_disk_and_no_personal_data(tmp_path: Path) -> None:
    for folder in ("tmp", "user"):
        (tmp_path / folder).mkdir()
    corpus = small_corpus(tmp_path / "texts")
    released(tmp_path / "home", corpus)
    (tmp_path / "home" / "settings.toml").write_text(SETTINGS.format(corpus=corpus), "utf-8")
    sent = [n for n in range(QUESTIONS) if n % SENT_EVERY == 0]
    for turn, day in enumerate((range(QUESTIONS // 2), range(QUESTIONS // 2, QUESTIONS))):
        with serving(tmp_path, turn) as (server, client):
            handler = handler_of(client)
            for n in day:
                assert "process_completed" in ask(client, handler, question(n))
                if n in sent:
                    body = {"verdict": "te_vaag", "question": question(n), "note": f"bel {secret(n)}"}
                    send(client, body)
            for n in range(UPLOADS):
                file = {"files": (f"tekst{n}.md", b"# Nieuwe tekst\n\nBel terug binnen 24 uur.\n")}
                client.post("beheer/gradio_api/upload", files=file)
            server.send_signal(signal.SIGKILL)  # no time to tidy up
    found = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    told = b"".join(found.values()).lower()
    assert [n for n in range(QUESTIONS) if secret(n).lower().encode() in told] == []
    assert [n for n in range(QUESTIONS) if n not in sent and mark(n).encode() in told] == []
    assert all(mark(n).encode() in told for n in sent), "what was sent is kept, so the scan does look where things are stored"
