"""Commands that read: they change nothing, lock nothing, and say the same to scripts as JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.management.commands.tasks_fsm import Command
from django_tasks_fsm.models import Queue, RunDetail, RunLog, TaskRun
from tests.admin.rows import make_chain, make_run, make_task, make_worker
from tests.cli.terminal import command

WRITING = {"worker", "prune", "run", "pause", "resume", "cancel", "retry", "resize", "reschedule"}
"""Rooms that are there to change something; all others must not."""

READING = ("SELECT", "(SELECT", "SHOW", "PRAGMA", "WITH", "DECLARE")
"""What statements that read begin with; DECLARE is PostgreSQL's cursor for a long answer."""


def digest() -> str:
    """Return what all tables of the app hold, as one number."""
    found = hashlib.sha256()
    for model in apps.get_app_config("django_tasks_fsm").get_models():
        for row in model._base_manager.order_by("pk").values_list():
            found.update(repr(row).encode())
    return found.hexdigest()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the check look again at once: the rows are made by hand."""
    monkeypatch.setattr("django_tasks_fsm.cli.check.AGAIN_AFTER", 0)


@pytest.fixture
def run(db: None) -> TaskRun:
    """Give a run with neighbours, a worker, a queue, notes and a log."""
    make_worker()
    Queue.objects.get_or_create(name="default")
    run = make_chain(make_task("fetch users"))[1]
    make_run(run.task)
    RunDetail.objects.create(run=run, log="a line\n")
    RunLog.objects.create(run=run, fence=1, number=1, attempt=1, at=run.enqueued_at, level=20, message="x", size=1)
    return run


def reading(run: TaskRun) -> list[tuple[str, ...]]:
    """Return every command that reads, with arguments of each kind."""
    return [
        ("status",), ("status", "--check"), ("doctor",), ("check",),
        ("list", "runs"), ("list", "tasks"), ("list", "queues"), ("list", "workers"),
        ("show", str(run.pk)), ("show", run.task.name), ("show", str(run.pk), "--payload"), ("logs", str(run.pk)),
        ("explain", str(run.pk)), ("explain", run.task.name), ("preview", "*/5 * * * *"),
        ("graph", run.task.name), ("graph", str(run.pk)), ("graph", str(run.pk), "--timeline"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_every_command_that_reads_leaves_every_table_as_it_was(run: TaskRun) -> None:
    before = digest()
    for arguments in reading(run):
        command(*arguments)
        assert digest() == before, arguments


@pytest.mark.django_db
def test_commands_that_read_send_nothing_that_locks(run: TaskRun) -> None:
    for arguments in reading(run):
        with CaptureQueriesContext(connection) as sent:
            command(*arguments)
        for query in sent:
            words = query["sql"].strip().upper()
            assert words.startswith(READING), (arguments, query["sql"])
            assert not any(lock in words for lock in ("FOR UPDATE", "FOR SHARE", "LOCK IN SHARE")), query["sql"]


@pytest.mark.django_db
def test_they_say_the_same_as_json(run: TaskRun) -> None:
    for arguments in reading(run):
        if arguments[0] != "graph":  # what it writes is a picture
            _, out = command(*arguments, "--json")
            assert isinstance(json.loads(out), dict), arguments


def test_every_room_reads_or_is_known_to_write() -> None:
    parser = Command().create_parser("manage.py", "tasks_fsm")
    (rooms,) = (action.choices for action in parser._actions if action.dest == "room")
    read = {arguments[0] for arguments in reading(TaskRun(task=make_nothing()))}
    assert set(rooms or ()) == read | WRITING


def make_nothing() -> Any:
    """Return a task that is in no table."""
    return apps.get_model("django_tasks_fsm", "Task")(name="nothing")


@pytest.mark.django_db
@pytest.mark.parametrize("room", ["explain", "prune", "logs", "show", "list", "status", "doctor", "preview"])
def test_the_database_can_be_chosen(run: TaskRun, room: str) -> None:
    arguments: dict[str, list[Any]] = {
        "explain": [run.pk],
        "logs": [run.pk],
        "show": [run.pk],
        "prune": ["--older-than", "900w"],
        "preview": [run.task.name],
    }
    given = map(str, arguments.get(room, []))
    with pytest.raises(Exception, match="There is no database 'defualt'"):
        call_command("tasks_fsm", room, *given, "--database", "defualt")
