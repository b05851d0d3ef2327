"""The function of the rows that tests make, registered."""

from __future__ import annotations

import pytest

from django_tasks_fsm import registry, task


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register ``tests.nothing``, the function of the tasks of ``rows``."""
    known = {**registry.functions(), "tests.nothing": task(nothing)}
    monkeypatch.setattr(registry, "_functions", known)
