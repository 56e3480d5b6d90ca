"""Where quoted words stand in a text. White space is not compared: a quote may run over a line break between list items."""

from __future__ import annotations

import re
from functools import lru_cache

Span = tuple[int, int]


def places(text: str, exact: str, prefix: str = "", suffix: str = "") -> list[Span]:
    """Start and end of each place where `exact` stands between `prefix` and `suffix`, in order; none for an empty quote."""
    return [m.span(1) for m in _pattern(exact, prefix, suffix).finditer(text)] if exact.strip() else []


@lru_cache(maxsize=8192)
def _pattern(exact: str, prefix: str, suffix: str) -> re.Pattern[str]:
    before, quote, after = (r"\s+".join(map(re.escape, part.split())) for part in (prefix, exact, suffix))
    return re.compile((rf"{before}\s*" if before else "") + f"({quote})" + (rf"\s*{after}" if after else ""))
