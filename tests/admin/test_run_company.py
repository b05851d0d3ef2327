"""The page of a run: its ticks, its parent, its children and its messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Message, RunChild, ServiceTicks, Task, TaskRun
from tests.admin.pages import address
from tests.admin.rows import make_run

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>"


def page_of(client: Client, run: TaskRun) -> str:
    """Return the page of a run."""
    response = client.get(address("taskrun_change", run.pk))
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_service_shows_its_ticks(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.RUNNING)
    ServiceTicks.objects.create(run=run, ticks=4321, last_tick_at=timezone.now())
    page = page_of(admin_client, run)
    assert "<dt>Ticks</dt><dd>4321</dd>" in page
    assert "<dt>Last tick</dt><dd><time" in page
    assert "<dt>Next tick</dt>" in page
    assert "Ticks" not in page_of(admin_client, make_run(fetch, RunState.RUNNING))


def test_parent_and_children_lead_to_each_other(admin_client: Client, fetch: Task) -> None:
    parent, child = make_run(fetch, RunState.RUNNING), make_run(fetch)
    RunChild.objects.create(run=child, parent=parent, name=EVIL)
    page = page_of(admin_client, parent)
    assert address("taskrun_change", child.pk) in page
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert f'<dt>Started by</dt><dd><a href="{address("taskrun_change", parent.pk)}">' in page_of(admin_client, child)


def test_messages_show_whether_they_were_delivered(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.DONE)
    now = timezone.now()
    Message.objects.create(run=run, number=1, name="first", payload={"a": EVIL}, sent_at=now, delivered_at=now)
    Message.objects.create(run=run, number=2, name="second", sent_at=now)
    page = page_of(admin_client, run)
    assert page.index("second") < page.index("first")
    assert "not delivered: the run has ended" in page
    assert EVIL not in page


def test_who_may_not_see_payloads_sees_none_of_a_message(log_in_as: Callable[..., Client], fetch: Task) -> None:
    run = make_run(fetch)
    Message.objects.create(run=run, number=1, name="first", payload={"a": "for-few-eyes"}, sent_at=timezone.now())
    assert "for-few-eyes" not in page_of(log_in_as("view_taskrun"), run)
    assert "for-few-eyes" in page_of(log_in_as("view_taskrun", "view_payload"), run)
