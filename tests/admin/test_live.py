"""The fragment of a page: for who may view, unchanged as 304, at rest when nothing can change any more."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.admin import live as room
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunDetail, Task, TaskRun
from tests.admin.pages import address
from tests.admin.rows import link, make_chain, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the passing of time out of the ETag."""
    monkeypatch.setattr(room, "AGES", 10**12)


def fragment(client: Client, run: TaskRun, etag: str = "", query: str = "") -> Any:
    """Return the answer to a page that has the panels with this ETag."""
    return client.get(address("taskrun_live", run.pk) + query, headers={"If-None-Match": etag} if etag else {})


def test_the_fragment_holds_the_panels_and_no_page(admin_client: Client, fetch: Task) -> None:
    text = fragment(admin_client, make_chain(fetch)[1]).content.decode()
    assert text.startswith('<div class="fsm-panels"')
    assert "fsm-gpanel" in text
    assert not re.search(r"<html|<form|<input|<script|<textarea|csrf", text)


def test_what_has_not_changed_is_not_sent_again(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.RUNNING)
    first = fragment(admin_client, run)
    again = fragment(admin_client, run, first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "private" in first.headers["Cache-Control"]


def test_the_page_has_the_etag_of_its_fragment(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.RUNNING)
    context = admin_client.get(address("taskrun_change", run.pk)).context
    assert fragment(admin_client, run, context["live_etag"]).status_code == 304
    assert context["live_url"] == address("taskrun_live", run.pk)


@pytest.mark.parametrize(
    "change", [{"progress": 50}, {"label": "x"}, {"attempt": 3}, {"cancel_requested_at": "2030-01-01T00:00Z"}]
)
def test_a_change_of_the_run_is_sent(admin_client: Client, fetch: Task, change: dict[str, Any]) -> None:
    run = make_run(fetch, RunState.RUNNING)
    etag = fragment(admin_client, run).headers["ETag"]
    TaskRun.objects.filter(pk=run.pk).update(**change)
    assert fragment(admin_client, run, etag).status_code == 200


def test_a_change_of_a_neighbour_of_a_link_and_of_the_log_is_sent(admin_client: Client, fetch: Task) -> None:
    run, other = make_run(fetch, RunState.PENDING), make_run(fetch, RunState.RUNNING)
    etags = [fragment(admin_client, run).headers["ETag"]]
    for act in (
        lambda: link(other, run),
        lambda: TaskRun.objects.filter(pk=other.pk).update(progress=7),
        lambda: RunDetail.objects.create(run=run, log="a line"),
        lambda: RunDetail.objects.update(log="a line and another"),
    ):
        act()
        etags.append(fragment(admin_client, run, etags[-1]).headers["ETag"])
    assert len(set(etags)) == len(etags)


def test_another_part_of_the_graph_and_another_reader_have_another_etag(
    admin_client: Client, log_in_as: Any, fetch: Task
) -> None:
    run = make_chain(fetch)[1]
    etag = fragment(admin_client, run).headers["ETag"]
    assert fragment(admin_client, run, etag, "?steps=1").status_code == 200
    assert fragment(log_in_as("view_taskrun"), run, etag).status_code == 200


def test_at_rest_there_is_nothing_to_ask_for_any_more(admin_client: Client, fetch: Task) -> None:
    assert "data-live=" not in fragment(admin_client, make_run(fetch, RunState.DONE)).content.decode()
    _, failed, _ = make_chain(fetch)
    assert "data-live=" in fragment(admin_client, failed).content.decode()


def test_only_who_may_view_gets_it_and_only_by_get(log_in_as: Any, admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch)
    assert fragment(log_in_as("view_task"), run).status_code == 403
    assert fragment(log_in_as("view_taskrun"), run).status_code == 200
    assert fragment(Client(), run).status_code == 302
    assert admin_client.post(address("taskrun_live", run.pk)).status_code == 405
    assert admin_client.get(address("taskrun_live", "no-uuid")).status_code == 404


def test_who_may_not_see_payloads_does_not_get_them(log_in_as: Any, fetch: Task) -> None:
    run = make_run(fetch, RunState.DONE, args=["hush"], result="hush")
    assert "hush" not in fragment(log_in_as("view_taskrun"), run).content.decode()
    assert "hush" in fragment(log_in_as("view_taskrun", "view_payload"), run).content.decode()


def test_an_unchanged_page_costs_a_handful_of_statements(admin_client: Client, fetch: Task) -> None:
    run = make_chain(fetch)[1]
    etag = fragment(admin_client, run).headers["ETag"]
    with CaptureQueriesContext(connection) as queries:
        assert fragment(admin_client, run, etag).status_code == 304
    own = [query["sql"] for query in queries.captured_queries if "auth_" not in query["sql"]]
    assert len(own) <= 8, "\n".join(own)
