"""Lists: bounded in what they read, deaf to query strings that nobody offered."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task, TaskRun, Worker
from tests.admin.pages import address
from tests.admin.rows import make_run, make_task, run_in

pytestmark = pytest.mark.django_db

BUDGET = 6
LISTS = ("task_changelist", "taskrun_changelist", "worker_changelist", "queue_changelist")


@pytest.fixture
def _many() -> None:
    """Fill every list with more rows than a page holds."""
    Queue.objects.bulk_create([Queue(name=f"line-{number}") for number in range(60)])
    every_minute = {"version": 1, "kind": "interval", "every": 60}
    Task.objects.bulk_create(
        [Task(name=f"task {number:03}", function="f", trigger=every_minute) for number in range(60)]
    )
    now = timezone.now()
    Worker.objects.bulk_create([Worker(name=f"w-{number}", started_at=now, heartbeat_at=now) for number in range(60)])
    tasks, workers, states = list(Task.objects.all()), list(Worker.objects.all()), list(RunState)
    TaskRun.objects.bulk_create(
        [run_in(states[number % 9], task=tasks[number % 7], worker=workers[number % 60]) for number in range(130)]
    )


def own_queries(client: Client, path: str) -> list[str]:
    """Return the statements of a page beside those for the session and the user."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    found = [query["sql"] for query in queries.captured_queries]
    return [sql for sql in found if "django_session" not in sql and "auth_" not in sql]


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("name", LISTS)
def test_a_full_list_stays_within_its_budget(admin_client: Client, name: str) -> None:
    queries = own_queries(admin_client, address(name))
    assert len(queries) <= BUDGET, "\n".join(queries)


@pytest.mark.usefixtures("_many")
def test_every_filter_at_once_stays_within_the_budget(admin_client: Client) -> None:
    task = Task.objects.filter(runs__state="DONE")[:1].get().pk
    query = f"state=DONE&when=24h&task={task}&queue=default&q=task"
    queries = own_queries(admin_client, f"{address('taskrun_changelist')}?{query}")
    assert len(queries) <= BUDGET + 1, "\n".join(queries)


@pytest.mark.usefixtures("_many")
def test_the_list_of_runs_loads_no_payload_and_counts_no_more_than_the_cap(admin_client: Client) -> None:
    for sql in own_queries(admin_client, address("taskrun_changelist")):
        assert not re.search('["`](args|kwargs|result)["`]', sql)
        assert "COUNT(" not in sql or "LIMIT 10001" in sql


@pytest.mark.fault("F83")
@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("order", ["1", "-4.2", "99", "abc", "1;drop", "-"])
def test_nobody_sorts_runs_by_a_column_without_index(admin_client: Client, order: str) -> None:
    response = admin_client.get(address("taskrun_changelist"), {"o": order})
    shown = [run.pk for run in response.context["cl"].result_list]
    assert shown == sorted(shown, reverse=True)


HOSTILE = [
    "o=1", "o=%00", "q=" + "x" * 10_000, "q=%00", "q=' OR 1=1--", "q=%F0%9F%92%A3", "p=999999", "p=-1", "p=abc", "p=",
    "all=", "e=1", "_facets=True", "_popup=1", "unknown=1", "result__regex=(a%2B)%2B", "task__name__regex=.",
    "args__contains=1", "id__gte=0", "state=NONSENSE", "state__in=DONE", "queue=%27", "when=1000y", "task=abc",
    "task=99999999999999999999", "task=%EF%BC%91", "task=-1", "graph=1", "graph=%00", "worker=x",
    "order_by=user__password", "task__in=1,2", "state=DONE&state=FAILED", "alive=maybe", "schedule=perhaps",
    "_changelist_filters=%25",
]  # fmt: skip


@pytest.mark.fault("F83")
@pytest.mark.usefixtures("fetch")
@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_query_string_is_answered_in_peace(admin_client: Client, name: str) -> None:
    for query in HOSTILE:
        response = admin_client.get(f"{address(name)}?{query}")
        assert response.status_code in (200, 302), (query[:60], response.status_code)
        if response.status_code == 302:
            again = admin_client.get(f"{address(name)}{response.headers['Location'].rpartition('/')[2]}")
            assert again.status_code == 200, query[:60]


@pytest.mark.fault("F83")
def test_a_foreign_to_field_is_refused(admin_client: Client) -> None:
    response = admin_client.get(address("taskrun_changelist"), {"_to_field": "error"})
    assert response.status_code == 400


def test_a_capped_list_says_so_below_and_nothing_above(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_tasks_fsm.admin.paginator.CAP", 60)
    task = make_task()
    TaskRun.objects.bulk_create([TaskRun(task=task) for _ in range(70)])
    page = admin_client.get(address("taskrun_changelist"), {"q": "fetch"}).content.decode()
    assert "60+ runs" in page
    assert "60 results" not in page
    assert "?p=2" in page or "p=2&" in page
    assert "p=3" not in page


def test_a_run_of_a_worker_that_has_gone_is_listed(admin_client: Client) -> None:
    run = make_run(make_task(), RunState.DONE, worker_id=uuid.uuid4())
    assert str(run.pk)[-6:] in admin_client.get(address("taskrun_changelist")).content.decode()
    assert admin_client.get(address("taskrun_change", run.pk)).status_code == 200
