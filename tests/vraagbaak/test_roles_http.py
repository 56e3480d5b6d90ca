"""Who gets what through HTTP: every role and every address, the door left open, uploads, forged cookies, other sites, guessing."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from corpus.release import current_number
from tests import fakes
from vraagbaak.access import PER_ACCOUNT, Accounts, HashCost
from vraagbaak.audit import Audit
from vraagbaak.settings import Settings

PASSWORD = "vier losse woorden samen"
ROLES = ("confidant", "trainer", "admin")


class World:
    """An app with accounts on a small corpus, and a client for each role."""

    def __init__(self, folder: Path, *, door: str = "") -> None:
        """door: an action that opens the pages of trainers, instead of the right one."""
        from vraagbaak.serve import build_app
        from vraagbaak.trainers import trainer_pages

        self.home, self.corpus = folder / "home", fakes.small_corpus(folder / "teksten")
        fakes.released(self.home, self.corpus)
        self.settings = Settings.model_validate(
            {"corpus": {"path": str(self.corpus)}, "embedding": {"name": "hash"}, "serve": {"accounts": True, "upload_mb": 1}}
        )
        self.accounts = Accounts(self.home, cost=HashCost(1, 8, 1))
        for role in ROLES:
            self.accounts.add(f"{role}-an", role, PASSWORD)
        helper = fakes.assistant_on(self.home)
        pages = trainer_pages(self.home, self.settings, helper)
        if door:
            pages = tuple(replace(page, action=door) for page in pages)  # type: ignore[arg-type]
        app = build_app(self.home, self.settings, helper, accounts=self.accounts, trainer_pages=pages)
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, args=([self.listening],), daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server."""
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)
        self.listening.close()

    def client(self, role: str = "", cookie: str = "") -> httpx.Client:
        """A browser of somebody with this role; without one it is not logged in."""
        token = cookie or (self.accounts.open_session(self.accounts.get(f"{role}-an")).token if role else "")
        headers = {"origin": self.base, **({"cookie": f"vb_sessie={token}"} if token else {})}
        return httpx.Client(base_url=self.base, headers=headers, timeout=30, trust_env=False)

    def files(self) -> dict[str, bytes]:
        """Everything a trainer could change."""
        kept = [p for p in (*self.home.rglob("*"), *self.corpus.rglob("*")) if p.is_file()]
        return {
            str(p): p.read_bytes() for p in kept if not p.name.startswith(("accounts.", "writer.lock", "audit.", "embeddings."))
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("wereld"))
    yield made
    made.stop()


def events(client: httpx.Client, page: str) -> list[dict[str, Any]]:
    """The events of a Gradio page, as its own document tells a trainer's browser."""
    return list(_config(client, page)["dependencies"])


def fire(client: httpx.Client, page: str, event: int, data: list[Any], session: str = "sessie1") -> str:
    """Send an event as a browser does and read its outcome, all of it as text."""
    body = {"data": data, "fn_index": event, "session_hash": session, "event_data": None, "trigger_id": None}
    sent = client.post(f"{page}/gradio_api/queue/join", json=body)
    if sent.status_code != 200:
        return f"status {sent.status_code}"
    return str(client.get(f"{page}/gradio_api/queue/data", params={"session_hash": session}).text)


OPEN_TO = {
    "/": "confidant", "/kennisbank": "confidant", "/kennisbank/N01": "confidant", "/over": "confidant",
    "/bron?tekst=N01@3.0&van=0&tot=10": "confidant", "/beheer/": "trainer", "/en/beheer/": "trainer", "/kwaliteit/": "trainer",
    "/en/kwaliteit/": "trainer", "/beheer/export.zip": "trainer", "/kwaliteit/verslag/x": "trainer",
}  # fmt: skip


@pytest.mark.parametrize("address", OPEN_TO)
@pytest.mark.parametrize("role", ["", *ROLES])
def test_every_role_reaches_exactly_its_own_pages(world: World, role: str, address: str) -> None:
    status = world.client(role).get(address).status_code
    if not role:
        assert status == 401
    elif ROLES.index(role) < ROLES.index(OPEN_TO[address]):
        assert status == 403
    else:
        assert status == (404 if "verslag" in address else 200)


