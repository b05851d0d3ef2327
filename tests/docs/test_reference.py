"""What the reference lists is what the code has: no more, no less."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from argparse import ArgumentParser
from dataclasses import fields
from functools import partial
from types import ModuleType

import pytest
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models
from django.dispatch import Signal

import django_tasks_fsm
from django_tasks_fsm import signals
from django_tasks_fsm.admin.queue_verbs import QUEUE_VERBS
from django_tasks_fsm.admin.run_verbs import RUN_VERBS
from django_tasks_fsm.admin.task_verbs import TASK_VERBS
from django_tasks_fsm.admin.verb_admin import MOST_AT_ONCE
from django_tasks_fsm.admin.worker_verbs import WORKER_VERBS
from django_tasks_fsm.cli import (
    check,
    doctor,
    explain,
    graph,
    listing,
    pausing,
    preview,
    prune,
    resizing,
    run,
    show,
    status,
    verbs,
    worker,
)
from django_tasks_fsm.conf import Options
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.core.triggers.dst import POLICIES
from django_tasks_fsm.core.triggers.expression import clean, compile_expression
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.drawing import MAX_NODES
from django_tasks_fsm.exceptions import TasksFSMError
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.querysets import TaskQuerySet, TaskRunQuerySet
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.pictures.around import SMALL
from django_tasks_fsm.results import STATUS, FSMTaskResult
from django_tasks_fsm.schedules import SETTINGS
from django_tasks_fsm.store.check import RULES
from django_tasks_fsm.tasks_api import Task as DjangoTask
from tests.docs.pages import CODE, ROOT, page

MODELS = list(apps.get_app_config("django_tasks_fsm").get_models())


def flags(parser: ArgumentParser) -> set[str]:
    """Return the long flags that are not Django's."""
    django = {flag for action in BaseCommand().create_parser("", "")._actions for flag in action.option_strings}
    return {flag for action in parser._actions for flag in action.option_strings} - django


def modules() -> list[ModuleType]:
    """Return every module of the package, imported."""
    names = [found.name for found in pkgutil.walk_packages(django_tasks_fsm.__path__, "django_tasks_fsm.")]
    return [importlib.import_module(name) for name in names if ".migrations." not in name]


def named_in(text: str, title: str) -> set[str]:
    """Return the names in the first column of the table whose first column has this title."""
    table = text[text.index(f"| {title}") :].partition("\n\n")[0].strip().split("\n")
    return {name for row in table[2:] for name in re.findall(r"`(\w+)", row.split("|")[1])}


def words(cells: list[str]) -> set[str]:
    """Return the name at the beginning of each cell."""
    return {re.match(r"[\w-]+", cell)[0] for cell in cells}  # type: ignore[index]


@pytest.mark.parametrize(
    ("heading", "room"),
    [
        ("Flags", worker),
        ("`tasks_fsm prune`", prune),
        ("`tasks_fsm explain`", explain),
        ("`tasks_fsm preview`", preview),
        ("`tasks_fsm graph`", graph),
    ],
)
def test_the_flags_are_those_of_the_parser(heading, room):
    parser = ArgumentParser(add_help=False)
    room.add_arguments(parser)
    assert words(page("docs/reference/runworker.md").first_column(heading)) == flags(parser)


@pytest.mark.parametrize(
    ("heading", "declare"),
    [
        ("`tasks_fsm status`", status.add_arguments),
        ("`tasks_fsm list`", listing.add_arguments),
        ("`tasks_fsm show`", show.add_arguments),
        ("`tasks_fsm run`", run.add_arguments),
        ("`tasks_fsm pause` and `resume`", partial(pausing.add_arguments, verb="pause")),
        ("`tasks_fsm cancel` and `retry`", verbs.add_arguments),
        ("`tasks_fsm resize`", resizing.add_arguments),
        ("`tasks_fsm doctor`", doctor.add_arguments),
        ("`tasks_fsm check`", check.add_arguments),
    ],
)
def test_the_flags_of_each_command_are_those_of_its_parser(heading, declare):
    parser = ArgumentParser(add_help=False)
    declare(parser)
    (table, *_) = page("docs/reference/tasks_fsm.md").section(heading).split("| key |")
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) == flags(parser)


