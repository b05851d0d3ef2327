"""Exceptions as text."""

from __future__ import annotations

import traceback

from django_tasks_fsm.core.outcomes import Failure
from django_tasks_fsm.core.payload import clean_text

FRAMES = 50
"""Frames kept at either end of a deep traceback."""


def describe(error: BaseException, reason: str = "") -> Failure:
    """Return the class path, message and traceback of an exception; never raise, whatever the exception is made of."""
    return Failure(_path(type(error)), clean_text(error, 2_000), _traceback(error), reason)


def _path(kind: type[BaseException]) -> str:
    try:
        return f"{kind.__module__}.{kind.__qualname__}"
    except BaseException:  # the author of its metaclass has a say in these names
        return "an exception that hides its name"


def _traceback(error: BaseException) -> str:
    try:
        lines = traceback.TracebackException.from_exception(error, limit=-FRAMES * 2, capture_locals=False).format()
        return clean_text("".join(lines))
    except BaseException:  # a hostile __str__, __cause__ or __notes__: the failure must be recorded all the same
        return f"{_path(type(error))}: its traceback cannot be shown.\n"
