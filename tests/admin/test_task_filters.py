"""Finding the tasks that are late, and those whose last run went wrong."""

from __future__ import annotations

import pytest
from django.test import Client

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task
from tests.admin.pages import address
from tests.admin.rows import make_run, make_task, soon

pytestmark = pytest.mark.django_db


def found(client: Client, **query: str) -> list[str]:
    """Return the names of the tasks in the filtered list, without those of the project."""
    response = client.get(address("task_changelist"), query)
    assert response.status_code == 200
    return [task.name for task in response.context["cl"].result_list if task.name.startswith("t ")]


def test_a_task_that_nobody_fired_in_time_is_late(admin_client: Client) -> None:
    make_task("t late", next_run_at=soon(minutes=-5))
    make_task("t in time", next_run_at=soon(minutes=5))
    make_task("t paused", next_run_at=soon(minutes=-5), state="PAUSED")
    assert found(admin_client, late="yes") == ["t late"]
    page = admin_client.get(address("task_changelist"), {"late": "yes"}).content.decode()
    assert 'class="fsm-late"' in page
    assert "UTC" in page


def test_tasks_are_found_by_how_their_last_run_stands(admin_client: Client) -> None:
    mended, broken, _ = (make_task(f"t {name}") for name in ("mended", "broken", "new"))
    for task, states in ((mended, (RunState.FAILED, RunState.DONE)), (broken, (RunState.DONE, RunState.FAILED))):
        for state in states:
            make_run(task, state)
    assert found(admin_client, last="FAILED") == ["t broken"]
    assert found(admin_client, last="DONE") == ["t mended"]
    assert found(admin_client, last="none") == ["t new"]
    assert Task.objects.filter(name__startswith="t ").count() == 3


def test_the_list_shows_the_last_sixteen_runs(admin_client: Client, fetch: Task) -> None:
    for _ in range(20):
        make_run(fetch, RunState.DONE)
    rows = admin_client.get(address("task_changelist")).context["cl"].result_list
    assert len(next(task for task in rows if task.pk == fetch.pk).recent_states) == 16


def test_tasks_are_found_by_their_group(admin_client: Client) -> None:
    make_task("t one", group="reports")
    make_task("t two", group="mail")
    assert found(admin_client, group="reports") == ["t one"]
    assert '?group=mail"' in admin_client.get(address("task_changelist")).content.decode()
    assert admin_client.get(address("task_changelist"), {"group": "report"}).status_code == 302
