"""``tasks_fsm pause`` and ``resume``: tasks, queues and runs, found by what people call them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import dump, every
from django_tasks_fsm.models import Queue, Transition
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Queue:
    return Queue.objects.create(name="mail")


def test_a_task_is_paused_and_resumed_and_the_history_says_by_whom() -> None:
    task = a_task("report")
    assert command("pause", "report", "--reason", "audit") == (0, "1 moved, 0 left alone.\n")
    assert command("resume", "report")[0] == 0
    rows = Transition.objects.filter(task=task).order_by("pk")
    assert [(row.event, row.reason, row.actor[:3]) for row in rows] == [
        ("pause", "audit", "os:"), ("resume", "", "os:")
    ]  # fmt: skip


def test_a_queue_is_paused_until_a_time(queue: Queue) -> None:
    until = timezone.now() + timedelta(hours=1)
    found = as_json("pause", "mail", "--until", until.isoformat(), "--reason", "the disk is full")
    queue.refresh_from_db()
    assert (found["kind"], found["moved"], queue.is_paused) == ("queue", 1, True)
    assert (queue.paused_until, queue.pause_reason, queue.paused_by[:3]) == (until, "the disk is full", "os:")


def test_a_queue_is_resumed_and_the_log_keeps_by_whom(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "django_tasks_fsm.cli")
    command("pause", "mail")
    command("resume", "mail")
    queue.refresh_from_db()
    assert not queue.is_paused
    assert [record.getMessage()[:18] for record in caplog.records] == ["Queue mail: pause ", "Queue mail: resume"]


def test_a_running_run_is_asked_to_rest() -> None:
    run = a_run("RUNNING")
    assert as_json("pause", run.pk)["asked"] == 1
    run.refresh_from_db()
    assert run.pause_requested_at is not None
    assert as_json("resume", run.pk)["asked"] == 1


def test_pausing_twice_moves_nothing_and_ends_with_one(queue: Queue) -> None:
    command("pause", "mail", "--reason", "first")
    assert command("pause", "mail", "--reason", "second") == (1, "0 moved, 1 left alone (1 PAUSED).\n")
    queue.refresh_from_db()
    assert queue.pause_reason == "first"


def test_one_name_of_two_needs_its_kind(queue: Queue) -> None:
    a_task("mail")
    assert refusal("pause", "mail") == "'mail' is the name of a task and of a queue: say which by --kind."
    assert as_json("pause", "mail", "--kind", "task")["kind"] == "task"
    queue.refresh_from_db()
    assert not queue.is_paused


def test_until_is_for_tasks_and_queues_and_for_the_future(queue: Queue) -> None:
    run = a_run("RUNNING")
    assert refusal("pause", run.pk, "--until", "2999-01-01T00:00:00Z").startswith("--until is for tasks and queues")
    assert refusal("pause", "mail", "--until", "2020-01-01T00:00:00Z") == "--until lies in the past."


def test_a_task_is_paused_until_a_time() -> None:
    task = a_task("report")
    assert command("pause", "report", "--until", "2999-01-01T00:00:00Z")[0] == 0
    task.refresh_from_db()
    assert task.paused_until is not None
    assert (task.state, task.paused_until.year) == ("PAUSED", 2999)


def test_a_group_is_paused_and_resumed_as_one() -> None:
    tasks = [a_task(name, group="reports") for name in ("a", "b")]
    other = a_task("c")
    found = as_json("pause", "--group", "reports", "--until", "2999-01-01T00:00:00Z", "--reason", "audit")
    assert (found["kind"], found["name"], found["moved"]) == ("group", "reports", 2)
    assert Transition.objects.filter(task__in=tasks, event="pause", reason="audit").count() == 2
    other.refresh_from_db()
    assert other.state == "ACTIVE"
    assert command("resume", "--group", "reports") == (0, "2 moved, 0 left alone.\n")


def test_what_passed_during_a_pause_is_made_up_for_on_request(queue: Queue) -> None:
    slot = timezone.now() - timedelta(hours=2)
    task = a_task("report", trigger=dump(every(3600)), next_run_at=slot, state="PAUSED")
    command("resume", "report", "--catch-up")
    task.refresh_from_db()
    assert task.next_run_at == slot
    assert refusal("resume", "mail", "--catch-up") == "--catch-up is for tasks: a queue has no times to make up for."


def test_a_group_that_is_unknown_is_told_with_those_that_there_are() -> None:
    a_task("a", group="reports")
    assert refusal("pause", "--group", "report") == (
        "No task is in the group 'report'. Groups that have tasks: 'reports'."
    )


@pytest.mark.parametrize("said", [(), ("a", "--group", "reports")])
def test_a_name_or_a_group_is_needed_and_not_both(said: tuple[str, ...]) -> None:
    assert refusal("pause", *said).startswith("Name a task, queue or run, or say which tasks by --group")


def test_what_is_unknown_is_named_with_the_nearest(queue: Queue) -> None:
    assert refusal("pause", "mial") == "There is no run, task or queue 'mial'. Did you mean 'mail'?"
