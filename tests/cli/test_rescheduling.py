"""``tasks_fsm reschedule``: another schedule, or another next time, for one task."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from django_tasks_fsm.core.triggers import at, cron, dump, every
from django_tasks_fsm.models import Task, Transition
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_task

pytestmark = pytest.mark.django_db

LATER = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
HOURLY = dump(every(3600))


@pytest.fixture
def nightly() -> Task:
    return a_task("nightly", trigger=HOURLY, next_run_at=LATER)


def test_it_gets_another_schedule_and_the_history_says_by_whom(nightly: Task) -> None:
    found = as_json("reschedule", "nightly", "--cron", "30 2 * * *", "--tz", "Europe/Paris", "--reason", "audit")
    nightly.refresh_from_db()
    assert nightly.fires == cron("30 2 * * *", "Europe/Paris")
    assert (found["verb"], found["name"], found["state"], found["moved"]) == ("reschedule", "nightly", "ACTIVE", 1)
    assert found["schedule"] == nightly.fires.describe()
    assert found["next_run_at"].endswith("Z")
    row = Transition.objects.get(task=nightly)
    assert (row.event, row.reason, row.actor[:3]) == ("reschedule", "audit", "os:")


def test_an_interval_and_a_single_time(nightly: Task) -> None:
    as_json("reschedule", "nightly", "--every", "90")
    nightly.refresh_from_db()
    assert nightly.trigger == dump(every(90))
    as_json("reschedule", "nightly", "--at", LATER.isoformat())
    nightly.refresh_from_db()
    assert (nightly.trigger, nightly.next_run_at) == (dump(at(LATER)), LATER)


def test_the_next_time_alone_leaves_the_schedule(nightly: Task) -> None:
    sooner = LATER - timedelta(hours=5)
    code, out = command("reschedule", "nightly", "--run-at", sooner.isoformat())
    nightly.refresh_from_db()
    assert (code, nightly.next_run_at, nightly.trigger) == (0, sooner, HOURLY)
    assert out.splitlines()[1].startswith("nightly (ACTIVE): ")


def test_one_that_is_paused_is_left_alone(nightly: Task) -> None:
    nightly.pause()
    found = as_json("reschedule", "nightly", "--every", "90", code=1)
    assert (found["moved"], found["left_alone"]) == (0, {"PAUSED": 1})
    nightly.refresh_from_db()
    assert nightly.trigger == HOURLY


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nigthly", "--every", "90"), "There is no task 'nigthly'. Did you mean 'nightly'?"),
        (("nightly", "--cron", "61 * * * *"), "61"),
        (("nightly", "--cron", "0 0 * * *", "--tz", "Europe/Pariss"), "Europe/Pariss"),
        (("nightly", "--every", "90", "--tz", "UTC"), "--tz is for --cron"),
        (("nightly", "--every", "90", "--database", "defualt"), "There is no database 'defualt'"),
    ],
)
def test_what_cannot_be_used_is_named_and_changes_nothing(nightly: Task, words: tuple[str, ...], said: str) -> None:
    assert said in refusal("reschedule", *words)
    nightly.refresh_from_db()
    assert (nightly.trigger, nightly.next_run_at) == (HOURLY, LATER)


@pytest.mark.parametrize("words", [(), ("--every", "0"), ("--every", "90", "--at", "2031-01-01"), ("--at", "noon")])
def test_exactly_one_schedule_is_needed(nightly: Task, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command("reschedule", "nightly", *words)
