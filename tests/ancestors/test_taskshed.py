"""What users of taskshed know, and what its package got wrong."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from django_tasks_fsm import task
from django_tasks_fsm.core.triggers import every
from django_tasks_fsm.exceptions import InvalidTrigger, NameTaken, UnknownGroup
from django_tasks_fsm.models import Task, TaskRun, Transition
from tests.ancestors.rows import come_due
from tests.ancestors.sample import broken, mend, nap, say
from tests.jobs import trail as trails
from tests.jobs.tasks import hold, mark

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
committing = pytest.mark.django_db(transaction=True)


@committing
def test_two_workers_execute_each_run_once(start_worker, tmp_path, wait_until):
    trail = str(tmp_path / "trail")
    mark.enqueue_many([[trail]] * 200)
    for name in ("one", "two"):
        start_worker(name=name)
    wait_until(lambda: not TaskRun.objects.exclude(state="DONE").exists())
    assert Counter(trails.read(trail)) == {str(pk): 1 for pk in TaskRun.objects.values_list("pk", flat=True)}


@committing
def test_two_workers_fire_each_time_once(start_worker, said, wait_until):
    row = say.schedule("hourly", every=HOUR, catch_up="all")
    come_due(row, 9 * HOUR + timedelta(minutes=1))
    for name in ("one", "two"):
        start_worker(name=name)
    wait_until(lambda: row.runs.filter(state="DONE").count() == 10)
    assert (len(said), row.runs.count()) == (10, 10)


def test_a_callback_that_nobody_knows_is_named_and_its_row_is_kept(burst, said):
    row = Task.objects.create(name="my-task", function="shop.tasks.gone")
    run = row.start()
    burst()
    run.refresh_from_db()
    assert (run.state, run.attempt, Task.objects.filter(pk=row.pk).count()) == ("PENDING", 0, 1)
    assert "No task is registered as 'shop.tasks.gone'" in run.transitions.latest("pk").reason
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("tasks_fsm", "doctor", stdout=out)
    assert "shop.tasks.gone" in out.getvalue()


def test_a_callback_that_nobody_knows_cannot_be_chosen():
    row = say.schedule("my-task", every=HOUR)
    with pytest.raises(ValidationError, match=r"No task is registered as 'os\.system'"):
        row.update(function="os.system")
    assert Task.objects.get(name="my-task").function == say.module_path


def test_one_name_for_two_callbacks_is_refused():
    with pytest.raises(NameTaken, match=say.module_path):
        task(max_attempts=7)(say.func)


@committing
def test_functions_and_coroutines_are_callbacks_and_none_delays_the_other(start_worker, said, tmp_path, wait_until):
    gate = tmp_path / "gate"
    held = hold.enqueue(str(tmp_path / "trail"), str(gate))
    start_worker(concurrency=2)
    wait_until(lambda: trails.read(tmp_path / "trail"))
    assert (nap.enqueue("coroutine").wait(30), say.enqueue("function").wait(30)) == ("coroutine", "function")
    assert TaskRun.objects.get(pk=held.id).state == "RUNNING"
    gate.touch()
    assert held.wait(30) == 1


def test_an_exception_leaves_a_record_and_the_schedule_goes_on(burst, said):
    broken.add("t1")
    row = mend.schedule("my-task", every=HOUR, args=["t1"])
    for _ in range(2):
        come_due(row)
        burst()
    assert list(row.runs.values_list("state", "error")) == [("FAILED", "builtins.ValueError: t1 does not work")] * 2
    failure: Any = Transition.objects.filter(run__task=row, event="error").latest("pk").detail
    assert (failure["exception"], "in mend" in failure["traceback"]) == ("builtins.ValueError", True)


@pytest.mark.fault("F71")
def test_arguments_that_do_not_fit_fail_their_run_and_both_rows_are_kept(burst, said):
    row = Task.objects.create(name="my-task", function=say.module_path, kwargs={"colour": "red"})
    run = row.start()
    burst()
    run.refresh_from_db()
    assert (run.state, said, Task.objects.filter(name="my-task").exists()) == ("FAILED", [], True)
    assert "unexpected keyword argument 'colour'" in run.error


def test_a_schedule_that_is_written_again_is_changed_in_all_it_says():
    row = say.schedule("my-task", every=HOUR, group="red")
    again = say.schedule("my-task", at=timezone.now() + HOUR, group="blue")
    assert (again.pk, again.fires.kind) == (row.pk, "once")
    assert list(Task.objects.group("blue")) == [again]
    with pytest.raises(UnknownGroup, match="'blue'"):
        Task.objects.group("red")


def test_many_are_added_together_or_not_at_all(said, burst):
    results = say.enqueue_many([["one"], ["two"]])
    with pytest.raises(ValueError, match="cannot be stored"):
        say.enqueue_many([["three"], [object()]])
    with transaction.atomic():
        for number in range(3):
            say.schedule(f"task {number}", every=HOUR)
    burst()
    assert (sorted(said), len(results), Task.objects.filter(name__startswith="task ").count()) == (["one", "two"], 2, 3)


def test_a_group_is_paused_once_and_overdue_times_come_back_as_asked(said, burst):
    tasks = [say.schedule(name, every=HOUR, group="mine", args=[name]) for name in ("a", "b")]
    assert len(Task.objects.group("mine").pause(reason="first").moved) == 2
    assert Task.objects.group("mine").pause(reason="second").moved == ()
    assert set(Transition.objects.filter(event="pause").values_list("reason", flat=True)) == {"first"}
    for row in tasks:
        come_due(row, 3 * HOUR)
    burst()
    assert said == []
    Task.objects.group("mine").resume(catch_up=True)
    burst()
    assert sorted(said) == ["a", "b"]


def test_only_the_next_time_moves_and_who_does_not_exist_is_named(said, burst):
    row = say.schedule("my-task", every=HOUR)
    assert Task.objects.reschedule("my-task", timezone.now() - timedelta(seconds=1)).moved
    burst()
    assert (said, Task.objects.get(pk=row.pk).fires) == (["tick"], every(HOUR))
    with pytest.raises(Task.DoesNotExist, match="Did you mean 'my-task'"):
        Task.objects.reschedule("my-tusk", timezone.now())


def test_after_an_outage_every_time_is_made_up_for_on_the_old_grid(said, burst):
    row = say.schedule("my-task", every=HOUR, catch_up="all")
    behind = timezone.now() - 5 * HOUR - timedelta(minutes=10)
    Task.objects.filter(pk=row.pk).update(next_run_at=behind)
    burst()
    assert len(said) == 6
    assert Task.objects.get(pk=row.pk).next_run_at == behind + 6 * HOUR


@committing
def test_an_overdue_task_that_is_paused_costs_an_idle_worker_nothing(start_worker, wait_until):
    row = say.schedule("my-task", every=HOUR)
    row.pause()
    come_due(row, 3 * HOUR)
    looks: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        looks.append(sql)
        return execute(sql, *rest)

    worker = start_worker(wrapper=count, interval=60.0)
    wait_until(lambda: worker.worker._looked_at)
    began, before = time.monotonic(), len(looks)
    wait_until(lambda: time.monotonic() - began > 0.5)
    assert len(looks) - before < 20, "\n".join(looks[before:])
    assert worker.stop() == 0
    assert not TaskRun.objects.exists()


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": -5}, {"at": "soon"}, {}])
def test_a_task_without_a_usable_time_is_refused(wrong):
    with pytest.raises(InvalidTrigger):
        say.schedule("my-task", **wrong)
    assert not Task.objects.filter(name="my-task").exists()


def test_the_latency_of_a_run_is_told(burst, said):
    run = say.enqueue("late").run
    TaskRun.objects.filter(pk=run.pk).update(run_at=timezone.now() - HOUR)
    burst()
    latency = TaskRun.objects.get(pk=run.pk).latency or timedelta()
    assert HOUR <= latency < HOUR + timedelta(minutes=5)
