"""Runs that stand in line, and several who let them in at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.triggers import dump, every
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.admit import admit
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.stage import stage
from tests.specs.runner import explore
from tests.specs.worlds import assert_sound, emptied, give
from tests.store.rows import DB, a_task, claims, finished

pytestmark = pytest.mark.django_db(transaction=True)


def made(*tasks: Task, key: str | None = None, number: int = 2) -> list[TaskRun]:
    requests = [Request(task_id=task.pk, concurrency_key=key) for task in tasks for _ in range(number)]
    return enqueue_many(requests, DB)


def by_instances() -> list[TaskRun]:
    emptied()
    return made(a_task("limited", max_instances=1))


LIMITED: dict[str, tuple[str, str, dict[str, Any], str | None]] = {
    "max_instances": ("limited", "limited", {"max_instances": 1}, None),
    "key": ("left", "right", {}, "k"),
    "rate": ("paced", "paced", {"rate_limit": "1/h"}, None),
}


@pytest.mark.parametrize("limit", LIMITED)
def test_two_who_let_runs_in_at_once_let_in_one(limit):
    first, second, values, key = LIMITED[limit]

    def begin():
        emptied()
        a_task(second, **values)
        made(a_task(first, **values), key=key, number=1)

    def serve(_):
        stage(DB)
        return len(claims(5))

    def more(_):
        # One that the other does not see: where both look at the same run, the lock of its row is enough.
        made(a_task(second), key=key, number=1)

    def check(_, did):
        assert did["left"][0] + did["right"][1] == 1
        assert sorted(TaskRun.objects.values_list("state", "line")) == [("PENDING", 1), ("RUNNING", 2)]
        assert_sound()

    explore(begin, {"left": [serve], "right": [more, serve]}, check)


def test_a_slot_that_becomes_free_while_somebody_looks_is_given_once_and_not_lost():
    def begin():
        runs = by_instances()
        stage(DB)
        (held,) = claims(5)
        return runs, held

    def end(world):
        return finished(Outcome.done(world[1], "1"))

    def let_in(world):
        admit([world[1].task_id], (), DB)

    def check(world, did):
        held = TaskRun.objects.filter(line=Place.HELD)
        assert held.count() == 1
        assert held.get().state == "QUEUED"
        assert_sound()

    explore(begin, {"worker": [end, let_in], "other": [let_in]}, check)


def test_the_first_limit_of_a_task_counts_a_run_that_ends_or_leaves_it_alone():
    def begin():
        emptied()
        made(a_task("late"))
        return claims(1)[0]

    def limit(claim):
        task = Task.objects.get(pk=claim.task_id)
        task.max_instances = 1
        task.save()

    def check(claim, did):
        assert did["worker"] == [{claim.id}]
        places = dict(TaskRun.objects.values_list("state", "line"))
        assert places == {"DONE": Place.OUTSIDE, "QUEUED": Place.HELD}
        assert_sound()

    end = [lambda claim: give(Outcome.done(claim, "1"))]
    explore(begin, {"worker": end, "person": [limit]}, check)


def test_the_first_limit_in_somebodys_transaction_meets_no_run_that_ends_its_schedule_crosswise():
    def begin():
        emptied()
        task = a_task("late", trigger=dump(every(timedelta(hours=1))))
        made(task)
        return claims(1)[0]

    def limit(claim):
        with transaction.atomic():  # as a page of the admin saves
            task = Task.objects.get(pk=claim.task_id)
            task.max_instances = 1
            task.save()

    def check(claim, did):
        assert did["worker"] == [{claim.id}]
        assert Task.objects.get(pk=claim.task_id).max_instances == 1
        assert dict(TaskRun.objects.values_list("state", "line")) == {"DONE": Place.OUTSIDE, "QUEUED": Place.HELD}
        assert_sound()

    end = [lambda claim: give(Outcome.done(claim, "1", stop="enough"))]
    explore(begin, {"worker": end, "person": [limit]}, check)
