"""Schedules as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from django_tasks_fsm.admin.schedule_words import schedule_of
from django_tasks_fsm.models import Task


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (300, "every 5 min"), (3600, "every 1 h"), (86_400, "every 1 d"), (90, "every 1 min 30 s"), (5, "every 5 s"),
        (0.25, "every 0.25 s"), (90_061.5, "every 1 d 1 h 1 min 1.5 s"), (90_060, "every 1 d 1 h 1 min"),
        (0.01, "every 0.01 s"),
    ],
)  # fmt: skip
def test_an_interval_is_told_in_full(seconds: float, words: str) -> None:
    assert schedule_of(Task(trigger={"version": 1, "kind": "interval", "every": seconds})) == words


def test_a_fraction_is_written_as_the_reader_writes_it() -> None:
    with translation.override("de"):
        assert "1,5\N{NO-BREAK SPACE}s" in schedule_of(Task(trigger={"version": 1, "kind": "interval", "every": 61.5}))


def test_a_schedule_that_cannot_be_read_says_so() -> None:
    assert "fsm-err" in schedule_of(Task(trigger={"version": 1, "kind": "nonsense"}))


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({"kind": "interval", "every": 60, "from_end": True}, "1 min after the end of the last run"),
        ({"kind": "worker_start"}, "when a worker starts"),
        ({"kind": "worker_stop"}, "before a worker stops"),
        ({"kind": "any", "of": [{"kind": "manual", "version": 1}, {"kind": "worker_stop", "version": 1}]},
         "(only when asked) or (before a worker stops)"),
        ({"kind": "all", "of": [{"kind": "manual", "version": 1}] * 2}, "(only when asked) and (only when asked)"),
    ],
)  # fmt: skip
def test_every_kind_has_its_words(trigger: dict[str, Any], words: str) -> None:
    assert schedule_of(Task(trigger={"version": 1, **trigger})) == words


def test_the_parts_of_a_combination_are_escaped() -> None:
    members = [{"kind": "cron", "version": 1, "expression": "0 5 * * *"}, {"kind": "manual", "version": 1}]
    assert "<code" in schedule_of(Task(trigger={"version": 1, "kind": "any", "of": members}))
