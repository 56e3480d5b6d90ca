"""How much one file may cost: bounds that every parser and the process around it keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """seconds: wall-clock time per file.  memory_mb: address space above what the idle worker uses.  file_mb: size on disk.
    unpacked_mb: size of the contents of a docx or odt, as declared and as found."""

    seconds: float = 60
    memory_mb: int = 1500
    file_mb: int = 100
    unpacked_mb: int = 400


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser is allowed and asked to do. ocr: recognise the text of scanned pages."""

    limits: ParseLimits = ParseLimits()
    ocr: bool = False


DEFAULT = Reading()
