"""Who may do what: accounts, passwords, throttling, sessions and single sign-on. Knows nothing of pages.

    home/accounts.sqlite    mode 0600: account (name, role, argon2id hash), session (sha256 of its token), attempt (throttling)

Promises: no default account or password; the first admin is made on the command line. A password is never stored, only its
argon2id hash; a session token is never stored, only its sha256. Names and addresses of failed attempts are stored as a keyed
hash, because people type passwords in the wrong box, and are forgotten after a day. An attempt for an unknown name costs and
answers the same as one with a wrong password.

Every action of a page must ask `allowed(role, action)` on the server: hiding a button protects nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from corpus.errors import UsageError, VraagbaakError
from corpus.private import create, is_made, reading, writing
from vraagbaak import wording

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Role = Literal["confidant", "trainer", "admin"]
Action = Literal[
    "ask", "read", "feedback", "corpus.view", "corpus.edit", "corpus.publish", "corpus.rollback", "corpus.erase",
    "cards.propose", "cards.approve", "evals.view", "evals.run", "evals.edit", "gaps.view", "users.manage", "audit.view",
]  # fmt: skip

ROLES: tuple[Role, ...] = get_args(Role)  # each may do what the ones before it may
ACTIONS: tuple[Action, ...] = get_args(Action)

_NEEDS: dict[Action, Role] = {
    "ask": "confidant",
    "read": "confidant",
    "feedback": "confidant",
    "corpus.view": "trainer",
    "corpus.edit": "trainer",
    "corpus.publish": "trainer",
    "corpus.rollback": "trainer",
    "corpus.erase": "trainer",  # personal data found in a text cannot wait for an administrator
    "cards.propose": "trainer",
    "cards.approve": "trainer",  # another trainer than the one who proposed: see `ingest`
    "evals.view": "trainer",
    "evals.run": "trainer",
    "evals.edit": "trainer",
    "gaps.view": "trainer",
    "audit.view": "trainer",
    "users.manage": "admin",
}


def allowed(role: str, action: str) -> bool:
    """May this role do this? An unknown role may do nothing. Raises ValueError for an action that does not exist."""
    if action not in _NEEDS:
        raise ValueError(f"there is no action '{action}'; known: {', '.join(ACTIONS)}")
    if role not in ROLES:
        return False
    return ROLES.index(role) >= ROLES.index(_NEEDS[action])


# --- settings ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """How people log in. Raises UsageError when the settings do not fit together."""

    enabled: bool = False  # off: everyone on this computer may do everything; only served on a loopback address
    session_idle_h: float = 8.0  # a working day without a click
    session_max_h: float = 24.0  # whatever happens
    trusted_header: str = ""  # the header in which a reverse proxy names the user it has logged in; "" = no single sign-on
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks ("10.0.0.2", "10.0.0.0/24") whose headers are believed
    sso_default_role: str = ""  # the role of someone the proxy names who has no account here; "" = refused

    def __post_init__(self) -> None:
        _networks(self.trusted_proxies)
        if self.trusted_header and not self.trusted_proxies:
            raise UsageError("serve.trusted_header needs serve.trusted_proxies", hint="name the address of the proxy itself")
        if self.sso_default_role and self.sso_default_role not in ROLES[:2]:
            raise UsageError("sso_default_role must be confidant, trainer or empty", hint="make administrators by hand")
        if not 0 < self.session_idle_h <= self.session_max_h:
            raise UsageError("a session's idle hours must be above 0 and at most its longest hours", hint="try 8 and 24")


def access_settings(serve: Any) -> AccessSettings:
    """The part of `[serve]` in the settings file (vraagbaak.settings.ServePart) that access reads."""
    idle_h = float(serve.session_hours)
    return AccessSettings(
        enabled=serve.accounts,
        session_idle_h=idle_h,
        session_max_h=max(24.0, idle_h),
        trusted_header=serve.trusted_header,
        trusted_proxies=tuple(serve.trusted_proxies),
    )


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(proxies: Iterable[str]) -> tuple[_Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one) for one in proxies)
    except ValueError as error:
        raise UsageError(f"serve.trusted_proxies: {error}", hint="write addresses or networks, as 10.0.0.2") from error


def _is_trusted(settings: AccessSettings, peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # a socket for both families shows 10.0.0.2 as ::ffff:10.0.0.2
    return any(address in network for network in _networks(settings.trusted_proxies))


def user_from_headers(settings: AccessSettings, headers: Iterable[tuple[str, str]], peer: str) -> str:
    """The user whom a trusted proxy names, "" when there is none.

    headers: all (name, value) pairs, duplicates included.  peer: the address at the other end of the socket, never one from
    a header.  A header from any other peer is ignored; two different values name nobody.
    """
    if not settings.trusted_header or not _is_trusted(settings, peer):
        return ""
    wanted = settings.trusted_header.casefold()
    values = {value.strip() for name, value in headers if name.casefold() == wanted}
    if len(values) != 1:
        return ""
    try:
        return account_name(values.pop())
    except AccessError:
        return ""


def client_address(settings: AccessSettings, headers: Iterable[tuple[str, str]], peer: str) -> str:
    """The address to throttle on: the peer, or behind a trusted proxy the last address in X-Forwarded-For it does not run."""
    if not _is_trusted(settings, peer):
        return peer
    chain = [part.strip() for name, value in headers if name.casefold() == "x-forwarded-for" for part in value.split(",")]
    for address in reversed(chain):
        if not _is_trusted(settings, address):
            return address
    return peer


def check_may_serve(host: str, settings: AccessSettings, accounts: Accounts) -> None:
    """Raises UsageError for an address that others can reach while there are no accounts to protect it."""
    if settings.enabled:
        if not accounts.has_admin():
            raise UsageError(
                "serve.accounts is on, but there is no administrator", hint="run: vraagbaak users add NAME --role admin"
            )
        return
    if not _is_loopback(host):
        raise UsageError(
            f"{host} can be reached by others, and serve.accounts is off",
            hint="run: vraagbaak users add NAME --role admin, and set accounts = true under [serve]; or serve on 127.0.0.1",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # "" and "0.0.0.0" mean every address; a name may mean any


# --- errors -----------------------------------------------------------------------------------------------------------------


class AccessError(VraagbaakError):
    """Something a person asked cannot be done. `text` is what that person reads."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(wording.say(reason, "en", **values))
        self.reason, self.values = reason, values

    def text(self, language: wording.Language = "nl") -> str:
        """The sentence for the reader."""
        return wording.say(self.reason, language, **self.values)


