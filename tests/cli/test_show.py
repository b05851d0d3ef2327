"""``tasks_fsm show``: one run, or one task, with all that belongs to it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.core.redaction import MASK
from django_tasks_fsm.models import RunDetail, Task, TaskPrerequisite
from tests.admin.rows import make_chain, make_task
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db


def test_a_run_is_shown_with_its_edges() -> None:
    done, failed, waiting = make_chain(make_task())
    found = as_json("show", failed.pk)
    assert [(edge["id"], edge["state"], edge["met"]) for edge in found["prerequisites"]] == [
        (str(done.pk), "DONE", True)
    ]
    assert [(edge["id"], edge["state"], edge["met"]) for edge in found["dependents"]] == [
        (str(waiting.pk), "PENDING", False)
    ]


def test_a_run_is_shown_with_its_transitions_and_traceback() -> None:
    _, failed, _ = make_chain(make_task())
    found = as_json("show", failed.pk)
    assert [(row["event"], row["from"], row["to"], row["by"]) for row in found["transitions"]] == [
        ("error", "RUNNING", "FAILED", "worker:w")
    ]
    assert found["failure"]["traceback"] == "Traceback: line 7"
    assert "Traceback: line 7" in command("show", failed.pk)[1]


def test_the_log_is_shown_from_its_end() -> None:
    run = a_run("DONE")
    RunDetail.objects.create(run=run, log="one\ntwo\nthree\n")
    assert as_json("show", run.pk, "--log-lines", 2)["log"] == ["two", "three"]


def test_the_payload_is_shown_only_when_asked_for() -> None:
    run = a_run("DONE", args=["s3cret-a"], kwargs={"token": "s3cret-b"}, result="s3cret-c")
    assert "s3cret" not in command("show", run.pk)[1] + command("show", run.pk, "--json")[1]
    assert as_json("show", run.pk, "--payload")["payload"] == {
        "args": ["s3cret-a"], "kwargs": {"token": MASK}, "result": "s3cret-c", "metadata": {}
    }  # fmt: skip


def test_a_task_is_shown_with_edges_and_runs() -> None:
    first, second = a_task("first"), a_task("second")
    TaskPrerequisite.objects.create(task=second, prerequisite=first)
    run = a_run("DONE", task=second)
    found = as_json("show", "second")
    assert [edge["task"] for edge in found["prerequisites"]] == ["first"]
    assert [row["id"] for row in found["runs"]] == [str(run.pk)]
    assert [edge["task"] for edge in as_json("show", "first")["dependents"]] == ["second"]


@pytest.mark.parametrize(("kind", "most"), [("run", 5), ("task", 5)])
def test_the_number_of_statements_is_bounded(kind: str, most: int) -> None:
    _, failed, _ = make_chain(make_task())
    with CaptureQueriesContext(connection) as sent:
        command("show", failed.pk if kind == "run" else failed.task.name)
    assert len(sent) <= most, [query["sql"] for query in sent]


@pytest.mark.fault("F82")
def test_an_error_of_several_lines_forges_no_line() -> None:
    run = a_run("FAILED", error="boom\ntask  forged")
    assert "task  forged" not in command("show", run.pk)[1].splitlines()


def test_what_is_unknown_is_named_with_the_nearest() -> None:
    Task.objects.create(name="nightly figures", function="f")
    assert refusal("show", "nightly figure") == (
        "There is no run and no task 'nightly figure'. Did you mean 'nightly figures'?"
    )
    assert "There is no run and no task" in refusal("show", uuid.uuid4())
