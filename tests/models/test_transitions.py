from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE
from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.task_verbs import move_tasks
from django_tasks_fsm.models.transitions import Change, LockNotHeld, apply, batches
from tests.store.faults import rolled_back
from tests.store.rows import DB, a_run, a_task, claims, events_of, runs, state_of

pytestmark = pytest.mark.django_db

PERSON = Actor("user:ada")
RUN_EVENTS = sorted({event for _, event, _ in RUN_MACHINE.edges()} - {"dispatch", "queue"})
TASK_EVENTS = sorted({event for _, event, _ in TASK_MACHINE.edges()})
# What is ready is queued at once, so PENDING is seen only of runs whose time has not come.
LATER = timezone.now() + timedelta(days=1)


def move(run: TaskRun, event: str, **how):
    with transaction.atomic():
        return move_runs([run.pk], Change(event, PERSON, "why", **how), DB)


def columns(run: TaskRun) -> Any:
    return TaskRun.objects.filter(pk=run.pk).values().get()


@pytest.mark.parametrize("event", RUN_EVENTS)
@pytest.mark.parametrize("state", RunState)
def test_a_run_follows_the_table_and_nothing_else(state, event):
    run = a_run(state.value, run_at=LATER)
    before = columns(run)
    allowed = state in RUN_MACHINE.sources(event)
    moved = move(run, event, values={"run_at": LATER})
    assert bool(moved) == allowed
    if not allowed:
        assert columns(run) == before
        assert events_of(run) == []
        return
    target = RUN_MACHINE.target(event, state)
    assert (moved[0].pk, moved[0].event, moved[0].from_state) == (run.pk, event, state)
    assert moved[0].to_state == target == state_of(run)
    assert events_of(run) == ([] if event == "hold" else [event])


@pytest.mark.parametrize("event", TASK_EVENTS)
@pytest.mark.parametrize("state", TaskState)
def test_a_task_follows_the_table_and_nothing_else(state, event):
    task = Task.objects.create(name="t", function="f", state=state.value)
    allowed = state in TASK_MACHINE.sources(event)
    moved = move_tasks([task.pk], Change(event, PERSON), DB)
    assert bool(moved) == allowed
    target = TASK_MACHINE.target(event, state) if allowed else state
    assert Task.objects.get(pk=task.pk).state == target
    assert Transition.objects.filter(task=task).count() == int(allowed)


def test_an_unknown_event_moves_nothing():
    run = a_run()
    assert move(run, "explode") == ()
    assert state_of(run) == "QUEUED"


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_new_life_starts_clean_and_keeps_the_fence(state):
    used = {"attempt": 3, "fence": 9, "error": "E", "result": 1, "progress": 50, "started_at": timezone.now()}
    run = a_run(state, cancel_requested_at=timezone.now(), worker_id=uuid.uuid4(), **used)
    events = [event for event in ("retry", "rerun") if state in RUN_MACHINE.sources(event)]
    if not events:
        assert state == "ABORTED"
        return
    move(run, events[0])
    row = columns(run)
    assert (row["attempt"], row["fence"], row["error"], row["result"], row["progress"]) == (0, 9, "", None, None)
    assert (row["started_at"], row["finished_at"], row["cancel_requested_at"]) == (None, None, None)
    assert row["state"] == "QUEUED"


def test_the_end_frees_the_key_and_sets_the_time():
    run = a_run("PENDING", key="only", run_at=LATER)
    move(run, "cancel")
    row = columns(run)
    assert row["key"] is None
    assert abs(row["finished_at"] - timezone.now()) < timedelta(seconds=5)


def test_the_fence_guards_where_one_is_given():
    run = a_run("RUNNING", fence=5)
    assert move(run, "retry", fences={run.pk: 4}) == ()
    assert move(run, "retry", fences={}) == ()
    assert state_of(run) == "RUNNING"
    assert len(move(run, "retry", fences={run.pk: 5})) == 1


def test_a_transition_tells_the_whole_story():
    worker = uuid.uuid4()
    run = a_run("RUNNING", attempt=2, worker_id=worker)
    with transaction.atomic():
        apply(TaskRun, Change("error", PERSON, "x" * 600, detail={"exception": "E"}), [run.pk], DB)
    row = Transition.objects.get(run=run)
    assert (row.event, row.from_state, row.to_state, row.attempt) == ("error", "RUNNING", "FAILED", 2)
    assert (row.worker_id, row.actor, row.detail) == (worker, "user:ada", {"exception": "E"})
    assert 450 < len(row.reason) <= 500
    assert (row.task, abs(row.at - timezone.now()) < timedelta(seconds=5)) == (None, True)


