"""vraagbaak evals: commands that measure answer quality."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add `evals`."""
