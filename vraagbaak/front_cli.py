"""vraagbaak serve | doctor: the commands of the front door itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of the front door."""
    serve = commands.add_parser("serve", parents=[shared], help="open the app in a browser")
    serve.add_argument("--host", help="address to listen on (default: this machine only)")
    serve.add_argument("--port", type=int, help="port to listen on (default: 7860; 0: any that is free)")
    serve.add_argument("--open", action="store_true", help="open a browser window")
    serve.set_defaults(run=run_serve)
    doctor = commands.add_parser("doctor", parents=[shared], help="health of the installation, the release and the logs")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--restart-audit", metavar="REASON", help="set a broken audit log aside, whole, and begin a new one")
    doctor.set_defaults(run=run_doctor)


def run_serve(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Serve until interrupted."""
    from vraagbaak.serve import serve

    serve(home, settings, arguments.host or settings.serve.host, settings.serve.port if arguments.port is None else arguments.port, open_browser=arguments.open)
    return 0


def run_doctor(arguments: argparse.Namespace, home: Path, settings: Any) -> int:
    """Print findings; exit code 2 when something needs mending."""
    from vraagbaak.doctor import examine, print_findings

    if arguments.restart_audit:
        from vraagbaak.audit import Audit

        aside = Audit(home).restart("command line", arguments.restart_audit)
        print(f"the old log lies in {aside.name}; keep it", file=sys.stderr)  # noqa: T201
    findings = examine(home, settings)
    print_findings(findings, as_json=arguments.json)
    return 0 if all(f.ok for f in findings) else 2
