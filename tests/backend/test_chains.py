"""Keys with a policy, triggers and chains, through the doors that a project uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import InvalidKey, KeyTaken
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.tasks_api import InvalidTask
from tests.backend import sample
from tests.backend.hand import Hand

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

LATER = timezone.now() + timedelta(hours=1)
echo = sample.echo
debounced = echo.using(key="k", on_key="replace")


def test_the_key_may_be_made_of_the_arguments() -> None:
    task = echo.using(key=lambda user, **rest: f"sync {user}")
    assert task.enqueue(1).run.key == "sync 1"
    assert task.enqueue(1, a=2).id == task.enqueue(1).id != task.enqueue(2).id
    assert [result.run.key for result in task.enqueue_many([[3], [4]])] == ["sync 3", "sync 4"]
    with pytest.raises(InvalidKey):
        task.enqueue("x\n")
    assert echo.using(key=lambda: None).enqueue().run.key is None


@pytest.mark.parametrize("wrong", [{"key": ""}, {"key": 7}, {"on_key": "trigger"}, {"on_key": "collapse"}])
def test_what_no_run_could_use_is_refused_when_it_is_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidTask, match=r"key must|on_key must be one of return, raise, replace"):
        echo.using(**wrong)


def test_a_key_that_is_borne_can_be_an_error() -> None:
    first = echo.using(key="k").enqueue()
    with pytest.raises(KeyTaken, match=first.id):
        echo.using(key="k", on_key="raise").enqueue()


def test_of_many_calls_the_last_one_is_heard() -> None:
    first = debounced.using(run_after=LATER).enqueue(1)
    results = debounced.using(run_after=LATER).enqueue_many([[2], [3]])
    assert {result.id for result in results} == {first.id}
    assert first.run.args == [3]


@committing
def test_the_last_one_is_heard_in_a_coroutine_too() -> None:
    debounced.enqueue(1)
    result = async_to_sync(debounced.aenqueue)(2)
    assert (result.args, TaskRun.objects.count()) == ([2], 1)


def test_what_was_replaced_runs_once_with_the_last_arguments(burst: Callable[[], None]) -> None:
    first = debounced.using(run_after=LATER).enqueue(1)
    debounced.enqueue(2)
    burst()
    assert first.wait(1) == {"args": [2], "kwargs": {}}
    assert first.run.key is None


# -- trigger


def test_triggers_are_one_run_until_it_begins(burst: Callable[[], None]) -> None:
    results = [echo.trigger(number) for number in range(3)]
    assert len({result.id for result in results}) == 1
    burst()
    assert results[2].wait(1) == {"args": [0], "kwargs": {}}
    assert echo.trigger().id != results[0].id


def test_triggers_while_it_runs_are_one_run_more() -> None:
    hand = Hand()
    first = echo.trigger()
    claim = hand.claim()
    second, third = echo.trigger(), echo.trigger()
    assert second.id == third.id != first.id
    assert second.run.state == "PENDING"
    hand.give(Outcome.done(claim, "1"))
    assert str(hand.claim().id) == second.id


def test_a_trigger_replaces_the_arguments_where_the_task_says_so() -> None:
    first = echo.using(on_key="replace").trigger(1)
    assert echo.using(on_key="replace").trigger(2).id == first.id
    assert first.run.args == [2]


def test_a_row_is_triggered_like_its_function() -> None:
    result = echo.trigger(1)
    row = Task.objects.get(name=echo.module_path)
    assert str(row.trigger_now().pk) == result.id
    result.run.cancel()
    run = row.trigger_now(reason="a file came")
    assert [(each.event, each.reason) for each in run.transitions.all()] == [("start", "a file came")]
    assert row.trigger_now().pk == run.pk == TaskRun.objects.keyed(f"trigger:{echo.module_path}").get().pk


def test_a_row_of_its_own_name_is_triggered_apart() -> None:
    row = Task.objects.create(name="nightly", function=echo.module_path, args=[1])
    run = row.trigger_now()
    assert (run.args, run.key) == ([1], "trigger:nightly")
    assert str(run.pk) != echo.trigger().id


@committing
def test_a_coroutine_can_trigger_and_recreate() -> None:
    first = async_to_sync(echo.atrigger)(1)
    assert async_to_sync(echo.atrigger)(2).id == first.id
    second = async_to_sync(echo.using(key="k").arecreate)(1)
    assert async_to_sync(echo.using(key="k").arecreate)(2).id != second.id


# -- recreate, cancel


def test_recreate_needs_a_key_and_takes_the_place_of_its_run() -> None:
    with pytest.raises(InvalidTask, match="has no key here"):
        echo.recreate(1)
    first = echo.using(key="k").recreate(1)
    second = echo.using(key="k").recreate(2)
    assert (first.run.state, second.run.state, second.run.args) == ("CANCELLED", "QUEUED", [2])


def test_a_run_that_recreates_its_own_key_ends_well_and_is_followed(burst: Callable[[], None]) -> None:
    first = sample.made_anew.using(key="k").enqueue(2)
    burst()
    assert first.wait(1) == 2
    runs = TaskRun.objects.filter(given_key="k").order_by("pk")
    assert [(run.state, run.result) for run in runs] == [("DONE", 2), ("DONE", 1), ("DONE", 0)]


def test_the_runs_of_a_key_are_cancelled_by_their_task_only() -> None:
    mine, other = echo.using(key="k").enqueue(), sample.other.using(key="o").enqueue()
    assert len(echo.using(key="k").cancel_key().moved) == 1
    assert mine.run.state == "CANCELLED"
    assert echo.cancel_key("o").moved == ()
    assert other.run.state == "QUEUED"
    triggered = echo.trigger()
    echo.cancel_key()
    assert triggered.run.state == "CANCELLED"
    with pytest.raises(InvalidTask, match="give cancel_key"):
        echo.using(key=lambda: "k").cancel_key()


def test_backends_of_django_run_what_is_triggered() -> None:
    backend = "django_tasks.backends.immediate.ImmediateBackend"
    if sample.echo.__class__.__mro__[2].__module__.startswith("django.tasks"):
        backend = "django.tasks.backends.immediate.ImmediateBackend"
    with override_settings(TASKS={"default": {"BACKEND": backend}}):
        assert echo.trigger(1).return_value == {"args": [1], "kwargs": {}}
