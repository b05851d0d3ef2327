"""Other names of functions: what is renamed or moved is still found by the rows that were made before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from django_tasks_fsm import callbacks, registry, service, task
from django_tasks_fsm.core.triggers import every
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import FunctionNotRegistered, NameTaken
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.services import ensure
from django_tasks_fsm.store.sync import sync
from django_tasks_fsm.tasks_api import InvalidTask
from tests.cli.terminal import as_json
from tests.store.rows import a_run

OLD = "shop.old_tasks.report"


def report(month: int = 1) -> str:
    return f"month {month}"


def serve(context: Any) -> Iterator[None]:
    yield


def other() -> None:
    """Be another function."""


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_functions", dict(registry.functions()))
    monkeypatch.setattr(registry, "_names", dict(registry._names))


@pytest.fixture
def declared() -> FSMTask:
    """Give a function that had two names before."""
    return task(names=["monthly-report", OLD])(report)


def test_a_function_is_found_by_each_of_its_names(declared: FSMTask) -> None:
    assert {registry.find(name) for name in ("monthly-report", OLD, declared.module_path)} == {declared}
    assert registry.own_name(OLD) == declared.module_path
    assert declared.using(priority=5).names == ("monthly-report", OLD)
    with pytest.raises(TypeError, match="names"):
        declared.using(names=["another"])


def test_a_name_has_one_function(declared: FSMTask) -> None:
    said = rf"'{OLD}' is registered for {declared.module_path} already, so .*\.other cannot have it"
    with pytest.raises(NameTaken, match=said):
        task(names=["fine", OLD])(other)
    with pytest.raises(FunctionNotRegistered):
        registry.find("fine")
    with pytest.raises(NameTaken, match=r"test_names\.report' is registered for .*report already"):
        task(names=[declared.module_path])(other)


def test_a_function_cannot_come_under_the_other_name_of_one() -> None:
    task(names=[f"{__name__}.other"])(report)
    with pytest.raises(NameTaken, match=r"test_names\.other' is registered for .*report already"):
        task(other)


def test_one_function_has_its_names_everywhere(declared: FSMTask) -> None:
    with pytest.raises(NameTaken, match="names="):
        task(report)
    assert task(names=("monthly-report", OLD, OLD))(report).names == declared.names


def test_a_name_that_a_reload_has_dropped_leads_nowhere(declared: FSMTask) -> None:
    registry._functions.pop(declared.module_path)
    task(names=["monthly-report"])(report)
    with pytest.raises(FunctionNotRegistered):
        registry.find(OLD)
    assert task(names=[OLD])(other) is registry.find(OLD)


@pytest.mark.parametrize("wrong", ["report", 5, None, [""], ["x" * 256], ["two\nlines"], [7], [["a"]]])
def test_what_a_row_could_not_hold_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match="names"):
        task(names=wrong)(report)


@pytest.mark.django_db
def test_names_make_no_rows_of_their_own(declared: FSMTask) -> None:
    sync("default")
    assert Task.objects.filter(name=declared.module_path).exists()
    assert not Task.objects.filter(name__in=declared.names).exists()


@pytest.mark.fault("F69")
@pytest.mark.django_db(transaction=True)
def test_rows_of_a_function_that_was_renamed_run_and_are_looked_at(
    declared: FSMTask, burst: Callable[..., None]
) -> None:
    row = Task.objects.create(name="march", function=OLD, args=[3])
    heard: list[str] = []
    token = callbacks.on_transition(lambda pk, moved: heard.append(moved.event), task=declared)
    run = row.start()
    burst()
    callbacks.discard(token)
    run.refresh_from_db()
    assert (run.state, run.result) == ("DONE", "month 3")
    assert "done" in heard
    result = declared.get_result(str(run.pk))
    assert (result.return_value, result.task.module_path) == ("month 3", declared.module_path)
    assert [gate.ok for gate in row.explain().gates if gate.name == "function"] == [True]
    assert as_json("list", "tasks", "--task", "march")["rows"][0]["registered"] is True


@pytest.mark.django_db
def test_runs_of_the_old_name_are_cancelled_by_their_key(declared: FSMTask) -> None:
    run = a_run("QUEUED", task=Task.objects.create(name="march", function=OLD), key="k", given_key="k")
    assert len(declared.cancel_key("k").moved) == 1
    run.refresh_from_db()
    assert run.state == "CANCELLED"


@pytest.mark.django_db
def test_the_schedule_of_the_old_name_is_put_away_and_that_of_a_person_stays(declared: FSMTask) -> None:
    hourly = {"function": OLD, "trigger": every(3600)}
    Task.objects.create(name=OLD, origin="code", **hourly)
    Task.objects.create(name="by a person", **hourly)
    sync("default")
    states = dict(Task.objects.filter(function=OLD).values_list("name", "state"))
    assert states == {OLD: "RETIRED", "by a person": "ACTIVE"}


@pytest.mark.django_db
def test_a_service_that_was_renamed_has_one_row_that_starts_it() -> None:
    declared = service(names=[OLD])(serve)
    Task.objects.create(name=OLD, function=OLD, origin="code")
    Task.objects.create(name="by a person", function=OLD)
    sync("default")
    rows = Task.objects.filter(function__in=[OLD, declared.module_path])
    assert dict(rows.values_list("name", "state")) == {
        OLD: "RETIRED", declared.module_path: "ACTIVE", "by a person": "ACTIVE"
    }  # fmt: skip
    ensure("default")
    assert set(TaskRun.objects.filter(task__in=rows).values_list("task__name", flat=True)) == {
        declared.module_path, "by a person"
    }  # fmt: skip


@pytest.mark.django_db
def test_the_form_shows_the_functions_own_name_and_keeps_what_the_row_has(
    declared: FSMTask, admin_client: Client
) -> None:
    row = Task.objects.create(name="march", function=OLD)
    page = admin_client.get(f"/admin/django_tasks_fsm/task/{row.pk}/change/")
    form = page.context["adminform"].form
    assert [label for value, label in form.fields["function"].choices if value == OLD] == [declared.module_path]
    form = type(form)({**form.initial, "trigger_kind": "manual", "args": "[3]", "kwargs": "{}"}, instance=row)
    assert form.is_valid(), form.errors
    assert form.save().function == OLD


def test_worker_and_child_process_find_it_by_the_name_in_the_row(worker_process: Any) -> None:
    row = Task.objects.create(name="moved", function="tests.jobs.before.moved", executor="process")
    run = row.start()
    worker_process("--burst", ready=None).wait(60)
    run.refresh_from_db()
    assert (run.state, run.result) == ("DONE", "moved")
