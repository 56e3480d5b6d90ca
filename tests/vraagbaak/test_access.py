"""Accounts, passwords, throttling, sessions and single sign-on."""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import UsageError
from vraagbaak import access, users_cli
from vraagbaak.access import (
    ACTIONS,
    PER_ACCOUNT,
    PER_ADDRESS,
    ROLES,
    AccessError,
    AccessSettings,
    Accounts,
    HashCost,
    LoginRefused,
    access_settings,
    account_name,
    allowed,
    check_may_serve,
    client_address,
    csrf_fits,
    csrf_of,
    password_problems,
    user_from_headers,
)
from vraagbaak.audit import Audit

GOOD = "vier paarse eenden zwemmen"
OTHER = "drie groene torens dansen"
CHEAP = HashCost(passes=1, memory_kib=8, lanes=1)
TRAINER = {
    "corpus.view", "corpus.edit", "corpus.publish", "corpus.rollback", "corpus.erase", "cards.propose", "cards.approve",
    "evals.view", "evals.run", "evals.edit", "gaps.view", "audit.view",
}  # fmt: skip
MAY = {
    "confidant": {"ask", "read", "feedback"},
    "trainer": {"ask", "read", "feedback"} | TRAINER,
    "admin": {"ask", "read", "feedback", "users.manage"} | TRAINER,
}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_hours(self, hours: float) -> None:
        self.seconds += hours * 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    made = Accounts(tmp_path, cost=CHEAP, now=clock)
    made.add("anna", "trainer", GOOD)
    return made


def refused(accounts: Accounts, name: str, password: str, address: str = "") -> LoginRefused:
    with pytest.raises(LoginRefused) as error:
        accounts.verify(name, password, address)
    return error.value


# roles


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_role_may_do_exactly_what_is_written_here(role, action):
    assert allowed(role, action) == (action in MAY[role])


def test_every_action_is_in_the_table_and_an_unknown_one_is_a_bug():
    assert set(ACTIONS) == set().union(*MAY.values()) == set(access._NEEDS)
    with pytest.raises(ValueError, match="no action"):
        allowed("admin", "corpus.burn")


@pytest.mark.parametrize("role", ["", "root", "Admin", "admin "])
def test_an_unknown_role_may_do_nothing(role):
    assert not any(allowed(role, action) for action in ACTIONS)


# accounts


def test_a_fresh_installation_has_no_account_and_no_default_password(tmp_path):
    fresh = Accounts(tmp_path, cost=CHEAP)
    assert fresh.list() == ()
    assert not fresh.has_admin()
    for name, password in (("admin", "admin"), ("admin", ""), ("", ""), ("vraagbaak", "vraagbaak")):
        refused(Accounts(tmp_path / name, cost=CHEAP), name, password)
    assert fresh.list() == ()


def test_the_right_password_logs_in_and_no_other(accounts):
    assert accounts.verify("anna", GOOD).role == "trainer"
    for wrong in ("", OTHER, GOOD.upper(), GOOD + " ", GOOD[:-1]):
        assert refused(accounts, "anna", wrong).wait_s == 0
        accounts.verify("anna", GOOD)


@settings(max_examples=60, deadline=None)
@given(password=st.text(max_size=300))
def test_no_other_text_whatever_it_holds_is_the_password(tmp_path_factory, password):
    made = Accounts(tmp_path_factory.mktemp("home"), cost=CHEAP)
    made.add("anna", "trainer", GOOD)
    if access._normal(password) != GOOD:
        refused(made, "anna", password)


def test_a_name_is_one_name_in_every_spelling(accounts):
    assert accounts.verify(" ANNA ", GOOD).name == "anna"
    with pytest.raises(AccessError) as exists:
        accounts.add("Anna", "confidant", OTHER)
    assert exists.value.text() == "Het account anna bestaat al."


