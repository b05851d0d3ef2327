"""Queues: paused and resumed by people, with a name and a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.models import Queue, Task, TaskRun
from tests.admin.pages import address, logged, said
from tests.admin.rows import soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(db: None) -> Queue:
    """Give an open queue."""
    return Queue.objects.create(name="ml_2.a-b")


def press(client: Client, queue: Queue, verb: str, reason: str = "") -> Any:
    """Answer the page of a verb, reached by the link on the page of the queue."""
    page = client.get(address("queue_changelist")).content.decode()
    assert queue.name in page
    path = next(link for link, _ in client.get(_page(queue)).context["tools"] if f"/{verb}/" in link)
    return client.post(path, {"reason": reason}, follow=True)


def _page(queue: Queue) -> str:
    return address("queue_change", queue.pk.replace("_", "_5F"))


def test_a_queue_is_paused_with_name_and_reason(admin_client: Client, queue: Queue) -> None:
    response = press(admin_client, queue, "pause", "the disk is full")
    queue.refresh_from_db()
    assert said(response) == ["1 queue paused."]
    assert (queue.paused_at is not None, queue.paused_by, queue.pause_reason) == (
        True,
        "user:admin",
        "the disk is full",
    )
    assert "the disk is full" in response.content.decode()
    assert logged() == ["Pause: the disk is full"]


def test_a_queue_is_resumed_and_forgets_why_it_was_paused(admin_client: Client, queue: Queue) -> None:
    press(admin_client, queue, "pause", "the disk is full")
    assert said(press(admin_client, queue, "resume")) == ["1 queue resumed."]
    queue.refresh_from_db()
    assert (queue.paused_at, queue.paused_by, queue.pause_reason) == (None, "", "")


def test_pausing_twice_keeps_the_first_reason(admin_client: Client, queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(paused_at=timezone.now(), pause_reason="first")
    path = address("queue_verb", "ml_5F2.a-b", "pause")
    assert said(admin_client.post(path, {"reason": "second"}, follow=True)) == ["1 skipped: paused."]
    queue.refresh_from_db()
    assert queue.pause_reason == "first"


def test_resuming_wakes_workers(admin_client: Client, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("django_tasks_fsm.models.queue_verbs.wake", lambda names, using: woken.extend(names))
    Queue.objects.filter(pk=queue.pk).update(paused_at=timezone.now())
    press(admin_client, queue, "resume")
    assert woken == [queue.name]


def test_a_queue_is_paused_until_a_time(admin_client: Client, queue: Queue) -> None:
    path = address("queue_verb", "ml_5F2.a-b", "pause")
    until = soon(hours=2)
    data = {"until": until.strftime("%Y-%m-%dT%H:%M:%S"), "reason": ""}
    response = admin_client.post(path, data, follow=True)
    queue.refresh_from_db()
    assert (said(response), queue.paused_until) == (["1 queue paused."], until)
    assert "Paused until" in dict(response.context["facts"])


def test_a_pause_does_not_end_before_it_begins(admin_client: Client, queue: Queue) -> None:
    path = address("queue_verb", "ml_5F2.a-b", "pause")
    page = admin_client.post(path, {"until": "2001-01-01T00:00:00", "reason": ""}).content.decode()
    queue.refresh_from_db()
    assert "This time has passed." in page
    assert queue.paused_at is None


def test_a_queue_whose_pause_is_over_is_open_and_can_be_paused_anew(admin_client: Client, queue: Queue) -> None:
    was = {"paused_at": soon(hours=-2), "paused_until": soon(hours=-1), "pause_reason": "first"}
    Queue.objects.filter(pk=queue.pk).update(**was)
    page = admin_client.get(_page(queue))
    assert "Paused since" not in dict(page.context["facts"])
    assert said(press(admin_client, queue, "pause", "second")) == ["1 queue paused."]
    queue.refresh_from_db()
    assert (queue.paused_until, queue.pause_reason) == (None, "second")


def test_an_action_pauses_several(admin_client: Client, queue: Queue) -> None:
    shut = Queue.objects.create(name="shut", paused_at=timezone.now())
    data = {"action": "pause", "_selected_action": [queue.pk, shut.pk], "post": "yes", "reason": ""}
    response = admin_client.post(address("queue_changelist"), data, follow=True)
    assert said(response) == ["1 queue paused, 1 skipped: paused."]


def test_a_viewer_may_look_and_no_more(log_in_as: Any, queue: Queue) -> None:
    client = log_in_as("view_queue")
    page = client.get(_page(queue)).content.decode()
    assert "/verb/" not in page
    assert client.post(address("queue_verb", "ml_5F2.a-b", "pause")).status_code == 403


def test_the_page_counts_what_is_ready_without_counting_for_ever(
    admin_client: Client, queue: Queue, fetch: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_tasks_fsm.admin.queue.COUNTED", 5)
    TaskRun.objects.bulk_create([TaskRun(task=fetch, queue=queue.name, state="QUEUED") for _ in range(9)])
    facts = dict(admin_client.get(_page(queue)).context["facts"])
    assert facts["Ready to run"] == "5+"
