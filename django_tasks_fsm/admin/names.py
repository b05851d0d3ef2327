"""Long names and ids, short enough to read."""

from __future__ import annotations

import uuid

MOST = 17
"""Characters that fit on a card."""


def short_name(name: str) -> str:
    """Return a name, or the last part of a dotted one that is too long for a card."""
    return name if len(name) <= MOST else name.rpartition(".")[2] or name


def short_error(error: str, most: int = 80) -> str:
    """Return an error with the class of its exception, without the modules before it."""
    kind, colon, message = error.partition(": ")
    return f"{kind.rpartition('.')[2]}{colon}{message}"[:most]


def tail(pk: uuid.UUID) -> str:
    """Return the end of a run's id: its beginning is a time and the same for runs made together."""
    return str(pk)[-6:]
