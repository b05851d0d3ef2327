from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.store.backlog import backlog
from tests.store.rows import DB, a_run

pytestmark = pytest.mark.django_db


def test_the_longest_wait_counts_whatever_its_place_in_line():
    now = timezone.now()
    a_run(priority=100, run_at=now)
    a_run(priority=-5, run_at=now - timedelta(minutes=3), queue="mail")
    a_run(priority=0, run_at=now - timedelta(hours=3), queue="other")
    a_run("RUNNING", run_at=now - timedelta(hours=3))
    found = backlog(("default", "mail"), DB)
    assert found.count == 2
    assert 175 < found.oldest < 250


@pytest.mark.parametrize("queues", [(), ("default",)])
def test_where_nothing_waits_nothing_is_late(queues):
    found = backlog(queues, DB)
    assert (found.count, found.oldest) == (0, 0.0)
