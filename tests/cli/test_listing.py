"""``tasks_fsm list``: what is asked for, in an order that tells, and a sentence for the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue, Task
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run, a_task, a_worker

pytestmark = pytest.mark.django_db


def ids(*arguments: object) -> list[str]:
    return [row["id"] for row in as_json("list", *arguments)["rows"]]


def names(*arguments: object) -> list[Any]:
    return [row["name"] for row in as_json("list", *arguments)["rows"]]


def test_runs_come_newest_first_up_to_the_limit() -> None:
    runs = [a_run("DONE") for _ in range(3)]
    found = as_json("list", "runs", "--limit", 2)
    assert [row["id"] for row in found["rows"]] == [str(runs[2].pk), str(runs[1].pk)]
    assert found["more"] is True
    assert "There may be more" in command("list", "--limit", 2)[1]
    assert "There may be more" not in command("list", "--limit", 3)[1]


def test_what_ended_badly_comes_last_ended_first() -> None:
    now = timezone.now()
    late, early = (a_run("FAILED", finished_at=now - timedelta(hours=hours), error="boom") for hours in (1, 2))
    assert ids("--state", "failed") == [str(late.pk), str(early.pk)]
    assert ids("--state", "FAILED", "--since", (now - timedelta(minutes=90)).isoformat()) == [str(late.pk)]
    assert "boom" in command("list", "--state", "FAILED")[1]


def test_ready_runs_come_in_the_order_of_the_claim() -> None:
    low, high = a_run("QUEUED", priority=-1), a_run("QUEUED", priority=9)
    assert ids("--state", "QUEUED") == [str(high.pk), str(low.pk)]


def test_blocked_runs_are_told_from_those_that_wait_for_their_time() -> None:
    waiting, blocked = a_run("PENDING"), a_run("PENDING", waiting_on=1)
    assert ids("--state", "PENDING") == [str(waiting.pk)]
    assert ids("--state", "BLOCKED") == [str(blocked.pk)]


def test_runs_are_found_by_task_and_queue() -> None:
    Queue.objects.create(name="mail")
    a_run("DONE")
    mine = a_run("DONE", task=a_task("other"), queue="mail")
    assert ids("--task", "other") == ids("--queue", "mail") == [str(mine.pk)]


@pytest.mark.parametrize(("since", "found"), [(-60, 1), (60, 0)])
def test_since_is_when_they_were_enqueued(since: int, found: int) -> None:
    a_run("DONE")
    assert len(ids("--since", (timezone.now() + timedelta(seconds=since)).isoformat())) == found


def test_runs_without_an_index_are_looked_for_among_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_tasks_fsm.store.runs.LOOKED_AT", 1)
    old, new = a_run("DONE"), a_run("DONE")
    newest = a_run("DONE")
    found = as_json("list", "--state", "DONE")
    assert [row["id"] for row in found["rows"]] == [str(newest.pk), str(new.pk)]
    assert found["more"] is True
    assert str(old.pk) in ids("--task", "work"), "the index of a task leads to all of its runs"


def test_tasks_are_listed_with_schedule_and_whether_their_function_is_known() -> None:
    Task.objects.create(name="ghost", function="no.such.function", state="PAUSED")
    (row,) = as_json("list", "tasks", "--state", "PAUSED")["rows"]
    assert (row["name"], row["registered"], row["schedule"]) == ("ghost", False, "only when asked")


def test_a_schedule_that_cannot_be_read_spoils_no_list() -> None:
    a_task("odd", trigger={"kind": "lunar"})
    (row,) = as_json("list", "tasks", "--task", "odd")["rows"]
    assert row["schedule"].startswith("? ")


def test_queues_and_workers_are_listed_by_their_states() -> None:
    Queue.objects.create(name="shut", paused_at=timezone.now())
    Queue.objects.create(name="open")
    a_worker("gone", silent_for=3600)
    a_worker("here")
    assert names("queues", "--state", "paused") == ["shut"]
    assert names("workers", "--state", "LOST") == ["gone"]
    assert names("workers", "--state", "live") == ["here"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("tusks",), "There is no list of 'tusks'. Did you mean 'tasks'?"),
        (("--state", "FALIED"), "There is no state of runs 'FALIED'. Did you mean 'FAILED'?"),
        (("tasks", "--state", "DONE"), "There is no state of tasks 'DONE'."),
        (("--task", "wrok"), "There is no task 'wrok'. Did you mean 'work'?"),
        (("--queue", "mial"), "There is no queue 'mial'. Did you mean 'mail'?"),
        (("queues", "--since", "2026-01-01"), "--since does not apply to queues."),
    ],
)
def test_what_cannot_be_is_named_with_the_nearest(arguments: tuple[str, ...], sentence: str) -> None:
    a_task("work")
    Queue.objects.create(name="mail")
    assert refusal("list", *arguments) == sentence


def test_an_empty_list_says_so() -> None:
    assert command("list", "runs") == (0, "Nothing is found.\n")
