"""Pictures on standard output: of what exists, as what this machine can draw, with a sentence for the rest."""

from __future__ import annotations

import shutil
import uuid
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun
from tests.admin.rows import make_chain, make_run, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    return make_task("fetch users")


@pytest.fixture
def chain(task: Task) -> list[TaskRun]:
    return make_chain(task)


def drawn(*arguments: Any) -> str:
    out = StringIO()
    call_command("tasks_fsm", "graph", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: Any) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        drawn(*arguments)
    return caught.value.returncode, str(caught.value)


def test_a_run_a_graph_and_a_task_are_drawn_by_id_and_by_name(chain: list[TaskRun], task: Task) -> None:
    assert drawn(chain[0].pk).count("data-key=") == 3
    assert drawn(chain[0].graph).count("data-key=") == 3
    assert "fetch users" in drawn(task.name)


def test_the_picture_is_a_whole_file_with_its_style(chain: list[TaskRun]) -> None:
    text = drawn(chain[0].pk)
    assert text.startswith("<?xml")
    assert text.endswith("</svg>")
    assert "prefers-color-scheme" in text


def test_steps_cut_the_picture(chain: list[TaskRun]) -> None:
    assert drawn(chain[0].pk, "--steps", "1").count("data-key=") == 2


def test_the_source_is_for_graphviz(chain: list[TaskRun]) -> None:
    assert drawn(chain[0].pk, "--format", "dot").startswith("digraph")


@pytest.mark.parametrize(("name", "event"), [("run", "dispatch"), ("task", "retire")])
@pytest.mark.parametrize("kind", ["svg", "dot"])
def test_the_states_are_drawn_without_any_row(name: str, event: str, kind: str) -> None:
    assert event in drawn("--machine", name, "--format", kind)


def test_the_timeline_is_drawn_by_run_and_by_worker(task: Task) -> None:
    run = make_run(task, RunState.RUNNING, label="numpy")
    assert ET.fromstring(drawn(run.pk, "--timeline").encode()).get("class") == "fsm-timeline"
    assert "fsm-lane" in drawn(run.pk, "--timeline", "--by-worker")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_bytes_go_to_the_stream_underneath(chain: list[TaskRun]) -> None:
    out = TextIOWrapper(BytesIO())
    call_command("tasks_fsm", "graph", str(chain[0].pk), "--format", "png", stdout=out)
    assert out.buffer.getvalue().startswith(b"\x89PNG")


def test_what_does_not_exist_is_named() -> None:
    code, text = refused("nobody")
    assert (code, text) == (1, "There is no task, run or graph 'nobody'.")
    assert refused(uuid.uuid4())[0] == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (1, "Name a task, a run or a graph")),
        (("x", "--machine", "run"), (1, "Name a task, a run or a graph")),
        (("x", "--timeline", "--format", "dot"), (2, "A timeline is drawn of runs, and as SVG only.")),
        (("--machine", "run", "--timeline"), (2, "A timeline is drawn of runs")),
        (("fetch users", "--timeline"), (2, "name a run or a graph")),
    ],
)
def test_what_cannot_be_is_a_sentence(task: Task, arguments: Any, expected: tuple[int, str]) -> None:
    code, text = refused(*arguments)
    assert code == expected[0]
    assert expected[1] in text


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_without_graphviz_a_sentence_and_exit_code_two(monkeypatch: Any, tmp_path: Any, task: Task, kind: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, text = refused("fetch users", "--format", kind)
    assert code == 2
    assert "needs Graphviz: its program 'dot' is not on the path" in text


def test_what_is_left_out_is_said_beside_the_picture(monkeypatch: Any, chain: list[TaskRun]) -> None:
    from django_tasks_fsm.pictures import runs

    monkeypatch.setattr(runs, "MAX_NODES", 2)
    out, err = StringIO(), StringIO()
    call_command("tasks_fsm", "graph", str(chain[0].graph), stdout=out, stderr=err)
    assert err.getvalue() == "1 more are not shown.\n"
