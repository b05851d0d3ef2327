"""The next times of a task: on its own clock and in UTC, with what is odd about them and what holds for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from django_tasks_fsm.admin.next_times import previewed, times_of
from django_tasks_fsm.core.misfire import MisfirePolicy
from django_tasks_fsm.core.triggers import Manual, WorkerStop, at, cron, dump, every
from django_tasks_fsm.models import Task

SPRING = datetime(2027, 3, 28, 1, tzinfo=UTC)


def a_task(trigger: Any = None, **values: Any) -> Task:
    trigger = trigger or cron("30 2 * * *", "Europe/Paris")
    return Task(trigger=dump(trigger), **{"next_run_at": SPRING, **values})


def test_both_clocks_are_told_and_a_change_of_them_is_marked() -> None:
    times = times_of(a_task())
    assert times is not None
    first, second = times.rows[:2]
    assert (times.zone, first.local, first.utc) == (
        "Europe/Paris", "Sun 28 Mar 2027, 03:00:00", "Sun 28 Mar 2027, 01:00:00"
    )  # fmt: skip
    assert first.note == "its own time is left out: the clocks are set forward"
    assert (second.local, second.note) == ("Mon 29 Mar 2027, 02:30:00", "")
    page = times.rendered()
    assert '<th scope="col">Europe/Paris</th>' in page
    assert "the clocks are set forward" in page


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({}, ["For missed times there is one run, which stands for all of them."]),
        (
            {"catch_up": "all", "catch_up_cap": 7, "misfire_grace": 3600},
            [
                "Of missed times each gets a run, the newest 7 at most.",
                "A time that nobody has fired within 1 h is skipped.",
            ],
        ),
        (
            {"catch_up": "none"},
            ["A time is missed when nobody fires it within 1 min. Missed times get no run."],
        ),
        (
            {"trigger": every(60, from_end=True, jitter=5)},
            [
                "At the earliest: each counts from the end of the run before.",
                "Each run starts up to 5 s later.",
                "For missed times there is one run, which stands for all of them.",
            ],
        ),
    ],
)
def test_what_becomes_of_missed_times_is_spelt_out(values: dict[str, Any], rules: list[str]) -> None:
    times = times_of(a_task(**values))
    assert times is not None
    assert list(times.rules) == rules


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Manual(), "Only when asked."),
        (WorkerStop(), "Not by time: a worker fires it."),
        (every(60, end=SPRING - timedelta(days=9000)), "Never: it has no time after now."),
    ],
)
def test_what_has_no_times_says_why(trigger: Any, words: str) -> None:
    times = previewed(trigger, MisfirePolicy())
    assert (times.rows, times.rules) == ((), (words,))


def test_a_trigger_that_cannot_be_read_shows_the_time_that_is_set_and_the_trouble() -> None:
    times = times_of(Task(trigger={"kind": "moon"}, next_run_at=SPRING))
    assert times is not None
    assert [row.moment for row in times.rows] == [SPRING]
    assert "fsm-err" in times.rendered()


def test_a_reader_of_another_language_reads_the_days_in_it() -> None:
    with translation.override("de"):
        times = times_of(a_task(at(SPRING)))
    assert times is not None
    assert "So" in times.rows[0].local


def test_no_more_times_are_shown_than_runs_are_left() -> None:
    times = times_of(a_task(max_runs=5, fired=3))
    assert times is not None
    assert len(times.rows) == 2