@pytest.mark.parametrize("role", ["", "confidant"])
@pytest.mark.parametrize("page", ["/beheer", "/kwaliteit", "/en/beheer", "/en/kwaliteit"])
def test_no_event_of_a_trainers_page_can_be_sent_without_the_role(world: World, page: str, role: str) -> None:
    refused, client = "status 403" if role else "status 401", world.client(role)
    for event in range(len(events(world.client("trainer"), page))):
        assert fire(client, page, event, []) == refused
    for inside in (
        "config",
        "info",
        "openapi.json",
        "gradio_api/info",
        "gradio_api/call/x",
        "gradio_api/file=/etc/passwd",
        "monitoring",
    ):
        assert client.get(f"{page}/{inside}").status_code in (401, 403, 404)


def test_without_a_session_nothing_but_the_login_page_answers(world: World) -> None:
    stranger = world.client()
    for path in (
        "/",
        "/kennisbank",
        "/bron",
        "/beheer",
        "/config",
        "/gradio_api/info",
        "/openapi.json",
        "/docs",
        "/theme.css",
        "/gradio_api/upload",
    ):
        answer = stranger.get(path, headers={"accept": "text/html"})
        assert answer.status_code in (303, 404), path
        assert answer.status_code == 404 or answer.headers["location"].startswith("/inloggen")
    assert stranger.get("/inloggen").status_code == 200
    assert stranger.post("/terugkoppeling", json={}).status_code == 401


def test_even_with_the_door_left_open_no_event_changes_anything_for_a_confidant(tmp_path: Path) -> None:
    world = World(tmp_path, door="read")
    client, before = world.client("confidant"), world.files()
    for page in ("/beheer", "/kwaliteit"):
        for number, event in enumerate(events(client, page)):
            said = fire(client, page, number, [_value(i) for i in range(len(event["inputs"]))], f"sessie{number}")
            assert "process_completed" in said or "status" in said
            assert "Werkinstructie" not in said, event["targets"]
    assert [client.get(path).status_code for path in ("/beheer/export.zip", "/kwaliteit/verslag/x")] == [403, 403]
    world.stop()
    assert world.files() == before
    assert Audit(world.home).rows() == ()


def _value(place: int) -> Any:
    return None if place == 0 else "x"


def test_a_trainer_publishes_through_http_and_the_log_names_who(world: World) -> None:
    trainer = world.client("trainer")
    text = world.corpus / "bellen.md"
    text.write_text(text.read_text("utf-8").replace("24 uur", "8 uur"), "utf-8")
    made = _event_of(trainer, "vb-concept")
    assert "8 uur" not in _now(world)
    assert "Concept gemaakt" in json_text(fire(trainer, "/beheer", made, [], "p"))
    fire(trainer, "/beheer", _loading(trainer), [], "p")  # the page fills itself, and remembers which draft it showed
    said = json_text(fire(trainer, "/beheer", _event_of(trainer, "vb-publiceer"), [None, ""], "p"))
    assert "geeft nu antwoord" in said
    assert current_number(world.home) == 2
    assert "8 uur" in _now(world)
    row = Audit(world.home).rows()[-1]
    assert (row.actor, row.action, row.subject) == ("trainer-an", "corpus.publish", "2")
    assert Audit(world.home).verify() == []


def _now(world: World) -> str:
    return " ".join(
        s.text for s in fakes.assistant_on(world.home).ask("Binnen hoeveel uur beantwoord je een voicemail?").sentences
    )


def _config(client: httpx.Client, page: str = "/beheer") -> dict[str, Any]:
    found = re.search(r"window\.gradio_config = (\{.*?\});?</script>", client.get(f"{page}/").text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def _event_of(client: httpx.Client, button: str) -> int:
    config = _config(client)
    ident = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == button)
    return next(i for i, d in enumerate(config["dependencies"]) if [ident, "click"] in [list(t) for t in d["targets"]])


def _loading(client: httpx.Client) -> int:
    return next(i for i, d in enumerate(_config(client)["dependencies"]) if any(t[1] == "load" for t in d["targets"]))


def json_text(stream: str) -> str:
    """The stream with its escapes undone."""
    return stream.encode("utf-8").decode("unicode_escape", "ignore")