def test_a_worker_that_acts_is_named_rather_than_the_one_that_held_the_run():
    run, actor = a_run("RUNNING"), Actor.worker(uuid.uuid4())
    with transaction.atomic():
        apply(TaskRun, Change("lose", actor), [run.pk], DB)
    assert Transition.objects.get(run=run).worker_id == actor.worker_id


def test_of_many_rows_those_that_allow_it_are_moved_and_counted():
    some = [a_run("QUEUED"), a_run("RUNNING"), a_run("DONE"), a_run("FAILED")]
    with transaction.atomic():
        moved = apply(TaskRun, Change("abort", PERSON), [*(run.pk for run in some), uuid.uuid4(), some[0].pk], DB)
    assert {row.pk for row in moved} == {some[0].pk, some[1].pk, some[3].pk}
    assert Transition.objects.count() == 3


def test_more_rows_than_one_batch_are_all_moved():
    some = runs(1050)
    with transaction.atomic():
        moved = move_runs([run.pk for run in some], Change("abort", PERSON), DB)
    assert len(moved) == 1050
    assert TaskRun.objects.filter(state="ABORTED").count() == Transition.objects.count() == 1050


def test_the_number_of_statements_does_not_grow_with_the_number_of_rows():
    counts = []
    for some in (runs(2), runs(200)):
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            assert len(apply(TaskRun, Change("hold", PERSON), [run.pk for run in some], DB)) == len(some)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_rows_that_change_although_they_are_locked_undo_the_whole_transaction():
    first, second = a_run(), a_run()

    def intrude(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "COALESCE" in sql:
            execute(sql.partition(" SET ")[0] + " SET state = 'PENDING' WHERE id = %s", [params[-1]], many, context)
        return execute(sql, params, many, context)

    told = pytest.raises(LockNotHeld, match=r"2 rows of TaskRun .* 1 of them")
    with connection.execute_wrapper(intrude), told, transaction.atomic():
        apply(TaskRun, Change("hold", PERSON), [first.pk, second.pk], DB)
    assert (state_of(first), state_of(second)) == ("QUEUED", "QUEUED")
    assert for_alias(DB).is_transient(LockNotHeld("TaskRun", "hold", 2, 1))


def test_batches_cut_without_losing_anything():
    assert [len(some) for some in batches(range(1001), 500)] == [500, 500, 1]
    assert list(batches([])) == []


@pytest.mark.django_db(transaction=True)
def test_a_rollback_undoes_the_change_and_its_record():
    run = a_run()
    with rolled_back():
        move_runs([run.pk], Change("cancel", PERSON), DB)
    assert state_of(run) == "QUEUED"
    assert not Transition.objects.exists()


@pytest.fixture
def heard():
    calls: list[tuple] = []

    def hear(sender, moved, using, **kwargs):
        calls.append((sender.__name__, [row.pk for row in moved], using, connection.in_atomic_block))

    for signal in (signals.runs_moved, signals.tasks_moved):
        signal.connect(hear)
    yield calls
    for signal in (signals.runs_moved, signals.tasks_moved):
        signal.disconnect(hear)


@pytest.mark.django_db(transaction=True)
def test_the_signal_is_sent_after_the_commit(heard):
    run = a_run()
    with transaction.atomic():
        run.cancel()
        assert heard == []
    assert heard == [("TaskRun", [run.pk], DB, False)]


@pytest.mark.django_db(transaction=True)
def test_no_signal_is_sent_for_what_was_rolled_back_or_refused(heard):
    run = a_run("DONE")
    assert not run.cancel()
    with rolled_back():
        a_task().pause()
    assert heard == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [RuntimeError("receiver"), SystemExit(2)])
def test_a_receiver_that_raises_does_not_undo_or_hide_the_change(heard, error):
    def broken(**kwargs):
        raise error

    signals.tasks_moved.connect(broken)
    try:
        task = a_task()
        assert task.pause()
    finally:
        signals.tasks_moved.disconnect(broken)
    assert heard == [("Task", [task.pk], DB, False)]


def test_a_claim_is_not_recorded_but_tells_itself_by_timestamps():
    run = a_run()
    claims()
    row = columns(run)
    assert row["started_at"] is not None
    assert events_of(run) == []
