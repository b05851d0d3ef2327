"""``tasks_fsm run``: a run of a task, asked for by whoever sits at the terminal."""

from __future__ import annotations

import os
import pwd

import pytest

from django_tasks_fsm.models import Task, TaskPrerequisite, TaskRun, Transition
from tests.cli.terminal import as_json, command, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    return Task.objects.create(name="sum", function="tests.jobs.tasks.add", args=[1], kwargs={"b": 2})


def made() -> TaskRun:
    return TaskRun.objects.latest("pk")


def test_a_run_has_the_stored_arguments(task: Task) -> None:
    found = as_json("run", "sum")
    assert (found["run"], found["task"], found["state"]) == (str(made().pk), "sum", "QUEUED")
    assert (made().args, made().kwargs) == ([1], {"b": 2})


def test_other_arguments_take_their_place_for_this_run_only(task: Task) -> None:
    command("run", "sum", "--args", "[40, 2]", "--kwargs", "{}")
    assert (made().args, made().kwargs) == ([40, 2], {})
    task.refresh_from_db()
    assert (task.args, task.kwargs) == ([1], {"b": 2})


def test_the_history_names_the_user_of_the_operating_system(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "mallory")
    command("run", "sum", "--reason", "month end")
    row = Transition.objects.get(run=made(), event="start")
    assert row.actor.startswith(f"os:{pwd.getpwuid(os.getuid()).pw_name}@")
    assert row.reason == "month end"


def test_the_run_that_waits_is_taken_where_triggers_collapse(task: Task) -> None:
    first = as_json("run", "sum", "--collapse", "--reason", "a file came")
    assert as_json("run", "sum", "--collapse", "--args", "[7]")["run"] == first["run"]
    assert (TaskRun.objects.count(), made().args) == (1, [1])
    assert Transition.objects.get(run=made(), event="start").reason == "a file came"


@pytest.mark.parametrize(("flags", "count"), [((), 2), (("--alone",), 1), (("--dependents",), 3)])
def test_company_comes_along_as_asked(task: Task, flags: tuple[str, ...], count: int) -> None:
    before, after = (Task.objects.create(name=name, function="tests.jobs.tasks.noop") for name in ("before", "after"))
    TaskPrerequisite.objects.create(task=task, prerequisite=before)
    TaskPrerequisite.objects.create(task=after, prerequisite=task)
    command("run", "sum", *flags)
    assert TaskRun.objects.count() == count


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("smu",), "There is no task 'smu'. Did you mean 'sum'?"),
        (("sum", "--args", "[1, 2, 3]"), "tests.jobs.tasks.add does not take these arguments: "),
        (("sum", "--args", '["\\u0000"]'), "--args: "),
    ],
)
def test_what_cannot_run_makes_no_run(task: Task, arguments: tuple[str, ...], sentence: str) -> None:
    assert refusal("run", *arguments).startswith(sentence)
    assert not TaskRun.objects.exists()


def test_waiting_in_vain_ends_with_one(task: Task) -> None:
    found = as_json("run", "sum", "--wait", "0", code=1)
    assert (found["in_time"], found["state"]) == (False, "QUEUED")
    assert "It has not ended in time; it goes on." in command("run", "sum", "--wait", "0")[1]


@pytest.mark.parametrize(("state", "code"), [("DONE", 0), ("FAILED", 1)])
def test_waiting_tells_how_it_ended(task: Task, monkeypatch: pytest.MonkeyPatch, state: str, code: int) -> None:
    def ended(run: TaskRun, patience: float) -> None:
        run.__dict__.update(state=state, result=3, error="" if state == "DONE" else "boom")

    monkeypatch.setattr("django_tasks_fsm.cli.run.wait_until_final", ended)
    found = as_json("run", "sum", "--wait", "5", code=code)
    assert (found["in_time"], found["result"], found["error"]) == (
        True, 3 if state == "DONE" else None, "" if state == "DONE" else "boom"
    )  # fmt: skip
