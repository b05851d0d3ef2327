"""``tasks_fsm resize``, and ``pause`` and ``resume`` of workers."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from django_tasks_fsm.models import Worker
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_worker

pytestmark = pytest.mark.django_db


def test_a_worker_is_resized_and_the_log_keeps_by_whom(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "django_tasks_fsm.cli")
    worker = a_worker("Ada")
    assert as_json("resize", "Ada", 8)["slots"] == 8
    worker.refresh_from_db()
    assert worker.desired_concurrency == 8
    assert caplog.records[0].getMessage().startswith("Worker Ada: resize to 8 by os:")
    assert as_json("resize", worker.pk, "default")["slots"] is None
    worker.refresh_from_db()
    assert worker.desired_concurrency is None


def test_the_name_of_a_supervisor_means_all_its_processes() -> None:
    for name in ("roof/1", "roof/2", "roofer"):
        a_worker(name)
    a_worker("roof/1", stopped_at=timezone.now())
    assert command("resize", "roof", 2) == (0, "2 moved, 0 left alone.\n")
    assert sorted(Worker.objects.filter(desired_concurrency=2).values_list("name", flat=True)) == ["roof/1", "roof/2"]


def test_a_size_that_leaves_no_slot_for_everybody_is_refused() -> None:
    worker = a_worker("Ada", reserved=[[50, 1], [90, 2]])
    assert command("resize", "Ada", 3) == (1, "0 moved, 1 left alone (1 all slots reserved).\n")
    worker.refresh_from_db()
    assert worker.desired_concurrency is None
    assert command("resize", "Ada", 4)[0] == 0


@pytest.mark.parametrize("slots", ["0", "-1", "many", "10001"])
def test_what_is_no_number_of_slots_is_refused(slots: str) -> None:
    a_worker("Ada")
    with pytest.raises(CommandError):
        command("resize", "Ada", slots)
    assert not Worker.objects.exclude(desired_concurrency=None).exists()


def test_a_worker_that_is_not_there_is_named_with_the_nearest() -> None:
    a_worker("Ada")
    a_worker("gone", stopped_at=timezone.now())
    assert refusal("resize", "Adda", 2) == "There is no worker 'Adda'. Did you mean 'Ada'?"
    assert refusal("pause", "--worker", "gone").startswith("There is no worker 'gone'.")


def test_a_worker_is_paused_with_a_reason_and_resumed() -> None:
    worker = a_worker("Ada")
    found = as_json("pause", "--worker", "Ada", "--reason", "the disk is full")
    worker.refresh_from_db()
    assert (found["kind"], found["moved"], worker.is_paused) == ("worker", 1, True)
    assert (worker.pause_reason, worker.paused_by[:3]) == ("the disk is full", "os:")
    assert command("pause", "--worker", "Ada", "--reason", "again")[0] == 1
    assert command("resume", "--worker", worker.pk)[0] == 0
    worker.refresh_from_db()
    assert (worker.is_paused, worker.pause_reason, worker.paused_by) == (False, "", "")


def test_a_worker_rests_until_somebody_resumes_it() -> None:
    a_worker("Ada")
    assert refusal("pause", "--worker", "Ada", "--until", "2999-01-01T00:00:00Z").startswith("--until is for")
    assert refusal("pause", "mail", "--worker", "Ada").startswith("Name a task, queue or run")
