"""How much memory this process takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")
RESIDENT = 1
"""The field of ``statm``: resident pages."""


def resident() -> int | None:
    """Return the bytes of memory that this process occupies; where the system tells only of the most ever, that."""
    try:
        return int(STATM.read_text().split()[RESIDENT]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return _most_ever()


def _most_ever() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
