"""The overview: what it shows, to whom, and at what price."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_tasks_fsm.admin.overview import board, snapshot
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task
from tests.admin.pages import APP
from tests.admin.rows import link, make_chain, make_run, make_task, make_worker, soon

BUDGET = 15
VIEW = ("view_task", "view_taskrun", "view_worker", "view_queue")

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(fetch: Task) -> Task:
    """Give a task with runs in every state that is shown."""
    make_worker()
    make_chain(fetch)
    for state in RunState:
        make_run(fetch, state, kwargs={"note": "confidential"})
    make_run(fetch, RunState.PENDING, attempt=2)
    Queue.objects.get_or_create(name="default")
    return fetch


def seen(client: Client) -> Any:
    """Return the page."""
    response = client.get(reverse("admin:app_list", args=[APP]))
    assert response.status_code == 200
    return response


def test_each_state_has_a_tile_that_leads_to_its_runs(admin_client: Client, busy: Task) -> None:
    tiles = seen(admin_client).context["board"]["tiles"]
    assert len(tiles) == 11
    for state, tally, href in tiles:
        assert tally.number > 0, state
        assert len(admin_client.get(href).context["cl"].result_list) == tally.number, state


def test_a_busy_page_stays_within_its_budget(log_in_as: Any, busy: Task) -> None:
    for _ in range(30):
        link(make_run(busy, RunState.FAILED), make_run(busy, RunState.PENDING))
        make_run(make_task(f"task {soon()} {_}", next_run_at=soon(hours=1)), RunState.RUNNING)
    client = log_in_as(*VIEW)
    with CaptureQueriesContext(connection) as queries:
        seen(client)
    assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries.captured_queries)


def test_it_is_read_once_for_all_who_look_within_seconds(admin_client: Client, busy: Task) -> None:
    seen(admin_client)
    with CaptureQueriesContext(connection) as queries:
        seen(admin_client)
    assert not [query["sql"] for query in queries if f"{APP}_" in query["sql"]]


def test_it_is_read_anew_when_it_is_old(admin_client: Client, busy: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "KEPT", 0)
    first = dict(row[:2] for row in seen(admin_client).context["board"]["tiles"])
    make_run(busy, RunState.FAILED)
    second = dict(row[:2] for row in seen(admin_client).context["board"]["tiles"])
    assert second["FAILED"].number == first["FAILED"].number + 1


@pytest.mark.parametrize(
    ("codename", "pieces"),
    [
        ("view_task", {"coming"}), ("view_queue", {"lanes"}), ("view_worker", {"workers"}),
        ("view_taskrun", {"tiles", "chart", "running", "coming"}),
    ],
)  # fmt: skip
def test_each_user_sees_the_pieces_that_he_may_view(
    log_in_as: Any, busy: Task, codename: str, pieces: set[str]
) -> None:
    assert set(seen(log_in_as(codename)).context["board"]) - {"at", "lists", "items"} == pieces


def test_who_may_not_view_runs_reads_neither_their_errors_nor_their_tasks(log_in_as: Any, busy: Task) -> None:
    page = seen(log_in_as("view_worker")).content.decode()
    assert "Mismatch" not in page
    assert busy.name not in page


def test_payloads_are_not_shown_to_anybody(admin_client: Client, busy: Task) -> None:
    assert "confidential" not in seen(admin_client).content.decode()


def test_an_empty_database_has_a_page(admin_client: Client) -> None:
    page = seen(admin_client).content.decode()
    assert "Nothing: all is well." in page
    assert "Nothing is running." in page


def test_what_comes_next_is_in_the_order_of_its_time(admin_client: Client, fetch: Task) -> None:
    Task.objects.update(next_run_at=None)
    late, early = soon(hours=3), soon(hours=1)
    Task.objects.filter(pk=fetch.pk).update(next_run_at=early)
    make_run(fetch, RunState.PENDING, run_at=late)
    assert [one.at for one in seen(admin_client).context["board"]["coming"]] == [early, late]


def test_queues_tell_who_waits_and_what_serves_them(admin_client: Client, fetch: Task) -> None:
    worker = make_worker(queues=["ml"], concurrency=3)
    for name in ("ml", "mail"):
        Queue.objects.create(name=name)
    made = timezone.now()
    make_run(fetch, queue="ml", run_at=made)
    make_run(fetch, RunState.RUNNING, queue="ml", worker=worker)
    lanes = {lane.queue.pk: lane for lane, *_ in seen(admin_client).context["board"]["lanes"]}
    assert (lanes["ml"].ready, lanes["ml"].oldest, lanes["ml"].busy, lanes["ml"].slots) == (1, made, 1, 3)
    assert (lanes["mail"].ready, lanes["mail"].oldest, lanes["mail"].slots) == (0, None, 0)


def test_lost_workers_stand_first(admin_client: Client) -> None:
    make_worker(name="alive")
    make_worker(name="silent", heartbeat_at=soon(hours=-1))
    assert [worker.name for worker, *_ in seen(admin_client).context["board"]["workers"]] == ["silent", "alive"]


def test_the_links_are_those_of_the_models_that_the_site_shows_to_the_user() -> None:
    models = [{"model": Task, "perms": {"view": True}}, {"model": Queue, "perms": {"view": False}}]
    links = board.links_of([{"app_label": APP, "models": models}], "admin")
    assert links.visible == {"task"}