class LoginRefused(AccessError):
    """Not logged in. wait_s: 0 after a wrong name or password, else how long no attempt is looked at."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        if wait_s > 0:
            super().__init__("login_wait", wait=wording.waiting(wait_s, "en"))
        else:
            super().__init__("login_wrong")

    def text(self, language: wording.Language = "nl") -> str:
        """The sentence for the reader; the same for an unknown name and a wrong password."""
        if self.wait_s > 0:
            return wording.say("login_wait", language, wait=wording.waiting(self.wait_s, language))
        return wording.say("login_wrong", language)


# --- names and passwords ------------------------------------------------------------------------------------------------------

PASSWORD_LEAST, PASSWORD_MOST = 12, 256  # characters
_DIFFERENT_LEAST = 5  # different characters, so that "aaaaaaaaaaaa" is refused

_NAME = re.compile(r"[\w][\w.@-]{1,63}")

# What a guesser tries first, as bare words: digits and signs before and after are cut off before looking here.
_COMMON_WORDS = """
    wachtwoord paswoord password passphrase passwoord welkom welcome geheim secret hallo hello admin administrator beheerder
    beheer vraagbaak vertrouwenspersoon vertrouwenspersonen confidant trainer handboek helpdesk hulplijn gebruiker user guest
    gast login inloggen changeme veranderme veranderen letmein iloveyou ikhouvanjou ikhouvanmij qwerty qwertyuiop azerty
    azertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc monkey dragon football baseball voetbal superman batman
    sunshine princess prinses master shadow trustno ajax feyenoord amsterdam rotterdam denhaag utrecht nederland holland
    schatje liefje lieverd moppie kusjes zomer winter herfst lente januari februari maart april juni juli augustus
    september oktober november december maandag dinsdag woensdag donderdag vrijdag zaterdag zondag tijdelijk temporary
    test testtest default standaard computer internet office company bedrijf organisatie correcthorsebatterystaple
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn")
_UNLEET = str.maketrans("@4310$57!", "aaeiosstl")


