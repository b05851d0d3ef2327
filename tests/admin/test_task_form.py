"""The form of a task: what it accepts becomes a row that runs, what it refuses it explains at the field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.core import triggers
from django_tasks_fsm.models import Task
from tests.admin.pages import address, logged, task_form
from tests.admin.rows import FUNCTION, make_task

pytestmark = pytest.mark.django_db


def add(client: Client, **values: Any) -> Any:
    """Send the form that adds a task."""
    return client.post(address("task_add"), task_form(**values))


def change(client: Client, task: Task, **values: Any) -> Any:
    """Send the form that changes a task."""
    return client.post(address("task_change", task.pk), task_form(name=task.name, **values))


def errors(response: Any) -> dict[str, list[str]]:
    """Return the errors of a form that was shown again."""
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


@pytest.mark.fault("F80")
@pytest.mark.parametrize(
    "function", ["os.system", "builtins.eval", "django.core.management.call_command", "__import__", ""]
)
def test_only_a_registered_function_is_accepted(admin_client: Client, function: str) -> None:
    assert list(errors(add(admin_client, function=function))) == ["function"]
    assert not Task.objects.filter(name="a new one").exists()


def test_the_page_offers_the_registered_functions(admin_client: Client) -> None:
    page = admin_client.get(address("task_add")).content.decode()
    assert f'<option value="{FUNCTION}">' in page


def test_a_function_that_has_gone_may_stay_but_not_be_chosen(admin_client: Client) -> None:
    task = make_task(function="shop.tasks.gone")
    assert change(admin_client, task, function="shop.tasks.gone").status_code == 302
    assert "function" in errors(change(admin_client, task, function="shop.tasks.other"))


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"trigger_kind": "manual"}, {"kind": "manual"}),
        ({"trigger_kind": "interval", "trigger_every": "300"}, {"kind": "interval", "every": 300}),
        (
            {"trigger_kind": "cron", "trigger_cron": "15 3 * * 1-5", "trigger_timezone": "Europe/Vienna"},
            {"kind": "cron", "expression": "15 3 * * 1-5", "timezone": "Europe/Vienna"},
        ),
        (
            {"trigger_kind": "once", "trigger_at": "2031-05-20T02:30:00"},
            {"kind": "once", "at": "2031-05-20T02:30:00+00:00"},
        ),
        (
            {"trigger_kind": "cron", "trigger_cron": "H 4 * * *", "trigger_timezone": "UTC"},
            {"kind": "cron", "seed": "a new one"},
        ),
    ],
)
def test_a_schedule_is_stored_as_a_trigger_that_fires(
    admin_client: Client, fields: dict[str, str], stored: dict[str, Any]
) -> None:
    assert add(admin_client, **fields).status_code == 302
    task = Task.objects.get(name="a new one")
    assert stored.items() <= task.trigger.items()
    expected = triggers.load(task.trigger).next_after(None, timezone.now())
    assert (task.next_run_at is None) == (expected is None)
    if expected is not None and task.next_run_at is not None:
        assert abs(task.next_run_at - expected) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"trigger_kind": "cron"}, "trigger_cron"),
        ({"trigger_kind": "cron", "trigger_cron": "every day"}, "trigger_cron"),
        ({"trigger_kind": "cron", "trigger_cron": "0 0 30 2 *"}, "trigger_cron"),
        ({"trigger_kind": "cron", "trigger_cron": "* * * * *", "trigger_timezone": "Mars/Base"}, "trigger_timezone"),
        ({"trigger_kind": "interval"}, "trigger_every"),
        ({"trigger_kind": "interval", "trigger_every": "-5"}, "trigger_every"),
        ({"trigger_kind": "interval", "trigger_every": "1e30"}, "trigger_every"),
        ({"trigger_kind": "interval", "trigger_every": "nan"}, "trigger_every"),
        ({"trigger_kind": "once"}, "trigger_at"),
        ({"trigger_kind": "once", "trigger_at": "tomorrow"}, "trigger_at"),
        ({"trigger_kind": "pickle"}, "trigger_kind"),
        ({"args": "{}"}, "args"),
        ({"args": "[1, 2"}, "args"),
        ({"args": '["\\u0000"]'}, "args"),
        ({"args": "[1, 2, 3]"}, "args"),
        ({"kwargs": "[]"}, "kwargs"),
        ({"kwargs": '{"unknown": 1}'}, "args"),
        ({"kwargs": '{"since": NaN}'}, "kwargs"),
        ({"queue": "a queue"}, "queue"),
        ({"priority": "101"}, "priority"),
        ({"max_attempts": "0"}, "max_attempts"),
        ({"timeout": "0"}, "timeout"),
        ({"min_interval": "-1"}, "min_interval"),
        ({"min_interval": "nan"}, "min_interval"),
        ({"catch_up_cap": "0"}, "catch_up_cap"),
        ({"catch_up_cap": "100000"}, "catch_up_cap"),
        ({"on_lost": "explode"}, "on_lost"),
        ({"name": ""}, "name"),
    ],
    ids=str,
)
def test_a_mistake_is_explained_at_its_field(admin_client: Client, fields: dict[str, str], field: str) -> None:
    found = errors(add(admin_client, **fields))
    assert field in found, found


def test_a_context_is_not_asked_for(admin_client: Client) -> None:
    function = "tests.admin.jobs.watched"
    assert add(admin_client, function=function, args='["/srv"]').status_code == 302
    assert "args" in errors(add(admin_client, name="b", function=function, args='["/srv", 2]'))


def test_a_saved_schedule_decides_the_next_time(admin_client: Client) -> None:
    task = make_task(trigger={"version": 1, "kind": "interval", "every": 3600})
    change(admin_client, task, trigger_kind="interval", trigger_every="60")
    task.refresh_from_db()
    assert task.next_run_at is not None
    assert timedelta(seconds=0) < task.next_run_at - timezone.now() <= timedelta(seconds=60)


def test_saving_without_another_schedule_keeps_a_time_that_a_person_set(admin_client: Client) -> None:
    at = timezone.now() + timedelta(days=9)
    task = make_task(trigger={"version": 1, "kind": "interval", "every": 3600}, next_run_at=at)
    change(admin_client, task, trigger_kind="interval", trigger_every="3600", priority="5")
    task.refresh_from_db()
    assert (task.next_run_at, task.priority) == (at, 5)


def test_an_exhausted_task_with_a_new_time_comes_back(admin_client: Client) -> None:
    task = make_task(state="EXHAUSTED", trigger={"version": 1, "kind": "once", "at": "2020-01-01T00:00:00+00:00"})
    change(admin_client, task, trigger_kind="once", trigger_at="2031-01-01T00:00:00")
    task.refresh_from_db()
    assert (task.state, task.next_run_at is not None) == ("ACTIVE", True)
    assert task.transitions.get().actor == "user:admin"


def test_settings_of_a_trigger_without_a_field_survive(admin_client: Client) -> None:
    kept = {"policy": "wall", "end": "2032-01-01T00:00:00+00:00"}
    task = make_task(trigger={"version": 1, "kind": "cron", "expression": "0 4 * * *", **kept})
    change(admin_client, task, trigger_kind="cron", trigger_cron="0 5 * * *", trigger_timezone="UTC")
    task.refresh_from_db()
    assert kept.items() <= task.trigger.items()


@pytest.mark.parametrize("stored", [{}, {"kind": "moon", "version": 3}, {"kind": "cron", "version": 1}, [], "x", None])
def test_a_trigger_that_cannot_be_read_breaks_no_page(admin_client: Client, stored: Any) -> None:
    task = make_task()
    Task.objects.filter(pk=task.pk).update(trigger=stored or {})
    assert admin_client.get(address("task_change", task.pk)).status_code == 200
    assert admin_client.get(address("task_changelist")).status_code == 200


def test_a_kind_without_fields_can_be_kept(admin_client: Client) -> None:
    task = make_task(trigger={"version": 1, "kind": "moon", "phase": "full"})
    assert change(admin_client, task, trigger_kind="moon", priority="9").status_code == 302
    task.refresh_from_db()
    assert (task.trigger, task.priority) == ({"version": 1, "kind": "moon", "phase": "full"}, 9)


# -- what code declares -----------------------------------------------------------------------------------------------


@pytest.fixture
def declared(db: None) -> Task:
    """Give a task that code declares."""
    return make_task(FUNCTION, origin="code")


def test_a_change_to_code_s_task_is_remembered_field_by_field(admin_client: Client, declared: Task) -> None:
    change(admin_client, declared, priority="7", trigger_kind="interval", trigger_every="60")
    declared.refresh_from_db()
    assert declared.overrides == ["priority", "trigger"]
    page = admin_client.get(address("task_change", declared.pk)).content.decode()
    assert "Changed here. In code: 0" in page
    assert "no longer synced from code: priority, trigger" in page


def test_saving_code_s_task_unchanged_overrides_nothing(admin_client: Client, declared: Task) -> None:
    change(admin_client, declared)
    declared.refresh_from_db()
    assert declared.overrides == []


def test_name_and_function_of_code_s_task_are_not_for_people(admin_client: Client, declared: Task) -> None:
    admin_client.post(address("task_change", declared.pk), task_form(name="mine", function="tests.admin.jobs.score"))
    declared.refresh_from_db()
    assert (declared.name, declared.function) == (FUNCTION, FUNCTION)


def test_a_task_of_the_database_has_no_overrides(admin_client: Client) -> None:
    task = make_task()
    change(admin_client, task, priority="7")
    task.refresh_from_db()
    assert (task.priority, task.overrides) == (7, [])


def test_reset_gives_back_what_code_declares(admin_client: Client, declared: Task) -> None:
    change(admin_client, declared, priority="7", trigger_kind="interval", trigger_every="60")
    response = admin_client.post(address("task_verb", declared.pk, "reset"), {"reason": "tried enough"}, follow=True)
    declared.refresh_from_db()
    assert (declared.priority, declared.trigger["kind"], declared.overrides) == (0, "manual", [])
    assert declared.next_run_at is None
    assert "1 task reset." in response.content.decode()
    assert logged()[-1] == "Reset to code: tried enough"


def test_reset_is_not_offered_where_nothing_was_changed(admin_client: Client, declared: Task) -> None:
    page = admin_client.get(address("task_change", declared.pk)).content.decode()
    assert address("task_verb", declared.pk, "reset") not in page
    response = admin_client.post(address("task_verb", declared.pk, "reset"), {"reason": ""}, follow=True)
    assert "1 skipped: unchanged." in response.content.decode()


# -- who may see arguments --------------------------------------------------------------------------------------------


def test_an_editor_who_may_not_see_payloads_neither_sees_nor_wipes_them(log_in_as: Any) -> None:
    task = make_task(kwargs={"since": "2020"})
    client = log_in_as("view_task", "change_task")
    assert "2020" not in client.get(address("task_change", task.pk)).content.decode()
    assert change(client, task, kwargs='{"since": "now"}', priority="4").status_code == 302
    task.refresh_from_db()
    assert (task.kwargs, task.priority) == ({"since": "2020"}, 4)


def test_a_viewer_sees_masked_arguments_with_the_permission_only(log_in_as: Any) -> None:
    task = make_task(function="tests.admin.jobs.score", args=["north"], kwargs={"api_token": "hush"})
    path = address("task_change", task.pk)
    assert "north" not in log_in_as("view_task").get(path).content.decode()
    page = log_in_as("view_task", "view_payload").get(path).content.decode()
    assert "north" in page
    assert "hush" not in page


def test_the_number_of_runs_is_limited_here_too(admin_client: Client) -> None:
    assert "max_runs" in errors(add(admin_client, max_runs="0"))
    assert add(admin_client, max_runs="3").status_code == 302
    task = Task.objects.get(name="a new one")
    Task.objects.filter(pk=task.pk).update(fired=2)
    change(admin_client, task, max_runs="5")
    task.refresh_from_db()
    assert (task.max_runs, task.fired) == (5, 2)


def test_another_schedule_begins_a_new_count(admin_client: Client) -> None:
    task = make_task(max_runs=3)
    Task.objects.filter(pk=task.pk).update(fired=2)
    change(admin_client, task, max_runs="3", trigger_kind="interval", trigger_every="300")
    task.refresh_from_db()
    assert (task.fired, task.next_run_at is not None) == (0, True)


@pytest.mark.parametrize("executor", ["asyncio", "os.exec"])
def test_an_executor_must_be_able_to_run_the_function(admin_client: Client, executor: str) -> None:
    assert list(errors(add(admin_client, executor=executor))) == ["executor"]
    assert add(admin_client, executor="process").status_code == 302
    assert Task.objects.get(name="a new one").executor == "process"


def test_the_executor_of_the_code_is_told_where_a_person_chose_another(admin_client: Client, declared: Task) -> None:
    assert change(admin_client, declared, executor="process").status_code == 302
    declared.refresh_from_db()
    assert (declared.executor, "executor" in declared.overrides) == ("process", True)
    page = admin_client.get(address("task_change", declared.pk)).content.decode()
    assert 'Changed here. In code: "thread"' in page
