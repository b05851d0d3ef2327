from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.core.triggers import Trigger, at, cron, dump, every
from django_tasks_fsm.models import Queue, Task, TaskRun, Transition
from django_tasks_fsm.store.fire import fire
from tests.store.faults import failing, transient
from tests.store.rows import DB, a_run, events_of
from tests.store.threads import at_once, in_thread, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def only_mine(db):
    Task.objects.update(next_run_at=None)


def scheduled(trigger: Trigger, slot: datetime | None, name: str = "t", **values) -> Task:
    return Task.objects.create(name=name, function="f", trigger=dump(trigger), next_run_at=slot, **values)


def slots(task: Task) -> list[Any]:
    rows = TaskRun.objects.filter(task=task).order_by("scheduled_for")
    return list(rows.values_list("scheduled_for", "state", "stands_for"))


def next_of(task: Task) -> datetime | None:
    return Task.objects.values_list("next_run_at", flat=True).get(pk=task.pk)


def test_a_due_slot_becomes_a_run_with_the_tasks_own_values():
    task = scheduled(every(HOUR), NOW - timedelta(minutes=5), args=[1], kwargs={"a": 2}, queue="mail", priority=7)
    assert fire(DB) == 1
    run = TaskRun.objects.get(task=task)
    assert (run.args, run.kwargs, run.queue, run.priority) == ([1], {"a": 2}, "mail", 7)
    assert run.scheduled_for == run.run_at == NOW - timedelta(minutes=5)
    assert (run.state, run.stands_for) == ("QUEUED", 1)
    assert Queue.objects.filter(name="mail").exists()


def test_the_next_slot_follows_from_the_slot_and_not_from_now():
    slot = NOW - timedelta(minutes=5, microseconds=123456)
    task = scheduled(every(HOUR), slot)
    fire(DB)
    assert next_of(task) == slot + HOUR
    assert fire(DB) == 0


def test_a_task_that_is_not_due_does_not_fire():
    task = scheduled(every(HOUR), NOW + timedelta(minutes=50))
    assert (fire(DB), slots(task)) == (0, [])


@pytest.mark.parametrize("state", ["PREPARE", "PAUSED", "EXHAUSTED", "RETIRED"])
def test_only_active_tasks_fire(state):
    task = scheduled(every(HOUR), NOW - HOUR, state=state)
    assert (fire(DB), slots(task)) == (0, [])


def test_a_trigger_without_further_slots_exhausts_its_task():
    task = scheduled(at(NOW - timedelta(minutes=1)), NOW - timedelta(minutes=1))
    assert fire(DB) == 1
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == ("EXHAUSTED", None)
    assert Transition.objects.get(task=task).event == "exhaust"
    assert len(slots(task)) == 1


def test_of_missed_slots_the_latest_stands_for_all():
    task = scheduled(every(HOUR), NOW - 5 * HOUR + timedelta(minutes=20))
    fire(DB)
    assert slots(task) == [(NOW - HOUR + timedelta(minutes=20), "QUEUED", 5)]
    assert next_of(task) == NOW + timedelta(minutes=20)


@pytest.mark.fault("F56")
def test_of_missed_slots_each_gets_a_run_where_all_are_wanted():
    task = scheduled(every(HOUR), NOW - 5 * HOUR + timedelta(minutes=20), catch_up="all")
    fire(DB)
    assert slots(task) == [(NOW - n * HOUR + timedelta(minutes=20), "QUEUED", 1) for n in (5, 4, 3, 2, 1)]


@pytest.mark.fault("F56")
def test_of_too_many_missed_slots_the_newest_are_made():
    task = scheduled(every(HOUR), NOW - 5000 * HOUR + timedelta(minutes=20), catch_up="all", catch_up_cap=3)
    fire(DB)
    assert [slot for slot, _, _ in slots(task)] == [NOW - n * HOUR + timedelta(minutes=20) for n in (3, 2, 1)]


@pytest.mark.fault("F56")
def test_missed_slots_are_recorded_as_skipped_where_none_are_wanted():
    task = scheduled(every(HOUR), NOW - 5 * HOUR + timedelta(minutes=30), catch_up="none")
    fire(DB)
    assert slots(task) == [(NOW - HOUR + timedelta(minutes=30), "SKIPPED", 5)]
    run = TaskRun.objects.get(task=task)
    assert (events_of(run), run.finished_at is not None) == (["skip"], True)


def test_slots_past_their_grace_are_skipped_and_the_others_run():
    task = scheduled(every(HOUR), NOW - 3 * HOUR + timedelta(minutes=20), catch_up="all", misfire_grace=5400)
    fire(DB)
    assert [state for _, state, _ in slots(task)] == ["SKIPPED", "SKIPPED", "QUEUED"]


def test_a_slot_that_has_a_run_already_gets_no_second_one():
    slot = NOW - timedelta(minutes=5)
    task = scheduled(every(HOUR), slot)
    a_run("DONE", task=task, scheduled_for=slot)
    assert fire(DB) == 1
    assert slots(task) == [(slot, "DONE", 1)]
    assert next_of(task) == slot + HOUR


def test_jitter_moves_the_due_time_and_neither_the_slot_nor_the_next_one():
    slot = NOW - timedelta(minutes=5)
    task = scheduled(every(HOUR, jitter=timedelta(minutes=30)), slot)
    fire(DB)
    run = TaskRun.objects.get(task=task)
    assert run.scheduled_for == slot
    assert slot < run.run_at <= slot + timedelta(minutes=30)
    assert next_of(task) == slot + HOUR


