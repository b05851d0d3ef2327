"""What needs a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.admin.links import MODELS, Links
from django_tasks_fsm.admin.overview.attention import items
from django_tasks_fsm.admin.overview.snapshot import take
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, RunPrerequisite, Task
from tests.admin.rows import link, make_run, make_worker, soon

pytestmark = pytest.mark.django_db


def told(*visible: str, sees_payloads: bool = False) -> list[tuple[str, str]]:
    """Return name and reason of each line that somebody sees who may view these models, or all."""
    links = Links("admin", frozenset(visible or MODELS), sees_payloads)
    return [(item.name, item.why) for item in items(take("default"), links)]


def test_nothing_is_told_of_what_goes_well(fetch: Task) -> None:
    make_worker()
    make_run(fetch, RunState.DONE)
    make_run(fetch)
    assert told() == []


def test_a_failed_run_is_told_with_its_error(fetch: Task) -> None:
    run = make_run(fetch, RunState.FAILED, error="shop.Mismatch: 34 expected", label="Vienna")
    assert told(sees_payloads=True) == [("fetch users Vienna", "Mismatch: 34 expected")]
    assert told() == [("fetch users Vienna", "Mismatch")]
    assert items(take("default"), Links("admin", frozenset({"taskrun"})))[0].since == run.finished_at


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED, RunState.ABORTED])
def test_a_run_that_waits_in_vain_is_told(fetch: Task, state: RunState) -> None:
    link(make_run(fetch, state, label="first"), make_run(fetch, RunState.PENDING, label="second"))
    assert ("fetch users second", "It waits in vain for fetch users first.") in told()


def test_a_run_that_goes_on_whatever_happens_is_not_told(fetch: Task) -> None:
    edge = link(make_run(fetch, RunState.CANCELLED), make_run(fetch, RunState.PENDING))
    RunPrerequisite.objects.filter(pk=edge.pk).update(on_failure="ignore")
    assert told() == []


def test_a_schedule_that_cannot_be_read_is_told(fetch: Task) -> None:
    Task.objects.filter(pk=fetch.pk).update(trigger={"version": 1, "kind": "nonsense"})
    assert told() == [("fetch users", "Its schedule cannot be read: it never fires.")]


def test_a_lost_worker_is_told_with_what_it_holds(fetch: Task) -> None:
    make_run(fetch, RunState.RUNNING, worker=make_worker(name="silent", heartbeat_at=soon(hours=-1)))
    assert told("worker") == [("silent", "It holds 1 run.")]


@pytest.mark.parametrize(("values", "is_told"), [({}, True), ({"paused_until": soon(hours=-1)}, False)])
def test_a_paused_queue_with_work_is_told(fetch: Task, values: dict[str, Any], is_told: bool) -> None:
    Queue.objects.create(name="mail", paused_at=timezone.now(), paused_by="user:vera", pause_reason="full", **values)
    assert told() == []
    make_run(fetch, queue="mail")
    assert told() == ([("mail", "1 run is ready here. Paused by vera. full")] if is_told else [])


def test_each_line_is_for_those_who_may_view_its_row(fetch: Task) -> None:
    make_run(fetch, RunState.FAILED)
    make_worker(heartbeat_at=soon(hours=-1))
    assert [name for name, _ in told("worker")] == ["w-1"]
    assert told("queue") == []


def test_a_worker_that_does_not_keep_up_is_told(fetch: Task) -> None:
    make_worker(name="Ada", saturated_since=timezone.now())
    make_worker(name="gone", saturated_since=timezone.now(), heartbeat_at=soon(hours=-1))
    assert told("worker") == [("gone", ""), ("Ada", "All its 4 slots are taken, and runs that are due wait.")]
