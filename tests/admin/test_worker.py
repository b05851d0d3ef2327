"""Workers: alive, lost or stopped, and what they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, Worker
from tests.admin.pages import address, logged, said
from tests.admin.rows import make_run, make_worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def _three(db: None) -> None:
    """Make one worker of each kind."""
    now = timezone.now()
    make_worker(name="alive")
    make_worker(name="silent", heartbeat_at=now - timedelta(hours=1))
    make_worker(name="gone", stopped_at=now, heartbeat_at=now - timedelta(hours=1))


@pytest.mark.usefixtures("_three")
@pytest.mark.parametrize(
    ("value", "name", "word"), [("live", "alive", "Live"), ("lost", "silent", "Lost"), ("stopped", "gone", "Stopped")]
)
def test_a_worker_is_shown_as_what_it_is(admin_client: Client, value: str, name: str, word: str) -> None:
    response = admin_client.get(address("worker_changelist"), {"alive": value})
    assert [worker.name for worker in response.context["cl"].result_list] == [name]
    assert f"<span>{word}</span>" in response.content.decode()


def test_the_list_counts_the_runs_that_workers_hold(admin_client: Client, fetch: Task) -> None:
    worker = make_worker(concurrency=4)
    for _ in range(3):
        make_run(fetch, RunState.RUNNING, worker=worker)
    make_run(fetch, RunState.DONE, worker=worker)
    assert "3 / 4" in admin_client.get(address("worker_changelist")).content.decode()


def test_the_page_lists_the_runs_it_holds(admin_client: Client, fetch: Task) -> None:
    worker = make_worker(queues=["ml"], excluded_queues=["slow"])
    run = make_run(fetch, RunState.RUNNING, worker=worker)
    page = admin_client.get(address("worker_change", worker.pk)).content.decode()
    assert address("taskrun_change", run.pk) in page
    assert "ml, without slow" in page


def test_a_worker_cannot_be_edited_or_deleted(admin_client: Client) -> None:
    worker = make_worker()
    assert admin_client.post(address("worker_change", worker.pk), {"name": "x"}).status_code == 403
    assert admin_client.post(address("worker_delete", worker.pk), {"post": "yes"}).status_code == 403


@pytest.mark.usefixtures("_three")
def test_lost_workers_stand_first_and_stopped_ones_last(admin_client: Client) -> None:
    workers = admin_client.get(address("worker_changelist")).context["cl"].result_list
    assert [worker.name for worker in workers] == ["silent", "alive", "gone"]


@pytest.mark.usefixtures("_three")
def test_those_that_are_gone_are_forgotten_and_the_log_tells_of_it(admin_client: Client) -> None:
    data = {"action": "forget", "_selected_action": list(Worker.objects.values_list("pk", flat=True)), "post": "yes"}
    response = admin_client.post(address("worker_changelist"), {**data, "reason": "moved away"}, follow=True)
    assert said(response) == ["2 workers forgotten, 1 skipped: alive, or still holding runs."]
    assert list(Worker.objects.values_list("name", flat=True)) == ["alive"]
    assert sorted(LogEntry.objects.values_list("object_repr", "change_message")) == [
        ("gone", "moved away"),
        ("silent", "moved away"),
    ]


def test_a_lost_worker_keeps_its_row_until_its_runs_are_taken_back(admin_client: Client, fetch: Task) -> None:
    worker = make_worker(heartbeat_at=timezone.now() - timedelta(hours=1))
    run = make_run(fetch, RunState.RUNNING, worker=worker)
    path = address("worker_verb", worker.pk, "forget")
    assert said(admin_client.post(path, {"reason": ""}, follow=True)) == ["1 skipped: alive, or still holding runs."]
    run.abort()
    response = admin_client.post(path, {"reason": ""}, follow=True)
    assert said(response) == ["1 worker forgotten."]
    assert response.redirect_chain[-1][0] == address("worker_changelist")


def test_a_worker_is_paused_and_resumed_and_the_log_says_why(admin_client: Client) -> None:
    worker = make_worker()
    said_of = admin_client.post(address("worker_verb", worker.pk, "pause"), {"reason": "a look"}, follow=True)
    assert said(said_of) == ["1 worker paused."]
    worker.refresh_from_db()
    assert (worker.is_paused, worker.pause_reason, worker.paused_by) == (True, "a look", "user:admin")
    assert "Paused" in admin_client.get(address("worker_change", worker.pk)).content.decode()
    admin_client.post(address("worker_verb", worker.pk, "resume"), {"reason": ""})
    worker.refresh_from_db()
    assert not worker.is_paused
    assert logged() == ["Pause: a look", "Resume"]


@pytest.mark.parametrize(("slots", "wanted", "log"), [("8", 8, "Resize: 8 slots, rush hour"), ("", None, None)])
def test_a_worker_is_resized(admin_client: Client, slots: str, wanted: int | None, log: str | None) -> None:
    worker = make_worker(desired_concurrency=3)
    path = address("worker_verb", worker.pk, "resize")
    assert 'value="3"' in admin_client.get(path).content.decode()
    response = admin_client.post(path, {"slots": slots, "reason": "rush hour"}, follow=True)
    worker.refresh_from_db()
    assert (said(response), worker.desired_concurrency) == (["1 worker resized."], wanted)
    assert logged() == [log or "Resize: as many slots as it was started with, rush hour"]


@pytest.mark.parametrize("slots", ["0", "-1", "99999999", "many"])
def test_a_size_that_cannot_be_is_refused(admin_client: Client, slots: str) -> None:
    worker = make_worker()
    response = admin_client.post(address("worker_verb", worker.pk, "resize"), {"slots": slots, "reason": ""})
    assert (response.status_code, bool(response.context["form"].errors["slots"])) == (200, True)
    worker.refresh_from_db()
    assert worker.desired_concurrency is None


def test_without_the_permission_to_change_a_worker_nobody_pauses_or_resizes_it(log_in_as: Any) -> None:
    worker, client = make_worker(), log_in_as("view_worker", "delete_worker")
    for verb in ("pause", "resize"):
        assert client.post(address("worker_verb", worker.pk, verb), {"reason": "", "slots": "9"}).status_code == 403
    worker.refresh_from_db()
    assert (worker.is_paused, worker.desired_concurrency) == (False, None)


def test_the_page_tells_how_it_is(admin_client: Client, fetch: Task) -> None:
    now = timezone.now()
    worker = make_worker(
        desired_concurrency=6, reserved=[[50, 1]], queue_concurrency={"mail": 2}, lanes={"thread": 2}, rss=52_428_800,
        saturated_since=now, versions={"python": "3.11.2", "app": "<b>"},
    )  # fmt: skip
    for queue in ("mail", "mail", "video"):
        make_run(fetch, RunState.RUNNING, worker=worker, queue=queue)
    page = admin_client.get(address("worker_change", worker.pk)).content.decode()
    facts = ("1 for priority 50 and above", "mail 2, video 1", "thread 2", "50.0\xa0MB", "Saturated since", "&lt;b&gt;")
    assert [fact for fact in facts if fact not in page] == []
    changelist = admin_client.get(address("worker_changelist"), {"alive": "saturated"}).content.decode()
    assert "3 / 4 \N{RIGHTWARDS ARROW} 6" in changelist
