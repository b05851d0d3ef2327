"""The page of a run: its state, why it waits, its history, its graph, and no more than the user may see."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunDetail, RunPrerequisite, Task, TaskRun
from django_tasks_fsm.pictures import runs
from tests.admin.pages import address
from tests.admin.rows import link, make_chain, make_run, make_task, make_worker, soon

pytestmark = pytest.mark.django_db

BUDGET = 12


def page_of(client: Client, run: TaskRun, query: str = "") -> str:
    """Return the page of a run."""
    response = client.get(address("taskrun_change", run.pk) + query)
    assert response.status_code == 200
    return str(response.content.decode())


def own_queries(client: Client, path: str) -> list[str]:
    """Return the statements of a page beside those for the session and the user."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    found = [query["sql"] for query in queries.captured_queries]
    return [sql for sql in found if "django_session" not in sql and "auth_" not in sql]


@pytest.mark.parametrize("state", RunState)
def test_every_state_has_its_page(admin_client: Client, fetch: Task, state: RunState) -> None:
    assert f"fsm-badge fsm-s-{state.lower()} fsm-big" in page_of(admin_client, make_run(fetch, state))


def test_nothing_can_be_edited(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch)
    assert 'name="_save"' not in page_of(admin_client, run)
    assert admin_client.post(address("taskrun_change", run.pk), {"state": "DONE"}).status_code == 403
    assert admin_client.get(address("taskrun_add")).status_code == 403
    assert admin_client.post(address("taskrun_delete", run.pk), {"post": "yes"}).status_code == 403


def test_the_page_of_a_large_graph_stays_within_its_budget(admin_client: Client, fetch: Task) -> None:
    graph = uuid.uuid4()
    hub = make_run(fetch, RunState.PENDING, graph=graph)
    parts = [TaskRun(task=fetch, graph=graph) for _ in range(120)]
    TaskRun.objects.bulk_create(parts)
    RunPrerequisite.objects.bulk_create([RunPrerequisite(run=hub, prerequisite=part) for part in parts])
    TaskRun.objects.filter(pk=hub.pk).update(waiting_on=120)
    queries = own_queries(admin_client, address("taskrun_change", hub.pk))
    assert len(queries) <= BUDGET, "\n".join(queries)


# -- why it waits -----------------------------------------------------------------------------------------------------


def test_a_blocked_run_names_what_it_waits_for(admin_client: Client, fetch: Task) -> None:
    _, failed, waiting = make_chain(fetch)
    page = page_of(admin_client, waiting)
    assert "to be done, but that has ended: failed." in page
    assert address("taskrun_change", failed.pk) in page
    assert "fsm-s-blocked fsm-big" in page


def test_a_failed_attempt_is_shown_as_one_that_is_tried_again(admin_client: Client, fetch: Task) -> None:
    page = page_of(admin_client, make_run(fetch, RunState.PENDING, run_at=soon(hours=1), attempt=2))
    assert "It is not due before <time" in page
    assert "fsm-s-retry fsm-big" in page


# -- what happened ----------------------------------------------------------------------------------------------------


def test_the_history_merges_the_row_and_its_transitions(admin_client: Client, fetch: Task) -> None:
    worker = make_worker(name="w-history")
    now = timezone.now()
    run = make_run(
        fetch, RunState.DONE, worker=worker, attempt=2, enqueued_at=now - timedelta(minutes=9),
        started_at=now - timedelta(minutes=2), finished_at=now,
    )  # fmt: skip
    run.transitions.create(
        event="retry", from_state="RUNNING", to_state="PENDING", at=now - timedelta(minutes=5), attempt=1,
        worker_id=worker.pk, actor=f"worker:{worker.pk}", reason="again in 3 min",
        detail={"exception": "shop.Busy", "message": "", "traceback": "Traceback of the first attempt"},
    )  # fmt: skip
    response = admin_client.get(address("taskrun_change", run.pk))
    entries = response.context["history"].entries
    assert [entry.event for entry in entries] == ["Enqueued", "Retry", "Started", "Finished"]
    assert [entry.attempt for entry in entries] == [None, 1, 2, 2]
    page = response.content.decode()
    assert all(text in page for text in ("w-history", "again in 3 min", "shop.Busy", "Traceback of the first attempt"))


def test_an_outcome_that_a_person_gave_is_told_once(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.DONE, started_at=timezone.now())
    run.transitions.create(event="resolve", from_state="FAILED", to_state="DONE", at=timezone.now(), actor="user:ada")
    entries = admin_client.get(address("taskrun_change", run.pk)).context["history"].entries
    assert [(entry.event, entry.who) for entry in entries][-1] == ("Resolved by hand", "ada")
    assert "Finished" not in [entry.event for entry in entries]


