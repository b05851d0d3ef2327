"""The list on the pages of runs and tasks that says what holds them up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task
from tests.admin.pages import address
from tests.admin.rows import link, make_run, make_task, make_worker, soon
from tests.admin.test_escaping import EVIL, LIVE, SHORT

pytestmark = pytest.mark.django_db


def panel(client: Client, name: str, pk: Any) -> str:
    """Return the list on a page, empty where the page has none."""
    page = client.get(address(f"{name}_change", pk)).content.decode()
    return str(page.partition('aria-labelledby="h-why"')[2].partition("</section>")[0])


def test_a_viewer_sees_what_holds_a_run_up_without_a_way_to_pages_that_are_not_for_them(
    log_in_as: Any, fetch: Task
) -> None:
    Queue.objects.create(name="ml", paused_at=timezone.now(), pause_reason="the disk is full")
    run = make_run(fetch, queue="ml")
    text = panel(log_in_as("view_taskrun"), "taskrun", run.pk)
    assert "The queue ml has been paused since <time" in text
    assert "the disk is full" in text
    assert "(holds it up)" in text
    assert "<a " not in text
    linked = panel(log_in_as("view_taskrun", "view_queue"), "taskrun", run.pk)
    assert f'<a href="{address("queue_change", "ml")}">ml</a>' in linked


def test_a_broken_prerequisite_is_linked_with_its_error_and_the_way_out(admin_client: Client, fetch: Task) -> None:
    failed, waiting = make_run(fetch, RunState.FAILED, error="shop.Busy: 7"), make_run(fetch, RunState.PENDING)
    link(failed, waiting)
    text = panel(admin_client, "taskrun", waiting.pk)
    assert f'<a href="{address("taskrun_change", failed.pk)}">' in text
    assert "shop.Busy: 7" in text
    assert "retry it, or give its result by hand" in text


def test_each_line_bears_icon_title_and_word(admin_client: Client, fetch: Task) -> None:
    make_worker(concurrency=1)
    make_run(fetch, RunState.RUNNING)
    Queue.objects.get_or_create(name="default")
    text = panel(admin_client, "taskrun", make_run(fetch).pk)
    assert text.count("<svg ") == text.count("<li ") == text.count("<strong>")
    assert text.count("(in order)") == text.count("fsm-c-ok") > 3
    assert text.count("(note)") == text.count("fsm-c-wait") == 1
    assert "All of the 1 slots are taken" in text


def test_a_time_that_has_not_come_is_no_fault(admin_client: Client, fetch: Task) -> None:
    make_worker()
    text = panel(admin_client, "taskrun", make_run(fetch, RunState.PENDING, run_at=soon(hours=1)).pk)
    assert (text.count("fsm-c-time"), text.count("fsm-c-no"), text.count("(holds it up)")) == (1, 0, 1)


@pytest.mark.parametrize("state", [RunState.DONE, RunState.RUNNING])
def test_nobody_asks_why_a_run_that_is_done_or_running_is_not(admin_client: Client, fetch: Task, state: Any) -> None:
    assert panel(admin_client, "taskrun", make_run(fetch, state).pk) == ""


def test_a_running_run_whose_worker_is_lost_is_told(admin_client: Client, fetch: Task) -> None:
    gone = make_worker(heartbeat_at=soon(hours=-1))
    text = panel(admin_client, "taskrun", make_run(fetch, RunState.RUNNING, worker=gone).pk)
    assert "Its worker no longer answers." in text


def test_a_task_says_why_it_does_not_fire(log_in_as: Any) -> None:
    task = make_task(trigger={"version": 1, "kind": "interval", "every": 60}, next_run_at=soon(hours=2))
    text = panel(log_in_as("view_task"), "task", task.pk)
    assert "It fires next at <time" in text
    assert "No worker is alive." in text


def test_what_others_wrote_stays_text(admin_client: Client) -> None:
    task = make_task(EVIL, function=EVIL, queue=SHORT, trigger={"kind": EVIL})
    Queue.objects.create(name=SHORT, paused_at=timezone.now(), paused_by=EVIL, pause_reason=EVIL)
    failed = make_run(task, RunState.FAILED, error=EVIL, label=SHORT)
    waiting = make_run(task, RunState.PENDING, queue=SHORT)
    link(failed, waiting)
    task.pause(reason=EVIL)
    for name, pk in (("taskrun", waiting.pk), ("task", task.pk), ("taskrun", failed.pk)):
        text = panel(admin_client, name, pk)
        assert "alert(1)" in text
        assert not LIVE.search(text)


def test_braces_in_names_are_left_alone(admin_client: Client) -> None:
    task = make_task("{0.__class__} {what}", function="{name}")
    first, second = make_run(task, RunState.FAILED), make_run(task, RunState.PENDING)
    link(first, second)
    assert "{0.__class__} {what}" in panel(admin_client, "taskrun", second.pk)
