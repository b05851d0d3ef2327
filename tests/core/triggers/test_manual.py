from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core.triggers import Manual
from django_tasks_fsm.exceptions import InvalidTrigger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_it_never_fires_by_itself():
    assert Manual().next_after(None, NOON) is None
    assert Manual().next_after(NOON, NOON) is None


def test_it_has_no_settings():
    with pytest.raises(InvalidTrigger, match="Key 'every' is unknown"):
        Manual.from_json({"version": 1, "kind": "manual", "every": 5})
