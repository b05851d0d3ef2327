"""An explanation cannot disagree with staging, claiming and firing: random rows, and what these then really do."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import SATISFYING, Condition
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Queue, RunPrerequisite, Task, TaskRun, Worker
from django_tasks_fsm.store.admit import sweep
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.stage import stage
from django_tasks_fsm.store.workers import open_queues
from tests.store.registered import registered
from tests.store.rows import DB, a_run, a_task, a_worker, claims

__all__ = ["registered"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered")]

NAMES = ("default", "mail", "video", "unknown")
HOUR = timedelta(hours=1)
HOURLY = {"version": 1, "kind": "interval", "every": 3600}


def some_queues(dice: random.Random) -> None:
    Queue.objects.all().delete()
    for name in NAMES[:-1]:
        Queue.objects.create(name=name, paused_at=dice.choice([None, None, timezone.now()]))


def some_workers(dice: random.Random) -> list[Worker]:
    """Make workers of every kind and return the live ones."""
    live = []
    for number in range(dice.randrange(4)):
        fate = dice.choice(["alive", "alive", "silent", "stopped"])
        worker = a_worker(
            f"w-{number}",
            silent_for=3600 if fate == "silent" else 0,
            stopped_at=timezone.now() if fate == "stopped" else None,
            queues=dice.choice([["*"], dice.sample(NAMES, 2), ["*", "unknown"], []]),
            excluded_queues=dice.choice([[], [], dice.sample(NAMES, 1)]),
        )
        live += [worker] if fate == "alive" else []
    return live


def some_limits(dice: random.Random, state: RunState, may_stand: bool) -> dict[str, Any]:
    """Return the columns of a run with limits, or none."""
    task = dice.choice([None, None, a_task("limited", max_instances=3), a_task("paced", rate_limit="2/h")])
    key = dice.choice([None, None, "a", "b"])
    if task is None and key is None:
        return {}
    line = Place.HELD if state in (RunState.QUEUED, RunState.RUNNING) else Place.OUTSIDE
    if state is RunState.PENDING and may_stand:
        line = dice.choice([Place.OUTSIDE, Place.IN_LINE])
    paced = timezone.now() - timedelta(minutes=dice.randrange(120)) if dice.randrange(2) else None
    return {
        "task": task,
        "concurrency_key": key,
        "limited": True,
        "line": line.value,
        "paced_at": paced if task is not None and task.rate_limit else None,
        "priority": dice.choice([0, 0, 5]),
    }


def a_random_run(dice: random.Random, before: list[TaskRun]) -> TaskRun:
    state = dice.choice([*RunState, RunState.PENDING, RunState.PENDING, RunState.QUEUED])
    edges = [(one, dice.choice(list(Condition))) for one in dice.sample(before, min(len(before), dice.randrange(3)))]
    met = {one.pk: RunState(one.state) in SATISFYING[condition] for one, condition in edges}
    # A queued run waits for nothing: it would have been held.
    edges = [] if state is RunState.QUEUED else edges
    waiting_on = sum(not met[one.pk] for one, _ in edges)
    due_in = dice.choice([-HOUR, -HOUR, HOUR])
    run = a_run(
        state.value,
        queue=dice.choice(NAMES),
        run_at=timezone.now() + due_in + timedelta(seconds=dice.randrange(60)),
        attempt=dice.randrange(3),
        waiting_on=waiting_on,
        **some_limits(dice, state, may_stand=due_in < timedelta(0) and not waiting_on),
    )
    RunPrerequisite.objects.bulk_create(
        [RunPrerequisite(run=run, prerequisite=one, condition=how.value, met=met[one.pk]) for one, how in edges]
    )
    return run


@pytest.mark.parametrize("seed", range(24))
def test_what_could_run_is_what_staging_and_claiming_take(seed, django_assert_max_num_queries):
    dice = random.Random(seed)
    some_queues(dice)
    live = some_workers(dice)
    runs: list[TaskRun] = []
    for _ in range(25):
        runs.append(a_random_run(dice, runs))
    explained = []
    for run in runs:
        with django_assert_max_num_queries(12 if run.limited else 4):
            explained.append(run.explain())
    assert all(one.blockers for one in explained if not one.could_run), "it does not say why"
    stage(DB)
    sweep(DB)
    taken: set[uuid.UUID] = set()
    for worker in live:
        lanes = open_queues(worker.queues, worker.excluded_queues, DB)
        taken |= {claim.id for claim in claims(100, lanes, worker.pk)}
    assert {one.id for one in explained if one.could_run} == taken


@pytest.mark.parametrize("seed", range(6))
def test_what_could_fire_is_what_fires(seed):
    dice = random.Random(seed)
    Task.objects.update(next_run_at=None)
    a_worker(queues=["*"])
    tasks = [
        a_task(
            f"t-{number}",
            state=dice.choice([*TaskState, TaskState.ACTIVE, TaskState.ACTIVE]).value,
            trigger=dice.choice([HOURLY, HOURLY, {"version": 1, "kind": "manual"}, {"kind": "moon"}]),
            next_run_at=dice.choice([None, timezone.now() - HOUR, timezone.now() - HOUR, timezone.now() + HOUR]),
            args=dice.choice([[], [], [], {}]),
        )
        for number in range(20)
    ]
    explained = [task.explain() for task in tasks]
    assert all(one.blockers for one in explained if not one.could_run), "it does not say why"
    fire(DB)
    assert {one.id for one in explained if one.could_run} == set(TaskRun.objects.values_list("task_id", flat=True))


def test_an_explanation_is_json():
    found = a_run("PENDING", waiting_on=1).explain().as_dict()
    assert (found["kind"], found["name"], found["state"], found["could_run"]) == ("run", "work", "PENDING", False)
    assert set(found["gates"][0]) == {"name", "ok", "note", "fact", "detail", "way_out", "kind", "id"}


def test_a_run_that_is_gone_cannot_be_explained():
    run = a_run()
    TaskRun.objects.filter(pk=run.pk).delete()
    with pytest.raises(TaskRun.DoesNotExist):
        run.explain()
