"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def _ticks() -> int:
    # 48 bits of milliseconds and 12 bits of the fraction of one: about a quarter of a microsecond a step.
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    return (milliseconds << 12) | (rest * 4096 // 1_000_000)


def new_run_id() -> uuid.UUID:
    """Return a UUIDv7 that is greater than every one this process has made before.

    RFC 9562 method 3: twelve bits of sub-millisecond time stand in ``rand_a``. A wall clock that goes back only makes
    the counter step on from the last value, so ids of one process never repeat their order.
    """
    global _last
    with _lock:
        _last = max(_ticks(), _last + 1)
        ticks = _last
    milliseconds, fraction = ticks >> 12, ticks & 0xFFF
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random)


def first_run_id_at(unix_seconds: float) -> uuid.UUID:
    """Return the smallest id that could be made at ``unix_seconds``: a bound for scans by age."""
    return uuid.UUID(int=(int(unix_seconds * 1000) & 0xFFFFFFFFFFFF) << 80)
