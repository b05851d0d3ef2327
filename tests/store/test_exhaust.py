"""The end of a schedule: after so many runs, or because one of them says so."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.triggers import Trigger, WorkerStart, any_of, cron, dump, every
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.worker_life import make, wanted
from tests.store.faults import failing, transient
from tests.store.rows import DB, FAILURE, a_run, a_task, claimed, finished
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
NOW = timezone.now().replace(microsecond=0)
LATE = NOW - 5 * HOUR + HOUR / 2
"""Since this slot of an hourly task five have come."""


@pytest.fixture(autouse=True)
def only_mine(db: None) -> None:
    Task.objects.update(next_run_at=None)


def hourly(slot: datetime, trigger: Trigger | None = None, **values: object) -> Task:
    return a_task("t", trigger=dump(trigger or every(HOUR)), next_run_at=slot, **values)


def states(task: Task) -> list[str]:
    return list(TaskRun.objects.filter(task=task).order_by("scheduled_for").values_list("state", flat=True))


def reason(task: Task) -> str:
    return Transition.objects.get(task=task, event="exhaust").reason


def test_after_so_many_runs_the_schedule_ends() -> None:
    task = hourly(NOW - HOUR / 2, max_runs=2)
    fire(DB)
    task.refresh_from_db()
    assert (task.state, task.fired, task.next_run_at) == ("ACTIVE", 1, NOW + HOUR / 2)
    Task.objects.filter(pk=task.pk).update(next_run_at=NOW - HOUR / 4)
    fire(DB)
    task.refresh_from_db()
    assert (task.state, task.fired, task.next_run_at) == ("EXHAUSTED", 2, None)
    assert reason(task) == "all runs that max_runs allows have been made"
    assert len(states(task)) == 2


def test_catching_up_makes_no_more_than_what_is_left() -> None:
    task = hourly(LATE, max_runs=4, fired=1, catch_up="all")
    fire(DB)
    slots = TaskRun.objects.filter(task=task).order_by("scheduled_for").values_list("scheduled_for", flat=True)
    assert list(slots) == [LATE, LATE + HOUR, LATE + 2 * HOUR]
    task.refresh_from_db()
    assert (task.state, task.fired) == ("EXHAUSTED", 4)


def test_one_run_for_all_missed_slots_counts_once() -> None:
    task = hourly(LATE, max_runs=2)
    fire(DB)
    task.refresh_from_db()
    assert (task.state, task.fired, states(task)) == ("ACTIVE", 1, ["QUEUED"])


def test_skipped_slots_do_not_count() -> None:
    task = hourly(LATE, max_runs=1, catch_up="all", misfire_grace=6000)
    fire(DB)
    task.refresh_from_db()
    assert states(task) == ["SKIPPED"] * 3 + ["QUEUED"]
    assert (task.state, task.fired) == ("EXHAUSTED", 1)


def test_a_time_that_is_skipped_because_too_many_runs_are_going_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django_tasks_fsm.store.fire.overlap", lambda task, using: "too many are going")
    task = hourly(NOW - HOUR / 2, max_runs=1)
    fire(DB)
    task.refresh_from_db()
    assert (task.state, task.fired, states(task)) == ("ACTIVE", 0, ["SKIPPED"])


def test_without_a_limit_nothing_is_counted_and_a_new_limit_begins_at_zero() -> None:
    task = hourly(NOW - HOUR / 2, fired=7)
    fire(DB)
    task.refresh_from_db()
    assert (task.fired, task.state) == (0, "ACTIVE")


def test_a_limit_below_what_has_been_fired_ends_the_schedule_without_a_run() -> None:
    task = hourly(NOW - HOUR / 2, max_runs=2, fired=5)
    fire(DB)
    task.refresh_from_db()
    assert (task.state, states(task)) == ("EXHAUSTED", [])


def test_rescheduled_it_begins_anew() -> None:
    task = hourly(NOW - HOUR / 2, max_runs=1)
    fire(DB)
    task.refresh_from_db()
    assert task.reschedule(every=60)
    assert (task.state, task.fired, task.max_runs) == ("ACTIVE", 0, 1)


@committing
def test_of_four_who_fire_at_once_none_counts_twice() -> None:
    task = hourly(NOW - HOUR / 2, max_runs=2)
    at_once(*[lambda: fire(DB)] * 4)
    task.refresh_from_db()
    assert (task.fired, len(states(task))) == (1, 1)


@committing
def test_a_firing_that_is_repeated_counts_once() -> None:
    task = hourly(NOW - HOUR / 2, max_runs=1)
    with failing([transient()], ("INSERT INTO", "taskrun")):
        fire(DB)
    task.refresh_from_db()
    assert (task.fired, task.state, len(states(task))) == (1, "EXHAUSTED", 1)


def test_what_workers_fire_counts_too() -> None:
    task = a_task(
        "greeting", trigger=dump(any_of(WorkerStart(), cron("0 0 1 1 *"))), max_runs=1, next_run_at=NOW + HOUR
    )
    first, second = (wanted("start", ("*",), (), DB)[0] for _ in range(2))
    assert make(first, uuid.uuid4(), DB) is not None
    task.refresh_from_db()
    assert (task.state, task.fired, task.next_run_at) == ("EXHAUSTED", 1, None)
    assert make(second, uuid.uuid4(), DB) is None
    assert states(task) == ["RUNNING"]


def ended(run: TaskRun, stop: str | None = "", worker: uuid.UUID | None = None) -> set[uuid.UUID]:
    return finished(Outcome.done(claimed(run, worker), "5", stop=stop), worker=worker)


def test_a_run_ends_the_schedule_that_made_it() -> None:
    task, worker = hourly(NOW + HOUR), uuid.uuid4()
    run = a_run(task=task)
    ended(run, "the feed is closed", worker)
    task.refresh_from_db()
    run.refresh_from_db()
    assert (run.state, run.result, task.state, task.next_run_at) == ("DONE", 5, "EXHAUSTED", None)
    line = Transition.objects.get(task=task)
    assert line.reason == f"run {run.pk} ended the schedule: the feed is closed"
    assert (line.event, line.actor) == ("exhaust", f"worker:{worker}")


def test_without_a_reason_the_run_alone_is_named() -> None:
    task = hourly(NOW + HOUR)
    run = a_run(task=task)
    ended(run)
    assert reason(task) == f"run {run.pk} ended the schedule"


@pytest.mark.parametrize("state", ["PAUSED", "EXHAUSTED", "RETIRED"])
def test_a_task_that_does_not_fire_any_more_stays_as_it_is(state: str) -> None:
    task = hourly(NOW + HOUR, state=state)
    ended(a_run(task=task))
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == (state, NOW + HOUR)
    assert not Transition.objects.filter(task=task).exists()


def test_a_task_that_fires_only_when_asked_has_no_schedule_to_end() -> None:
    task = a_task("t")
    ended(a_run(task=task))
    task.refresh_from_db()
    assert task.state == "ACTIVE"


def test_an_outcome_that_is_dropped_ends_no_schedule() -> None:
    task = hourly(NOW + HOUR)
    run = a_run(task=task)
    claim = claimed(run)
    run.abort()
    assert finished(Outcome.done(claim, "5", stop="late")) == set()
    task.refresh_from_db()
    assert task.state == "ACTIVE"


def test_other_outcomes_of_the_batch_end_no_schedule() -> None:
    task, other = hourly(NOW + HOUR), a_task("other", trigger=dump(every(HOUR)))
    one, two = a_run(task=task), a_run(task=other)
    outcomes = [Outcome.done(claimed(one), "1", stop="enough")]
    outcomes += [Outcome.failed(claimed(two), FAILURE)]
    assert finished(*outcomes) == {one.pk, two.pk}
    assert [Task.objects.get(pk=each.pk).state for each in (task, other)] == ["EXHAUSTED", "ACTIVE"]
