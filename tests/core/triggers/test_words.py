"""Triggers by the name of their kind and keywords."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_tasks_fsm.core.triggers import Cron, Trigger, at, cron, every
from django_tasks_fsm.core.triggers.words import by_kind
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires

WHEN = datetime(2031, 5, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expression"),
    [
        ({"hour": 10, "minute": 5}, "5 10 * * *"),
        ({"hour": 10}, "0 10 * * *"),
        ({"minute": "*/10"}, "*/10 * * * *"),
        ({"day": 1}, "0 0 1 * *"),
        ({"day_of_week": "mon-fri", "hour": 9}, "0 9 * * mon-fri"),
        ({"day_of_week": "fri"}, "0 0 * * fri"),
        ({"month": "3,6"}, "0 0 1 3,6 *"),
        ({"second": 30}, "* * * * * 30"),
        ({"minute": 5, "second": "0"}, "5 * * * * 0"),
        ({"expression": "5 10 * * *"}, "5 10 * * *"),
    ],
)
def test_fields_of_cron_make_an_expression(fields: dict[str, Any], expression: str) -> None:
    assert by_kind("t", "cron", fields) == cron(expression)


@pytest.mark.parametrize(
    ("kind", "said", "trigger"),
    [
        ("interval", {"seconds": 30}, every(30)),
        ("interval", {"weeks": 1, "minutes": 1.5}, every(timedelta(days=7, seconds=90))),
        ("interval", {"hours": 1, "start_at": WHEN, "jitter": 5}, every(3600, start=WHEN, jitter=5)),
        ("interval", {"minutes": 5, "from_end": True}, every(300, from_end=True)),
        ("date", {"run_at": WHEN}, at(WHEN)),
        ("once", {"at": WHEN}, at(WHEN)),
        ("cron", {"hour": 3, "timezone": "Europe/Paris", "end_at": WHEN}, cron("0 3 * * *", "Europe/Paris", end=WHEN)),
    ],
)
def test_each_kind_takes_its_keywords(kind: str, said: dict[str, Any], trigger: Trigger) -> None:
    assert by_kind("t", kind, said) == trigger


def test_h_follows_from_the_name_of_the_task() -> None:
    trigger = by_kind("report", "cron", {"hour": "H", "minute": "H"})
    assert isinstance(trigger, Cron)
    assert trigger.seed == "report"


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("moon", {}, "There is no kind of trigger 'moon' for keywords: use one of cron, interval, date, once"),
        ("cron", {}, "needs either some of the fields month, day, day_of_week, hour, minute, second, or an expression"),
        ("cron", {"hour": 1, "expression": "* * * * *"}, "needs either"),
        ("cron", {"week": 5}, "kind cron has no 'week'. Known: month"),
        ("cron", {"hour": "1 2"}, "field hour of a cron trigger is '1 2', but must be one word"),
        ("cron", {"hour": 25}, "25"),
        ("cron", {"hour": 1, "timezone": "Europe/Pariss"}, "Pariss"),
        ("interval", {}, "An interval needs its length"),
        ("interval", {"seconds": "x"}, "cannot be used"),
        ("interval", {"seconds": 0}, "longer|above|zero|0"),
        ("interval", {"weeks": 10**12}, "cannot be used"),
        ("interval", {"seconds": 5, "timezone": "UTC"}, "kind interval has no 'timezone'"),
        ("date", {}, "needs its time: run_at="),
        ("once", {"at": WHEN, "run_at": WHEN}, "needs its time"),
        ("once", {"run_at": datetime(2031, 1, 1)}, "at"),
    ],
)
def test_what_cannot_be_used_is_named(kind: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTrigger, match=words):
        by_kind("t", kind, said)


def test_fields_that_never_meet_are_refused() -> None:
    with pytest.raises(ScheduleNeverFires):
        by_kind("t", "cron", {"month": 2, "day": 30})
