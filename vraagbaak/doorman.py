"""Everything that is decided about a request before a page sees it, and about a response before a browser does. Plain ASGI.

On the way in: is the address one of ours (against DNS rebinding), does a form come from our own page, is the body within bounds,
who is it, may they see this, and is it one of the few addresses of Gradio that our pages use. Anything not named here is a 404:
Gradio's API pages, schema, proxy, deep links, run history and monitoring cannot be reached, whatever a later version adds.
On the way out: the security headers, a Content-Security-Policy that allows only this site and scripts of this response, and
`no-store`, so that no browser keeps a page with a question on disk.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

from assistant.ui_wording import ui
from vraagbaak import frame, wording
from vraagbaak.access import AccessError, AccessSettings, Accounts, Action, Session, allowed, client_address, user_from_headers
from vraagbaak.frame import Frame
from vraagbaak.wording import Language

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "vb_sessie"
BODY_MOST = 256 * 1024  # bytes of any request that is not an upload

PUBLIC = re.compile(r"/eigen/[\w.-]+|(/en)?/inloggen|/healthz|/favicon\.ico|/robots\.txt")
# What the pages of Gradio ask for, below the address of the page; seen in Chromium, checked by tests/browser.
GRADIO = re.compile(
    r"/?|/assets/[\w./-]+|/static/(js|fonts|img|css)/[\w./-]+|/theme\.css"
    r"|/gradio_api/(queue/(join|data)|heartbeat/\w+|startup-events|reset|cancel)"
)
UPLOADS = re.compile(r"/gradio_api/(upload|upload_progress)")  # a file that was sent is never given back


@dataclass(frozen=True, slots=True)
class Mount:
    """A page made with Gradio. path: "/beheer" or "" with its language. uploads: whether files may be sent.

    files: how the addresses begin, below the page, of what it links to.
    """

    path: str
    action: Action
    language: Language = "nl"
    uploads: bool = False
    name: str = "nav_ask"  # of its title, in ui_wording
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request. Without accounts everyone on this computer is an administrator without a name."""

    name: str = ""
    role: str = "admin"
    csrf: str = ""

    def may(self, action: str) -> bool:
        """May this person do this?"""
        return allowed(self.role, action)


@dataclass(frozen=True, slots=True)
class House:
    """What the door knows: who has a key, which pages there are, under which names this site is reached.

    hosts: allowed values of the Host header without port; empty: any (a proxy in front decides).
    upload_bytes: longest upload.
    """

    access: AccessSettings
    accounts: Accounts
    mounts: tuple[Mount, ...]
    hosts: frozenset[str] = frozenset()
    upload_bytes: int = 50_000_000

    def mount_of(self, path: str) -> Mount | None:
        """The Gradio page whose address begins this path; the longest one wins."""
        fitting = [m for m in self.mounts if path == m.path or path.startswith(m.path + "/")]
        return max(fitting, key=lambda m: len(m.path), default=None)

    def viewable(self, visitor: Visitor) -> tuple[str, ...]:
        """The actions of Gradio pages that this person may open."""
        return tuple(m.action for m in self.mounts if visitor.may(m.action))


