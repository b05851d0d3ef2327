"""Lists of runs: an index under each state that has one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.store.runs import ORDERS, listed
from tests.dialects.plans import plans
from tests.store.rows import DB, a_run, a_worker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["", "BLOCKED", "FAILED", "RUNNING"])
def test_the_number_of_statements_does_not_grow(state: str) -> None:
    for _ in range(5):
        a_run("RUNNING", worker_id=a_worker().pk)
        a_run("FAILED")
    with CaptureQueriesContext(connection) as sent:
        listed(state, None, "", None, 50, DB)
    assert len(sent) <= 4


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the planner of SQLite does not depend on how many rows are")
@pytest.mark.parametrize("state", [*ORDERS])
def test_an_index_lies_under_the_list_of(state: str) -> None:
    (found,) = plans(lambda: listed(state, None, "", None, 50, DB), "django_tasks_fsm_taskrun")
    assert "USING INDEX fsm_run_" in found, found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the planner of SQLite does not depend on how many rows are")
@pytest.mark.parametrize("state", ["QUEUED", "PENDING", "FAILED"])
def test_the_index_gives_the_order_of(state: str) -> None:
    (found,) = plans(lambda: listed(state, None, "", None, 50, DB), "django_tasks_fsm_taskrun")
    assert "TEMP B-TREE" not in found, found
