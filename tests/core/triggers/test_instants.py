from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from django_tasks_fsm.core.triggers.instants import as_utc, read_instant, write_instant
from django_tasks_fsm.exceptions import InvalidTrigger


def test_an_aware_datetime_is_brought_to_utc():
    paris = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert as_utc(paris, "at").isoformat() == "2026-07-01T10:00:00+00:00"


@pytest.mark.fault("F59")
def test_a_naive_datetime_is_refused_by_name():
    with pytest.raises(InvalidTrigger, match="at is 2026-07-01T12:00:00, without a time zone"):
        as_utc(datetime(2026, 7, 1, 12), "at")


@pytest.mark.fault("F59")
@pytest.mark.parametrize("value", [None, "2026-07-01", 3, float("nan")])
def test_what_is_no_datetime_is_refused(value):
    with pytest.raises(InvalidTrigger, match="at must be a datetime"):
        as_utc(value, "at")


@pytest.mark.fault("F59")
def test_an_instant_outside_of_the_calendar_is_refused():
    with pytest.raises(InvalidTrigger, match="outside the calendar"):
        as_utc(datetime.max.replace(tzinfo=ZoneInfo("America/New_York")), "at")


def test_json_keeps_the_instant_to_the_microsecond():
    instant = datetime(2026, 7, 1, 12, 0, 0, 123456, UTC)
    assert read_instant({"at": write_instant(instant)}, "at") == instant


@pytest.mark.parametrize("value", [None, 5, "", "soon", "2026-13-01T00:00:00+00:00", "2026-07-01T12:00:00", "x" * 9999])
def test_unreadable_json_names_the_key(value):
    with pytest.raises(InvalidTrigger, match="Key 'at'"):
        read_instant({"at": value}, "at")
