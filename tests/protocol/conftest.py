"""The clock and the rows of the state machine."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.store import rescue
from tests.acceptance.virtual_clock import VirtualClock
from tests.protocol.sides import START, Sides, tasks


@pytest.fixture
def both_sides(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """Let one virtual clock be that of the database and of this host, and let lost runs come back at once."""
    Sides.clock = VirtualClock(monkeypatch, START)
    monkeypatch.setattr(timezone, "now", lambda: Sides.clock.now)
    monkeypatch.setattr(rescue, "_pause", lambda losses: timedelta(0))
    tasks()
