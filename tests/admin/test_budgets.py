"""Pages with few rows and with many cost the same few queries; lists, tasks and runs are tested with their pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task, Transition
from tests.admin.pages import address
from tests.admin.rows import link, make_run, make_worker

BUDGET = 12
MANY = 40

pytestmark = pytest.mark.django_db


def worker_page(fetch: Task) -> str:
    """Return the page of a worker that holds many runs."""
    worker = make_worker()
    for _ in range(MANY):
        make_run(fetch, RunState.RUNNING, worker=worker)
    return address("worker_change", worker.pk)


def queue_page(fetch: Task) -> str:
    """Return the page of a paused queue in which many runs wait."""
    queue = Queue.objects.create(name="mail", paused_at=timezone.now(), paused_by="user:admin")
    for _ in range(MANY):
        make_run(fetch, queue=queue.pk)
    return address("queue_change", queue.pk)


def question(fetch: Task) -> str:
    """Return the question about a run for which many wait."""
    first = make_run(fetch)
    for _ in range(MANY):
        link(first, make_run(fetch, RunState.PENDING))
    return address("taskrun_verb", first.pk, "cancel")


def question_about_a_task(fetch: Task) -> str:
    """Return the question about a task with many runs."""
    for _ in range(MANY):
        make_run(fetch)
    return address("task_verb", fetch.pk, "pause")


def picture(fetch: Task) -> str:
    """Return the file with the graph of a run for which many wait."""
    return question(fetch).replace("verb/cancel/", "graph.dot")


def told_run(fetch: Task) -> str:
    """Return the page of a run with many transitions by many workers."""
    run = make_run(fetch, RunState.FAILED)
    now = timezone.now()
    rows = [
        Transition(
            run=run, event="retry", from_state="FAILED", to_state="QUEUED", at=now, actor="worker:w",
            worker_id=make_worker(name=f"w-{number}").pk, detail={"exception": "ValueError", "traceback": "line 7"},
        )
        for number in range(MANY)
    ]  # fmt: skip
    Transition.objects.bulk_create(rows)
    return address("taskrun_change", run.pk)


PAGES = (worker_page, queue_page, question, question_about_a_task, picture, told_run)


@pytest.mark.parametrize("make", PAGES, ids=lambda make: make.__name__)
def test_a_full_page_stays_within_its_budget(admin_client: Client, fetch: Task, make: Callable[[Task], str]) -> None:
    path = make(fetch)
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(path).status_code == 200
    assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries.captured_queries)


@pytest.mark.parametrize("name", ["taskrun", "task"])
def test_a_question_about_a_whole_list_stays_within_its_budget(admin_client: Client, fetch: Task, name: str) -> None:
    rows = [make_run(fetch).pk for _ in range(MANY)] if name == "taskrun" else [fetch.pk]
    verb = "cancel" if name == "taskrun" else "pause"
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.post(address(f"{name}_changelist"), {"action": verb, "_selected_action": rows})
    assert page.status_code == 200
    assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries.captured_queries)
