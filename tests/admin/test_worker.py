"""Workers: alive, lost or stopped, and what they hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, Worker
from tests.admin.pages import address, said
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
