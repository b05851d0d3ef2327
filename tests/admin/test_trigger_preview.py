"""The next times of a schedule while somebody types it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_tasks_fsm.models import Task
from tests.admin.pages import address
from tests.admin.rows import make_task

pytestmark = pytest.mark.django_db

NIGHTLY = {"trigger_kind": "cron", "trigger_cron": "30 2 * * *", "trigger_timezone": "Europe/Paris"}


def shown(client: Client, where: str = "", **entered: Any) -> str:
    response = client.get(where or address("task_preview_new"), {**NIGHTLY, **entered})
    assert response.status_code == 200
    return response.content.decode()


def test_what_was_typed_is_shown_in_its_zone_and_in_utc(admin_client: Client) -> None:
    page = shown(admin_client)
    assert page.count("<tr>") == 6
    assert page.count(", 02:30:00") + page.count(", 03:00:00") >= 5
    assert "Europe/Paris" in page


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"trigger_cron": "61 * * * *"}, "61 is no minute"),
        ({"trigger_cron": "0 0 30 2 *"}, "never fires"),
        ({"trigger_cron": ""}, "This kind of schedule needs it."),
        ({"trigger_timezone": "Mars/Base"}, "Mars/Base"),
        ({"trigger_kind": "interval", "trigger_every": "-1"}, "fsm-err"),
        ({"trigger_kind": "pickle"}, "pickle"),
        ({"catch_up_cap": "0"}, "This must be a whole number from 1 to"),
        ({"catch_up": "moon"}, "fsm-err"),
        ({"trigger_jitter": "-5"}, "fsm-err"),
        ({"misfire_grace": "soon"}, "fsm-err"),
        ({"misfire_grace": "-5"}, "fsm-err"),
        ({"misfire_grace": "9" * 20}, "fsm-err"),
    ],
)
def test_a_mistake_is_explained_and_breaks_nothing(admin_client: Client, entered: dict[str, str], words: str) -> None:
    assert words in shown(admin_client, **entered)


def test_what_was_typed_is_escaped(admin_client: Client) -> None:
    page = shown(admin_client, trigger_cron="<script>alert(1)</script> * * * *")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_settings_of_the_stored_trigger_without_a_field_count(admin_client: Client) -> None:
    stored = {"version": 1, "kind": "cron", "expression": "0 4 * * *", "end": "2020-01-01T00:00:00+00:00"}
    task = make_task(trigger=stored)
    page = shown(admin_client, address("task_preview", task.pk), trigger_timezone="UTC")
    assert "Never: it has no time after now." in page


def test_it_is_for_those_who_may_edit(log_in_as: Any) -> None:
    task = make_task()
    new, old = address("task_preview_new"), address("task_preview", task.pk)
    who = {
        (): (403, 403), ("view_task",): (403, 403), ("add_task",): (200, 403), ("view_task", "change_task"): (403, 200)
    }  # fmt: skip
    for codenames, statuses in who.items():
        client = log_in_as(*codenames)
        assert (client.get(new).status_code, client.get(old).status_code) == statuses, codenames


def test_nothing_is_changed_and_nothing_is_kept(admin_client: Client) -> None:
    task = make_task()
    before = list(Task.objects.values())
    response = admin_client.get(address("task_preview", task.pk), NIGHTLY)
    assert "no-store" in response["Cache-Control"]
    assert list(Task.objects.values()) == before
    assert admin_client.post(address("task_preview", task.pk), NIGHTLY).status_code == 405
    assert admin_client.get(address("task_preview", 10**9)).status_code == 404


def test_without_scripts_the_form_shows_what_is_saved(admin_client: Client) -> None:
    task = make_task(trigger={"version": 1, "kind": "cron", "expression": "30 2 * * *", "timezone": "Europe/Paris"})
    page = admin_client.get(address("task_change", task.pk)).content.decode()
    assert f'data-preview="{address("task_preview", task.pk)}"' in page
    assert page.count("fsm-times") == 1
    assert "02:30:00" in page
    assert f'data-preview="{address("task_preview_new")}"' in admin_client.get(address("task_add")).content.decode()


def test_jitter_and_fixed_delay_can_be_entered(admin_client: Client) -> None:
    page = shown(admin_client, trigger_kind="interval", trigger_every="60", trigger_from_end="on", trigger_jitter="2.5")
    assert "At the earliest" in page
    assert "up to 2.5 s later" in page
