"""Graphs as files: for who may view, harmless wherever they are opened."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from django_tasks_fsm.models import Task, TaskPrerequisite
from tests.admin.pages import address
from tests.admin.rows import make_chain, make_run, make_task

pytestmark = pytest.mark.django_db


def test_the_picture_is_a_file_that_may_load_and_run_nothing(admin_client: Client, fetch: Task) -> None:
    response = admin_client.get(address("taskrun_graph", make_chain(fetch)[1].pk, "svg"))
    assert response.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "script-src" not in policy


def test_the_picture_is_well_formed_and_has_no_links(admin_client: Client, fetch: Task) -> None:
    text = admin_client.get(address("taskrun_graph", make_chain(fetch)[1].pk, "svg")).content.decode()
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text.encode()).iter()}
    assert "style" in tags
    assert not {"a", "script", "foreignObject", "image", "use"} & tags


def test_the_source_is_for_graphviz(admin_client: Client, fetch: Task) -> None:
    response = admin_client.get(address("taskrun_graph", make_chain(fetch)[1].pk, "dot"))
    assert response.content.decode().startswith("digraph")
    assert 'filename="fetch-users' in response.headers["Content-Disposition"]


def test_tasks_have_a_graph_too(admin_client: Client, fetch: Task) -> None:
    TaskPrerequisite.objects.create(task=make_task("score"), prerequisite=fetch)
    text = admin_client.get(address("task_graph", fetch.pk, "svg")).content.decode()
    assert "score" in text
    assert "fetch users" in text


def test_a_lone_row_is_a_picture_of_one(admin_client: Client, fetch: Task) -> None:
    assert admin_client.get(address("taskrun_graph", make_run(fetch).pk, "svg")).status_code == 200
    assert admin_client.get(address("task_graph", fetch.pk, "svg")).status_code == 200


def test_only_who_may_view_gets_the_file_and_only_by_get(log_in_as: Any, admin_client: Client, fetch: Task) -> None:
    path = address("taskrun_graph", make_chain(fetch)[1].pk, "svg")
    assert log_in_as("view_task").get(path).status_code == 403
    assert log_in_as("view_taskrun").get(path).status_code == 200
    assert admin_client.post(path).status_code == 405
    assert admin_client.get(path.replace(".svg", ".exe")).status_code == 404
    assert admin_client.get(address("taskrun_graph", "no-uuid", "svg")).status_code == 404


def test_a_name_does_not_leave_its_header(admin_client: Client) -> None:
    task = make_task('"; filename="evil.html\r\nX-Bad: 1')
    header = admin_client.get(address("task_graph", task.pk, "svg")).headers["Content-Disposition"]
    assert header == 'attachment; filename="filenameevilhtml-x-bad-1.svg"'