def test_the_findings_of_the_doctor_are_listed():
    room = ROOT / "django_tasks_fsm"
    texts = [
        (room / name).read_text(encoding="utf-8") for name in ("cli/diagnosis.py", "dialects/postgresql_server.py")
    ]
    known = set(re.findall(r"(?:Finding|\[|append)\(\(?\"([a-z-]+)\", ", "\n".join(texts)))
    listed = page("docs/reference/tasks_fsm.md").first_column("`tasks_fsm doctor`")
    assert known == {name for name in listed if not name.startswith(("--", "django_tasks_fsm."))}


def test_the_rules_of_the_check_are_listed_as_it_tells_them():
    listed = [line for line in page("docs/reference/invariants.md").text.split("\n") if re.match(r"\| [A-Z]\d", line)]
    assert listed == [
        f"| {rule.code}{' *' if rule.is_note else ''} | {rule.title} | {rule.meaning} | {rule.advice} |"
        for rule in RULES
    ]


def test_the_defaults_of_runworker_are_those_of_the_parser():
    parser = ArgumentParser()
    worker.add_arguments(parser)
    rows = [line.split("|") for line in page("docs/reference/runworker.md").section("Flags").split("\n")]
    said = {CODE.findall(row[1])[0].split()[0]: row[2].strip() for row in rows if len(row) > 3 and "`" in row[1]}
    numbers = {flag: float(text) for flag, text in said.items() if text.isdecimal()}
    defaults = vars(parser.parse_args([]))
    assert numbers == {flag: defaults[flag.strip("-").replace("-", "_")] for flag in numbers}
    assert set(numbers) >= {"--concurrency", "--interval", "--grace"}


def test_the_options_are_those_of_the_settings():
    listed = page("docs/reference/settings.md").first_column("Options")
    assert listed == [field.name.upper() for field in fields(Options)]


def test_the_fields_of_a_task_are_those_of_the_dataclass():
    listed = page("docs/reference/task.md").first_column("Fields of FSMTask")
    assert listed == [field.name for field in fields(FSMTask) if field.name not in {f.name for f in fields(DjangoTask)}]


def test_the_settings_of_a_schedule_are_those_of_the_code():
    text = page("docs/reference/task.md").section("`schedule`")
    (line,) = [line for line in text.split("\n") if line.startswith("Other keywords")]
    assert CODE.findall(line) == list(SETTINGS)


@pytest.mark.parametrize(
    ("path", "heading", "cls"),
    [
        ("docs/reference/task.md", "Methods", FSMTask),
        ("docs/reference/context.md", "Attributes", RunContext),
        ("docs/reference/context.md", "Methods", RunContext),
        ("docs/reference/results.md", "Attributes and methods", FSMTaskResult),
    ],
)
def test_what_is_listed_exists(path, heading, cls):
    instance_names = {"stop_reason", "timeout"} if cls is RunContext else {field.name for field in fields(cls)}
    listed = {name for cell in page(path).first_column(heading) for name in re.findall(r"^\w+", cell)}
    assert {name for name in listed if not hasattr(cls, name)} <= instance_names


@pytest.mark.parametrize("cls", [FSMTask, FSMTaskResult, RunContext])
def test_everything_public_that_this_app_adds_is_listed(cls):
    texts = {
        FSMTask: page("docs/reference/task.md").section("Methods"),
        FSMTaskResult: page("docs/reference/results.md").section("Attributes and methods"),
        RunContext: page("docs/reference/context.md").text,
    }
    machinery = {"retry_policy", "request_stop", "begin"}
    own = {name for name in vars(cls) if not name.startswith("_")} - machinery
    own -= {field.name for field in fields(cls)}
    assert {name for name in own if not re.search(rf"`{name}\b", texts[cls])} == set()


