from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core.triggers import WorkerStart, WorkerStop, cron

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("trigger", "event"), [(WorkerStart(), "start"), (WorkerStop(), "stop")])
def test_no_time_fires_it_and_its_event_does(trigger, event):
    assert trigger.next_after(None, NOW) is None
    assert trigger.worker_events == {event}


def test_other_triggers_have_no_events():
    assert cron("0 5 * * *").worker_events == frozenset()
