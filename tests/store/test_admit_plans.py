"""An index under each look at the lines: a long line, or a long history, must not make the next run late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.limits import Limits, Rate
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.admit import admit, sweep
from django_tasks_fsm.store.counting import counted
from django_tasks_fsm.store.peek import peek
from tests.dialects.plans import plans
from tests.store.rows import DB, a_task

pytestmark = pytest.mark.django_db(transaction=True)  # ANALYZE TABLE commits

RUNS = "django_tasks_fsm_taskrun"


@pytest.fixture
def many():
    """Make a history, a queue, and lines behind the slots of two tasks, and let the planner know of them."""
    ago, now = timezone.now() - timedelta(days=1), timezone.now()
    tasks = [a_task(f"limited {number}", max_instances=1, rate_limit="5/m") for number in range(2)]
    for task in (*tasks, a_task("unlimited")):
        line = {"task": task, "limited": task in tasks}
        ended = {**line, "state": "DONE", "finished_at": ago, "paced_at": ago if line["limited"] else None}
        TaskRun.objects.bulk_create([TaskRun(**ended) for _ in range(1500)])
        TaskRun.objects.bulk_create([TaskRun(task=a_task("unlimited"), state="QUEUED") for _ in range(200)])
    for task in tasks:
        waiting = {"task": task, "limited": True, "line": 1, "run_at": now, "concurrency_key": "a"}
        TaskRun.objects.bulk_create([TaskRun(**waiting) for _ in range(300)])
        TaskRun.objects.create(task=task, limited=True, line=2, state="QUEUED", concurrency_key="a", paced_at=now)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {RUNS}" if connection.vendor == "mysql" else f"ANALYZE {RUNS}")
    return tasks


def uses(found: list[str], *names: str) -> bool:
    return bool(found) and all(any(name in plan for name in names) for plan in found)


def test_the_head_of_a_line_and_its_slots_are_read_from_the_index_of_the_lines(many):
    found = plans(lambda: admit([many[0].pk], ["a"], DB), RUNS)
    # Rows that are named by their ids are looked up one by one.
    lines = [plan for plan in found if "pk" not in plan.lower() or "fsm_run" in plan]
    assert any("fsm_run_line" in plan for plan in lines), "\n".join(found)
    assert not any("Seq Scan" in plan or "SCAN django" in plan for plan in found), "\n".join(found)


def test_slots_are_counted_along_an_index(many):
    limits = {task.pk: Limits(1, 1, Rate(5, timedelta(minutes=1))) for task in many}
    now = timezone.now()
    found = plans(lambda: counted(limits, {"a", "b"}, now, DB), RUNS)
    assert uses(found, "fsm_run_line", "fsm_run_paced"), "\n\n".join(found)


def test_a_look_at_the_line_of_all_reads_no_row(many):
    found = plans(lambda: sweep(DB), RUNS)
    assert "fsm_run_line" in found[0], "\n".join(found)


def test_the_idle_look_knows_whether_somebody_is_in_line_from_an_index(many):
    (found,) = plans(lambda: peek(["*"], [], DB), RUNS)
    assert "fsm_run_line" in found, found
