from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.triggers import cron, every, preview
from django_tasks_fsm.exceptions import InvalidTrigger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEN, FOUR = timedelta(seconds=10), timedelta(seconds=4)


def test_it_does_not_add_up():
    slots = preview(every(TEN, jitter=FOUR), NOON, 100)
    assert slots[-1] == NOON + 100 * TEN


@pytest.mark.parametrize("trigger", [every(TEN, jitter=FOUR), cron("* * * * * */10", jitter=4)])
def test_a_run_is_due_within_it_and_never_before_its_slot(trigger):
    delays = [trigger.due_time(slot, "a") - slot for slot in preview(trigger, NOON, 200)]
    assert min(delays) >= timedelta(0)
    assert max(delays) <= FOUR
    assert max(delays) - min(delays) > FOUR / 2


def test_who_asks_again_gets_the_same_answer_and_another_task_another_one():
    first, second = (every(TEN, jitter=FOUR).due_time(NOON, seed) for seed in ("a", "b"))
    assert first == every(TEN, jitter=FOUR).due_time(NOON, "a")
    assert first != second


def test_without_it_a_run_is_due_at_its_slot():
    assert every(TEN).due_time(NOON, "a") == cron("0 12 * * *", jitter=0).due_time(NOON, "a") == NOON


@pytest.mark.parametrize("jitter", [-1, float("nan"), float("inf"), "5", True, timedelta(days=2), timedelta.max])
def test_a_jitter_out_of_range_is_refused(jitter):
    with pytest.raises(InvalidTrigger, match="jitter is"):
        every(TEN, jitter=jitter)
