"""The web app over HTTP: what is closed, who comes in, and what every response says to a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.journal import Journal
from corpus.errors import UsageError
from tests.fakes import NoMask, assistant_on, released, small_corpus
from vraagbaak.access import AccessSettings, Accounts, HashCost
from vraagbaak.serve import TrainerPage, build_app, may
from vraagbaak.settings import ServePart, Settings

CLOSED = (
    "/openapi.json", "/docs", "/redoc", "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/runs", "/gradio_api/api/ask",
    "/gradio_api/run/ask", "/gradio_api/call/ask", "/gradio_api/call/v2/ask", "/gradio_api/deep_link", "/gradio_api/app_id",
    "/gradio_api/proxy=http://example.org/", "/gradio_api/file=/etc/passwd", "/gradio_api/upload", "/gradio_api/mcp/", "/config",
    "/monitoring", "/monitoring/summary", "/manifest.json", "/login", "/token", "/svelte/svelte.js", "/gradio_api/vibe-code/",
    "/en/config", "/en/openapi.json", "/en/gradio_api/info", "/beheer/gradio_api/info", "/beheer/config", "/%67radio_api/info",
    "/static/../../../etc/passwd", "/eigen/..%2f..%2fserve.py", "/kennisbank/../config", "/nergens",
)  # fmt: skip
PASSWORD = "een rustige zin van vier woorden"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("serve")
    folder = small_corpus(base / "texts")
    released(base / "home", folder)
    return base / "home", folder


@pytest.fixture(scope="module")
def client(world: tuple[Path, Path]) -> Iterator[Any]:
    yield from _client(*world, Settings())


@pytest.fixture(scope="module")
def guarded(world: tuple[Path, Path]) -> Iterator[Any]:
    """An app with accounts: anna (confidant), tom (trainer), bas (admin)."""
    home, folder = world
    settings = Settings(serve=ServePart(accounts=True, trusted_header="X-User", trusted_proxies=("10.0.0.9",)))
    access = AccessSettings(enabled=True, trusted_header="X-User", trusted_proxies=("10.0.0.9",))
    accounts = Accounts(home, access, cost=HashCost(1, 64, 1))
    for name, role in (("bas", "admin"), ("tom", "trainer"), ("anna", "confidant")):
        accounts.add(name, role, PASSWORD)
    yield from _client(home, folder, settings, accounts=accounts)


def _client(home: Path, folder: Path, settings: Settings, **more: Any) -> Iterator[Any]:
    from starlette.testclient import TestClient

    journal = Journal(home, mask=NoMask().mask)
    pages = (TrainerPage("/beheer", "corpus.view", "nav_corpus", _trainer_blocks, uploads=True),)
    app = build_app(home, settings, assistant_on(home), corpus=folder, journal=journal, trainer_pages=pages, **more)
    with TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False) as opened:
        yield opened


def _trainer_blocks(language: str) -> Any:
    import gradio as gr

    with gr.Blocks() as blocks:
        gr.Textbox(label=language)
    return blocks


def _login(client: Any, name: str) -> dict[str, str]:
    answer = client.post("/inloggen", data={"naam": name, "wachtwoord": PASSWORD})
    assert answer.status_code == 303, answer.text
    client.cookies.clear()
    return {"cookie": answer.headers["set-cookie"].split(";")[0]}


@pytest.mark.parametrize("path", CLOSED)
def test_no_address_of_gradio_is_open_but_those_its_pages_use(client: Any, path: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, path).status_code in (404, 405), f"{method} {path}"


def test_every_page_forbids_scripts_and_addresses_of_others(client: Any) -> None:
    for path in ("/", "/en/", "/kennisbank", "/kennisbank/N01", "/over", "/beheer/", "/nergens"):
        answer = client.get(path, headers={"accept": "text/html"})
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"'nonce-([\w-]+)'", policy)
        assert nonce, path
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'self' 'nonce-" in policy
        assert "http" not in policy.replace("http-equiv", "")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts
        assert all(nonce.group(1) in tag for tag in scripts), path
        assert not re.search(r"""(src|href|content)=["']https?://""", answer.text), path


