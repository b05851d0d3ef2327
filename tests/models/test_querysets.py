from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.core.machine import TASK_MACHINE
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.core.triggers import at, cron, dump, every
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from tests.store.rows import a_run, a_task, claimed, events_of, state_of

pytestmark = pytest.mark.django_db

PERSON = Actor("user:ada")
LATER = timezone.now() + timedelta(days=1)

# What a person's verb does to a run whose time has not come. Other states are left alone.
VERBS = {
    "cancel": {"PREPARE": "CANCELLED", "PENDING": "CANCELLED", "QUEUED": "CANCELLED"},
    "abort": dict.fromkeys(("PREPARE", "PENDING", "QUEUED", "RUNNING", "FAILED", "CANCELLED"), "ABORTED"),
    "retry": {"FAILED": "QUEUED", "CANCELLED": "QUEUED", "SKIPPED": "QUEUED"},
    "prepared": {"PREPARE": "PENDING"},
    "reschedule": {"PENDING": "PENDING", "QUEUED": "PENDING"},
}
TASK_VERBS = {"pause": "pause", "resume": "resume", "retire": "retire", "restore": "restore"}


def call(rows, verb: str):
    return getattr(rows, verb)(*([LATER] if verb == "reschedule" else []), actor=PERSON, reason="why")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", RunState)
def test_a_verb_moves_what_it_may_and_reports_the_rest(state, verb):
    run = a_run(state.value, run_at=LATER)
    before = TaskRun.objects.filter(pk=run.pk).values().get()
    report = call(TaskRun.objects.filter(pk=run.pk), verb)
    target = VERBS[verb].get(state.value)
    asked = int(verb == "cancel" and state == "RUNNING")
    assert (len(report.moved), report.asked) == (int(target is not None), asked)
    assert state_of(run) == (target or state)
    if target is None and not asked:
        assert report.refused == ((state.value, 1),)
        assert TaskRun.objects.filter(pk=run.pk).values().get() == before
        assert not Transition.objects.exists()
    else:
        assert report.refused == ()


@pytest.mark.parametrize("verb", TASK_VERBS)
@pytest.mark.parametrize("state", TaskState)
def test_a_verb_on_tasks_moves_what_it_may_and_reports_the_rest(state, verb):
    task = Task.objects.create(name="t", function="f", state=state.value)
    report = call(Task.objects.filter(pk=task.pk), verb)
    allowed = state in TASK_MACHINE.sources(TASK_VERBS[verb])
    assert (len(report.moved), report.refused) == ((1, ()) if allowed else (0, ((state.value, 1),)))
    assert Task.objects.get(pk=task.pk).state == (TASK_MACHINE.target(verb, state) if allowed else state)
    assert Transition.objects.filter(task=task, actor="user:ada", reason="why").count() == int(allowed)


def test_a_report_counts_what_was_moved_asked_and_refused():
    for state in ("QUEUED", "RUNNING", "RUNNING", "DONE", "DONE", "FAILED"):
        a_run(state)
    report = TaskRun.objects.cancel(actor=PERSON)
    assert (len(report.moved), report.asked) == (1, 2)
    assert report.refused == (("DONE", 2), ("FAILED", 1))
    assert report.refused_count == 3


def test_a_verb_on_nothing_reports_nothing():
    report = TaskRun.objects.none().cancel()
    assert (report.moved, report.asked, report.refused, report.refused_count) == ((), 0, (), 0)


def test_a_verb_keeps_to_its_queryset():
    one, other = a_run(), a_run()
    TaskRun.objects.filter(pk=one.pk).cancel()
    assert (state_of(one), state_of(other)) == ("CANCELLED", "QUEUED")


def test_cancelling_a_running_run_only_asks_it_to_stop():
    run = a_run()
    claimed(run)
    assert TaskRun.objects.cancel(actor=PERSON, reason="enough").asked == 1
    run.refresh_from_db()
    assert (run.state, run.finished_at) == ("RUNNING", None)
    assert run.cancel_requested_at is not None
    row = Transition.objects.get(run=run)
    assert (row.event, row.from_state, row.to_state, row.reason) == ("cancel_requested", "RUNNING", "RUNNING", "enough")


def test_asking_twice_keeps_the_first_time():
    run = a_run("RUNNING")
    run.cancel()
    first = run.cancel_requested_at
    run.cancel()
    assert run.cancel_requested_at == first


def test_a_retry_counts_attempts_afresh_and_is_recorded():
    run = a_run("FAILED", attempt=3, fence=3)
    assert run.retry(actor=PERSON, reason="mended")
    assert (run.state, run.attempt, run.fence) == ("QUEUED", 0, 3)
    assert events_of(run) == ["retry"]


