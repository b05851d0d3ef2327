"""Runs that a running run makes: in its graph, and once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.spawning import Spawning
from tests.context import spawners

pytestmark = pytest.mark.django_db


def burst() -> None:
    call_command("runworker", burst=True, verbosity=0)


def spawned(result: FSMTaskResult) -> list[TaskRun]:
    """Run everything, and return the children that ``result`` names."""
    burst()
    result.refresh()
    told: Any = result.return_value
    return [TaskRun.objects.get(pk=each) for each in (told if isinstance(told, list) else [told])]


@pytest.mark.parametrize("parent", ["fan_out", "afan_out"])
def test_children_are_of_the_graph_and_are_waited_for(parent):
    started = spawners.fan_out.enqueue([3]) if parent == "fan_out" else spawners.afan_out.enqueue()
    *children, last = spawned(started)
    assert {run.graph for run in [*children, last]} == {started.run.graph} == {started.run.pk}
    assert last.result == sum(run.args[0] for run in children) == 3


@pytest.mark.fault("F34")
def test_an_attempt_after_a_crash_finds_the_children_of_the_former_one():
    *_, last = spawned(spawners.fan_out.enqueue([3, 3, 3]))
    assert TaskRun.objects.count() == 1 + 3 + 1
    assert last.result == 3


def test_an_attempt_that_wants_more_makes_what_is_missing_and_the_total_waits_for_it_too():
    *_, last = spawned(spawners.fan_out.enqueue([2, 4]))
    assert TaskRun.objects.count() == 1 + 4 + 1
    assert RunPrerequisite.objects.filter(run=last).count() == 4
    assert last.result == 0 + 1 + 2 + 3


def test_the_same_call_is_one_child_and_a_name_makes_another():
    one, again, named, renamed, other = spawned(spawners.spawn_twice.enqueue())
    assert one == again
    assert named == renamed
    assert named.args == [1]
    assert len({one, named, other}) == 3
    assert other.kwargs == {"before": "noon"}


def test_a_child_with_a_key_is_made_once_though_it_has_ended():
    parent = spawners.spawn_keyed.enqueue()
    (child,) = spawned(parent)
    assert TaskRun.objects.count() == 2
    assert (child.given_key, child.state) == ("the one", "DONE")


def test_a_run_that_has_not_started_waits_for_the_child():
    waiting = spawners.total.using(run_after=None).prepare()
    parent = spawners.hold_up.enqueue([waiting.id])
    call_command("runworker", burst=True, verbosity=0)
    waiting.run.prepared()
    (child,) = spawned(parent)
    assert RunPrerequisite.objects.get(run=waiting.run).prerequisite == child
    assert waiting.run.result == 5


def test_a_run_that_has_ended_cannot_be_made_to_wait_and_nothing_is_spawned():
    ended = spawners.child.enqueue()
    burst()
    parent = spawners.hold_up.enqueue([ended.id])
    burst()
    assert "AlreadyStarted" in parent.run.error
    assert TaskRun.objects.count() == 2


def test_an_attempt_that_has_lost_its_run_spawns_nothing():
    parent = spawners.spawn_when_lost.enqueue()
    burst()
    assert parent.run.state == "ABORTED"
    assert TaskRun.objects.get() == parent.run


@pytest.mark.parametrize("name", ["x" * 161, "line\nbreak"])
def test_a_name_that_does_not_fit_is_refused(name):
    with pytest.raises(ValueError, match="at most 160 printable"):
        Spawning().spawn(spawners.child, named=name)
