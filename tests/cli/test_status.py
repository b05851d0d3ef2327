"""``tasks_fsm status``: how things stand, for people and for a monitor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue, TaskRun
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run, a_task, a_worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _lane() -> None:
    Queue.objects.get_or_create(name="default")


def of(rows: list[dict[str, object]], name: str) -> dict[str, object]:
    return next(row for row in rows if row["name"] == name)


def test_a_worker_is_shown_with_what_it_holds_and_how_long_it_has_been_silent() -> None:
    live = a_worker("Ada", queues=["*"], concurrency=4, host="db1", pid=7, silent_for=5)
    a_run("RUNNING", worker_id=live.pk)
    row = of(as_json("status")["workers"], "Ada")
    assert (row["host"], row["pid"], row["queues"], row["slots"], row["running"], row["live"]) == (
        "db1", 7, ["*"], 4, 1, True
    )  # fmt: skip
    assert float(str(row["heartbeat_age"])) >= 5


def test_slots_are_those_of_live_workers() -> None:
    lost = a_worker("lost", queues=["*"], concurrency=8, silent_for=3600)
    live = a_worker("live", queues=["*"], concurrency=4)
    for worker in (lost, live):
        a_run("RUNNING", worker_id=worker.pk)
    found = as_json("status")
    assert found["slots"] == {"used": 1, "total": 4, "saturation": 0.25}
    assert of(found["workers"], "lost")["live"] is False


def test_a_queue_is_shown_with_what_waits_and_who_paused_it() -> None:
    due = timezone.now() - timedelta(minutes=5)
    a_run("QUEUED", run_at=due)
    a_run("QUEUED")
    Queue.objects.filter(pk="default").update(paused_at=due, paused_by="os:ada@db1", pause_reason="the disk is full")
    row = of(as_json("status")["queues"], "default")
    assert row["ready"] == {"count": 2, "more": False}
    assert float(str(row["oldest_wait"])) >= 300
    assert (row["paused"], row["paused_by"], row["pause_reason"]) == (True, "os:ada@db1", "the disk is full")


def test_a_pause_that_is_over_is_none() -> None:
    past = timezone.now() - timedelta(minutes=5)
    Queue.objects.filter(pk="default").update(paused_at=past, paused_until=past, paused_by="ada")
    row = of(as_json("status")["queues"], "default")
    assert (row["paused"], row["paused_by"], row["paused_until"]) == (False, "", None)


def test_runs_are_counted_by_state_and_blocked_ones_apart() -> None:
    for state in ("DONE", "DONE", "FAILED", "QUEUED", "PREPARE"):
        a_run(state)
    a_run("PENDING")
    a_run("PENDING", waiting_on=1)
    counts = {state: found["count"] for state, found in as_json("status")["runs"].items() if found["count"]}
    assert counts == {"PREPARE": 1, "PENDING": 1, "BLOCKED": 1, "QUEUED": 1, "DONE": 2, "FAILED": 1}


def test_counting_ends_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_tasks_fsm.store.status.CAP", 2)
    for _ in range(4):
        a_run("FAILED")
    assert as_json("status")["runs"]["FAILED"] == {"count": 2, "more": True}
    assert "FAILED     2+" in command("status")[1].splitlines()


def test_what_comes_next_is_the_earlier_of_a_run_and_a_task() -> None:
    soon = timezone.now() + timedelta(seconds=30)
    task = a_task("report")
    type(task).objects.filter(pk=task.pk).update(next_run_at=soon)
    a_run("PENDING", run_at=soon + timedelta(seconds=30))
    assert as_json("status")["next_due"]["name"] == "report"
    earlier = a_run("PENDING", run_at=soon - timedelta(seconds=10))
    assert as_json("status")["next_due"]["id"] == str(earlier.pk)


def test_times_are_iso_and_utc() -> None:
    assert as_json("status")["at"].endswith("Z")


@pytest.mark.parametrize(("queues", "code"), [(["*"], 0), (["default"], 0), (["mail"], 1)])
def test_the_check_fails_when_ready_work_is_served_by_nobody(queues: list[str], code: int) -> None:
    a_run("QUEUED")
    a_worker(queues=queues)
    assert len(as_json("status", "--check", code=code)["problems"]) == code


def test_the_check_takes_a_lost_worker_for_none() -> None:
    a_run("QUEUED")
    a_worker(queues=["*"], silent_for=3600)
    assert "no live worker serves it" in as_json("status", "--check", code=1)["problems"][0]


def test_the_check_leaves_a_queue_alone_that_a_person_has_paused() -> None:
    a_run("QUEUED")
    Queue.objects.filter(pk="default").update(paused_at=timezone.now())
    assert as_json("status", "--check")["problems"] == []


def test_the_check_sees_what_nobody_makes_ready() -> None:
    a_run("PENDING", run_at=timezone.now() - timedelta(minutes=1))
    assert as_json("status", "--check", code=1)["problems"] == [
        "No worker is alive, and what is due is not made ready."
    ]


def test_without_the_check_nothing_is_an_error() -> None:
    a_run("QUEUED")
    assert command("status")[0] == 0


def test_hostile_names_stay_in_their_cell() -> None:
    a_worker("evil\n! forged \x1b[31m")
    out = command("status")[1]
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.startswith("! forged")]


def test_an_unknown_database_is_named_with_the_nearest() -> None:
    assert refusal("status", "--database", "defualt") == "There is no database 'defualt'. Did you mean 'default'?"


def test_nothing_is_written() -> None:
    a_run("QUEUED")
    before = list(TaskRun.objects.values_list())
    command("status")
    assert list(TaskRun.objects.values_list()) == before


def test_a_worker_tells_how_it_is() -> None:
    now = timezone.now()
    worker = a_worker(
        "Ada", queues=["*"], concurrency=4, desired_concurrency=6, reserved=[[50, 1]], queue_concurrency={"mail": 2},
        saturated_since=now, paused_at=now, paused_by="os:ada@db1", pause_reason="a look", rss=50_000_000,
        lanes={"thread": 2}, versions={"python": "3.11.2"},
    )  # fmt: skip
    runs = [a_run("RUNNING", worker_id=worker.pk, queue=queue) for queue in ("default", "mail", "mail")]
    row = of(as_json("status")["workers"], "Ada")
    told = ("state", "slots", "desired_slots", "reserved", "queue_concurrency", "rss", "versions", "pause_reason")
    assert [row[name] for name in told] == [
        "PAUSED", 4, 6, [[50, 1]], {"mail": 2}, 50_000_000, {"python": "3.11.2"}, "a look"
    ]  # fmt: skip
    assert (row["running_by_queue"], row["running_by_executor"]) == ({"default": 1, "mail": 2}, {"thread": 2})
    assert set(row["runs"]) == {str(run.pk) for run in runs}  # type: ignore[call-overload]
    assert row["saturated_since"] is not None


def test_a_paused_worker_serves_nobody() -> None:
    a_run("QUEUED")
    a_worker(queues=["*"], paused_at=timezone.now())
    assert of(as_json("status")["queues"], "default")["serving"] == 0
    assert "no live worker serves it" in as_json("status", "--check", code=1)["problems"][0]


def test_those_that_have_stopped_are_told_apart_from_those_that_are_silent() -> None:
    a_worker("gone", stopped_at=timezone.now(), silent_for=3600)
    a_worker("lost", silent_for=3600)
    a_worker("busy", saturated_since=timezone.now())
    a_worker("resting", paused_at=timezone.now())

    def names(state: str) -> list[str]:
        return sorted(row["name"] for row in as_json("list", "workers", "--state", state)["rows"])

    assert [names(state) for state in ("live", "lost", "paused", "saturated", "stopped")] == [
        ["busy", "resting"], ["lost"], ["resting"], ["busy"], ["gone"]
    ]  # fmt: skip