# uploads


def test_an_upload_stays_in_its_private_folder_and_is_never_given_back(world: World, tmp_path: Path) -> None:
    trainer = world.client("trainer")
    names = ["../../../../ontsnapt.md", "/etc/ontsnapt.md", "gewoon.md", "x.exe"]
    for name in names:
        sent = trainer.post("/beheer/gradio_api/upload", files={"files": (name, b"# Titel\n\ngeheime inhoud")})
        assert sent.status_code == 200
        [path] = sent.json()
        assert Path(path).resolve().is_relative_to(Path(os.environ["GRADIO_TEMP_DIR"]).resolve())
        for address in (f"/beheer/gradio_api/file={path}", f"/beheer/file={path}", f"/gradio_api/file={path}"):
            assert trainer.get(address).status_code == 404
    assert not list(Path("/etc").glob("ontsnapt*"))
    assert oct(Path(os.environ["GRADIO_TEMP_DIR"]).stat().st_mode & 0o777) == "0o700"


def test_an_upload_over_the_limit_or_by_someone_else_is_refused(world: World) -> None:
    files = {"files": ("groot.md", b"x" * 1_100_000)}
    assert world.client("trainer").post("/beheer/gradio_api/upload", files=files).status_code == 413
    small = {"files": ("klein.md", b"x")}
    for role, status in (("confidant", 403), ("", 401)):
        assert world.client(role).post("/beheer/gradio_api/upload", files=small).status_code == status
    for page in ("", "/kwaliteit"):
        assert world.client("trainer").post(f"{page}/gradio_api/upload", files=small).status_code == 404


# forging


@pytest.mark.parametrize("cookie", ["x", "' OR 1=1 --", "a" * 5000, "../../etc/passwd", "0" * 43])
def test_a_forged_cookie_opens_nothing(world: World, cookie: str) -> None:
    assert world.client(cookie=cookie).get("/beheer/").status_code == 401


def test_a_session_that_was_logged_out_or_whose_account_is_gone_opens_nothing(world: World) -> None:
    world.accounts.add("tijdelijk", "trainer", PASSWORD)
    session = world.accounts.open_session(world.accounts.get("tijdelijk"))
    client = world.client(cookie=session.token)
    assert client.get("/kwaliteit/").status_code == 200
    world.accounts.remove("tijdelijk")
    assert client.get("/kwaliteit/").status_code == 401


@pytest.mark.parametrize("headers", [{"origin": "https://elders.example"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_cannot_send_anything_in_the_name_of_a_trainer(world: World, headers: dict[str, str]) -> None:
    trainer = world.client("trainer")
    for path in ("/beheer/gradio_api/queue/join", "/beheer/gradio_api/upload", "/uitloggen", "/kennisbank"):
        assert trainer.post(path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/kennisbank/..%2f..%2fetc%2fpasswd", "/eigen/..%2fserve.py", "/eigen/%2e%2e/serve.py", "/beheer/export.zip/../../x",
     "/kwaliteit/verslag/..%2f..%2faccounts.sqlite", "/kwaliteit/verslag/%2e%2e", "/beheer/static/../../../etc/passwd"],
)  # fmt: skip
def test_no_address_leads_out_of_what_is_served(world: World, path: str) -> None:
    answer = world.client("admin").get(path)
    assert answer.status_code in (403, 404)
    assert b"root:" not in answer.content
    assert b"SQLite" not in answer.content


def test_a_thousand_wrong_passwords_lock_the_account_and_are_hardly_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.accounts.add("doelwit", "confidant", PASSWORD)
    looked: list[str] = []
    inside = Accounts._matches
    monkeypatch.setattr(Accounts, "_matches", lambda self, hashed, typed: looked.append(typed) or inside(self, hashed, typed))
    stranger = world.client()
    form = {"naam": "doelwit", "doel": "/"}
    for number in range(1000):
        answer = stranger.post("/inloggen", data={**form, "wachtwoord": f"gok {number}"})
        assert "vb_sessie" not in answer.cookies
    assert len(looked) <= PER_ACCOUNT.free + 10
    assert "vb_sessie" not in stranger.post("/inloggen", data={**form, "wachtwoord": PASSWORD}).cookies
