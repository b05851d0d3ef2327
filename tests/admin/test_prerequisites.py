"""Prerequisites of tasks: loops are refused, and told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_tasks_fsm.models import Task, TaskPrerequisite
from tests.admin.pages import APP, address, task_form
from tests.admin.rows import make_task

pytestmark = pytest.mark.django_db


def save_edges(client: Client, task: Task, *prerequisites: Task, stored: int = 0, **more: Any) -> Any:
    """Send the form of a task with new prerequisites."""
    rows = {
        "prerequisite_edges-TOTAL_FORMS": str(stored + len(prerequisites)),
        "prerequisite_edges-INITIAL_FORMS": str(stored),
    }
    for number, other in enumerate(prerequisites, stored):
        rows[f"prerequisite_edges-{number}-prerequisite"] = str(other.pk)
        rows[f"prerequisite_edges-{number}-condition"] = "done"
    return client.post(address("task_change", task.pk), task_form(name=task.name, **{**rows, **more}))


@pytest.fixture
def chain(db: None) -> list[Task]:
    """Give four tasks of which each waits for the one before."""
    tasks = [make_task(name) for name in ("fetch", "clean", "score", "mail")]
    for before, after in pairwise(tasks):
        TaskPrerequisite.objects.create(task=after, prerequisite=before)
    return tasks


def test_a_prerequisite_is_stored_with_its_condition(admin_client: Client) -> None:
    first, second = make_task("fetch"), make_task("score")
    assert save_edges(admin_client, second, first).status_code == 302
    assert list(TaskPrerequisite.objects.values_list("prerequisite__name", "task__name", "condition")) == [
        ("fetch", "score", "done")
    ]


@pytest.mark.fault("F62")
def test_a_task_cannot_wait_for_itself(admin_client: Client) -> None:
    task = make_task()
    page = save_edges(admin_client, task, task).content.decode()
    assert "cannot wait for itself" in page
    assert not TaskPrerequisite.objects.exists()


@pytest.mark.fault("F63")
def test_a_long_way_round_is_found_and_named(admin_client: Client, chain: list[Task]) -> None:
    page = save_edges(admin_client, chain[0], chain[3]).content.decode()
    assert "wait for one another for ever: fetch → clean → score → mail → fetch" in page
    assert TaskPrerequisite.objects.count() == 3


def test_a_diamond_is_no_loop(admin_client: Client, chain: list[Task]) -> None:
    stored = TaskPrerequisite.objects.get(task=chain[3])
    rows: dict[str, Any] = {
        "prerequisite_edges-0-id": str(stored.pk),
        "prerequisite_edges-0-task": str(chain[3].pk),
        "prerequisite_edges-0-prerequisite": str(stored.prerequisite_id),
        "prerequisite_edges-0-condition": "finished",
    }
    assert save_edges(admin_client, chain[3], chain[0], stored=1, **rows).status_code == 302
    assert set(TaskPrerequisite.objects.filter(task=chain[3]).values_list("prerequisite__name", "condition")) == {
        ("score", "finished"), ("fetch", "done")
    }  # fmt: skip


def test_the_same_prerequisite_twice_is_refused(admin_client: Client) -> None:
    first, second = make_task("fetch"), make_task("score")
    assert save_edges(admin_client, second, first, first).status_code == 200
    assert not TaskPrerequisite.objects.exists()


def test_an_unknown_condition_is_refused(admin_client: Client) -> None:
    first, second = make_task("fetch"), make_task("score")
    lucky: dict[str, Any] = {"prerequisite_edges-0-condition": "lucky"}
    response = save_edges(admin_client, second, first, **lucky)
    assert response.status_code == 200
    assert not TaskPrerequisite.objects.exists()


def test_the_page_lists_the_tasks_for_browsers_without_scripts(admin_client: Client, chain: list[Task]) -> None:
    page = admin_client.get(address("task_change", chain[0].pk)).content.decode()
    for task in chain:
        assert f'<option value="{task.pk}"' in page


def test_typing_finds_tasks(admin_client: Client, chain: list[Task]) -> None:
    query = {"app_label": APP, "model_name": "taskprerequisite", "field_name": "prerequisite", "term": "scor"}
    found = admin_client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [item["text"] for item in found] == ["score"]


def test_many_prerequisites_cost_no_query_each(
    admin_client: Client, chain: list[Task], django_assert_max_num_queries: Any
) -> None:
    hub = make_task("hub")
    TaskPrerequisite.objects.bulk_create(
        [TaskPrerequisite(task=hub, prerequisite=make_task(f"part {number}")) for number in range(20)]
    )
    with django_assert_max_num_queries(14):
        assert admin_client.get(address("task_change", hub.pk)).status_code == 200
