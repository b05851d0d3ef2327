from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django_tasks_fsm.core.triggers import AnyOf, WorkerStart, any_of, at, cron, every, preview

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_fires_whenever_a_member_does_and_once_at_a_common_time():
    trigger = any_of(cron("0 */2 * * *"), every(3 * HOUR, start=MIDNIGHT))
    assert [slot.hour for slot in preview(trigger, MIDNIGHT, 6)] == [2, 3, 4, 6, 8, 9]


def test_the_grid_of_an_interval_does_not_begin_anew_at_each_time_of_the_others():
    trigger = any_of(cron("20 0 1 1 *"), every(HOUR, start=MIDNIGHT))
    assert [slot.minute for slot in preview(trigger, MIDNIGHT, 4)] == [20, 0, 0, 0]


def test_a_member_without_times_leaves_the_others():
    trigger = any_of(at(MIDNIGHT), cron("0 5 * * *"), WorkerStart())
    assert preview(trigger, MIDNIGHT, 2) == [MIDNIGHT, MIDNIGHT + 5 * HOUR]
    assert trigger.worker_events == {"start"}


def test_when_none_has_any_more_it_has_none():
    assert preview(any_of(at(MIDNIGHT), at(MIDNIGHT + HOUR)), MIDNIGHT, 9) == [MIDNIGHT, MIDNIGHT + HOUR]


def test_the_jitter_of_the_members_that_have_the_slot_counts():
    trigger = any_of(cron("0 5 * * *", jitter=60), cron("0 6 * * *"))
    assert trigger.due_time(MIDNIGHT + 5 * HOUR, "a") > MIDNIGHT + 5 * HOUR
    assert trigger.due_time(MIDNIGHT + 6 * HOUR, "a") == MIDNIGHT + 6 * HOUR


def test_a_slot_is_moved_only_if_no_member_means_it():
    gap = datetime(2027, 3, 28, 1, tzinfo=UTC)
    moved = cron("30 2 * * *", "Europe/Paris")
    meant = cron("0 3 * * *", "Europe/Paris")
    assert AnyOf((moved, cron("0 9 * * *"))).is_moved(gap)
    assert not AnyOf((moved, meant)).is_moved(gap)
