"""vraagbaak users add | list | passwd | remove: the only way to make the first account.

A password comes from a prompt or from standard input, never from an argument, which other users of the machine can see. What
people read here is Dutch, from `vraagbaak.wording`. Every change is a row in the audit log.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from vraagbaak import wording
from vraagbaak.access import ROLES, AccessError, Account, Accounts
from vraagbaak.audit import Audit

ACTOR = "command line"  # the log does not guess who typed


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `users`."""
    users = commands.add_parser("users", parents=[shared], help="accounts: add, list, passwd, remove")
    verbs = users.add_subparsers(dest="users_command", metavar="COMMAND", required=True)
    add = verbs.add_parser("add", parents=[shared], help="make an account")
    add.add_argument("name", help="what someone logs in with")
    add.add_argument("--role", choices=ROLES, default="confidant", help="confidant asks, trainer edits, admin manages accounts")
    add.add_argument("--sso", action="store_true", help="no password: logs in through the organisation's own sign-on")
    _password_option(add)
    verbs.add_parser("list", parents=[shared], help="show the accounts")
    passwd = verbs.add_parser("passwd", parents=[shared], help="set a new password; ends all sessions of the account")
    passwd.add_argument("name")
    _password_option(passwd)
    remove = verbs.add_parser("remove", parents=[shared], help="remove an account; ends all its sessions")
    remove.add_argument("name")
    users.set_defaults(run=run)


def _password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input: its first line")


def run(arguments: argparse.Namespace, home: Path, settings: Any = None) -> int:
    """Run one of the commands; returns the exit code: 0 done, 2 refused with the reason on standard error."""
    verbs = {"add": _add, "list": _list, "passwd": _passwd, "remove": _remove}
    try:
        said = verbs[arguments.users_command](arguments, home)
    except AccessError as error:
        sys.stderr.write(f"{error.text()}\n")
        return 2
    sys.stdout.write(f"{said}\n")
    return 0


def _add(arguments: argparse.Namespace, home: Path) -> str:
    audit = Audit(home)
    audit.ready()  # before anything is changed that could then not be logged
    password = None if arguments.sso else _password(arguments)
    account = Accounts(home).add(arguments.name, arguments.role, password)
    audit.append(ACTOR, "accounts.add", account.name, {"role": account.role, "password": account.password})
    return wording.say("users_added", name=account.name, role=_role(account))


def _list(arguments: argparse.Namespace, home: Path) -> str:
    accounts = Accounts(home).list()
    return "\n".join(_row(account) for account in accounts) or wording.say("users_none")


def _passwd(arguments: argparse.Namespace, home: Path) -> str:
    audit, accounts = Audit(home), Accounts(home)
    audit.ready()
    name = accounts.get(arguments.name).name
    accounts.passwd(name, _password(arguments))
    audit.append(ACTOR, "accounts.passwd", name)
    return wording.say("users_changed", name=name)


def _remove(arguments: argparse.Namespace, home: Path) -> str:
    audit, accounts = Audit(home), Accounts(home)
    audit.ready()
    name = accounts.get(arguments.name).name
    accounts.remove(name)
    audit.append(ACTOR, "accounts.remove", name)
    return wording.say("users_removed", name=name)


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        from getpass import getpass

        password = getpass(wording.say("users_ask_password", name=arguments.name))
        if password and password != getpass(wording.say("users_ask_again")):
            raise AccessError("users_not_same")
    if not password:
        raise AccessError("users_no_password")
    return password


def _row(account: Account) -> str:
    how = wording.say("users_by_password" if account.password else "users_by_sso")
    return wording.say("users_row", name=account.name, role=_role(account), how=how, day=account.since)


def _role(account: Account) -> str:
    return wording.say(f"role_{account.role}")
