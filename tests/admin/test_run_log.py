"""What runs have logged, on their pages and as files: for those who may see payloads, escaped, in pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.admin import run_log
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunLog, Task, TaskRun
from tests.admin.pages import address
from tests.admin.rows import make_run

pytestmark = pytest.mark.django_db


def add(run: TaskRun, *messages: str, first: int = 1, level: int = 20, **values: Any) -> None:
    """Let a run have logged these."""
    now = timezone.now()
    RunLog.objects.bulk_create(
        RunLog(run=run, fence=1, number=number, attempt=1, at=now, level=level, message=text, size=len(text), **values)
        for number, text in enumerate(messages, first)
    )


@pytest.fixture
def run(fetch: Task) -> TaskRun:
    return make_run(fetch, RunState.RUNNING, fence=1)


def page(client: Client, run: TaskRun, query: str = "") -> Any:
    return client.get(address("taskrun_change", run.pk) + query)


def shown(response: Any) -> list[str]:
    return [line.message for line in response.context["log"].lines]


def test_the_lines_are_shown_the_newest_last(admin_client: Client, run: TaskRun) -> None:
    add(run, "first", "second", logger="shop.stock")
    response = page(admin_client, run)
    assert shown(response) == ["first", "second"]
    assert "shop.stock" in response.content.decode()
    assert "fsm-tail" in response.content.decode()


def test_a_run_that_has_logged_nothing_has_no_panel(admin_client: Client, run: TaskRun) -> None:
    assert page(admin_client, run).context["log"] is None


@pytest.mark.fault("F77")
def test_what_a_run_has_logged_is_escaped(admin_client: Client, run: TaskRun) -> None:
    add(run, "<script>alert(1)</script>", logger="<b>")
    body = page(admin_client, run).content.decode()
    assert "<script>alert(1)" not in body
    assert "&lt;script&gt;alert(1)" in body
    assert "&lt;b&gt;" in body


def test_only_those_who_may_see_payloads_see_it(log_in_as: Callable[..., Client], run: TaskRun) -> None:
    add(run, "hush")
    curious, trusted = log_in_as("view_taskrun"), log_in_as("view_taskrun", "view_payload")
    for name in ("change", "live", "log"):
        assert "hush" not in curious.get(address(f"taskrun_{name}", run.pk)).content.decode()
        assert "hush" in trusted.get(address(f"taskrun_{name}", run.pk)).content.decode()
    assert curious.get(address("taskrun_log", run.pk)).status_code == 403


def test_a_level_leaves_out_what_lies_below(admin_client: Client, run: TaskRun) -> None:
    add(run, "quiet")
    add(run, "loud", first=2, level=30)
    assert shown(page(admin_client, run, "?level=WARNING")) == ["loud"]
    assert shown(page(admin_client, run, "?level=nonsense")) == ["quiet", "loud"]
    response = page(admin_client, run, "?level=ERROR")
    assert "No line of this level." in response.content.decode()


def test_a_long_log_comes_in_pages_from_the_newest(
    admin_client: Client, run: TaskRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "PAGE", 3)
    add(run, *"abcdefg")
    first, second, third = (page(admin_client, run, query) for query in ("", "?log=2", "?log=3"))
    assert [shown(each) for each in (first, second, third)] == [list("efg"), list("bcd"), ["a"]]
    assert [bool(each.context["log"].older) for each in (first, second, third)] == [True, True, False]
    assert [bool(each.context["log"].newer) for each in (first, second, third)] == [False, True, True]


def test_a_log_says_how_many_lines_it_has_not_kept(admin_client: Client, run: TaskRun) -> None:
    add(run, "kept", first=41)
    assert "The oldest 40 lines were left out" in page(admin_client, run).content.decode()


def test_a_new_line_is_sent_to_an_open_page(admin_client: Client, run: TaskRun) -> None:
    add(run, "one")
    etag = admin_client.get(address("taskrun_live", run.pk)).headers["ETag"]
    again = admin_client.get(address("taskrun_live", run.pk), headers={"If-None-Match": etag})
    assert again.status_code == 304
    add(run, "two", first=2)
    fresh = admin_client.get(address("taskrun_live", run.pk), headers={"If-None-Match": etag})
    assert (fresh.status_code, "two" in fresh.content.decode()) == (200, True)


def test_the_file_is_plain_text_that_no_browser_takes_for_anything_else(admin_client: Client, run: TaskRun) -> None:
    add(run, "<h1>one</h1>", logger="shop")
    add(run, "two\nlines", first=2, level=40)
    response = admin_client.get(address("taskrun_log", run.pk))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment")
    lines = response.content.decode().splitlines()
    assert [line.partition("Z ")[2] for line in lines[:2]] == ["INFO shop: <h1>one</h1>", "ERROR : two"]
    level = admin_client.get(address("taskrun_log", run.pk) + "?level=ERROR")
    assert level.content.decode().count("Z ") == 1
    assert admin_client.post(address("taskrun_log", run.pk)).status_code == 405


def test_latency_is_shown_on_the_page_and_in_the_list(admin_client: Client, fetch: Task) -> None:
    due = timezone.now() - timedelta(seconds=60)
    late = make_run(fetch, RunState.RUNNING, run_at=due, started_at=due + timedelta(seconds=42))
    assert "42" in dict(page(admin_client, late).context["facts"])["Latency"]
    listing = admin_client.get(address("taskrun_changelist")).content.decode()
    assert "42 s late" in listing
