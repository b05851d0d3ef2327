"""Several fields of a task, all or none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from django_tasks_fsm.core.triggers import Manual, cron, dump, every
from django_tasks_fsm.exceptions import FieldNotEditable
from django_tasks_fsm.models import Task, Transition
from django_tasks_fsm.models.actor import Actor
from tests.backend import sample
from tests.store.rows import a_task
from tests.store.threads import Session, meanwhile, other

__all__ = ["other"]
pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = timezone.now() + timedelta(days=1)
ECHO = sample.echo.module_path


def stored(task: Task) -> Any:
    return Task.objects.get(pk=task.pk)


def test_several_fields_are_changed_at_once_and_told_in_the_history() -> None:
    task = a_task(priority=3)
    changed = task.update(queue="mail", priority=3, args=[1], actor=Actor("user:ada"), reason="moved")
    assert changed == ("queue", "args")
    assert (task.queue, task.args) == (stored(task).queue, stored(task).args) == ("mail", [1])
    line = Transition.objects.get(task=task)
    assert (line.event, line.actor, line.reason) == ("update", "user:ada", "queue, args: moved")
    assert (line.from_state, line.to_state, line.detail) == ("ACTIVE", "ACTIVE", {"fields": ["queue", "args"]})


def test_values_that_are_there_already_leave_no_trace() -> None:
    task = a_task(priority=3)
    before = stored(task).updated_at
    assert task.update(priority=3) == ()
    assert stored(task).updated_at == before
    assert not Transition.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"priority": 101}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"priority": None}, "priority"),
        ({"queue": "no queue!"}, "queue"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_runs": 0}, "max_runs"),
        ({"timeout": 0}, "timeout"),
        ({"catch_up": "moon"}, "catch_up"),
        ({"catch_up_cap": 0}, "catch_up_cap"),
        ({"on_lost": "weep"}, "on_lost"),
        ({"args": (1, 2)}, "args"),
        ({"args": None}, "args"),
        ({"args": [object()]}, "args"),
        ({"kwargs": [1]}, "kwargs"),
        ({"trigger": None}, "trigger"),
        ({"trigger": {"kind": "moon"}}, "trigger"),
        ({"description": None}, "description"),
        ({"function": "os.system"}, "function"),
    ],
)
def test_where_one_value_is_wrong_none_is_changed(wrong: dict[str, Any], named: str) -> None:
    task = a_task()
    before = Task.objects.filter(pk=task.pk).values().get()
    with pytest.raises(ValidationError) as caught:
        task.update(description="new", **wrong) if "description" not in wrong else task.update(group="new", **wrong)
    assert set(caught.value.message_dict) == {named}
    assert Task.objects.filter(pk=task.pk).values().get() == before
    assert task.description == ""
    assert not Transition.objects.exists()


def test_every_problem_is_told() -> None:
    with pytest.raises(ValidationError) as caught:
        a_task().update(priority=101, args=5, trigger={})
    assert set(caught.value.message_dict) == {"priority", "args", "trigger"}


def test_arguments_that_the_function_does_not_take_are_refused() -> None:
    task = a_task(function=sample.other.module_path)
    with pytest.raises(ValidationError, match="does not take these arguments"):
        task.update(kwargs={"colour": "red"})


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("catchup", "changes no field 'catchup'. Did you mean 'catch_up'?"),
        ("zzz", "There are: name|There are: function"),
        ("name", "A task keeps its name"),
        ("state", "Call a verb: pause"),
        ("next_run_at", r"Call run_at\(\)"),
        ("fired", "counted by firing"),
        ("paused_until", "pause"),
        ("origin", "where the row comes from"),
        ("pk", "where the row comes from"),
    ],
)
def test_a_field_that_is_not_to_be_changed_so_is_refused(field: str, words: str) -> None:
    task = a_task()
    given: dict[str, Any] = {field: "x", "queue": "mail"}
    with pytest.raises(FieldNotEditable, match=words):
        task.update(**given)
    assert stored(task).queue == "default"


def test_another_trigger_leaves_the_next_time() -> None:
    task = a_task(trigger=dump(every(HOUR)), next_run_at=LATER)
    task.update(trigger=cron("5 10 * * *"))
    assert (task.trigger, task.next_run_at) == (dump(cron("5 10 * * *")), LATER)


def test_a_trigger_that_has_no_times_takes_the_next_one_away_and_a_first_one_sets_it() -> None:
    task = a_task(trigger=dump(every(HOUR)), next_run_at=LATER)
    task.update(trigger=dump(Manual()))
    assert (task.next_run_at, task.state) == (None, "ACTIVE")
    task.update(trigger=every(HOUR))
    assert task.next_run_at is not None


def test_what_code_declares_is_marked_as_changed() -> None:
    task = a_task(function=ECHO, origin="code", overrides=["queue"])
    task.update(priority=5, group="x")
    assert stored(task).overrides == task.overrides == ["group", "priority", "queue"]
    with pytest.raises(ValidationError, match="Code declares the function"):
        task.update(function=sample.other.module_path)


def test_many_tasks_are_changed_or_none() -> None:
    for name in ("a", "b", "c"):
        a_task(name, group="x" if name != "c" else "", priority=1 if name == "a" else 0)
    report = Task.objects.filter(group="x").change(priority=1, reason="all alike")
    assert [row.event for row in report.moved] == ["update"]
    assert sorted(Task.objects.filter(name__in="abc").values_list("name", "priority")) == [("a", 1), ("b", 1), ("c", 0)]
    with pytest.raises(ValidationError):
        Task.objects.filter(group="x").change(priority=2, timeout=-1)
    assert not Task.objects.filter(priority=2).exists()


@pytest.mark.fault("F60")
@pytest.mark.django_db(transaction=True)
def test_who_changes_a_task_at_the_same_time_waits_and_undoes_nothing(other: Session) -> None:
    task = a_task(origin="code")
    other.do(lambda: Task.objects.get(pk=task.pk).update(queue="mail"))
    meanwhile(other, lambda: Task.objects.get(pk=task.pk).update(priority=9))
    assert (stored(task).queue, stored(task).priority) == ("mail", 9)
    assert stored(task).overrides == ["priority", "queue"]
