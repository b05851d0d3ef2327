"""The page for those who come from an older system: its rows, the tests that they name, the names of this app."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from functools import cache

import pytest
from django.core.management import load_command_class

import django_tasks_fsm
from django_tasks_fsm import callbacks, conf, schedules, signals
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.core import triggers
from django_tasks_fsm.declare import FSMTask, task
from django_tasks_fsm.models import Task, TaskRun, Worker
from tests.docs.pages import CODE, ROOT, page

PAGE = page("docs/explanation/ancestors.md")
SECTIONS = {
    "cs.taskqueue": "Q", "asyncz": "A", "taskshed": "S", "neotasker": "N", "task_thread": "T",
    "Where they contradict themselves": "C",
}  # fmt: skip
OWNERS = {
    "Task": Task, "Task.objects": Task.objects, "TaskRun": TaskRun, "TaskRun.objects": TaskRun.objects,
    "Worker": Worker, "FSMTask": FSMTask, "TaskQueue": django_tasks_fsm.TaskQueue, "context": RunContext,
    "callbacks": callbacks, "signals": signals,
}  # fmt: skip
ERRORS = {
    name for _, line in page("docs/reference/errors.md").prose if line.startswith("| `") for name in CODE.findall(line)
}
ALONE = {*django_tasks_fsm.__all__, *triggers.__all__, *ERRORS, "Task", "TaskRun", "Transition", "Worker"}
NAME = re.compile(r"[A-Za-z_]\w*$")
WORDS = {
    "latest", "all", "end", "jitter", "label", "extra", "start", "run_after", "catch_up", "except", "error", "dot",
    "l0", "TASKS",
}  # fmt: skip
"""Settings and values that stand beside the name they belong to."""


def rows(section: str) -> list[list[str]]:
    """Return the cells of the table of a section, without its head."""
    lines = [line for line in PAGE.section(section).split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[1:]]


@cache
def functions_of(path: str) -> set[str]:
    """Return the names of the test functions of a module."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the parser of ``runworker``, or that of a command of ``tasks_fsm``."""
    command, _, room = name.partition(" ")
    parser = load_command_class("django_tasks_fsm", command).create_parser("manage.py", command)
    if not room:
        return parser
    (rooms,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    found: argparse.ArgumentParser = rooms.choices[room]
    return found


def is_there(span: str) -> bool:
    """Tell whether what stands between two backticks exists; what is no name of this app's counts as there."""
    words = span.split(" --")
    if words[0] == "runworker" or words[0].startswith("tasks_fsm "):
        return {f"--{flag}" for flag in words[1:]} <= set(parser_of(words[0])._option_string_actions)
    if found := re.match(r'OPTIONS\["(\w+)"\]$', span):
        return found[1].lower() in conf.Options.__dataclass_fields__
    if found := re.match(r"(@task|schedule)\((\w+)=", span):
        known = {"@task": [*FSMTask.__dataclass_fields__, *inspect.signature(task).parameters],
                 "schedule": [*schedules.SETTINGS, *inspect.signature(FSMTask.schedule).parameters]}  # fmt: skip
        return found[2] in known[found[1]]
    owner, _, name = span.rpartition(".")
    if owner in OWNERS:
        return hasattr(OWNERS[owner], name)
    return not NAME.match(span) or span in ALONE | WORDS or span in dir(django_tasks_fsm) or hasattr(Task, span)


@pytest.mark.parametrize(("section", "prefix"), SECTIONS.items(), ids=SECTIONS)
def test_every_row_is_there_in_its_order(section: str, prefix: str):
    wanted = re.search(r"<!-- (\d+) rows -->", PAGE.section(section))
    assert wanted
    assert [cells[0].lstrip("| ") for cells in rows(section)] == [f"{prefix}{n + 1}" for n in range(int(wanted[1]))]
    assert {len(cells) for cells in rows(section)} == {4}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_names_tests_that_exist(section: str):
    missing = []
    for number, _, here, proof in rows(section):
        names = CODE.findall(proof)
        # What is left out needs no proof that it is.
        assert names or here.startswith("not taken over: "), f"{number} has no proof"
        missing += [name for name in names if name.split("::")[1] not in functions_of(name.split("::")[0])]
    assert missing == []


@pytest.mark.parametrize("section", SECTIONS)
def test_every_name_of_this_app_exists(section: str):
    spans = [(cells[0], span) for cells in rows(section) for span in CODE.findall(cells[2])]
    assert [(number, span) for number, span in spans if not is_there(span)] == []


@pytest.mark.parametrize(
    "span",
    ["Task.reshedule", "context.stop", "@task(max_run=...)", "schedule(evry=...)", "runworker --gracious",
     "tasks_fsm list --nothing", 'OPTIONS["SERVICE"]', "TaskExist"],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_found(span: str):
    assert not is_there(span)


def test_a_test_that_does_not_exist_is_found():
    assert "test_a_test_that_does_not_exist_is_found" in functions_of("docs/test_ancestors.py")
    assert "test_that_nobody_wrote" not in functions_of("docs/test_ancestors.py")
