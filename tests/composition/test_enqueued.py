"""Compositions become runs: all at once, in one graph."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm import chain, group
from django_tasks_fsm.exceptions import RunFailed, UnknownPrerequisite, WaitTimeout
from django_tasks_fsm.models import RunPrerequisite, Task, TaskRun
from django_tasks_fsm.store.definitions import forget
from django_tasks_fsm.tasks_api import InvalidTask
from tests.composition.reference import built, understood, written
from tests.composition.sample import add_up, fail, fetch, needy, say

pytestmark = pytest.mark.django_db


def burst() -> None:
    call_command("runworker", burst=True, verbosity=0)


def states(made: Any) -> list[str]:
    for result in made.results:
        result.refresh()
    return [result.state for result in made.results]


@pytest.mark.parametrize("seed", range(5))
def test_a_random_composition_is_stored_as_it_was_written(seed):
    what = written(random.Random(seed), 20)
    made = built(what).enqueue()
    numbers = {uuid.UUID(result.id): result.args[0] for result in made.results}
    edges = RunPrerequisite.objects.values_list("prerequisite_id", "run_id")
    assert {(numbers[before], numbers[after]) for before, after in edges} == understood(what).edges
    assert set(TaskRun.objects.values_list("graph", flat=True)) == {made.graph}
    assert (made.first.id, made.last.id) == (made.results[0].id, made.results[-1].id)


def test_a_fan_in_adds_up_what_a_group_has_found():
    made = chain(group(say.step(1), say.step(2), say.step(3)), add_up).enqueue()
    assert states(made) == ["QUEUED"] * 3 + ["PENDING"]
    burst()
    assert made.wait(0) == [1, 2, 3, 6]
    assert made.last.return_value == 6


def test_what_comes_after_a_failure_meets_the_policy_of_its_chain():
    made = chain(fail, say, on_failure="skip").enqueue()
    burst()
    assert states(made) == ["FAILED", "SKIPPED"]


def test_wait_raises_for_the_first_run_that_has_ended_otherwise():
    made = chain(fail, say).enqueue()
    burst()
    with pytest.raises(RunFailed, match=made.first.id):
        made.wait(0)


def test_wait_says_which_run_is_open():
    made = chain(say, say).enqueue()
    with pytest.raises(WaitTimeout, match=f"{made.first.id} was still QUEUED"):
        made.wait(0)


def test_runs_that_exist_are_waited_for_by_the_step_that_says_so():
    before = say.enqueue(1)
    made = chain(say.step(2), add_up.using(after=[before])).enqueue()
    burst()
    assert made.wait(0) == [2, 3]


def test_nothing_is_made_where_one_step_is_refused():
    with pytest.raises(UnknownPrerequisite):
        chain(say, say.using(after=[uuid.uuid4()])).enqueue()
    assert not TaskRun.objects.exists()


def test_the_template_is_made_along_once_for_all_that_begin_and_for_nothing_behind_them():
    for each in (fetch, needy):
        each.enqueue()
    Task.objects.get(name=needy.module_path).require(Task.objects.get(name=fetch.module_path))
    forget()
    made = chain(group(needy.step(1), needy.step(2)), needy.step(3)).enqueue()
    assert TaskRun.objects.filter(graph=made.graph, task__name=fetch.module_path).count() == 1
    burst()
    assert made.wait(0) == [41, 42, 3 + 41 + 42]


def test_a_step_with_a_key_that_is_borne_is_the_run_that_bears_it():
    bearer = say.using(key="one").enqueue(5)
    made = chain(say.using(key="one").step(6), add_up).enqueue()
    burst()
    assert made.first.id == bearer.id
    assert made.wait(0) == [5, 5]


def test_settings_of_a_step_are_those_of_its_run():
    graph = uuid.uuid4()
    made = chain(say, say.using(priority=7, label="second", graph=graph)).enqueue()
    run = made.last.run
    assert (run.priority, run.label, made.graph, made.first.run.graph) == (7, "second", graph, graph)


def test_two_graphs_in_one_composition_are_refused():
    with pytest.raises(ValueError, match="name 2 graphs"):
        group(say.using(graph=uuid.uuid4()), say.using(graph=uuid.uuid4())).enqueue()


def test_nothing_to_enqueue_is_refused():
    with pytest.raises(ValueError, match="nothing to enqueue"):
        chain(group(), chain()).enqueue()


def test_steps_of_several_backends_are_refused(settings):
    settings.TASKS = {**settings.TASKS, "other": dict(settings.TASKS["default"])}
    with pytest.raises(InvalidTask, match=r"several backends \('default', 'other'\)"):
        chain(say, say.using(backend="other")).enqueue()


def test_a_backend_that_has_no_graphs_is_refused(settings):
    settings.TASKS = {**settings.TASKS, "now": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    if "django_tasks" in settings.INSTALLED_APPS:
        settings.TASKS["now"]["BACKEND"] = "django_tasks.backends.immediate.ImmediateBackend"
    with pytest.raises(InvalidTask, match="'now' cannot enqueue a graph"):
        chain(say.using(backend="now")).enqueue()


@pytest.mark.fault("F34")
@pytest.mark.parametrize("make", [lambda steps: chain(*steps), lambda steps: chain(group(*steps), add_up)])
def test_ten_thousand_runs_take_a_bounded_number_of_statements(make):
    make([say.step(0)]).enqueue()  # from now on the rows of tasks and queue are there
    with CaptureQueriesContext(connection) as few:
        make([say.step(number) for number in range(10)]).enqueue()
    with CaptureQueriesContext(connection) as many:
        made = make([say.step(number) for number in range(10_000)]).enqueue()
    assert TaskRun.objects.filter(graph=made.graph).count() == len(made.results)
    # Rows and edges are inserted in batches: SQLite takes some 30 rows in a statement, the others 500.
    assert len(inserts(many)) <= 10_000 // 30 + 10_000 // 190
    assert len(many) - len(inserts(many)) == len(few) - len(inserts(few))


def inserts(queries: CaptureQueriesContext) -> list[dict[str, str]]:
    return [query for query in queries if query["sql"].startswith("INSERT")]
