"""Counting stops where nobody looks any more."""

from __future__ import annotations

import pytest
from django.core.paginator import EmptyPage
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from django_tasks_fsm.admin import paginator
from django_tasks_fsm.admin.paginator import CappedPaginator
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task, TaskRun
from tests.admin.rows import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def _queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "CAP", 10)
    Queue.objects.all().delete()
    Queue.objects.bulk_create([Queue(name=f"q{number:02}") for number in range(25)])


@pytest.mark.usefixtures("_queues")
def test_a_long_list_is_counted_up_to_the_cap_and_says_so() -> None:
    pages = CappedPaginator(Queue.objects.order_by("name"), 5)
    assert (pages.count, pages.num_pages, pages.is_capped, pages.shown_count) == (10, 2, True, "10+")


@pytest.mark.usefixtures("_queues")
def test_no_page_lies_behind_the_cap() -> None:
    pages = CappedPaginator(Queue.objects.order_by("name"), 5)
    assert [queue.name for queue in pages.page(2)] == ["q05", "q06", "q07", "q08", "q09"]
    with pytest.raises(EmptyPage):
        pages.page(3)


@pytest.mark.usefixtures("_queues")
def test_a_short_list_is_counted_exactly() -> None:
    pages = CappedPaginator(Queue.objects.filter(name__lt="q03"), 5)
    assert (pages.count, pages.is_capped, pages.shown_count) == (3, False, "3")


@pytest.mark.usefixtures("_queues")
def test_the_count_reads_no_more_rows_than_the_cap_and_sorts_none() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert CappedPaginator(Queue.objects.order_by("name"), 5).count == 10
    (query,) = queries.captured_queries
    assert "LIMIT 11" in query["sql"]
    assert "ORDER BY" not in query["sql"]


@override_settings(LANGUAGE_CODE="en")
def test_the_real_cap_reads_as_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = CappedPaginator(Queue.objects.order_by("name"), 50)
    monkeypatch.setattr(pages, "_found", 10_001)
    assert (pages.shown_count, pages.num_pages) == ("10,000+", 200)


def test_a_filter_that_few_runs_pass_is_read_by_key_in_the_same_order(fetch: Task) -> None:
    runs = [make_run(fetch, RunState.FAILED) for _ in range(7)]
    make_run(fetch, RunState.DONE)
    pages = CappedPaginator(TaskRun.objects.filter(state="FAILED").order_by("-id"), 3)
    with CaptureQueriesContext(connection) as queries:
        shown = [run.pk for number in pages.page_range for run in pages.page(number)]
    assert shown == sorted((run.pk for run in runs), reverse=True)
    assert "ORDER BY" not in queries.captured_queries[0]["sql"]


def test_a_filter_that_many_runs_pass_is_counted_and_skipped(fetch: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "FEW", 2)
    runs = [make_run(fetch, RunState.FAILED) for _ in range(7)]
    pages = CappedPaginator(TaskRun.objects.filter(state="FAILED").order_by("-id"), 3)
    assert pages.count == 7
    assert [run.pk for run in pages.page(2)] == sorted((run.pk for run in runs), reverse=True)[3:6]
