"""A clock of the database that stands where the test sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from django_tasks_fsm.dialects.base import Dialect
from django_tasks_fsm.dialects.choose import DIALECTS

LITERALS = {"sqlite": "'{}'", "postgresql": "'{}+00'::timestamptz", "mysql": "TIMESTAMP'{}'"}


class VirtualClock:
    """The time of all dialects, on every connection of this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, start: datetime) -> None:
        self.now = start
        for vendor, dialect in DIALECTS.items():
            shown = property(partial(self._literal, LITERALS[vendor]))
            monkeypatch.setattr(dialect, "now_sql", shown)
            monkeypatch.setattr(dialect, "statement_now_sql", shown)

    def _literal(self, literal: str, dialect: Dialect) -> str:
        return literal.format(self.now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))

    def move(self, by: timedelta) -> None:
        """Set the clock forward, or back."""
        self.now += by