class Refusal(Exception):
    """The request goes no further. key: the sentence in vraagbaak.wording or ui_wording."""

    def __init__(self, status: int, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.status, self.title, self.hint = status, title, hint


class Doorman:
    """The ASGI application around all others."""

    def __init__(self, app: App, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, send to the login page, or refuse."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no page of ours uses websockets
        nonce = secrets.token_urlsafe(16)
        out = Outgoing(send, nonce, scope)
        try:
            visitor = await self._admitted(scope)
        except Refusal as refusal:
            await self._refuse(scope, out, refusal, nonce)
            return
        scope.setdefault("state", {}).update(visitor=visitor, nonce=nonce)
        scope["state"]["frame"] = here = self._frame(scope, visitor, nonce)
        mount = self._house.mount_of(scope["path"]) if not _own(scope["path"]) else None
        if mount is not None and mount.path and scope["path"] == mount.path:
            await _redirect(f"{mount.path}/")(scope, receive, out)
            return
        if mount is not None and scope["path"].rstrip("/") == mount.path and scope["method"] in ("GET", "HEAD"):
            out.dress = lambda html: frame.dressed(html, here, _title(mount), frame.waiting(mount.language) if mount.action == "ask" else "")
        limit = self._house.upload_bytes if mount is not None and mount.uploads else BODY_MOST
        await self._app(scope, _bounded(receive, limit), out)

    # coming in

    async def _admitted(self, scope: Scope) -> Visitor:
        from starlette.concurrency import run_in_threadpool

        headers = _headers(scope)
        self._check_host(headers)
        _check_origin(scope, headers)
        if int(headers.get("content-length") or 0) > self._limit(scope):
            raise Refusal(413, "too_large")
        visitor = await run_in_threadpool(self._who, scope, headers) if self._house.access.enabled else Visitor()
        path = scope["path"]
        if PUBLIC.fullmatch(path):
            return visitor or Visitor(role="")
        if visitor is None:
            raise Refusal(401, "login_needed")
        self._check_page(path, visitor)
        return visitor

    def _check_host(self, headers: dict[str, str]) -> None:
        """A name that is not ours means that some other site's name was pointed at this computer."""
        host = headers.get("host", "")
        bare = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if self._house.hosts and bare.strip("[]").lower() not in self._house.hosts:
            raise Refusal(421, "wrong_host")

    def _limit(self, scope: Scope) -> int:
        mount = self._house.mount_of(scope["path"])
        return self._house.upload_bytes if mount is not None and mount.uploads else BODY_MOST

    def _who(self, scope: Scope, headers: dict[str, str]) -> Visitor | None:
        pairs, peer = _pairs(scope), _peer(scope)
        named = user_from_headers(self._house.access, pairs, peer)
        if named:
            try:
                account = self._house.accounts.sso_account(named)
            except AccessError:
                return None
            return Visitor(account.name, account.role)
        session = self._house.accounts.session(cookie(headers.get("cookie", "")))
        return Visitor(session.account.name, session.account.role, session.csrf) if session else None

    def _check_page(self, path: str, visitor: Visitor) -> None:
        if _own(path):
            if not visitor.may("read"):
                raise Refusal(403, "forbidden")
            return
        mount = self._house.mount_of(path)
        if mount is None:
            raise Refusal(404, "error_not_found")
        inside = path[len(mount.path) :]
        known = GRADIO.fullmatch(inside) or (mount.uploads and UPLOADS.fullmatch(inside))
        if not known and not any(inside.startswith(begin) for begin in mount.files):
            raise Refusal(404, "error_not_found")
        if not visitor.may(mount.action) and not inside.startswith(("/assets/", "/static/")):
            raise Refusal(403, "forbidden")

    def _frame(self, scope: Scope, visitor: Visitor, nonce: str) -> Frame:
        language, path = split_language(scope["path"])
        return Frame(language, path, frame.tabs_for(self._house.viewable(visitor)), visitor.name, visitor.csrf, nonce)

    # refusing

    async def _refuse(self, scope: Scope, out: Outgoing, refusal: Refusal, nonce: str) -> None:
        from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

        language, path = split_language(scope["path"])
        html = "text/html" in _headers(scope).get("accept", "")
        response: Response
        if refusal.status == 401 and html and scope["method"] == "GET":
            goal = quote(scope["path"], safe="/@")
            response = RedirectResponse(f"{'/en' if language == 'en' else ''}/inloggen?doel={goal}", 303)
        elif html:
            title, hint = _told(refusal, language)
            page = frame.problem_page(Frame(language, path, frame.tabs_for(()), nonce=nonce), title, hint)
            response = HTMLResponse(page, refusal.status)
        else:
            response = PlainTextResponse(_told(refusal, language)[0], refusal.status)
        await response(scope, _no_body, out)


class Outgoing:
    """`send` with our headers; a page of Gradio is held back until it is whole, and dressed."""

    def __init__(self, send: Send, nonce: str, scope: Scope) -> None:
        self._send, self._nonce, self._scope = send, nonce, scope
        self.dress: Callable[[str], str] | None = None
        self._start: MutableMapping[str, Any] | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Pass on one ASGI message."""
        if message["type"] == "http.response.start":
            html = any(k == b"content-type" and v.startswith(b"text/html") for k, v in message["headers"])
            message["headers"] = [*_kept(message["headers"]), *self._added(html)]
            if self.dress is not None and html and message["status"] == 200:
                self._start = message
                return
        elif self._start is not None:
            self._parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            await self._dressed()
            return
        await self._send(message)

    async def _dressed(self) -> None:
        assert self._start is not None
        assert self.dress is not None
        body = self.dress(b"".join(self._parts).decode("utf-8")).encode("utf-8")
        headers = [(k, v) for k, v in self._start["headers"] if k != b"content-length"]
        self._start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})

    def _added(self, html: bool) -> list[tuple[bytes, bytes]]:
        headers = dict(HEADERS)
        if html:
            headers["Content-Security-Policy"] = policy(self._nonce)
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if _lasting(self._scope) else "no-store"
        return [(k.lower().encode(), v.encode()) for k, v in headers.items()]


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # of what is no page
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def policy(nonce: str) -> str:
    """Only this site; only scripts of this response. Styles inline, because Gradio writes them on its elements."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'; object-src 'none'"
    )


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers of the application that stay: no other site is allowed anything, nobody needs to know the server."""
    ours = {k.lower().encode() for k in HEADERS} | {b"cache-control", b"server"}
    return [(k, v) for k, v in headers if k.lower() not in ours and not k.lower().startswith(b"access-control-")]


def _lasting(scope: Scope) -> bool:
    """Files whose address changes with their contents."""
    path = scope["path"]
    return "/assets/" in path or "/static/fonts/" in path or (path.startswith("/eigen/") and b"v=" in scope.get("query_string", b""))


def _redirect(path: str) -> Any:
    from starlette.responses import RedirectResponse

    return RedirectResponse(path, 307)


def _own(path: str) -> bool:
    """Pages that we make ourselves, in either language."""
    rest = split_language(path)[1]
    return re.fullmatch(r"/(kennisbank(/.*)?|over|inloggen|uitloggen|bron(/pagina)?|terugkoppeling(/bekijk)?|healthz|eigen/.*|favicon\.ico|robots\.txt)", rest) is not None


def split_language(path: str) -> tuple[Language, str]:
    """("en", "/over") of "/en/over"."""
    if path == "/en" or path.startswith("/en/"):
        return "en", path[3:] or "/"
    return "nl", path


def _title(mount: Mount) -> str:
    return f"{ui('app', mount.language)} – {ui(mount.name, mount.language)}"


def _told(refusal: Refusal, language: Language) -> tuple[str, str]:
    """(what, what to do) in words."""
    if refusal.title in wording.TEXTS[language]:
        return wording.say(refusal.title, language), refusal.hint
    words = {"wrong_host": ("error_not_found", ""), "too_large": ("error_title", ""), "cross_site": ("error_title", "")}
    title, hint = words.get(refusal.title, (refusal.title, f"{refusal.title}_hint"))
    from assistant.ui_wording import TEXTS

    return ui(title, language), ui(hint, language) if hint in TEXTS[language] else ""


def _check_origin(scope: Scope, headers: dict[str, str]) -> None:
    """What changes something must come from a page of this site."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal(403, "cross_site")
    origin = headers.get("origin")
    if origin and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Refusal(403, "cross_site")


def _headers(scope: Scope) -> dict[str, str]:
    return {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}


def _pairs(scope: Scope) -> list[tuple[str, str]]:
    return [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def address_of(scope: Scope, access: AccessSettings) -> str:
    """The address that attempts to log in are counted by."""
    return client_address(access, _pairs(scope), _peer(scope))


def cookie(header: str) -> str:
    """The session token in a Cookie header; "" when there is none."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def set_cookie(session: Session | None, scope: Scope, access: AccessSettings) -> str:
    """The Set-Cookie header that logs in, or out. It ends with the browser; the server ends it sooner."""
    secure = "; Secure" if _encrypted(scope, access) else ""
    value, ends = (session.token, "") if session else ("", "; Max-Age=0")
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{ends}"


def _encrypted(scope: Scope, access: AccessSettings) -> bool:
    """Whether the browser came over https, to us or to a proxy we trust."""
    if scope.get("scheme") == "https":
        return True
    # client_address looks past the peer only when the peer is a trusted proxy
    probe = [("x-forwarded-for", "192.0.2.1")]
    trusted = client_address(access, probe, _peer(scope)) == "192.0.2.1"
    return trusted and _headers(scope).get("x-forwarded-proto", "").split(",")[-1].strip() == "https"


def _bounded(receive: Receive, most: int) -> Receive:
    """`receive` that stops a body without a length when it grows too long."""
    seen = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > most else message

    return bounded


async def _no_body() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