def account_name(typed: str) -> str:
    """The one spelling of a name: case and width do not matter. Raises AccessError for what cannot be a name."""
    name = unicodedata.normalize("NFKC", typed.strip()).casefold()
    if not _NAME.fullmatch(name):
        raise AccessError("account_name")
    return name


def password_problems(name: str, password: str) -> tuple[AccessError, ...]:
    """Everything that is wrong with a new password; empty when it is good enough."""
    plain = _normal(password).casefold()
    checks = (
        (len(plain) < PASSWORD_LEAST, AccessError("password_short", least=PASSWORD_LEAST)),
        (len(plain) > PASSWORD_MOST, AccessError("password_long", most=PASSWORD_MOST)),
        (any(part in plain for part in _name_parts(name)), AccessError("password_name")),
        (_is_common(plain), AccessError("password_common")),
        (len(set(plain)) < _DIFFERENT_LEAST, AccessError("password_simple")),
    )
    return tuple(error for wrong, error in checks if wrong)


def _name_parts(name: str) -> set[str]:
    whole = _normal(name).casefold()
    return {part for part in (whole, *re.split(r"[.@_-]", whole)) if len(part) >= 4}


def _is_common(plain: str) -> bool:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    for spelled in (plain, core.translate(_UNLEET)):
        bare = re.sub(r"[\W\d_]+", "", spelled)
        if bare in _COMMON or _is_repeated(bare):
            return True
    compact = re.sub(r"\W+", "", plain)
    return _is_repeated(compact) or any(compact in run or compact in run[::-1] for run in _RUNS if compact)


def _is_repeated(word: str) -> bool:
    """A common word, or one to six characters, over and over again."""
    period = (word + word).find(word, 1) if word else 0
    return 0 < period < len(word) and (period <= 6 or word[:period] in _COMMON)


def _normal(password: str) -> str:
    """One spelling of what was typed: another keyboard may send é as two characters."""
    return unicodedata.normalize("NFKC", password)