@pytest.mark.parametrize("name", ["", "a", "x" * 65, "anna bea", "../etc", "an\x00na", "<b>", "'; DROP TABLE account"])
def test_what_cannot_be_a_name_is_refused(accounts, name):
    with pytest.raises(AccessError):
        account_name(name)
    refused(accounts, name, GOOD)


def test_the_same_password_typed_on_another_keyboard_fits(accounts):
    accounts.add("bea", "confidant", "een cafe\u0301 vol re\u0301ge\u0301n")
    assert accounts.verify("bea", "een caf\u00e9 vol r\u00e9g\u00e9n").name == "bea"


def test_only_an_argon2id_hash_of_the_password_is_stored(accounts, tmp_path):
    stored = (tmp_path / "accounts.sqlite").read_bytes()
    assert b"$argon2id$" in stored
    assert GOOD.encode() not in stored


def test_the_default_hash_costs_what_rfc_9106_recommends():
    assert HashCost() == HashCost(passes=3, memory_kib=65536, lanes=4)


def test_an_older_cheaper_hash_is_renewed_at_the_next_login(accounts, tmp_path):
    dearer = Accounts(tmp_path, cost=HashCost(passes=2, memory_kib=16, lanes=1))
    dearer.verify("anna", GOOD)
    assert b"m=16,t=2,p=1" in (tmp_path / "accounts.sqlite").read_bytes()
    assert dearer.verify("anna", GOOD).name == "anna"


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_only_the_owner_may_read_the_accounts(accounts, tmp_path):
    assert (tmp_path / "accounts.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_removed_account_cannot_log_in_and_the_last_admin_stays(accounts):
    accounts.add("root", "admin", OTHER)
    with pytest.raises(AccessError) as last:
        accounts.remove("root")
    assert last.value.reason == "account_last_admin"
    accounts.remove("anna")
    refused(accounts, "anna", GOOD)
    assert [account.name for account in accounts.list()] == ["root"]
    with pytest.raises(AccessError):
        accounts.remove("anna")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kort maar ok", None),
        ("te kort", "password_short"),
        ("x y" * 100, "password_long"),
        ("fatima2026fatima!", "password_name"),
        ("Wachtwoord123456", "password_common"),
        ("W@chtw00rd!!!!", "password_common"),
        ("welkomwelkom2026", "password_common"),
        ("123456789012", "password_common"),
        ("abcabcabcabcabc", "password_common"),
        ("qwertyuiopas", "password_common"),
        ("aab aab baab ab b", "password_simple"),
        (GOOD, None),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, reason):
    reasons = [problem.reason for problem in password_problems("fatima.k", password)]
    assert reasons == [] if reason is None else reason in reasons


def test_a_weak_password_makes_no_account(accounts):
    with pytest.raises(AccessError):
        accounts.add("bea", "confidant", "wachtwoord123")
    with pytest.raises(AccessError):
        accounts.passwd("anna", "anna-anna-anna")
    accounts.verify("anna", GOOD)
    assert len(accounts.list()) == 1


# throttling


def test_a_few_typing_errors_cost_no_waiting(accounts):
    for _ in range(PER_ACCOUNT.free - 1):
        refused(accounts, "anna", OTHER)
    assert accounts.verify("anna", GOOD).name == "anna"


def test_each_further_wrong_password_doubles_the_wait_up_to_a_lock_out_that_ends(accounts, clock):
    waits = []
    for _ in range(16):
        assert refused(accounts, "anna", OTHER).wait_s == 0
        if len(waits) or _ >= PER_ACCOUNT.free - 1:
            waits.append(refused(accounts, "anna", GOOD).wait_s)
            clock.seconds += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    assert accounts.verify("anna", GOOD).name == "anna"


def test_the_right_password_does_not_help_during_the_wait(accounts):
    for _ in range(PER_ACCOUNT.free):
        refused(accounts, "anna", OTHER)
    assert refused(accounts, "anna", GOOD).wait_s == 1


def test_a_lock_out_survives_a_restart(accounts, tmp_path, clock):
    for _ in range(PER_ACCOUNT.free):
        refused(accounts, "anna", OTHER)
    assert refused(Accounts(tmp_path, cost=CHEAP, now=clock), "anna", GOOD).wait_s == 1


