"""Graphs as files: for who may view, harmless wherever they are opened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from django_tasks_fsm.admin import graph_panel
from django_tasks_fsm.core.states import RunState
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


@pytest.mark.parametrize(("kind", "beginning"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_makes_the_files_that_are_no_svg(
    admin_client: Client, fetch: Task, kind: str, beginning: bytes
) -> None:
    response = admin_client.get(address("taskrun_graph", make_chain(fetch)[1].pk, kind))
    assert response.content.startswith(beginning)
    assert response.headers["Content-Disposition"].endswith(f'.{kind}"')


def test_without_graphviz_they_are_neither_offered_nor_sent(
    admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run = make_chain(fetch)[1]
    assert [words for _, words in admin_client.get(address("taskrun_change", run.pk)).context["downloads"]] == [
        "SVG", "DOT"
    ]  # fmt: skip
    assert admin_client.get(address("taskrun_graph", run.pk, "png")).status_code == 404


def test_the_file_shows_the_steps_of_the_page(admin_client: Client, fetch: Task) -> None:
    run = make_chain(fetch)[0]
    href = admin_client.get(address("taskrun_change", run.pk) + "?steps=1").context["downloads"][0][0]
    assert href.endswith("graph.svg?steps=1")
    assert admin_client.get(href).content.count(b'data-key="') == 2


def test_the_timeline_is_shown_when_it_is_asked_for_and_is_a_file_too(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.RUNNING, label="<b>numpy</b>")
    assert "fsm-timeline" not in admin_client.get(address("taskrun_change", run.pk)).content.decode()
    for kind in ("runs", "worker"):
        page = admin_client.get(address("taskrun_change", run.pk) + f"?timeline={kind}").content.decode()
        assert 'class="fsm-timeline"' in page
        assert "<b>numpy" not in page
    file = admin_client.get(address("taskrun_timeline", run.pk) + "?timeline=worker")
    assert ET.fromstring(file.content).get("class") == "fsm-timeline"
    assert file.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_only_who_may_view_gets_the_timeline(log_in_as: Any, admin_client: Client, fetch: Task) -> None:
    path = address("taskrun_timeline", make_run(fetch).pk)
    assert log_in_as("view_task").get(path).status_code == 403
    assert admin_client.post(path).status_code == 405


@pytest.mark.parametrize(("model", "event"), [("taskrun", "dispatch"), ("task", "retire")])
def test_the_states_are_a_page_and_a_file(log_in_as: Any, model: str, event: str) -> None:
    client = log_in_as(f"view_{model}")
    page = client.get(address(f"{model}_states"))
    assert f"<code>{event}</code>" in page.content.decode()
    file = client.get(page.context["download"])
    assert ET.fromstring(file.content).get("class", "").startswith("fsm-graph")
    assert log_in_as("view_queue").get(address(f"{model}_states")).status_code == 403
    assert client.post(address(f"{model}_states")).status_code == 405


def test_the_table_of_links_is_cut_into_pages(
    admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_panel, "LINKS_PER_PAGE", 1)
    path = address("taskrun_change", make_chain(fetch)[1].pk)
    for query, expected in (("", "1"), ("?links=2", "2"), ("?links=99", "2"), ("?links=-1", "1"), ("?links=x", "1")):
        panel = admin_client.get(path + query).context["graph"]
        assert len(panel.rows) == 1
        assert [words for _, words, is_shown in panel.pages if is_shown] == [expected]


def test_policies_are_told_on_the_edge_in_the_legend_and_in_the_table(admin_client: Client, fetch: Task) -> None:
    _, failed, waiting = make_chain(fetch)
    failed.dependent_edges.update(on_failure="skip")
    response = admin_client.get(address("taskrun_change", waiting.pk))
    panel = response.context["graph"]
    assert panel.policies == [("else skip", "it is skipped")]
    assert [row.on_failure for row in panel.rows] == ["it waits for a repair", "it is skipped"]
    assert "else skip" in panel.svg
