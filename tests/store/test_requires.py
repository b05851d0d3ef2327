from __future__ import annotations

import logging

import pytest

from django_tasks_fsm import registry
from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.core.triggers import Manual, dump
from django_tasks_fsm.models import Task, TaskPrerequisite, TaskRun
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.requirements import Requirement
from django_tasks_fsm.store.blueprint import with_prerequisites
from django_tasks_fsm.store.definitions import forget
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.sync import sync
from tests.store.rows import DB, a_task

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db):
    TaskPrerequisite.objects.all().delete()
    forget()
    yield
    forget()


@pytest.fixture
def declare(monkeypatch):
    """Give ``declare(name=[requirements])``: the only rows that code declares from now on."""

    def only(**names):
        wanted = {
            name: Declaration(name, name, dump(Manual()), requires=tuple(Requirement(*each) for each in required))
            for name, required in names.items()
        }
        monkeypatch.setattr(registry, "wanted", lambda: wanted)
        sync(DB)

    return only


def edges() -> set[tuple[str, str, str, str]]:
    names = ("prerequisite__name", "task__name", "condition", "on_failure")
    return set(TaskPrerequisite.objects.values_list(*names))


def test_what_code_requires_becomes_edges_and_goes_with_the_code(declare):
    declare(a=[], b=[("a",)], c=[("a", Condition.FINISHED, OnFailure.SKIP), ("b",)])
    assert edges() == {("a", "b", "done", ""), ("a", "c", "finished", "skip"), ("b", "c", "done", "")}
    declare(a=[], b=[], c=[("a", Condition.FAILED), ("b",)])
    assert edges() == {("a", "c", "failed", ""), ("b", "c", "done", "")}


def test_an_edge_that_a_person_added_stays(declare):
    declare(a=[], b=[])
    Task.objects.get(name="b").require(Task.objects.get(name="a"), condition="finished")
    declare(a=[], b=[("a",)])
    declare(a=[], b=[])
    assert edges() == {("a", "b", "finished", "")}


def test_a_loop_with_what_a_person_added_is_left_out_and_named(declare, caplog):
    declare(a=[], b=[])
    Task.objects.get(name="a").require(Task.objects.get(name="b"))
    with caplog.at_level(logging.ERROR, "django_tasks_fsm"):
        declare(a=[], b=[("a",)])
    assert edges() == {("b", "a", "done", "")}
    assert "'b' is left out" in caplog.text
    assert "a -> b" in caplog.text or "b -> a" in caplog.text


def test_what_is_not_registered_is_named(declare, caplog):
    declare(b=[("gone",)])
    assert "'b' requires 'gone'" in caplog.text


def request(name: str, **values) -> Request:
    return Request(task_id=a_task(name).pk, **values)


def test_enqueueing_makes_runs_of_the_prerequisites_along_with_each_run(declare):
    declare(a=[], b=[("a",)])
    wanted = with_prerequisites([request("b", args=[1]), request("b", args=[2])], DB)
    runs = enqueue_many(wanted, DB)
    assert [run.task.name for run in runs] == ["b", "a", "b", "a"]
    assert len({run.graph for run in runs}) == 2
    assert TaskRun.objects.filter(waiting_on=1, task__name="b").count() == 2


def test_a_run_that_says_what_it_waits_for_waits_for_nothing_else(declare):
    declare(a=[], b=[("a",)])
    (before,) = enqueue_many([request("a")], DB)
    wanted = request("b", prerequisites=(Awaited(before.pk),))
    assert with_prerequisites([wanted], DB) == [wanted]


def test_a_key_that_is_borne_makes_no_runs_in_vain(declare):
    declare(a=[], b=[("a",)])
    enqueue_many(with_prerequisites([request("b", key="k")], DB), DB)
    enqueue_many(with_prerequisites([request("b", key="k")], DB), DB)
    assert TaskRun.objects.count() == 2
