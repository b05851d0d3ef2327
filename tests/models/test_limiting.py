from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.stage import stage
from tests.store.rows import DB, a_run, a_task

pytestmark = pytest.mark.django_db


def places() -> list[tuple[str, bool, int]]:
    return list(TaskRun.objects.order_by("pk").values_list("state", "limited", "line"))


def test_the_first_limit_of_a_task_counts_what_is_going_and_lets_the_rest_stand_in_line():
    for state in ("RUNNING", "QUEUED", "PENDING", "DONE"):
        a_run(state)
    task = a_task()
    task.max_instances = 2
    task.save()
    assert places() == [("RUNNING", True, 2), ("QUEUED", True, 2), ("PENDING", True, 0), ("DONE", False, 0)]
    stage(DB)
    assert places()[2] == ("PENDING", True, 1)


def test_another_number_changes_no_run(django_assert_num_queries):
    task = a_task("limited", max_instances=1)
    task.max_instances = 2
    with django_assert_num_queries(2):
        task.save()


def test_a_rate_that_nobody_can_read_is_refused():
    task = a_task()
    task.rate_limit = "often"
    with pytest.raises(ValidationError, match="A rate is a number of starts per time"):
        task.full_clean()


def test_a_limit_that_is_set_by_an_update_counts_what_is_going_as_well():
    a_run("RUNNING")
    Task.objects.filter(pk=a_task().pk).update(max_instances=1)
    assert places() == [("RUNNING", True, 2)]
