"""What is secret stays so on every page and in every command, and is not lost when a form is saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_tasks_fsm import task as declare
from django_tasks_fsm.core.redaction import MASK
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Message, RunDetail, Task, TaskRun
from django_tasks_fsm.redaction import masked, masked_args, masked_kwargs
from tests.admin import jobs
from tests.admin.pages import address, task_form
from tests.admin.rows import link, make_run, make_task, soon
from tests.cli.terminal import command

CHARGE, SEALED = "tests.admin.jobs.charge", "tests.admin.jobs.sealed"


@pytest.fixture(autouse=True)
def _declared(_functions: None) -> None:
    """Declare a function with two sensitive names, and one that is all sensitive."""
    declare(sensitive=["card", "headers", "codes"])(jobs.charge)
    declare(sensitive=True)(jobs.sealed)


@pytest.fixture
def charged(db: None) -> TaskRun:
    """Give a run that holds the same secret wherever it may be."""
    task = make_task(function=CHARGE, args=[{"card": "s3cret"}, "s3cret"], kwargs={"x-trace": "s3cret", "note": "paid"})
    run = make_run(task, RunState.DONE, args=task.args, kwargs=task.kwargs, result={"receipt": {"card": "s3cret"}})
    RunDetail.objects.create(run=run, metadata={"card": "s3cret"})
    Message.objects.create(run=run, number=1, name="more", payload={"card": "s3cret"}, sent_at=soon())
    return run


def test_positional_arguments_are_told_by_their_parameters() -> None:
    function = "tests.admin.jobs.score"
    assert masked_args(["north", 3, "t0ken", "surplus"], function) == ["north", 3, MASK, "surplus"]
    assert masked_args(["/srv", {"key": 1}], "tests.admin.jobs.watched") == ["/srv", {"key": MASK}]
    assert masked_args(["a"], "shop.gone") == ["a"]


def test_what_a_function_declares_is_hidden_in_arguments_of_every_kind() -> None:
    assert masked_args([{"id": 7, "card": "x"}, "x", "x", "x"], CHARGE) == [{"id": 7, "card": MASK}, MASK, MASK, MASK]
    assert masked_kwargs({"note": "n", "card": "x", "accept": "x"}, CHARGE) == {
        "note": "n", "card": MASK, "accept": MASK
    }  # fmt: skip
    assert (masked_args(["x"], SEALED), masked_kwargs({"size": 3}, SEALED)) == ([MASK], {"size": MASK})
    assert (masked({"a": 1}, SEALED), masked(None, SEALED)) == (MASK, None)


def test_words_of_the_settings_hide_too(settings: Any) -> None:
    entry = settings.TASKS["default"]
    settings.TASKS = {"default": {**entry, "OPTIONS": {**entry["OPTIONS"], "SENSITIVE": ["tax number"]}}}
    assert masked({"taxNumber": 1, "tax": 2}, CHARGE) == {"taxNumber": MASK, "tax": 2}


@pytest.mark.fault("F84")
def test_no_page_and_no_command_shows_it_and_the_row_keeps_it(admin_client: Client, charged: TaskRun) -> None:
    pages = [address("taskrun_change", charged.pk), address("taskrun_live", charged.pk),
             address("task_change", charged.task_id)]  # fmt: skip
    shown = [admin_client.get(path).content.decode() for path in pages]
    shown += [command("show", what, "--payload", *flags)[1] for what in (charged.pk, charged.task.name)
              for flags in ((), ("--json",))]  # fmt: skip
    for text in shown:
        assert "s3cret" not in text
        assert MASK in text
    charged.refresh_from_db()
    assert (charged.args[1], charged.result) == ("s3cret", {"receipt": {"card": "s3cret"}})


def test_a_form_that_is_saved_keeps_what_it_does_not_show(admin_client: Client, charged: TaskRun) -> None:
    task = charged.task
    form = admin_client.get(address("task_change", task.pk)).context["adminform"].form
    said = {name: json.dumps(form.initial[name]) for name in ("args", "kwargs")}
    said["kwargs"] = said["kwargs"].replace("paid", "refunded")
    values = task_form(name=task.name, function=CHARGE, **said)
    assert admin_client.post(address("task_change", task.pk), values).status_code == 302
    stored = Task.objects.get(pk=task.pk)
    assert (stored.args, stored.kwargs) == (task.args, {"x-trace": "s3cret", "note": "refunded"})
    assert form.fields["args"].has_changed(form.initial["args"], said["args"]) is False


def test_a_new_value_takes_the_place_of_a_hidden_one(admin_client: Client, charged: TaskRun) -> None:
    values = task_form(name=charged.task.name, function=CHARGE, args=json.dumps([{"card": MASK}, "n3w"]))
    assert admin_client.post(address("task_change", charged.task_id), values).status_code == 302
    assert Task.objects.get(pk=charged.task_id).args == [{"card": "s3cret"}, "n3w"]


def test_dots_that_stand_for_nothing_are_refused(admin_client: Client, charged: TaskRun) -> None:
    values = task_form(name=charged.task.name, function=CHARGE, args=json.dumps([MASK, "new"]))
    form = admin_client.post(address("task_change", charged.task_id), values).context["adminform"].form
    assert list(form.errors) == ["args"]
    added = admin_client.post(address("task_add"), task_form(args=json.dumps([MASK])))
    assert list(added.context["adminform"].form.errors) == ["args"]


def test_another_function_does_not_bring_it_to_light(admin_client: Client, charged: TaskRun) -> None:
    values = task_form(name=charged.task.name, args=json.dumps([MASK]), kwargs="{}")
    Task.objects.filter(pk=charged.task_id).update(args=["s3cret"], function=SEALED)
    form = admin_client.post(address("task_change", charged.task_id), values).context["adminform"].form
    assert list(form.errors) == ["args"]
    assert Task.objects.get(pk=charged.task_id).function == SEALED


@pytest.mark.fault("F84")
def test_what_an_exception_says_needs_the_permission(log_in_as: Any, fetch: Task) -> None:
    run = make_run(fetch, RunState.FAILED, error="shop.Refused: 4111 1111")
    detail = {"exception": "shop.Refused", "message": "4111 1111", "traceback": "Refused: 4111 1111"}
    moved = {"event": "error", "from_state": "RUNNING", "to_state": "FAILED", "at": soon(), "detail": detail}
    run.transitions.create(**moved, actor="worker:w")
    waiting = make_run(fetch, RunState.PENDING)
    link(run, waiting)
    pages = [address("taskrun_changelist"), address("task_change", fetch.pk)]
    pages += [address("taskrun_change", row.pk) for row in (run, waiting)]
    view = ("view_task", "view_taskrun")
    for codenames, sees in ((view, False), ((*view, "view_payload"), True)):
        client = log_in_as(*codenames)
        for path in pages:
            page = client.get(path).content.decode()
            assert ("4111" in page) is sees, path
            assert "Refused" in page, path
