"""The days on which the clocks are changed, as workers live them: late, down for hours, with clocks that jump back."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers import Cron, Interval
from django_tasks_fsm.core.triggers.dst import POLICIES
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.task_verbs import first_time
from django_tasks_fsm.store.fire import fire
from tests.acceptance.virtual_clock import VirtualClock
from tests.core.triggers.oracle import CHANGES, EXPRESSIONS, MINUTE, wanted, window
from tests.store.rows import DB

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def schedule(name: str, trigger: triggers.Trigger, clock: VirtualClock, **values) -> Task:
    task = Task(name=name, function="tests.nothing", trigger=triggers.dump(trigger), catch_up="all", **values)
    task.next_run_at = first_time(task, clock.now)
    task.save()
    return task


def live_through(clock: VirtualClock, end, seed: int) -> None:
    """Let two workers look at the clock at odd moments until ``end``; one jump leads back."""
    dice = random.Random(seed)
    jump_after = dice.randrange(5, 15)
    step = 0
    while clock.now < end:
        clock.move(timedelta(minutes=dice.choice([1, 7, 30, 60, 200]), seconds=dice.randrange(60)))
        step += 1
        if step == jump_after:
            clock.move(-HOUR)
        fire(DB)
        fire(DB)


def slots_of(task: Task) -> list:
    return sorted(TaskRun.objects.filter(task=task).values_list("scheduled_for", flat=True))


@pytest.mark.fault("F54", "F55")
@pytest.mark.parametrize("zone", CHANGES)
def test_each_time_on_the_wall_gets_one_run(zone, monkeypatch):
    for day in CHANGES[zone]:
        minutes, _ = window(zone, day)
        clock = VirtualClock(monkeypatch, minutes[1])
        tasks = {each: schedule(f"{zone} {day} {each}", Cron(each, zone), clock) for each in EXPRESSIONS[:9:2]}
        live_through(clock, minutes[-1] - 4 * HOUR, seed=len(zone))
        for expression, task in tasks.items():
            expected = [slot for slot in wanted(expression, zone, day) if minutes[1] < slot <= clock.now]
            assert slots_of(task) == expected, (expression, day)
        TaskRun.objects.all().delete()


@pytest.mark.fault("F55")
@pytest.mark.parametrize("policy", POLICIES)
def test_each_rule_for_the_change_is_kept(policy, monkeypatch):
    for day in CHANGES["Europe/Paris"]:
        minutes, _ = window("Europe/Paris", day)
        clock = VirtualClock(monkeypatch, minutes[1])
        trigger = Cron("15,45 1-3 * * *", "Europe/Paris", policy=policy)
        task = schedule(f"{policy} {day}", trigger, clock)
        live_through(clock, minutes[-1] - 4 * HOUR, seed=3)
        slots = wanted("15,45 1-3 * * *", "Europe/Paris", day, policy)
        assert slots_of(task) == [slot for slot in slots if minutes[1] < slot <= clock.now]


@pytest.mark.fault("F54", "F55")
def test_an_interval_keeps_its_grid_through_all_of_it(monkeypatch):
    minutes, _ = window("Europe/Paris", "2025-10-26")
    clock = VirtualClock(monkeypatch, minutes[1])
    task = schedule("hourly", Interval(every=HOUR, start=minutes[1]), clock)
    live_through(clock, minutes[-1] - 4 * HOUR, seed=11)
    found = slots_of(task)
    assert found[-1] > clock.now - HOUR
    assert {later - earlier for earlier, later in pairwise(found)} == {HOUR}


@pytest.mark.fault("F56")
def test_a_day_without_workers_is_one_run_that_stands_for_all(monkeypatch):
    minutes, _ = window("Europe/Paris", "2025-03-30")
    clock = VirtualClock(monkeypatch, minutes[1])
    task = schedule("quarters", Cron("*/15 * * * *", "Europe/Paris"), clock)
    Task.objects.filter(pk=task.pk).update(catch_up="latest")
    clock.move(24 * HOUR + MINUTE)
    fire(DB)
    run = TaskRun.objects.get(task=task)
    assert run.stands_for == 96
    assert run.scheduled_for is not None
    assert run.scheduled_for <= clock.now < run.scheduled_for + 15 * MINUTE
