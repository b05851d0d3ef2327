"""For each rule, rows that break it and no other."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.triggers import dump, every
from django_tasks_fsm.models import (
    Message,
    Queue,
    RunChild,
    RunLog,
    RunPrerequisite,
    ServiceTicks,
    Task,
    TaskPrerequisite,
    TaskRun,
    Transition,
)
from tests.store.check.guards import drop_unique, raw
from tests.store.rows import FAILURE, a_run, a_task, a_worker, claimed, done, enqueued, failed, finished

HOUR = timedelta(hours=1)
FUNCTION = "tests.jobs.tasks.noop"
HOURLY = dump(every(HOUR, start=datetime(2026, 1, 1, tzinfo=UTC)))

PLANTED: dict[str, Callable[[], Any]] = {}
NEEDS_DDL = {"K501", "K504"}
"""Faults that need DDL in a transaction: MariaDB would commit it."""


def plants(code: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Remember what plants a fault."""

    def remember(plant: Callable[[], Any]) -> Callable[[], Any]:
        PLANTED[code] = plant
        return plant

    return remember


def task(name: str = "work", **values: Any) -> Task:
    """Make a task whose function there is."""
    return a_task(name, **{"function": FUNCTION, **values})


def ended() -> Any:
    """Make a run that the engine has brought to DONE."""
    run = enqueued()
    done(run)
    return reread(run)


def ended_badly() -> Any:
    """Make one that is FAILED."""
    run = enqueued()
    failed(run)
    return reread(run)


def reread(row: Any) -> Any:
    """Return a row as it is now."""
    return type(row)._base_manager.get(pk=row.pk)


def pair(ends: bool = False) -> tuple[Any, Any, Any]:
    """Make a prerequisite, that has ended well or not at all, what waits for it, and the edge."""
    before = enqueued()
    after = enqueued(before)
    if ends:
        done(before)
    return reread(before), reread(after), RunPrerequisite.objects.get(run=after)


def looked_after() -> None:
    """Let a worker have lived for long."""
    raw(a_worker("old", queues=["*"]), started_at=timezone.now() - 9 * HOUR)


def sound() -> None:
    """Make rows of every kind as the engine leaves them."""
    task()
    ended()
    run = ended_badly()
    run.retry()
    finished(Outcome.failed(claimed(run), FAILURE))
    reread(run).resolve(1, reason="by hand")
    reread(run).rerun()
    done(run)
    pair(ends=True)[1].cancel()
    pair()[0].cancel()
    task().pause()
    task().resume()
    enqueued(key="k", concurrency_key="k")
    enqueued(key="l").abort()
    looked_after()


@plants("R101")
def _state() -> None:
    raw(enqueued(), state="EXPLODED")


@plants("R102")
def _end() -> None:
    raw(ended(), finished_at=None)


@plants("R103")
def _nobody() -> None:
    run = enqueued()
    claimed(run)
    raw(run, worker_id=None)


@plants("R104")
def _attempt() -> None:
    raw(enqueued(), attempt=1)


@plants("R105")
def _trace() -> None:
    raw(enqueued(), started_at=timezone.now())


@plants("R106")
def _asked() -> None:
    raw(enqueued(), cancel_requested_at=timezone.now())


@plants("R107")
def _error() -> None:
    raw(ended(), error="boom")


@plants("R108")
def _progress() -> None:
    raw(enqueued(), progress=101)


@plants("R109")
def _queue() -> None:
    raw(enqueued(), queue="nowhere")


@plants("R110")
def _arguments() -> None:
    raw(enqueued(), args={"a": 1})


@plants("R111")
def _clock() -> None:
    run = ended()
    raw(run, finished_at=run.started_at - HOUR)


@plants("H201")
def _event() -> None:
    Transition.objects.filter(run=ended_badly()).update(event="explode")


@plants("H202")
def _second_end() -> None:
    run = ended_badly()
    run.retry()
    failed(run)
    Transition.objects.filter(run=run, event="retry").delete()


@plants("H203")
def _task_by_hand() -> None:
    task().pause()
    raw(task(), state="ACTIVE")


@plants("H204")
def _untold() -> None:
    raw(enqueued(), state="CANCELLED", finished_at=timezone.now())


@plants("H205")
def _fence() -> None:
    run = ended_badly()
    run.retry()
    failed(run)
    raw(run, fence=1)


@plants("P301")
def _count() -> None:
    raw(pair()[1], waiting_on=2)


@plants("P302")
def _wake_up() -> None:
    _, after, edge = pair(ends=True)
    raw(edge, met=False)
    raw(after, state="PENDING", waiting_on=1)


@plants("P303")
def _met() -> None:
    _, after, edge = pair()
    raw(edge, met=True)
    raw(after, waiting_on=0)


