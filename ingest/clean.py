"""Cleaning, once: pure functions from messy text to canonical text.

Unicode NFC (not NFKC: ² and ½ mean something), no soft hyphens, no zero-width or control characters, ordinary spaces, one
space between words. Quotes and dashes stay as the author typed them, because a quote is shown verbatim.
"""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "ĳ": "ij", "Ĳ": "IJ"}
_LIGATURE = re.compile("[" + "".join(_LIGATURES) + "]")
# Zero-width characters, soft hyphen, byte order mark, direction marks (they could hide what a quote says), word joiner.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def clean(text: str) -> str:
    """The canonical form of one block of text. Idempotent: clean(clean(x)) == clean(x)."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _SURROGATE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _LIGATURE.sub(lambda m: _LIGATURES[m.group()], text)
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = _INVISIBLE.sub("", text)
    text = _CONTROL.sub(" ", text.replace("\t", " "))
    text = unicodedata.normalize("NFC", text)
    return _LINES.sub(" ", _SPACES.sub(" ", text)).strip()


def join_hyphenated(first: str, second: str) -> str:
    """Two lines of a paragraph as one text; a hyphen that only broke a word at the line's end goes.

    A hyphen stays where it belongs to the word: before a capital or digit, after a single letter or digit (*e-mail*), after
    capitals (*LSE-adviseur*), and before *en*/*of* (*in- en uitgaand*).
    """
    left, right = first.rstrip(), second.lstrip()
    if not left or not right:
        return left or right
    broken = re.search(r"([^\W\d_]{2,})[-\u2010\u00ad]$", left)
    follows = re.match(r"([^\W\d_]+)", right)
    if broken and follows and follows.group()[0].islower() and follows.group() not in ("en", "of"):
        return left + right if broken[1].isupper() else left[:-1] + right
    if left.endswith(("-", "\u2010")) and not left.endswith((" -", " \u2010")):
        keep_apart = bool(follows) and follows is not None and follows.group() in ("en", "of")
        return left + (" " if keep_apart else "") + right
    return f"{left} {right}"
