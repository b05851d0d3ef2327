from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue, Task
from django_tasks_fsm.models.actor import Actor
from tests.store.gates.asked import gate, said
from tests.store.rows import a_task, a_worker

pytestmark = pytest.mark.django_db

HOURLY = {"version": 1, "kind": "interval", "every": 3600}


def test_a_paused_task_says_by_whom_and_why():
    task = a_task("t", trigger=HOURLY)
    task.pause(actor=Actor("user:ada"), reason="the disk is full")
    found = gate(task, "state")
    assert (found.ok, found.detail) == (False, "the disk is full")
    assert str(found.fact).endswith(" by ada.")


@pytest.mark.parametrize(
    ("state", "way_out"),
    [("PREPARE", "Activate it."), ("PAUSED", "Resume it."), ("RETIRED", "Restore it."), ("EXHAUSTED", "Set another")],
)
def test_each_state_that_does_not_fire_has_its_way_out(state, way_out):
    found = gate(a_task("t", state=state), "state")
    assert not found.ok
    assert str(found.way_out).startswith(way_out)


@pytest.mark.parametrize(
    "values", [{"trigger": {"kind": "moon"}}, {"trigger": []}, {"trigger": HOURLY, "catch_up": "moon"}, {"args": {}}]
)
def test_what_firing_cannot_read_is_told(values):
    found = gate(a_task("t", **values), "trigger")
    assert not found.ok
    assert found.detail


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (False, "It fires only when asked.")),
        ({"trigger": HOURLY}, (False, "It has no next time.")),
        ({"trigger": {"version": 1, "kind": "worker_stop"}}, (False, "Not by time: a worker fires it.")),
    ],
)
def test_a_task_without_a_next_time_never_fires(values, expected):
    assert said(a_task("t", **values), "next") == expected


@pytest.mark.parametrize(("hours", "ok"), [(-1, True), (1, False)])
def test_the_next_time_is_told(hours, ok):
    at = timezone.now() + timedelta(hours=hours)
    assert said(a_task("t", trigger=HOURLY, next_run_at=at), "next")[0] is ok


def test_any_live_worker_fires_any_task():
    task = a_task("t", queue="mail")
    assert not gate(task, "worker").ok
    a_worker(queues=["video"])
    found = gate(task, "worker")
    assert (found.ok, found.note) == (True, True)


def test_what_would_hold_up_its_runs_is_told_beside(django_assert_max_num_queries):
    Queue.objects.update_or_create(name="mail", defaults={"paused_at": timezone.now()})
    task = a_task("t", queue="mail", function="shop.gone")
    Task.objects.filter(pk=task.pk).pause()
    with django_assert_max_num_queries(4):
        found = [one for one in task.explain().gates if one.name in ("queue", "function")]
    assert [(one.ok, one.note) for one in found] == [(True, True)] * 2
