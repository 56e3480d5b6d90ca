"""Every error a person can meet, drawn once.

VraagbaakError                 message + hint: what is wrong, and the next step
├── UsageError                 the command line or a settings file is wrong (exit code 2)
│   ├── CatalogueError         catalogue.toml, synonyms.toml or cards.toml does not say what it should
│   └── EmbeddingMissing       the embedding model that is asked for is not on this machine
├── SourceUnreadable           one file cannot be read; becomes a row in the report, never stops a run
├── ReleaseError               about releases of the corpus (exit code 2)
│   ├── NoRelease              nothing was published yet
│   ├── ReleaseMismatch        the release was made with another embedding, analyser or layout
│   └── ReleaseCorrupt         a file of the release is damaged
├── WriterBusy                 another process is building a release
├── DiskTrouble                the disk is full, read-only, or broken
└── ModelUnavailable           a language model server is slow, gone, or answers nonsense

Foreign exceptions are mapped to these in the adapters with `raise ... from error`, so callers never import a heavy library
to catch its errors.
"""

from __future__ import annotations

__all__ = [
    "CatalogueError",
    "DiskTrouble",
    "EmbeddingMissing",
    "ModelUnavailable",
    "NoRelease",
    "ReleaseCorrupt",
    "ReleaseError",
    "ReleaseMismatch",
    "SourceUnreadable",
    "UsageError",
    "VraagbaakError",
    "WriterBusy",
]


class VraagbaakError(Exception):
    """Something a person can act upon: `hint` is the next step."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(VraagbaakError):
    """The command line or a settings file is wrong."""


class CatalogueError(UsageError):
    """A file that trainers edit does not say what it should."""


class EmbeddingMissing(UsageError):
    """The embedding model that is asked for is not on this machine."""


class SourceUnreadable(VraagbaakError):
    """One file cannot be read; it becomes a row in the report."""


class ReleaseError(VraagbaakError):
    """Something is wrong with a release of the corpus."""


class NoRelease(ReleaseError):
    """Nothing was published yet."""


class ReleaseMismatch(ReleaseError):
    """The release was made with another embedding, analyser or layout."""


class ReleaseCorrupt(ReleaseError):
    """A file of the release is damaged."""


class WriterBusy(VraagbaakError):
    """Another process is building a release."""


class DiskTrouble(VraagbaakError):
    """The disk is full, read-only, or broken."""


class ModelUnavailable(VraagbaakError):
    """A language model server is slow, gone, or answers nonsense."""