def test_the_states_of_each_status_are_those_of_the_code():
    rows = [line.split("|") for line in page("docs/reference/results.md").section("Status and state").split("\n")]
    listed = {
        state.strip(): row[1].strip(" `")
        for row in rows
        if len(row) > 3 and "`" in row[1]
        for state in row[2].split(",")
    }
    del listed["`state` (this app)"]
    assert listed == {state.value: status.name for state, status in STATUS.items()}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_fields_of_a_model_are_listed(model: type[models.Model]):
    listed = named_in(page("docs/reference/models.md").section(model.__name__), "field")
    assert listed == {field.name for field in model._meta.concrete_fields}


@pytest.mark.parametrize(("model", "verbs"), [(Task, TaskQuerySet), (TaskRun, TaskRunQuerySet)])
def test_the_verbs_are_listed(model, verbs):
    text = page("docs/reference/models.md").section(model.__name__)
    one, many = named_in(text, "verb of a"), named_in(text, f"verb of `{model.__name__}.objects`")
    assert many == {name for name in vars(verbs) if not name.startswith("_")} - {"update"}
    own = {name for name, value in vars(model).items() if inspect.isfunction(value) and not name.startswith("_")}
    given_by_django = {name for name in own if re.match(r"get_(next|previous)_by_|get_\w+_display", name)}
    assert one == own - given_by_django - {"clean", "save"}  # Django's own, with more to do


@pytest.mark.parametrize(
    ("heading", "verbs"),
    [("Tasks", TASK_VERBS), ("Runs", RUN_VERBS), ("Queues", QUEUE_VERBS), ("Workers", WORKER_VERBS)],
)
def test_the_verbs_of_the_admin_are_listed_with_their_permissions(heading, verbs):
    rows = [line.split("|") for line in page("docs/reference/admin.md").section(heading).split("\n") if "| `" in line]
    listed = [(CODE.findall(row[1])[0], CODE.findall(row[2])[0]) for row in rows]
    assert listed == [(verb.name, verb.permission) for verb in verbs]


def test_the_limits_of_the_admin_are_those_of_the_code():
    text = page("docs/reference/admin.md").text
    assert f"{MOST_AT_ONCE:,} at most" in text
    assert f"Up to {SMALL} nodes" in text
    assert f"at most {MAX_NODES}." in text


def test_the_signals_are_those_of_the_module():
    listed = page("docs/reference/signals.md").first_column("Signals of this app")
    assert listed == [name for name, value in vars(signals).items() if isinstance(value, Signal)]


def test_the_record_of_a_move_is_described():
    (line,) = [line for _, line in page("docs/reference/signals.md").prose if line.startswith("`moved` is")]
    assert CODE.findall(line)[1:] == [field.name for field in fields(Moved)]


def test_the_checks_are_those_that_the_code_can_report():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "django_tasks_fsm").rglob("*.py")]
    known = set(re.findall(r"\"(?:django_tasks_fsm\.)?([EWI]\d{3})\"", "\n".join(sources)))
    listed = page("docs/reference/checks.md").first_column("System checks")
    assert {name for name in listed if "E0" in name or "W0" in name} == {f"django_tasks_fsm.{name}" for name in known}


def test_the_errors_are_those_of_the_package():
    found = {
        (value.__name__, value.__module__)
        for module in modules()
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, TasksFSMError) and value is not TasksFSMError
    }
    rows = [line for _, line in page("docs/reference/errors.md").prose if line.startswith("| `")]
    listed = [tuple(CODE.findall(row)[:2]) for row in rows]
    assert len(listed) == len(set(listed))
    assert set(listed) == found


def test_the_policies_for_daylight_saving_are_those_of_the_code():
    listed = page("docs/explanation/time-and-dst.md").first_column("Another rule")
    assert [name for name in listed if name not in ("*", "policy")] == list(POLICIES)


def test_the_cron_expressions_of_the_guide_can_be_used():
    for expression in page("docs/howto/schedule.md").first_column("Write a cron expression"):
        compile_expression(*clean(expression, ""))


def test_every_module_that_is_named_exists():
    named = {
        name
        for path in ("docs/reference/errors.md", "docs/reference/signals.md", "docs/reference/models.md")
        for name in re.findall(r"`(django_tasks_fsm(?:\.[a-z_]+)+)`", page(path).text)
    }
    assert {name for name in named if not importlib.util.find_spec(name)} == set()
