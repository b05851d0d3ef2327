"""What users of asyncz know, and what its package got wrong, with rows instead of pickles."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from django_tasks_fsm.core.triggers import all_of, cron, every, preview
from django_tasks_fsm.exceptions import InvalidTrigger, TaskExists
from django_tasks_fsm.models import Task, TaskRun, Transition
from tests.ancestors.rows import come_due
from tests.ancestors.sample import broken, mend, say

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
"""Which is a Sunday, and a first."""


def days(expression: str, count: int, zone: str = "UTC") -> list[str]:
    return [f"{slot:%a %d}" for slot in preview(cron(expression, zone), SUNDAY, count)]


# -- when it fires ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weekday", ["0", "7", "sun"])
def test_sunday_is_0_7_and_sun(weekday):
    assert days(f"0 9 * * {weekday}", 2) == ["Sun 01", "Sun 08"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("0 0 1,15 * mon", ["Mon 02", "Mon 09", "Sun 15", "Mon 16"]),
        ("0 9 * * fri-mon", ["Sun 01", "Mon 02", "Fri 06", "Sat 07"]),
        ("0 9 * * fri#2", ["Fri 13", "Fri 10"]),
        ("0 9 l * *", ["Tue 31", "Thu 30"]),
        ("0 9 * * l0", ["Sun 29", "Sun 26"]),
        ("0 9 */10 * *", ["Sun 01", "Wed 11", "Sat 21", "Tue 31"]),
        ("@weekly", ["Sun 08", "Sun 15"]),
    ],
)
def test_an_expression_means_what_crontab_says(expression, found):
    assert days(expression, len(found)) == found


def test_an_hour_that_does_not_exist_is_made_up_for_and_one_that_comes_twice_fires_once():
    spring = preview(cron("30 2 * * *", "Europe/Paris"), datetime(2026, 3, 28, 12, tzinfo=UTC), 2)
    autumn = preview(cron("30 1 * * *", "Europe/London"), datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert [f"{slot:%d %H:%M}" for slot in spring] == ["29 01:00", "30 00:30"]
    assert [f"{slot:%d %H:%M}" for slot in autumn] == ["25 00:30", "26 01:30"]


def test_jitter_is_added_to_each_run_and_never_adds_up():
    jittery = every(10, jitter=4, start=SUNDAY)
    slots = preview(jittery, SUNDAY, 100)
    assert slots[-1] - slots[0] == 99 * timedelta(seconds=10)
    late = [jittery.due_time(slot, "a task") - slot for slot in slots]
    assert timedelta() <= min(late) < max(late) <= timedelta(seconds=4)


def test_triggers_that_never_agree_end_the_search():
    task = say.schedule("never", trigger=all_of(cron("0 * * * *"), cron("30 * * * *")))
    assert (task.next_run_at, task.explain().could_run) == (None, False)
    common = preview(all_of(every(36 * HOUR, start=SUNDAY), cron("0 0 * * *")), SUNDAY, 3)
    assert [slot.day for slot in common] == [4, 7, 10]


def test_a_single_time_fires_once_and_its_row_and_run_stay(said, burst):
    task = say.schedule("once", at=timezone.now() - HOUR, args=["now"])
    burst()
    burst()
    task.refresh_from_db()
    assert (said, task.state) == (["now"], "EXHAUSTED")
    assert [run.state for run in task.runs.all()] == ["DONE"]


# -- what is missed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("catch_up", "stands_for"), [("latest", [4]), ("all", [1, 1, 1, 1])])
def test_missed_times_are_one_run_or_one_each(said, burst, catch_up, stands_for):
    task = say.schedule("report", every=HOUR, catch_up=catch_up)
    come_due(task, 3 * HOUR + timedelta(minutes=1))
    burst()
    assert list(task.runs.order_by("pk").values_list("stands_for", flat=True)) == stands_for
    assert said == ["tick"] * len(stands_for)


def test_time_in_the_queue_makes_no_run_miss_its_grace(said, burst):
    task = say.schedule("prompt", every=HOUR, misfire_grace=60)
    come_due(task)
    call_command("runworker", burst=True, verbosity=0, queues="another")
    assert [run.state for run in task.runs.all()] == ["QUEUED"]
    task.runs.update(run_at=timezone.now() - 2 * HOUR, scheduled_for=timezone.now() - 2 * HOUR)
    burst()
    assert (said, [run.state for run in task.runs.all()]) == (["tick"], ["DONE"])


def test_a_time_past_its_grace_is_a_row_that_says_so(said, burst):
    task = say.schedule("prompt", every=HOUR, misfire_grace=60)
    come_due(task, timedelta(minutes=5))
    burst()
    (run,) = task.runs.all()
    assert (said, run.state) == ([], "SKIPPED")
    assert "grace" in Transition.objects.get(run=run).reason


# -- changing it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_word", [(), ("my-task",)])
def test_both_forms_of_reschedule_change_trigger_and_next_time(first_word):
    task = say.schedule("my-task", every=HOUR)
    assert task.reschedule(*first_word, trigger="cron", hour=10, minute=5)
    assert task.fires == cron("5 10 * * *")
    assert (task.next_run_at.hour, task.next_run_at.minute) == (10, 5)


def test_an_update_changes_all_or_nothing_and_leaves_the_next_time():
    task = say.schedule("my-task", cron="1 8 * * *", max_attempts=3)
    before = task.next_run_at
    assert task.update(description="my-func", max_instances=5, catch_up="all") == (
        "description", "max_instances", "catch_up"
    )  # fmt: skip
    task.update(trigger=every(HOUR))
    with pytest.raises(ValidationError):
        task.update(description="other", max_instances=0)
    with pytest.raises(TypeError, match="keeps its name"):
        task.update(name="another")
    task.refresh_from_db()
    assert (task.description, task.max_instances, task.next_run_at) == ("my-func", 5, before)


def test_one_run_may_be_moved_and_the_trigger_goes_on_from_there(said, burst):
    task = say.schedule("my-task", cron="0 0 1 1 *")
    task.run_at(timezone.now() - timedelta(minutes=1))
    burst()
    task.refresh_from_db()
    assert said == ["tick"]
    assert (task.next_run_at.month, task.next_run_at.day, task.fires) == (1, 1, cron("0 0 1 1 *"))


@pytest.mark.parametrize(("catch_up", "ticks"), [(False, 0), (True, 1)])
def test_a_resumed_task_makes_up_for_its_pause_on_request_only(said, burst, catch_up, ticks):
    task = say.schedule("my-task", every=HOUR)
    task.pause(reason="holidays")
    come_due(task, 3 * HOUR)
    burst()
    assert said == []
    task.resume(catch_up=catch_up)
    burst()
    task.refresh_from_db()
    assert (len(said), task.next_run_at > timezone.now()) == (ticks, True)


# -- its row --------------------------------------------------------------------------------------------------------


def test_a_name_is_taken_over_kept_or_refused():
    first = say.schedule("my-task", every=60)
    assert say.schedule("my-task", every=90, replace=False).fires == every(60)
    with pytest.raises(TaskExists):
        say.schedule("my-task", every=90, replace="error")
    assert (say.schedule("my-task", every=90).pk, Task.objects.get(name="my-task").fires) == (first.pk, every(90))


def test_a_task_that_was_only_constructed_is_not_there_and_one_that_was_scheduled_can_be_updated():
    Task(name="constructed", function=say.module_path)
    assert not Task.objects.filter(name="constructed").exists()
    assert say.schedule("scheduled", every=60).update(priority=5) == ("priority",)


def test_tasks_are_put_away_found_and_taken_back(said, burst):
    for name in ("one", "two"):
        come_due(say.schedule(name, every=HOUR, group="mine"))
    assert len(Task.objects.filter(name="one").retire().moved) == 1
    burst()
    assert list(Task.objects.group("mine").order_by("name").values_list("name", "state")) == [
        ("one", "RETIRED"), ("two", "ACTIVE")
    ]  # fmt: skip
    assert len(said) == 1
    assert len(Task.objects.filter(name="one").restore().moved) == 1


@pytest.mark.fault("F69")
def test_a_function_that_cannot_be_imported_deletes_no_row(said, burst):
    task = say.schedule("my-task", every=HOUR)
    Task.objects.filter(pk=task.pk).update(function="shop.tasks.renamed")
    come_due(task)
    burst()
    (run,) = task.runs.all()
    assert (run.state, run.attempt, said) == ("PENDING", 0, [])
    assert "'shop.tasks.renamed'" in Transition.objects.filter(run=run).latest("pk").reason
    Task.objects.filter(pk=task.pk).update(function=say.module_path)
    run.reschedule(timezone.now() - timedelta(seconds=1))
    burst()
    assert said == ["tick"]


READS: list[tuple[Any, ...]] = [
    ("list",), ("list", "tasks"), ("show", "my-task"), ("status",), ("preview", "my-task"), ("explain", "my-task"),
    ("graph", "my-task"),
]  # fmt: skip


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_looking_consumes_no_due_run(said, burst, command):
    task = say.schedule("my-task", every=HOUR)
    come_due(task)
    say.enqueue("queued")
    with suppress(SystemExit):  # a verdict such as that of explain
        call_command("tasks_fsm", *command, stdout=StringIO())
    task.refresh_from_db()
    assert task.next_run_at < timezone.now()
    assert list(TaskRun.objects.values_list("state", flat=True)) == ["QUEUED"]
    burst()
    assert sorted(said) == ["queued", "tick"]


def test_arguments_that_the_function_does_not_take_are_refused_when_it_is_scheduled():
    with pytest.raises(TypeError, match=r"schedule 'my-task' does not fit .*say: too many positional"):
        say.schedule("my-task", every=60, args=[1, 2, 3])
    assert not Task.objects.filter(name="my-task").exists()


def test_a_bad_trigger_is_refused_and_makes_no_row():
    with pytest.raises(InvalidTrigger):
        say.schedule("my-task", cron="0 25 * * *")
    assert not Task.objects.filter(name="my-task").exists()


# -- its runs -------------------------------------------------------------------------------------------------------


def test_a_run_now_leaves_the_schedule_alone_and_a_failure_leaves_it_going(said, burst):
    broken.add("t1")
    task = mend.schedule("my-task", every=HOUR, args=["t1"])
    planned = task.next_run_at
    task.start(reason="now")
    burst()
    task.refresh_from_db()
    assert ([run.state for run in task.runs.all()], task.next_run_at, task.state) == (["FAILED"], planned, "ACTIVE")
    come_due(task)
    burst()
    assert (said, task.runs.filter(state="FAILED").count()) == (["t1", "t1"], 2)


def test_who_is_asked_to_wait_at_the_limit_is_there_and_says_so():
    task = say.schedule("my-task", every=HOUR, max_instances=1)
    first, second = task.start(), task.start()
    call_command("runworker", burst=True, verbosity=0, queues="another")
    assert sorted(run.line for run in TaskRun.objects.filter(pk__in=[first.pk, second.pk])) == [1, 2]
    come_due(task)
    call_command("runworker", burst=True, verbosity=0, queues="another")
    reason = Transition.objects.get(event="skip").reason
    assert "max_instances is 1" in reason