def test_waiting_attempts_do_not_make_the_wait_longer(accounts):
    for _ in range(PER_ACCOUNT.free):
        refused(accounts, "anna", OTHER)
    assert {refused(accounts, "anna", OTHER).wait_s for _ in range(50)} == {1.0}


def test_a_thousand_wrong_passwords_in_a_row_are_hardly_looked_at(accounts, clock, monkeypatch):
    looked_at = count_checks(monkeypatch)
    for _ in range(1000):
        refused(accounts, "anna", OTHER, "10.0.0.9")
        clock.seconds += 1.0
    assert len(looked_at) <= 15
    assert refused(accounts, "anna", GOOD).wait_s > 0
    clock.seconds += PER_ACCOUNT.longest_s
    assert accounts.verify("anna", GOOD, "10.0.0.1").name == "anna"


def test_wrong_passwords_at_once_are_no_way_around_the_throttle(accounts, monkeypatch):
    looked_at = count_checks(monkeypatch)
    threads = [threading.Thread(target=refused, args=(accounts, "anna", OTHER)) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked_at) == PER_ACCOUNT.free


def test_many_names_from_one_address_are_throttled_and_other_addresses_are_not(accounts):
    for number in range(PER_ADDRESS.free):
        assert refused(accounts, f"naam{number}", OTHER, "10.0.0.9").wait_s == 0
    assert refused(accounts, "anna", GOOD, "10.0.0.9").wait_s > 0
    assert accounts.verify("anna", GOOD, "10.0.0.1").name == "anna"


def test_logging_in_to_an_own_account_does_not_clear_the_address(accounts):
    for number in range(PER_ADDRESS.free - 1):
        refused(accounts, f"naam{number}", OTHER, "10.0.0.9")
        accounts.verify("anna", GOOD, "10.0.0.9")
    refused(accounts, "iemand", OTHER, "10.0.0.9")
    assert refused(accounts, "anna", GOOD, "10.0.0.9").wait_s > 0


def test_an_unknown_name_costs_and_answers_the_same_as_a_wrong_password(accounts, monkeypatch):
    looked_at = count_checks(monkeypatch)
    known, unknown = [], []
    for _ in range(PER_ACCOUNT.free + 2):
        known.append(refused(accounts, "anna", OTHER).text())
        unknown.append(refused(accounts, "niemand", OTHER).text())
    assert known == unknown
    assert len(looked_at) == 2 * PER_ACCOUNT.free
    assert known[0] == "De naam of het wachtwoord klopt niet."
    assert known[-1] == "Te vaak geprobeerd. Wacht 1 seconde en probeer het dan opnieuw."


def test_names_and_addresses_of_attempts_are_not_readable_and_gone_after_a_day(accounts, tmp_path, clock):
    refused(accounts, "mijnwachtwoord-per-ongeluk", OTHER, "203.0.113.77")
    path = tmp_path / "accounts.sqlite"
    assert not [text for text in (b"per-ongeluk", b"203.0.113.77") if text in path.read_bytes()]
    clock.pass_hours(25)
    refused(accounts, "iemand", OTHER)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM attempt").fetchone() == (1,)


def test_a_clock_that_was_set_back_locks_nobody_out(accounts, clock):
    for _ in range(PER_ACCOUNT.free):
        refused(accounts, "anna", OTHER)
    clock.pass_hours(-1000)
    assert refused(accounts, "anna", GOOD).wait_s <= 1
    clock.seconds += 1
    assert accounts.verify("anna", GOOD).name == "anna"


def test_a_very_long_password_is_just_wrong(accounts):
    assert refused(accounts, "anna", "x" * 5_000_000).wait_s == 0


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    looked_at: list[str] = []
    real = Accounts._matches

    def counted(self: Accounts, hashed: str, password: str) -> bool:
        looked_at.append(hashed)
        return real(self, hashed, password)

    monkeypatch.setattr(Accounts, "_matches", counted)
    return looked_at