# --- accounts -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may log in. since: day it was made, UTC, "2026-03-01". password: False when only single sign-on logs in."""

    name: str
    role: Role
    since: str
    password: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """Someone who is logged in. token: the value of the cookie. csrf: what each form of this session must send along."""

    token: str = field(repr=False)  # not in a log or a traceback
    csrf: str = field(repr=False)
    account: Account

    def may(self, action: Action) -> bool:
        """May this person do this?"""
        return allowed(self.account.role, action)


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one argon2id hash costs; RFC 9106, second recommended choice: about 0.1 s and 64 MiB."""

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class Throttle:
    """When attempts are no longer looked at. After `free` failures the wait is 1 s, then doubles up to `longest_s`."""

    free: int
    longest_s: float

    def wait_s(self, failures: int) -> float:
        """How long after the last of so many failures no attempt is looked at."""
        if failures < self.free:
            return 0.0
        return float(min(2.0 ** min(failures - self.free, 30), self.longest_s))


PER_ACCOUNT = Throttle(free=3, longest_s=900.0)  # the 13th wrong password in a row locks for 15 minutes
PER_ADDRESS = Throttle(free=20, longest_s=900.0)  # a whole office may share one address
FORGET_ATTEMPTS_S = 24 * 3600.0
_SEEN_EVERY_S = 60.0  # a session's last use is written at most this often, so that reading a page writes nothing
_CLOCK_SLACK_S = 300.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, since TEXT NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
    token TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    made REAL NOT NULL, seen REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempt (who TEXT PRIMARY KEY, failures INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""

# One hash takes 64 MiB: a flood of attempts must not take all memory.
_HASHING = threading.BoundedSemaphore(2)


class Accounts:
    """The accounts of one data directory; every thread and process may use its own. now: seconds since 1970."""

    def __init__(
        self,
        home: Path,
        settings: AccessSettings | None = None,
        *,
        cost: HashCost | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._settings = home / "accounts.sqlite", settings or AccessSettings()
        self._cost, self._now = cost or HashCost(), now
        self._dummy = ""  # made at the first attempt; only its cost matters

    # accounts

    def add(self, name: str, role: str, password: str | None) -> Account:
        """Make an account; password None = only single sign-on. Raises AccessError with the first thing that is wrong."""
        name = account_name(name)
        if role not in ROLES:
            raise AccessError("account_role", role=role)
        hashed = "" if password is None else self._new_hash(name, password)
        since = time.strftime("%Y-%m-%d", time.gmtime(self._now()))
        self._prepare()
        with writing(self._path) as db:
            if _account(db, name):
                raise AccessError("account_exists", name=name)
            db.execute("INSERT INTO account VALUES (?,?,?,?)", (name, role, since, hashed))
        return Account(name, role, since, bool(hashed))

    def list(self) -> tuple[Account, ...]:
        """All accounts by name."""
        if not is_made(self._path, "account"):
            return ()
        with reading(self._path) as db:
            rows = db.execute("SELECT name, role, since, hash != '' FROM account ORDER BY name").fetchall()
        return tuple(Account(name, role, since, bool(password)) for name, role, since, password in rows)

    def get(self, name: str) -> Account:
        """The account with that name. Raises AccessError when there is none."""
        name = account_name(name)
        found = next((account for account in self.list() if account.name == name), None)
        if found is None:
            raise AccessError("account_unknown", name=name)
        return found

    def has_admin(self) -> bool:
        """Is there anyone who may manage accounts?"""
        return any(account.role == "admin" for account in self.list())

    def passwd(self, name: str, password: str) -> None:
        """Set a new password and end every session of the account. Raises AccessError."""
        name = self.get(name).name
        hashed = self._new_hash(name, password)
        with writing(self._path) as db:
            if not db.execute("UPDATE account SET hash = ? WHERE name = ?", (hashed, name)).rowcount:
                raise AccessError("account_unknown", name=name)
            db.execute("DELETE FROM session WHERE name = ?", (name,))
            db.execute("DELETE FROM attempt WHERE who = ?", (self._mark(db, "account", name),))

    def remove(self, name: str) -> None:
        """Remove an account and its sessions. Raises AccessError; the last admin of others stays."""
        name = self.get(name).name
        with writing(self._path) as db:
            roles = dict(db.execute("SELECT name, role FROM account"))
            if len(roles) > 1 and [n for n, role in roles.items() if role == "admin"] == [name]:
                raise AccessError("account_last_admin", name=name)
            db.execute("DELETE FROM account WHERE name = ?", (name,))
            db.execute("DELETE FROM attempt WHERE who = ?", (self._mark(db, "account", name),))

    # logging in

    def verify(self, name: str, password: str, address: str = "") -> Account:
        """The account with this name and password. Raises LoginRefused.

        address: where the attempt comes from (`client_address`).  An attempt counts as failed before it is looked at, so that
        a thousand at once are not a way around the throttle.
        """
        try:
            name = account_name(name)
        except AccessError:
            name = ""  # cannot exist; costs the same all the same
        self._prepare()
        account, hashed = self._reserve(name, address)
        if not self._matches(hashed, password):
            raise LoginRefused
        assert account is not None  # an unknown name has no hash, and nothing matches that
        self._succeeded(account.name, hashed, password, address)
        return account

    def _reserve(self, name: str, address: str) -> tuple[Account | None, str]:
        """Count an attempt as failed; the account and its hash. Raises LoginRefused when attempts are not looked at."""
        now = self._now()
        with writing(self._path) as db:
            db.execute("DELETE FROM attempt WHERE last < ?", (now - FORGET_ATTEMPTS_S,))
            # After the clock was set back: wait once, not until the clock has caught up.
            db.execute("UPDATE attempt SET last = ? WHERE last > ?", (now, now))
            marks = [(self._mark(db, "account", name), PER_ACCOUNT)]
            if address:
                marks.append((self._mark(db, "address", address), PER_ADDRESS))
            wait_s = max(_wait_s(db, mark, throttle, now) for mark, throttle in marks)
            if wait_s <= 0:
                for mark, _ in marks:
                    _count_failure(db, mark, now)
            found = _account(db, name), _hash_of(db, name)
        if wait_s > 0:
            raise LoginRefused(wait_s)
        return found

    def _succeeded(self, name: str, hashed: str, password: str, address: str) -> None:
        """Take the counted failure back. Raises LoginRefused when the password was changed in the meantime."""
        fresh = self._hash(password) if self._hasher().check_needs_rehash(hashed) else hashed
        with writing(self._path) as db:
            db.execute("DELETE FROM attempt WHERE who = ?", (self._mark(db, "account", name),))
            # Only this attempt is taken back: else someone with an account of their own could guess others' without end.
            db.execute("UPDATE attempt SET failures = failures - 1 WHERE who = ?", (self._mark(db, "address", address),))
            if not db.execute("UPDATE account SET hash = ? WHERE name = ? AND hash = ?", (fresh, name, hashed)).rowcount:
                raise LoginRefused

    # sessions

    def open_session(self, account: Account) -> Session:
        """Log someone in. The token is only here and in the cookie: 256 random bits."""
        token, now = secrets.token_urlsafe(32), self._now()
        with writing(self._path) as db:
            db.execute("DELETE FROM session WHERE made < ? OR seen < ?", self._oldest(now))
            known = _account(db, account.name)
            if known is None:
                raise AccessError("account_unknown", name=account.name)
            db.execute("INSERT INTO session VALUES (?,?,?,?)", (_token_hash(token), account.name, now, now))
        return Session(token, csrf_of(token), known)

    def session(self, token: str) -> Session | None:
        """Who has this token, with the role of this moment; None when it is unknown, expired or revoked."""
        if not token or not is_made(self._path, "account"):
            return None
        key, now = _token_hash(token), self._now()
        with reading(self._path) as db:
            found = db.execute("SELECT name, made, seen FROM session WHERE token = ?", (key,)).fetchone()
            account = _account(db, found[0]) if found else None
        if account is None:
            return None
        oldest_made, oldest_seen = self._oldest(now)
        made_later = found[1] > now + _CLOCK_SLACK_S  # the clock was set back: its end cannot be known
        if found[1] < oldest_made or found[2] < oldest_seen or made_later:
            self.close_session(token)
            return None
        if now - found[2] >= _SEEN_EVERY_S:
            with writing(self._path) as db:
                db.execute("UPDATE session SET seen = max(seen, ?) WHERE token = ?", (now, key))
        return Session(token, csrf_of(token), account)

    def close_session(self, token: str) -> None:
        """Log this session out."""
        with writing(self._path) as db:
            db.execute("DELETE FROM session WHERE token = ?", (_token_hash(token),))

    def close_sessions(self, name: str) -> int:
        """Log an account out everywhere; returns how many sessions that were."""
        with writing(self._path) as db:
            return int(db.execute("DELETE FROM session WHERE name = ?", (account_name(name),)).rowcount)

    def tidy(self) -> None:
        """Delete expired sessions and attempts of more than a day ago; for a daily task."""
        if is_made(self._path, "account"):
            with writing(self._path) as db:
                db.execute("DELETE FROM session WHERE made < ? OR seen < ?", self._oldest(self._now()))
                db.execute("DELETE FROM attempt WHERE last < ?", (self._now() - FORGET_ATTEMPTS_S,))

    def sso_account(self, name: str) -> Account:
        """The account of someone whom a trusted proxy has logged in; made on first sight when the settings give a role.

        Raises AccessError for someone who has no account and gets none.
        """
        try:
            return self.get(name)
        except AccessError as error:
            if not self._settings.sso_default_role or error.reason != "account_unknown":
                raise
        try:
            return self.add(name, self._settings.sso_default_role, None)
        except AccessError:
            return self.get(name)  # two first requests at once

    # inside

    def _prepare(self) -> None:
        """See to it that the file is there, private, and has its tables."""
        create(self._path, _SCHEMA + f"INSERT OR IGNORE INTO secret VALUES ('mark', x'{secrets.token_hex(32)}');")

    def _oldest(self, now: float) -> tuple[float, float]:
        return now - self._settings.session_max_h * 3600, now - self._settings.session_idle_h * 3600

    def _mark(self, db: sqlite3.Connection, kind: str, value: str) -> str:
        key = db.execute("SELECT value FROM secret WHERE name = 'mark'").fetchone()[0]
        return hmac.new(key, f"{kind}\x00{value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _new_hash(self, name: str, password: str) -> str:
        problems = password_problems(name, password)
        if problems:
            raise problems[0]
        return self._hash(password)

    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=self._cost.passes, memory_cost=self._cost.memory_kib, parallelism=self._cost.lanes)

    def _hash(self, password: str) -> str:
        with _HASHING:
            return self._hasher().hash(_bytes(password))

    def _matches(self, hashed: str, password: str) -> bool:
        """Always costs one argon2id hash, also without an account or a password to compare with."""
        from argon2.exceptions import Argon2Error, InvalidHashError

        if not self._dummy:
            self._dummy = self._hash(secrets.token_urlsafe(32))
        with _HASHING:
            try:
                return self._hasher().verify(hashed or self._dummy, _bytes(password)) and bool(hashed)
            except (Argon2Error, InvalidHashError):
                return False


def csrf_of(token: str) -> str:
    """What every form of the session with this token must send along; nobody without the token can make it."""
    return hmac.new(token.encode("utf-8", "replace"), b"vraagbaak csrf", hashlib.sha256).hexdigest()


def csrf_fits(session: Session, sent: str) -> bool:
    """Does the form come from a page of this session? Takes equally long for every wrong answer."""
    return hmac.compare_digest(session.csrf.encode("ascii"), sent.encode("utf-8", "replace"))


def _bytes(password: str) -> bytes:
    # Cut, not refused: an endless password is wrong after the same time as any other.
    return _normal(password[: 4 * PASSWORD_MOST]).encode("utf-8", "surrogatepass")


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _account(db: sqlite3.Connection, name: str) -> Account | None:
    row = db.execute("SELECT name, role, since, hash != '' FROM account WHERE name = ?", (name,)).fetchone()
    return Account(row[0], row[1], row[2], bool(row[3])) if row else None


def _hash_of(db: sqlite3.Connection, name: str) -> str:
    row = db.execute("SELECT hash FROM account WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _wait_s(db: sqlite3.Connection, mark: str, throttle: Throttle, now: float) -> float:
    row = db.execute("SELECT failures, last FROM attempt WHERE who = ?", (mark,)).fetchone()
    if not row:
        return 0.0
    return float(row[1] + throttle.wait_s(row[0]) - now)


def _count_failure(db: sqlite3.Connection, mark: str, now: float) -> None:
    db.execute(
        "INSERT INTO attempt VALUES (?, 1, ?) ON CONFLICT (who) DO UPDATE SET failures = failures + 1, last = excluded.last",
        (mark, now),
    )