def test_a_run_with_endless_transitions_shows_the_newest(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch)
    model = run.transitions.model
    model.objects.bulk_create(
        [
            model(
                run=run,
                event="reschedule",
                from_state="RUNNING",
                to_state="PENDING",
                at=soon(seconds=n),
                actor="system",
            )
            for n in range(230)
        ]
    )
    response = admin_client.get(address("taskrun_change", run.pk))
    assert len(response.context["history"].entries) == 201
    assert "Older events are not shown." in response.content.decode()


def test_progress_and_log_are_shown(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.RUNNING, progress=64)
    RunDetail.objects.create(run=run, progress_done=64, progress_total=100, progress_note="page 64", log="line one\n")
    page = page_of(admin_client, run)
    assert 'aria-valuenow="64"' in page
    assert "64 / 100 · page 64" in page
    assert "line one" in page


# -- payloads ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def telling(db: None) -> TaskRun:
    """Give a run with payloads, some of them secret."""
    task = make_task(function="tests.admin.jobs.score")
    secrets = {"api_token": "t0ken", "nested": [{"Password": "pa55"}], "limit": 5}
    return make_run(task, RunState.DONE, args=["north"], kwargs=secrets, result={"rows": 31, "session_id": "s3ss"})


@pytest.mark.fault("F84")
def test_payloads_need_their_own_permission(log_in_as: Any, telling: TaskRun) -> None:
    client = log_in_as("view_taskrun")
    assert "north" not in page_of(client, telling)
    for sql in own_queries(client, address("taskrun_change", telling.pk)):
        assert '"django_tasks_fsm_taskrun"."kwargs"' not in sql


def test_payloads_are_shown_without_what_looks_secret(log_in_as: Any, telling: TaskRun) -> None:
    page = page_of(log_in_as("view_taskrun", "view_payload"), telling)
    assert all(text in page for text in ("north", "31", "&quot;limit&quot;: 5"))
    assert not any(secret in page for secret in ("t0ken", "pa55", "s3ss"))


def test_links_lead_only_where_the_user_may_go(log_in_as: Any, fetch: Task) -> None:
    run = make_run(fetch, RunState.DONE, worker=make_worker())
    page = page_of(log_in_as("view_taskrun"), run)
    assert address("task_change", fetch.pk) not in page
    assert address("task_change", fetch.pk) in page_of(log_in_as("view_taskrun", "view_task"), run)


# -- the graph --------------------------------------------------------------------------------------------------------


def test_the_graph_is_drawn_with_links_standings_and_the_same_as_a_table(admin_client: Client, fetch: Task) -> None:
    runs = make_chain(fetch)
    page = page_of(admin_client, runs[1])
    assert page.count('class="fsm-node ') == 3
    assert all(f'href="{address("taskrun_change", run.pk)}"' in page for run in runs)
    assert all(name in page for name in ("fsm-e-met", "fsm-e-broken", "fsm-s-blocked", "fsm-cur"))
    assert "<details" in page
    assert page.count('<tr><th scope="row"><a href=') == 2


def test_a_lone_run_has_no_graph(admin_client: Client, fetch: Task) -> None:
    assert "fsm-gpanel" not in page_of(admin_client, make_run(fetch))


def test_runs_linked_without_a_graph_id_are_found_step_by_step(admin_client: Client, fetch: Task) -> None:
    runs = [make_run(fetch, RunState.PENDING) for _ in range(4)]
    for before, after in pairwise(runs):
        link(before, after)
    assert page_of(admin_client, runs[0], "?steps=1").count('class="fsm-node ') == 2
    assert page_of(admin_client, runs[0], "?steps=3").count('class="fsm-node ') == 4


def test_a_huge_graph_is_cut_to_its_neighbourhood(admin_client: Client, fetch: Task, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "MOST", 10)
    monkeypatch.setattr(runs, "SMALL", 10)
    graph = uuid.uuid4()
    hub = make_run(fetch, RunState.PENDING, graph=graph)
    for _ in range(15):
        link(make_run(fetch, graph=graph), hub)
    page = page_of(admin_client, hub)
    assert page.count('class="fsm-node fsm-s-') == 10
    assert "+6 more" in page
    assert "(6 more)" in page


@pytest.mark.parametrize("steps", ["0", "-1", "4", "x", "", "%00", "9" * 100])
def test_strange_steps_are_ignored(admin_client: Client, fetch: Task, steps: str) -> None:
    assert "fsm-gpanel" in page_of(admin_client, make_chain(fetch)[0], f"?steps={steps}")


def test_the_page_leads_to_the_runs_of_the_task_before_and_after(admin_client: Client, fetch: Task) -> None:
    first, second, third = (make_run(fetch) for _ in range(3))
    make_run(make_task("another"))
    found = {run: admin_client.get(address("taskrun_change", run.pk)).context["neighbours"] for run in (first, second)}
    everything = address("taskrun_changelist") + f"?task={fetch.pk}"
    assert [href for href, _ in found[second]] == [
        address("taskrun_change", first.pk),
        address("taskrun_change", third.pk),
        everything,
    ]
    assert [href for href, _ in found[first]] == [address("taskrun_change", second.pk), everything]
