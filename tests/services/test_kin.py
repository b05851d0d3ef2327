"""Parents and children: started once, told of each other, stopped in order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_tasks_fsm.core.mail import NoParent, QueueFull, RunHasEnded
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Message, RunChild, ServiceTicks, TaskRun
from django_tasks_fsm.store import kin
from django_tasks_fsm.store.prune import prune
from tests.jobs import trail as trails
from tests.jobs.services import parent, ticker
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def family(start_worker, trail, wait_until):
    """Give a running parent, child and grandchild."""
    start_worker()
    top = TaskRun.objects.get(pk=parent.enqueue(trail, 2).id)
    wait_until(lambda: len(trails.read(trail)) == 3)
    (child,) = top.children()
    (grandchild,) = child.children()
    return top, child, grandchild


def test_a_family_knows_each_other(family):
    top, child, grandchild = family
    assert (top.parent, child.parent, grandchild.parent) == (None, top, child)
    assert top.child("child") == child
    assert top.child("missing") is None
    assert not grandchild.children().exists()


def test_the_end_of_the_parent_stops_children_and_grandchildren_in_order(family, trail, wait_until):
    top, _, grandchild = family
    assert top.cancel()
    wait_until(lambda: TaskRun.objects.get(pk=grandchild.pk).is_final)
    assert trails.read(trail)[-3:] == ["cleanup 2", "cleanup 1", "cleanup 0"]
    assert set(TaskRun.objects.values_list("state", flat=True)) == {"CANCELLED"}
    wait_until(lambda: not RunChild.objects.filter(closed_at=None).exists())


def test_the_end_of_a_child_is_told_to_its_parent_once(family, trail, wait_until):
    _, child, grandchild = family
    grandchild.send("end")
    wait_until(lambda: any(step.startswith("1 heard closed child") for step in trails.read(trail)))
    (told,) = child.messages.filter(kind="closed", sender_id=grandchild.pk)
    assert told.payload == {"state": "DONE", "error": ""}
    assert TaskRun.objects.get(pk=child.pk).state == "RUNNING"
    assert TaskRun.objects.get(pk=grandchild.pk).state == "DONE"


def test_children_that_live_hide_none_that_has_ended(transactional_db, trail, monkeypatch):
    monkeypatch.setattr(kin, "BATCH", 1)
    first, second = (noop.enqueue().run for _ in range(2))
    top = parent.enqueue(trail, 0).run
    RunChild.objects.bulk_create(RunChild(run=run, parent=top, name=str(run.pk)) for run in (first, second))
    assert kin.sweep("default") == 0
    second.cancel()
    assert kin.sweep("default") == 1
    assert RunChild.objects.get(run=second).closed_at is not None


def test_messages_go_down_and_up(family, trail, wait_until):
    top, child, grandchild = family
    top.send("down", 1)
    wait_until(lambda: "0 heard message down 1" in trails.read(trail))
    grandchild.send("up", 2)
    wait_until(lambda: "2 heard message up 2" in trails.read(trail))
    assert top.messages.get(name="up").sender_id == child.pk


def test_a_child_is_started_once_by_all_holders_of_its_parent(start_worker, trail, wait_until):
    first = start_worker()
    parent.enqueue(trail, 2)
    wait_until(lambda: len(trails.read(trail)) == 3)
    first.stop()
    start_worker()
    wait_until(lambda: trails.read(trail).count("setup 0") == 2)
    assert TaskRun.objects.filter(state="RUNNING").count() == TaskRun.objects.count() == 3


def test_a_message_up_without_a_parent_says_so(begun, start_worker, trail, wait_until):
    start_worker()
    run = TaskRun.objects.get(pk=parent.enqueue(trail, 0).id)
    wait_until(lambda: trails.read(trail))
    run.send("up")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).transitions.filter(event="retry").exists())
    detail: Any = run.transitions.get(event="retry").detail
    assert detail["exception"].endswith(NoParent.__name__)
    assert "context.start_child()" in detail["message"]


def test_an_ended_run_refuses_messages(transactional_db, trail):
    run = TaskRun.objects.get(pk=ticker.enqueue(trail).id)
    run.send("kept", {"a": 1})
    run.cancel()
    with pytest.raises(RunHasEnded, match="has ended as CANCELLED, so nobody would read the message"):
        run.send("lost")
    assert list(run.messages.values_list("name", "delivered_at")) == [("kept", None)]


def test_a_full_queue_refuses_the_message_and_keeps_the_others(transactional_db, trail, settings):
    options = {"MAX_MESSAGES": 2}
    settings.TASKS = {"default": {**settings.TASKS["default"], "QUEUES": [], "OPTIONS": options}}
    run = TaskRun.objects.get(pk=ticker.enqueue(trail).id)
    run.send("one")
    run.send("two")
    with pytest.raises(QueueFull, match=r"2 messages wait for run .* already, and this one was not sent"):
        run.send("three")
    assert list(run.messages.order_by("number").values_list("number", "name")) == [(1, "one"), (2, "two")]


def test_pruning_takes_messages_ticks_and_bonds_along(transactional_db, trail):
    parent_run = TaskRun.objects.get(pk=ticker.enqueue(trail).id)
    child = TaskRun.objects.get(pk=ticker.using(key="child").enqueue(trail).id)
    RunChild.objects.create(run=child, parent=parent_run, closed_at=child.enqueued_at)
    ServiceTicks.objects.create(run=child, ticks=3)
    parent_run.send("kept as long as the run", sender=child.pk)
    TaskRun.objects.all().cancel()
    assert prune({RunState.CANCELLED: timedelta(0)}, "default") == 2
    assert [model.objects.count() for model in (Message, RunChild, ServiceTicks)] == [0, 0, 0]