# sessions


def login(accounts: Accounts, name: str = "anna", password: str = GOOD) -> access.Session:
    return accounts.open_session(accounts.verify(name, password))


def test_a_session_is_known_by_its_token_only(accounts):
    session = login(accounts)
    found = accounts.session(session.token)
    assert found is not None
    assert found.account.name == "anna"
    for forged in (
        "",
        "x",
        session.token[:-1],
        session.token + "A",
        session.token.swapcase(),
        session.csrf,
        "' OR 1=1 --",
        "\ud800",
    ):
        assert accounts.session(forged) is None


def test_the_token_is_stored_only_as_a_hash_and_never_shown_in_a_log(accounts, tmp_path):
    session = login(accounts)
    stored = (tmp_path / "accounts.sqlite").read_bytes()
    assert session.token.encode() not in stored
    assert session.csrf.encode() not in stored
    assert hashlib.sha256(session.token.encode()).hexdigest().encode() in stored
    assert session.token not in repr(session)
    assert session.csrf not in repr(session)


def test_tokens_hold_256_bits_and_never_repeat(accounts):
    account = accounts.verify("anna", GOOD)
    tokens = {accounts.open_session(account).token for _ in range(50)}
    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {43}  # 32 bytes in base64


def test_a_session_ends_after_idle_hours(accounts, clock):
    session = login(accounts)
    clock.pass_hours(7.9)
    assert accounts.session(session.token) is not None
    clock.pass_hours(7.9)
    assert accounts.session(session.token) is not None
    clock.pass_hours(8.1)
    assert accounts.session(session.token) is None
    clock.pass_hours(-8)
    assert accounts.session(session.token) is None


def test_a_session_ends_after_a_day_however_busy(accounts, clock):
    session = login(accounts)
    for _ in range(24):
        assert accounts.session(session.token) is not None
        clock.pass_hours(1)
    clock.seconds += 1
    assert accounts.session(session.token) is None


def test_the_hours_of_a_session_can_be_chosen(tmp_path, clock):
    short = Accounts(tmp_path, AccessSettings(session_idle_h=0.5, session_max_h=1), cost=CHEAP, now=clock)
    short.add("anna", "trainer", GOOD)
    session = login(short)
    clock.pass_hours(0.51)
    assert short.session(session.token) is None


def test_a_session_from_before_the_clock_was_set_back_ends(accounts, clock):
    session = login(accounts)
    clock.pass_hours(-1)
    assert accounts.session(session.token) is None


@pytest.mark.parametrize("change", ["passwd", "remove", "close_sessions"])
def test_a_changed_password_or_removed_account_ends_all_its_sessions_and_no_other(accounts, change):
    accounts.add("bea", "admin", OTHER)
    mine, elsewhere, other = login(accounts), login(accounts), login(accounts, "bea", OTHER)
    getattr(accounts, change)("anna", *(["een heel ander wachtwoord"] if change == "passwd" else []))
    assert accounts.session(mine.token) is None
    assert accounts.session(elsewhere.token) is None
    assert accounts.session(other.token) is not None


def test_a_login_that_was_under_way_while_the_password_changed_is_refused(accounts, monkeypatch):
    real = Accounts._matches

    def meanwhile(self: Accounts, hashed: str, password: str) -> bool:
        fits = real(self, hashed, password)
        accounts.passwd("anna", OTHER)
        return fits

    monkeypatch.setattr(Accounts, "_matches", meanwhile)
    refused(accounts, "anna", GOOD)


def test_expired_sessions_and_old_attempts_are_deleted_without_anyone_logging_in(accounts, tmp_path, clock):
    login(accounts)
    refused(accounts, "iemand", OTHER, "10.0.0.9")
    clock.pass_hours(7)
    kept = login(accounts)
    clock.pass_hours(1.5)
    accounts.tidy()
    db = sqlite3.connect(tmp_path / "accounts.sqlite")
    assert db.execute("SELECT count(*) FROM session").fetchone() == (1,)
    assert accounts.session(kept.token) is not None
    clock.pass_hours(24)
    accounts.tidy()
    assert db.execute("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM attempt)").fetchone() == (0, 0)


