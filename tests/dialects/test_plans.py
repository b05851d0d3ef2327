from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.slots import Room, Tier
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite, Task, TaskRun, Worker
from django_tasks_fsm.models.keyed import runs_of
from django_tasks_fsm.models.settling import settle, unsettle
from django_tasks_fsm.store.backlog import backlog
from django_tasks_fsm.store.enqueue import Request, enqueue
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.pauses import end_pauses
from django_tasks_fsm.store.peek import peek
from django_tasks_fsm.store.prune import prune
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.share import share
from django_tasks_fsm.store.stage import stage
from django_tasks_fsm.store.workers import Identity, beat
from tests.dialects.plans import plan, plans, statements
from tests.store.rows import DB, a_task, a_worker, claims, finished

pytestmark = pytest.mark.django_db

RUNS, EDGES, TASKS = TaskRun._meta.db_table, RunPrerequisite._meta.db_table, Task._meta.db_table
WORKER, BEFORE = uuid.uuid4(), uuid.uuid4()
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Some thousand rows of every kind, and statistics of them."""
    with django_db_blocker.unblock():
        fill()
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE TABLE {RUNS}, {EDGES}, {TASKS}" if connection.vendor == "mysql" else "ANALYZE")
        yield
        for model in (RunPrerequisite, TaskRun):
            model._base_manager.all()._raw_delete(DB)
        Task.objects.filter(name__startswith="plan").delete()
        Worker.objects.all().delete()


def fill() -> None:
    now = timezone.now()
    task = a_task("plan")
    a_worker(id=WORKER)
    rows = [TaskRun(id=BEFORE, task=task, state="DONE", finished_at=now)]
    rows += [TaskRun(task=task, state="DONE", finished_at=now, waiting_on=1, run_at=now) for _ in range(3000)]
    rows += [TaskRun(task=task, state="QUEUED", queue=f"q{n % 3}", priority=n % 7, run_at=now) for n in range(600)]
    rows += [TaskRun(task=task, state="PENDING", run_at=now + timedelta(seconds=n - 50)) for n in range(600)]
    rows += [TaskRun(task=task, state="RUNNING", worker_id=WORKER, started_at=now) for _ in range(40)]
    TaskRun.objects.bulk_create(rows)
    RunPrerequisite.objects.bulk_create(
        [RunPrerequisite(run=run, prerequisite=before) for before, run in pairwise(rows[:2000])]
    )
    soon = [now + timedelta(hours=1, seconds=n) for n in range(1000)]
    Task.objects.bulk_create([Task(name=f"plan{n}", function="f", next_run_at=at) for n, at in enumerate(soon)])


def shared(room: Room) -> list[Claim]:
    return share(WORKER, ("q0", "q1", "q2"), room, DB)


ME = Identity(WORKER, "w", "h", 1, ("*",), (), 1)
LOOKS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "claim from one queue": (lambda: claims(10, ("q0",)), RUNS, "fsm_run_claim"),
    "claim from several queues": (lambda: claims(10, ("q0", "q1", "q2")), RUNS, "fsm_run_claim"),
    "claim above a priority": (lambda: shared(Room((Tier(50, 10),))), RUNS, "fsm_run_claim"),
    "claim so many of a queue": (lambda: shared(Room((Tier(None, 10),), {"q1": 2})), RUNS, "fsm_run_claim"),
    "claim without some tasks": (lambda: shared(Room((Tier(None, 9),), {}, frozenset({9}), 0)), RUNS, "fsm_run_claim"),
    "look at what waits for a slot": (lambda: backlog(("q0", "q1"), DB), RUNS, "fsm_run_claim"),
    "stage": (lambda: stage(DB), RUNS, "fsm_run_due"),
    "peek at the runs": (lambda: peek(("*",), (), DB), RUNS, "fsm_run_claim"),
    "peek at what is due": (lambda: peek(("*",), (), DB), RUNS, "fsm_run_due"),
    "peek at the tasks": (lambda: peek(("*",), (), DB), TASKS, "fsm_task_fires"),
    "look for lost runs": (lambda: rescue(MINUTE, 3, DB), RUNS, "fsm_run_held"),
    "look at what a worker holds": (lambda: beat(ME, DB), RUNS, "fsm_run_held"),
    "settle": (lambda: settle({BEFORE: RunState.DONE}, DB), EDGES, "prerequisite_id"),
    "unsettle": (lambda: unsettle([BEFORE], DB), EDGES, "prerequisite_id"),
    "fire": (lambda: fire(DB), TASKS, "fsm_task_fires"),
    "look for pauses that have ended": (lambda: end_pauses(DB), TASKS, "fsm_task_pause_ends"),
    "look up a key": (lambda: enqueue(Request(a_task("plan").pk, key="k"), DB), RUNS, "fsm_run_key"),
    "look for the runs of a key": (lambda: runs_of("k", DB), RUNS, "fsm_run_key|const tables"),
    "trigger": (lambda: enqueue(Request(a_task("plan").pk, key="k", on_key=OnKey.COLLAPSE), DB), RUNS, "fsm_run_key"),
    "prune": (lambda: prune({RunState.DONE: MINUTE}, DB), RUNS, "PRIMARY|pkey|autoindex|fsm_run_troubled"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_engine_finds_its_rows_by_the_intended_index(crowd, look):
    work, table, index = LOOKS[look]
    if connection.vendor == "mysql" and look == "peek at what is due":
        index = "Select tables optimized away"  # the least of an index is read while the plan is made
    first = plans(work, table)[0]
    assert re.search(index, first), first


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "prune"])
def test_the_engine_never_reads_a_whole_table(crowd, look):
    work, table, _ = LOOKS[look]
    whole = {
        "sqlite": rf"SCAN {table}(?! USING (COVERING )?INDEX fsm_run_held)",
        "postgresql": rf"Seq Scan on {table}(?! r)",
        "mysql": rf"{table} (ALL|index) ",
    }[connection.vendor]
    for one in plans(work, table):
        assert not re.search(whole, one), one


def test_a_claim_sorts_nothing(crowd):
    (first, *_) = plans(lambda: claims(10, ("q0",)), RUNS)
    assert not re.search("TEMP B-TREE|Sort|filesort", first), first


def test_a_claim_from_several_queues_sorts_no_more_than_it_may_take(crowd):
    got = plans(lambda: claims(10, ("q0", "q1", "q2")), RUNS)
    if connection.vendor == "postgresql":
        assert re.search(r"Sort .*rows=30 ", got[0]), got[0]
    assert not any("filesort" in one for one in got)


def test_outcomes_are_written_by_key_and_not_by_a_walk_through_the_table(crowd):
    by_key = {
        "sqlite": "SEARCH r USING INDEX sqlite_autoindex",
        "postgresql": "Index Scan using (fsm_run_held|.*_pkey) on .* r ",
        "mysql": r" r range \S* PRIMARY ",
    }[connection.vendor]
    outcomes = [Outcome.done(claim, "1") for claim in claims(3, ("q0",))]
    update = plan(next(one for one in statements(lambda: finished(*outcomes)) if " AS r SET " in one[0]))
    assert re.search(by_key, update), update


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's choice of the outer loop")
def test_statistics_from_a_quiet_hour_do_not_make_finishing_slow(crowd):
    TaskRun.objects.filter(state="RUNNING").abort()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    outcomes = [Outcome.done(claim, "1") for claim in claims(3, ("q0",))]
    update = next(one for one in statements(lambda: finished(*outcomes)) if "json_each" in one[0])
    assert "SEARCH r USING INDEX sqlite_autoindex" in plan(update)
