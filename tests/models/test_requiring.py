"""What comes after a run."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.core.management import call_command

from django_tasks_fsm.exceptions import AlreadyStarted, CycleFound
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.tasks_api import InvalidTask
from tests.context import spawners
from tests.context.sample import fails, seven
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db


def burst() -> None:
    call_command("runworker", burst=True, verbosity=0)


def test_then_makes_a_run_that_waits_and_founds_the_graph_of_both():
    first = seven.enqueue().run
    last = first.then(spawners.total)
    assert (last.state, last.graph, first.graph) == ("PENDING", first.pk, first.pk)
    assert TaskRun.objects.get(pk=first.pk).graph == first.pk
    burst()
    last.refresh_from_db()
    assert last.result == 7


def test_then_can_be_said_again_and_takes_arguments():
    first = seven.enqueue().run
    last = first.then(spawners.child, 3).then(spawners.child.step(before="noon"))
    assert (last.kwargs, last.graph) == ({"before": "noon"}, first.pk)
    assert RunPrerequisite.objects.count() == 2


def test_after_a_run_that_has_ended_the_edge_is_met_at_once():
    first = seven.enqueue().run
    burst()
    last = first.then(spawners.total)
    assert (last.state, last.waiting_on) == ("QUEUED", 0)


def test_after_a_run_that_has_failed_the_policy_is_met_at_once():
    first = fails.enqueue().run
    burst()
    assert first.then(seven, on_failure="skip").state == "SKIPPED"
    assert first.then(seven, condition="failed").state == "QUEUED"


def test_what_the_task_waits_for_already_is_kept():
    first, other = seven.enqueue().run, seven.enqueue()
    last = first.then(spawners.total.using(after=[other, first]))
    burst()
    last.refresh_from_db()
    assert (last.result, RunPrerequisite.objects.count()) == (14, 2)


def test_a_given_run_is_made_to_wait_and_joins_the_graph():
    first, other = seven.enqueue().run, spawners.total.enqueue().run
    assert first.then(other, on_failure="skip") is other
    assert (other.state, other.graph) == ("PENDING", first.pk)


def test_a_given_run_keeps_the_graph_that_it_has():
    graph = a_run().pk
    first, other = seven.enqueue().run, spawners.total.using(graph=graph).enqueue().run
    assert first.then(other).graph == graph


def test_a_given_run_takes_no_arguments():
    first, other = seven.enqueue().run, spawners.total.enqueue().run
    with pytest.raises(TypeError, match="has its arguments already"):
        first.then(other, 3)
    with pytest.raises(TypeError, match="has its arguments already"):
        first.then(spawners.child.step(1), 3)


def test_a_given_run_that_has_ended_or_that_comes_before_is_refused():
    first = seven.enqueue().run
    last = first.then(seven)
    with pytest.raises(CycleFound):
        last.then(first)
    with pytest.raises(AlreadyStarted):
        last.then(a_run("DONE"))


@pytest.mark.parametrize("what", ["seven", None, lambda: 7])
def test_what_is_neither_task_nor_run_is_refused(what):
    with pytest.raises(TypeError, match=r"A task or task\.step"):
        seven.enqueue().run.then(what)


def test_a_result_stands_for_its_run():
    first, second, third = (seven.enqueue() for _ in range(3))
    second.run.require(first)
    second.run.block(third)
    fourth = seven.enqueue()
    third.run.then(fourth)
    burst()
    edges = RunPrerequisite.objects.values_list("prerequisite", "run")
    assert set(edges) == {(one.run.pk, other.run.pk) for one, other in pairwise((first, second, third, fourth))}


@pytest.mark.parametrize("terms", [{"condition": "completed"}, {"on_failure": "explode"}])
def test_terms_that_there_are_not_are_refused(terms):
    with pytest.raises(InvalidTask, match=next(iter(terms.values()))):
        a_run().require(a_run(), **terms)
