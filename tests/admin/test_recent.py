from __future__ import annotations

import pytest
from django.db import connection

from django_tasks_fsm.admin.recent import recent_states
from django_tasks_fsm.models import TaskRun
from tests.dialects.plans import plans
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db(transaction=True)  # ANALYZE TABLE commits

RUNS = "django_tasks_fsm_taskrun"


def test_a_task_without_runs_costs_no_walk_along_the_runs_of_others():
    task, empty = a_task("busy"), a_task("empty")
    TaskRun.objects.bulk_create([TaskRun(task=task, state="QUEUED") for _ in range(3000)])
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {RUNS}" if connection.vendor == "mysql" else f"ANALYZE {RUNS}")
    (found,) = plans(lambda: recent_states([empty.pk], 2), RUNS)
    assert "fsm_run_task" in found, found
    assert "taskrun_pkey" not in found, found


def test_the_states_of_the_last_runs_are_told_oldest_first():
    task = a_task("busy")
    for state in ("DONE", "FAILED", "QUEUED"):
        a_run(state, task=task)
    a_run("DONE", task=a_task("other"))
    assert recent_states([task.pk, a_task("empty").pk], 2) == {task.pk: ["FAILED", "QUEUED"], a_task("empty").pk: []}
