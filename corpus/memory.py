"""Memory that was let go of goes back to the system, where the C library would keep it.  (adapter)

A server that opens a new release every few minutes lets go of hundreds of megabytes each time, in whichever thread happened to ask. glibc keeps
what is freed per arena and makes up to eight arenas a core, so that the same work in ever other threads grew a process from
400 to 1,200 MB in fourteen releases; with two arenas and `malloc_trim` it stayed at 540 MB. Elsewhere than on glibc nothing is done.
mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import gc
import sys

_M_ARENA_MAX = -8  # malloc.h
ARENAS = 2


def few_arenas() -> None:
    """Call it before the first thread is started."""
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Collect what nobody refers to, and return free memory to the system; takes some hundred milliseconds."""
    gc.collect()
    trim()


def trim() -> None:
    """Return free memory to the system, without looking for more of it; others go on meanwhile."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
