"""Several questions in one statement."""

from __future__ import annotations

import pytest
from django.db import connection

from django_tasks_fsm.admin.overview.moments import in_trouble
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.each import COUNT, COUNT_TRIED, EARLIEST, answer_each, list_each
from django_tasks_fsm.models import TaskRun
from tests.store.rows import DB, a_run

pytestmark = pytest.mark.django_db


def test_each_question_has_its_answer_in_order(django_assert_num_queries):
    for attempt in (0, 1, 2):
        a_run(attempt=attempt)
    runs = TaskRun.objects.order_by("id")
    asked = [(COUNT, runs.values("pk")[:2]), (COUNT_TRIED, runs.values("attempt")[:3]), (COUNT, runs.filter(queue="x"))]
    with django_assert_num_queries(1):
        assert answer_each(asked, DB) == [2, 2, 0]


def test_nothing_is_asked_where_there_is_no_question(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert answer_each([], DB) == []


def test_there_is_no_earliest_of_none():
    assert answer_each([(EARLIEST, TaskRun.objects.values("run_at")[:3])], DB) == [None]


def test_the_rows_of_each_queryset_stay_apart(django_assert_num_queries):
    for queue in ("a", "a", "b"):
        a_run(queue=queue)
    parts = [TaskRun.objects.filter(queue=name).values_list("queue", "attempt")[:5] for name in ("b", "none", "a")]
    with django_assert_num_queries(1):
        assert list_each(parts, DB) == [[("b", 0)], [], [("a", 0), ("a", 0)]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the other databases take the index without being told")
def test_sqlite_takes_the_index_of_those_that_ended_badly():
    plan = in_trouble(RunState.FAILED, DB).order_by("-finished_at").values_list("pk")[:5].explain()
    assert "fsm_run_troubled" in plan