def test_logging_out_ends_this_session_only(accounts):
    one, two = login(accounts), login(accounts)
    accounts.close_session(one.token)
    assert accounts.session(one.token) is None
    assert accounts.session(two.token) is not None


def test_a_role_is_read_at_every_request(accounts):
    session = login(accounts)
    accounts.remove("anna")
    accounts.add("anna", "confidant", GOOD)
    assert accounts.session(session.token) is None
    again = accounts.session(login(accounts).token)
    assert again is not None
    assert again.may("ask")
    assert not again.may("corpus.publish")


def test_a_form_of_one_session_does_not_fit_another(accounts):
    one, two = login(accounts), login(accounts)
    assert csrf_fits(one, one.csrf)
    assert one.csrf == csrf_of(one.token) != one.token
    for sent in ("", two.csrf, one.token, one.csrf[:-1], "é\ud800"):
        assert not csrf_fits(one, sent)


# single sign-on and addresses

SSO = AccessSettings(enabled=True, trusted_header="Remote-User", trusted_proxies=("10.0.0.2", "10.1.0.0/24", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "user"),
    [
        ("10.0.0.2", "anna"),
        ("10.1.0.77", "anna"),
        ("::ffff:10.0.0.2", "anna"),
        ("fd00::5", "anna"),
        ("10.0.0.3", ""),
        ("127.0.0.1", ""),
        ("", ""),
        ("testclient", ""),
        ("10.0.0.2, 1.2.3.4", ""),
    ],
)
def test_a_user_header_is_believed_from_a_trusted_proxy_only(peer, user):
    assert user_from_headers(SSO, [("host", "x"), ("REMOTE-USER", "Anna")], peer) == user


def test_two_users_in_the_headers_are_nobody():
    assert user_from_headers(SSO, [("remote-user", "anna"), ("Remote-User", "root")], "10.0.0.2") == ""
    assert user_from_headers(SSO, [("remote-user", "anna, root")], "10.0.0.2") == ""
    assert user_from_headers(SSO, [("remote_user", "anna")], "10.0.0.2") == ""


def test_without_the_setting_no_header_is_believed():
    assert user_from_headers(AccessSettings(enabled=True), [("remote-user", "anna"), ("", "root")], "127.0.0.1") == ""


def test_an_account_for_single_sign_on_has_no_password_that_fits(accounts):
    accounts.add("bea", "trainer", None)
    for password in ("", GOOD, "None"):
        refused(accounts, "bea", password)
    assert accounts.sso_account("BEA").role == "trainer"


def test_someone_without_an_account_gets_only_the_role_of_the_settings(accounts, tmp_path):
    with pytest.raises(AccessError):
        accounts.sso_account("carla")
    generous = Accounts(tmp_path, AccessSettings(sso_default_role="confidant"), cost=CHEAP)
    assert generous.sso_account("carla").role == "confidant"
    assert generous.sso_account("anna").role == "trainer"
    assert len(accounts.list()) == 2


def test_the_throttled_address_cannot_be_forged():
    forged = [("X-Forwarded-For", "1.1.1.1, 203.0.113.7, 10.1.0.4")]
    assert client_address(SSO, forged, "10.0.0.2") == "203.0.113.7"
    assert client_address(SSO, forged, "198.51.100.1") == "198.51.100.1"
    assert client_address(SSO, [], "10.0.0.2") == "10.0.0.2"


@pytest.mark.parametrize(
    "wrong",
    [
        {"trusted_header": "Remote-User"},
        {"trusted_proxies": ("proxy.local",)},
        {"trusted_proxies": ("10.0.0.1/24",)},
        {"sso_default_role": "admin"},
        {"session_idle_h": 0},
        {"session_idle_h": 30},
    ],
)
def test_settings_that_do_not_fit_together_are_refused(wrong):
    with pytest.raises(UsageError) as error:
        AccessSettings(**wrong)
    assert error.value.hint