def test_two_pages_never_share_a_nonce(client: Any) -> None:
    assert len({client.get("/over").headers["content-security-policy"] for _ in range(5)}) == 5


def test_another_site_can_neither_post_nor_read(client: Any) -> None:
    evil = {"origin": "https://example.org"}
    assert client.post("/kennisbank", data={"zoek": "dossier"}, headers=evil).status_code == 403
    assert client.post("/terugkoppeling", json={"verdict": "klopt"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    answer = client.get("/kennisbank", headers=evil)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_name_that_is_not_ours_is_refused(client: Any) -> None:
    assert client.get("/kennisbank", headers={"host": "boos.example:7860"}).status_code == 421
    assert client.get("/kennisbank", headers={"host": "localhost:7860"}).status_code == 200


def test_a_huge_body_is_refused(client: Any) -> None:
    assert client.post("/kennisbank", content=b"zoek=" + b"a" * 300_000).status_code == 413


def test_health_says_whether_and_nothing_else(client: Any) -> None:
    answer = client.get("/healthz")
    assert answer.json() == {"status": "ready"}


def test_a_source_is_shown_at_its_words_and_escaped(client: Any) -> None:
    text = "Een dossier bewaar je 12 maanden na afsluiting."
    release = client.get("/kennisbank/N01").text
    assert text in release
    answer = client.get("/bron", params={"tekst": "N01@3.0", "van": "45", "tot": "60"})
    assert answer.status_code == 200
    assert answer.text.count("<mark>") >= 1
    for bad in ({"tekst": "<script>"}, {"tekst": "N01@9", "van": "1", "tot": "2"}, {}):
        refused = client.get("/bron", params=bad)
        assert refused.status_code == 404
        assert "<script" not in refused.text


def test_feedback_is_shown_before_and_stored_only_when_sent(client: Any, world: tuple[Path, Path]) -> None:
    journal = Journal(world[0], mask=NoMask().mask)
    value = {"verdict": "te_vaag", "question": "Hoe lang?", "note": "meer uitleg", "status": "answered", "release": 1, "passages": [], "shown": ["B1"]}
    before = len(journal.list())
    shown = client.post("/terugkoppeling/bekijk", json=value)
    assert shown.json()["note"] == "meer uitleg"
    assert len(journal.list()) == before
    assert client.post("/terugkoppeling", json=value).status_code == 200
    assert [(f.question, f.note) for f in journal.list()] == [("Hoe lang?", "meer uitleg")]
    for wrong in ({}, [], "x", {"verdict": "mooi"}, {"verdict": "klopt", "topic": "a\nb"}, {"verdict": "klopt", "shown": ["een zin"]}):
        assert client.post("/terugkoppeling", json=wrong).status_code == 400, wrong
    assert len(journal.list()) == before + 1


def test_other_hosts_are_not_served_without_accounts(world: tuple[Path, Path]) -> None:
    home, folder = world
    with pytest.raises(UsageError) as refused:
        build_app(home / "none", Settings(), assistant_on(home), host="0.0.0.0", corpus=folder)
    assert "users add" in refused.value.hint


@pytest.mark.parametrize("path", ["/", "/en/", "/kennisbank", "/kennisbank/N01", "/over", "/bron?tekst=N01@3.0&van=1&tot=9", "/beheer/",
                                  "/gradio_api/queue/data", "/gradio_api/startup-events", "/theme.css", "/bron/pagina"])  # fmt: skip
def test_without_a_session_nothing_but_the_login_page_is_shown(guarded: Any, path: str) -> None:
    assert guarded.get(path).status_code == 401
    page = guarded.get(path, headers={"accept": "text/html"})
    assert page.status_code == 303
    assert "/inloggen?doel=/" in page.headers["location"]
    assert guarded.post("/gradio_api/queue/join", json={}).status_code == 401
    assert guarded.post("/terugkoppeling", json={"verdict": "klopt"}).status_code == 401


def test_logging_in_and_out(guarded: Any) -> None:
    wrong = guarded.post("/inloggen", data={"naam": "anna", "wachtwoord": "geen idee wat het is"})
    unknown = guarded.post("/inloggen", data={"naam": "niemand", "wachtwoord": "geen idee wat het is"})
    assert wrong.status_code == unknown.status_code == 403
    assert "klopt niet" in wrong.text
    answer = guarded.post("/inloggen", data={"naam": "anna", "wachtwoord": PASSWORD, "doel": "/kennisbank"})
    assert answer.headers["location"] == "/kennisbank"
    sent = answer.headers["set-cookie"]
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent
    guarded.cookies.clear()
    session = {"cookie": sent.split(";")[0]}
    page = guarded.get("/kennisbank", headers=session).text
    assert "Ingelogd als anna" in page
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf
    assert guarded.post("/uitloggen", data={"csrf": "x"}, headers=session).status_code == 403
    assert guarded.get("/kennisbank", headers=session).status_code == 200
    assert guarded.post("/uitloggen", data={"csrf": csrf.group(1)}, headers=session).status_code == 303
    guarded.cookies.clear()
    assert guarded.get("/kennisbank", headers=session).status_code == 401


def test_the_cookie_is_for_https_alone_behind_a_proxy_that_speaks_it(guarded: Any) -> None:
    form = {"naam": "anna", "wachtwoord": PASSWORD}
    forged = guarded.post("/inloggen", data=form, headers={"x-forwarded-proto": "https"})
    assert "Secure" not in forged.headers["set-cookie"], "only a trusted proxy is believed"
    guarded.cookies.clear()


@pytest.mark.parametrize("goal", ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1"])
def test_logging_in_never_leads_to_another_site(guarded: Any, goal: str) -> None:
    answer = guarded.post("/inloggen", data={"naam": "anna", "wachtwoord": PASSWORD, "doel": goal})
    guarded.cookies.clear()
    assert answer.headers["location"] == "/"


def test_a_confidant_cannot_reach_a_page_for_trainers(guarded: Any) -> None:
    anna, tom = _login(guarded, "anna"), _login(guarded, "tom")
    for path in ("/beheer/", "/en/beheer/", "/beheer/gradio_api/queue/data?session_hash=x", "/beheer/theme.css"):
        assert guarded.get(path, headers=anna).status_code == 403, path
    for path in ("/beheer/gradio_api/upload", "/beheer/gradio_api/queue/join"):
        assert guarded.post(path, headers=anna).status_code == 403, path
    assert "Beheer" not in guarded.get("/kennisbank", headers=anna).text
    assert guarded.get("/beheer/", headers=tom).status_code == 200
    assert "Beheer" in guarded.get("/kennisbank", headers=tom).text


def test_a_header_that_names_a_user_is_only_believed_from_the_proxy(guarded: Any) -> None:
    assert guarded.get("/kennisbank", headers={"X-User": "bas"}).status_code == 401


def test_a_handler_knows_who_asks(guarded: Any) -> None:
    class Carrier:
        """As Gradio hands it over: the request inside."""

        def __init__(self, visitor: Any) -> None:
            self.request = type("R", (), {"state": type("S", (), {"visitor": visitor})()})()

    from vraagbaak.doorman import Visitor

    assert may(Carrier(Visitor("tom", "trainer")), "corpus.publish")
    assert not may(Carrier(Visitor("anna", "confidant")), "corpus.publish")
    assert not may(Carrier(None), "ask")


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    import socket

    from vraagbaak.serve import run

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError) as refused:
            run(object(), "127.0.0.1", taken.getsockname()[1])  # type: ignore[arg-type]
    assert "--port" in refused.value.hint