@plants("P304")
def _queued() -> None:
    raw(pair()[1], state="QUEUED")


@plants("P305")
def _too_early() -> None:
    before, after, _ = pair(ends=True)
    done(after)
    raw(after, started_at=before.finished_at - HOUR)


@plants("P306")
def _policy() -> None:
    before, _, edge = pair()
    failed(before)
    raw(edge, on_failure="fail")


@plants("P307")
def _word() -> None:
    raw(pair()[2], condition="never")


@plants("P308")
def _cycle() -> None:
    before, after, _ = pair()
    RunPrerequisite.objects.create(run=before, prerequisite=after)
    raw(before, state="PENDING", waiting_on=1)


@plants("L401")
def _place() -> None:
    raw(enqueued(), line=2)


@plants("L402")
def _uncounted() -> None:
    raw(enqueued(), limited=True)


@plants("L403")
def _unlimited() -> None:
    raw(enqueued(), concurrency_key="k")


@plants("L404")
def _instances() -> None:
    raw(task(), max_instances=1)
    for _ in range(2):
        a_run(task=task(), limited=True, line=2)


@plants("L405")
def _bearers() -> None:
    for _ in range(2):
        a_run(task=task(), limited=True, line=2, concurrency_key="k")


@plants("K501")
def _two_keys() -> None:
    drop_unique("key")
    for _ in range(2):
        a_run(task=task(), key="k", given_key="k")


@plants("K502")
def _kept() -> None:
    raw(ended(), key="k", given_key="k")


@plants("K503")
def _other_key() -> None:
    a_run(task=task(), key="k", given_key="l")


@plants("K504")
def _two_slots() -> None:
    drop_unique("scheduled_for")
    for _ in range(2):
        a_run(task=task(), scheduled_for=datetime(2031, 1, 1, tzinfo=UTC))


@plants("K505")
def _gap() -> None:
    hourly = task("hourly", trigger=HOURLY, catch_up="all", next_run_at=datetime(2031, 1, 1, 9, tzinfo=UTC))
    for hour in (3, 4, 6, 7):
        a_run("PENDING", task=hourly, scheduled_for=datetime(2031, 1, 1, hour, tzinfo=UTC))


@plants("Q601")
def _held() -> None:
    looked_after()
    a_run("RUNNING", task=task(), worker_id=a_worker("gone", silent_for=3600).pk)


@plants("Q602")
def _pause() -> None:
    Queue.objects.filter(name="default").update(paused_until=timezone.now())


@plants("T701")
def _task_state() -> None:
    raw(task(), state="EXPLODED")


@plants("T702")
def _rate() -> None:
    raw(task(), rate_limit="often")


@plants("T703")
def _trigger() -> None:
    raw(task(), trigger={"version": 1, "kind": "lunar"})


@plants("T704")
def _next() -> None:
    raw(task(), trigger=HOURLY)


@plants("T705")
def _paused() -> None:
    raw(task(), paused_until=timezone.now())


@plants("T706")
def _lost() -> None:
    raw(task(), on_lost="forget")


@plants("T707")
def _task_cycle() -> None:
    TaskPrerequisite.objects.create(task=task("a"), prerequisite=task("b"))
    TaskPrerequisite.objects.create(task=task("b"), prerequisite=task("a"))


@plants("T708")
def _task_edge() -> None:
    TaskPrerequisite.objects.create(task=task("a"), prerequisite=task("b"), on_failure="burst")


@plants("T709")
def _function() -> None:
    raw(task(), function="no.such.function")


@plants("C801")
def _not_told() -> None:
    looked_after()
    child = ended()
    raw(child, started_at=child.started_at - 2 * HOUR, finished_at=child.finished_at - HOUR)
    RunChild.objects.create(run=child, parent=enqueued())


@plants("C802")
def _orphan() -> None:
    looked_after()
    parent = ended()
    raw(parent, started_at=parent.started_at - 2 * HOUR, finished_at=parent.finished_at - HOUR)
    RunChild.objects.create(run=enqueued(), parent=parent)


@plants("C803")
def _number() -> None:
    run = enqueued()
    for number in (1, 3):
        Message.objects.create(run=run, number=number, name="hello", sent_at=timezone.now())


@plants("C804")
def _ticks() -> None:
    ServiceTicks.objects.create(run=enqueued(), ticks=1)


@plants("C805")
def _line() -> None:
    values = {"number": 1, "attempt": 1, "at": timezone.now(), "level": 20, "size": 0}
    RunLog.objects.create(run_id=uuid.uuid4(), fence=1, **values)


@plants("D901")
def _gone() -> None:
    before, _, _ = pair()
    with connection.constraint_checks_disabled():
        TaskRun._base_manager.filter(pk=before.pk)._raw_delete(connection.alias)