@pytest.mark.fault("F60")
@committing
def test_of_four_who_fire_at_once_one_makes_the_run():
    tasks = [scheduled(every(HOUR), NOW - timedelta(minutes=5), name=f"t{number}") for number in range(10)]
    assert sum(at_once(*[lambda: fire(DB)] * 4)) == 10
    assert [len(slots(task)) for task in tasks] == [1] * 10


@committing
def test_a_task_that_is_paused_while_it_fires_does_not(other):
    task = scheduled(every(HOUR), NOW - timedelta(minutes=5))
    other.do(task.pause)
    assert meanwhile(other, lambda: fire(DB)) == 0
    assert slots(task) == []


@pytest.mark.fault("F60")
@committing
def test_a_task_that_is_rescheduled_while_it_fires_keeps_the_persons_time(other):
    task = scheduled(every(HOUR), NOW - timedelta(minutes=5))
    other.do(lambda: task.reschedule(NOW + timedelta(days=3)))
    assert meanwhile(other, lambda: fire(DB)) == 0
    assert (next_of(task), slots(task)) == (NOW + timedelta(days=3), [])


@pytest.mark.fault("F40")
@committing
def test_a_firing_that_loses_a_race_is_repeated_whole():
    task = scheduled(every(HOUR), NOW - timedelta(minutes=5))
    errors: list[BaseException] = [transient()]
    with failing(errors, ("INSERT INTO", "taskrun")):
        assert fire(DB) == 1
    assert (errors, len(slots(task))) == ([], 1)
    assert next_of(task) == NOW + timedelta(minutes=55)


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    "broken",
    [
        {"trigger": {"kind": "moon"}},
        {"trigger": []},
        {"trigger": 5},
        {"trigger": {"version": 1, "kind": "cron", "cron": "61 * * * *"}},
        {"trigger": {"version": 1, "kind": "interval", "every": 0}},
        {"trigger": {"version": 99, "kind": "interval", "every": 60}},
        {"catch_up_cap": 0},
        {"catch_up_cap": 2_000_000_000},
        {"catch_up": "moon"},
        {"args": 5},
        {"kwargs": [1]},
        {"kwargs": "text"},
    ],
)
def test_a_task_that_cannot_be_read_stops_itself_and_not_the_others(broken, caplog):
    sick = scheduled(every(HOUR), NOW - 2 * HOUR, name="sick")
    well = scheduled(every(HOUR), NOW - timedelta(minutes=5), name="well")
    Task.objects.filter(pk=sick.pk).update(**broken)
    with caplog.at_level(logging.ERROR, "django_tasks_fsm"):
        assert fire(DB) == 1
    assert (slots(sick), len(slots(well))) == ([], 1)
    assert "Task 'sick' does not fire any more until somebody corrects it: " in caplog.text
    sick.refresh_from_db(fields=["state", "next_run_at"])
    assert (sick.state, sick.next_run_at) == ("ACTIVE", None)


def test_a_paused_task_misses_its_slots_and_goes_on_after_now():
    task = scheduled(every(HOUR), NOW - timedelta(minutes=5))
    task.pause()
    assert fire(DB) == 0
    task.resume()
    after = next_of(task)
    assert after is not None
    assert after > timezone.now()
    assert slots(task) == []


def test_a_time_set_by_a_person_fires_and_the_trigger_goes_on_from_there():
    task = scheduled(cron("0 0 1 1 *"), NOW + timedelta(days=30))
    task.reschedule(NOW - timedelta(minutes=1))
    assert fire(DB) == 1
    assert [slot for slot, _, _ in slots(task)] == [NOW - timedelta(minutes=1)]
    after = next_of(task)
    assert after is not None
    assert (after.month, after.day, after.hour) == (1, 1, 0)


def test_an_exhausted_task_fires_once_more_when_it_is_rescheduled():
    task = scheduled(at(NOW - HOUR), None, state="EXHAUSTED")
    task.reschedule(NOW - timedelta(minutes=1))
    assert fire(DB) == 1
    task.refresh_from_db()
    assert (task.state, len(slots(task))) == ("EXHAUSTED", 1)


@pytest.mark.fault("F61")
def test_the_limit_takes_the_longest_due_first():
    tasks = [scheduled(every(HOUR), NOW - timedelta(minutes=number), name=f"t{number}") for number in (1, 3, 2)]
    assert fire(DB, limit=2) == 2
    assert [len(slots(task)) for task in tasks] == [0, 1, 1]


def test_a_local_time_fires_at_its_instant():
    slot = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
    task = scheduled(cron("0 9 * * *", "Europe/Berlin"), slot, catch_up="all", catch_up_cap=1)
    fire(DB)
    after = next_of(task)
    assert after is not None
    assert after.minute == 0
    assert after.hour in (7, 8)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_tasks_fire_in_a_project_without_time_zones(zone):
    with override_settings(USE_TZ=False, TIME_ZONE=zone):
        slot = timezone.now().replace(microsecond=0) - timedelta(minutes=5)
        task = scheduled(every(HOUR), slot)
        assert fire(DB) == 1
        assert slots(task) == [(slot, "QUEUED", 1)]
        assert next_of(task) == slot + HOUR


@pytest.mark.fault("F50")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_task_that_somebody_has_locked_holds_up_neither_the_worker_nor_the_others(other):
    locked = scheduled(every(HOUR), NOW - timedelta(minutes=5), name="locked")
    free = scheduled(every(HOUR), NOW - timedelta(minutes=5), name="free")
    other.do(lambda: list(Task.objects.select_for_update().filter(pk=locked.pk)))
    assert in_thread(partial(fire, DB)).result(5) == 1
    other.commit()
    assert (len(slots(free)), fire(DB), len(slots(locked))) == (1, 1, 1)