def test_the_settings_file_is_followed():
    serve = SimpleNamespace(accounts=True, trusted_header="Remote-User", trusted_proxies=("10.0.0.2",), session_hours=36.0)
    assert access_settings(serve) == AccessSettings(True, 36.0, 36.0, "Remote-User", ("10.0.0.2",))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_without_accounts_this_computer_is_served(tmp_path, host):
    check_may_serve(host, AccessSettings(), Accounts(tmp_path, cost=CHEAP))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "thuis.nl"])
def test_without_accounts_no_other_address_is_served(tmp_path, host):
    with pytest.raises(UsageError):
        check_may_serve(host, AccessSettings(), Accounts(tmp_path, cost=CHEAP))


def test_accounts_without_an_administrator_are_not_served(accounts):
    with pytest.raises(UsageError):
        check_may_serve("0.0.0.0", AccessSettings(enabled=True), accounts)
    accounts.add("root", "admin", OTHER)
    check_may_serve("0.0.0.0", AccessSettings(enabled=True), accounts)


# the command line


def command(home: Path, *words: str, stdin: str = "", monkeypatch: pytest.MonkeyPatch | None = None) -> int:
    parser = argparse.ArgumentParser()
    users_cli.add_parser(parser.add_subparsers(), argparse.ArgumentParser(add_help=False))
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    arguments = parser.parse_args(["users", *words])
    return arguments.run(arguments, home)


def test_the_command_line_makes_the_first_admin_and_logs_each_change_without_the_password(tmp_path, monkeypatch, capsys):
    def go(*words: str, stdin: str = "") -> int:
        return command(tmp_path, *words, stdin=stdin, monkeypatch=monkeypatch)

    assert go("list") == 0
    assert "vraagbaak users add NAAM --role admin" in capsys.readouterr().out
    assert go("add", "Root", "--role", "admin", "--password-stdin", stdin=f"{GOOD}\r\n") == 0
    assert go("add", "carla", "--sso") == 0
    assert go("passwd", "root", "--password-stdin", stdin=OTHER) == 0
    assert Accounts(tmp_path).verify("root", OTHER).role == "admin"
    assert go("list") == 0
    assert "root\tbeheerder\twachtwoord\tsinds " in capsys.readouterr().out
    assert go("remove", "carla") == 0
    assert [row.action for row in Audit(tmp_path).rows()] == [
        "accounts.add",
        "accounts.add",
        "accounts.passwd",
        "accounts.remove",
    ]
    assert Audit(tmp_path).verify() == []
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [password for password in (GOOD, OTHER) if password.encode() in everything]


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("add", "bea", "--password-stdin"), "kort\n", "minstens 12 tekens"),
        (("add", "bea", "--password-stdin"), "", "geen wachtwoord"),
        (("add", "b e a", "--password-stdin"), GOOD, "Een naam heeft"),
        (("passwd", "niemand", "--password-stdin"), GOOD, "bestaat niet"),
        (("remove", "niemand"), "", "bestaat niet"),
    ],
)
def test_the_command_line_says_in_dutch_what_is_wrong_and_changes_nothing(tmp_path, monkeypatch, capsys, words, stdin, said):
    assert command(tmp_path, *words, stdin=stdin, monkeypatch=monkeypatch) == 2
    assert said in capsys.readouterr().err
    assert Accounts(tmp_path).list() == ()
    assert Audit(tmp_path).rows() == ()


def test_the_prompt_asks_twice(tmp_path, monkeypatch, capsys):
    answers = iter([GOOD, OTHER, GOOD, GOOD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert command(tmp_path, "add", "bea") == 2
    assert "niet hetzelfde" in capsys.readouterr().err
    assert command(tmp_path, "add", "bea") == 0
    assert Accounts(tmp_path).verify("bea", GOOD).role == "confidant"
