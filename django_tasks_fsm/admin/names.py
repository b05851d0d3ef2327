"""Long names, ids and errors, short enough to read."""

from __future__ import annotations

from django_tasks_fsm.pictures.words import short_name, tail

__all__ = ["short_error", "short_name", "tail"]


def short_error(error: str, most: int = 80) -> str:
    """Return an error with the class of its exception, without the modules before it."""
    kind, colon, message = error.partition(": ")
    whole = f"{kind.rpartition('.')[2]}{colon}{message}"
    return whole if len(whole) <= most else f"{whole[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