def test_a_retried_run_is_due_now_and_not_when_it_first_was():
    run = a_run("FAILED", run_at=timezone.now() - timedelta(days=1))
    run.retry()
    assert abs(run.run_at - timezone.now()) < timedelta(seconds=5)


def test_a_queued_run_is_put_off_and_a_put_off_run_is_brought_forward():
    run = a_run("QUEUED")
    assert run.reschedule(LATER)
    assert run.state == "PENDING"
    assert run.reschedule(timezone.now() - timedelta(seconds=1))
    assert run.state == "QUEUED"
    assert events_of(run) == ["reschedule", "reschedule"]


def test_a_prepared_run_that_is_due_is_queued():
    run = a_run("PREPARE")
    assert run.prepared()
    assert run.state == "QUEUED"


def test_a_verb_of_an_instance_tells_whether_it_moved():
    run = a_run("DONE")
    assert [run.cancel(), run.abort(), run.retry(), run.prepared(), run.reschedule(LATER)] == [False] * 5


def test_a_verb_of_an_instance_shows_the_state_it_found():
    run = a_run("QUEUED")
    claimed(run)
    assert not run.retry()
    assert run.state == "RUNNING"


def test_many_rows_are_moved_in_batches_and_counted_together():
    task = a_task()
    TaskRun.objects.bulk_create([TaskRun(task=task, state="QUEUED") for _ in range(1100)])
    report = TaskRun.objects.abort()
    assert len(report.moved) == 1100
    assert not TaskRun.objects.exclude(state="ABORTED").exists()


def test_a_resumed_task_does_not_make_up_for_its_pause():
    task: Any = a_task(trigger=dump(cron("0 0 1 1 *")), next_run_at=timezone.now() - timedelta(days=400))
    task.pause()
    assert task.resume()
    task.refresh_from_db()
    assert task.next_run_at > timezone.now()
    assert (task.next_run_at.month, task.next_run_at.day) == (1, 1)


def test_a_restored_task_fires_from_now_on():
    task: Any = a_task(trigger=dump(cron("0 0 1 1 *")), state="RETIRED")
    Task.objects.filter(pk=task.pk).restore()
    task.refresh_from_db()
    assert (task.state, task.next_run_at > timezone.now()) == ("ACTIVE", True)


def test_a_task_whose_trigger_cannot_be_read_is_resumed_without_a_time():
    task = a_task(trigger={"kind": "moon"}, state="PAUSED")
    assert task.resume()
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == ("ACTIVE", None)


@pytest.mark.parametrize("state", TaskState)
def test_only_active_and_exhausted_tasks_take_another_time(state):
    task = a_task(state=state.value, trigger=dump(at(timezone.now())))
    report = Task.objects.filter(pk=task.pk).reschedule(LATER, actor=PERSON)
    task.refresh_from_db()
    taken = state in (TaskState.ACTIVE, TaskState.EXHAUSTED)
    assert task.next_run_at == (LATER if taken else None)
    assert task.state == ("ACTIVE" if taken else state)
    assert report.refused == (() if taken else ((state.value, 1),))


def test_another_time_for_a_task_that_stays_active_is_in_its_history():
    task = a_task()
    task.reschedule(LATER, actor=PERSON, reason="the printer is away")
    line = Transition.objects.get(task=task)
    assert (line.event, line.from_state, line.to_state) == ("reschedule", "ACTIVE", "ACTIVE")
    assert (line.actor, line.reason) == (PERSON.name, "the printer is away")


def test_a_task_resumes_by_the_clock_of_the_database(monkeypatch):
    task = a_task(trigger=dump(every(timedelta(hours=1))), state="PAUSED")
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(days=9))
    task.resume()
    task.refresh_from_db()
    assert task.next_run_at is not None
    assert task.next_run_at < real() + timedelta(hours=2)


class ReadsElsewhere:
    """A router as projects with a replica have: reads may go to a database that nobody writes."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


@pytest.mark.fault("F45")
def test_a_verb_acts_where_rows_are_written_and_not_on_a_replica():
    run, task = a_run(), a_task()
    with override_settings(DATABASE_ROUTERS=[ReadsElsewhere()]):
        assert TaskRun.objects.filter(pk=run.pk).cancel().moved
        assert run.retry()
        assert task.pause()
    assert (state_of(run), Task.objects.get(pk=task.pk).state) == ("QUEUED", "PAUSED")
