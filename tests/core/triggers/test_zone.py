from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from django_tasks_fsm.core.triggers.zone import find_zone, first_change, gap_end, overlap_end, passes
from django_tasks_fsm.exceptions import InvalidTrigger

PARIS = ZoneInfo("Europe/Paris")
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "key",
    [None, "", 3, [], "localtime", "posixrules", "Factory", "Europe", "../etc/passwd", "\0", "x" * 5000, "UTC+1"],
    ids=lambda key: repr(key)[:20],
)
def test_only_keys_of_the_time_zone_database_are_zones(key):
    with pytest.raises(InvalidTrigger, match="is no known time zone"):
        find_zone(key)


def test_a_misspelt_key_is_told_the_nearest():
    with pytest.raises(InvalidTrigger, match="Did you mean Europe/Paris"):
        find_zone("Europe/Pari")


def test_a_local_time_has_one_two_or_no_instants():
    assert passes(PARIS, datetime(2026, 7, 1, 12)) == (datetime(2026, 7, 1, 10, tzinfo=UTC),)
    assert passes(PARIS, datetime(2026, 10, 25, 2, 30)) == (
        AUTUMN - timedelta(minutes=30),
        AUTUMN + timedelta(minutes=30),
    )
    assert passes(PARIS, datetime(2026, 3, 29, 2, 30)) == ()


@pytest.mark.parametrize(
    ("key", "local", "end"),
    [
        ("Europe/Paris", datetime(2026, 3, 29, 2), SPRING),
        ("Europe/Paris", datetime(2026, 3, 29, 2, 59, 59), SPRING),
        ("Australia/Lord_Howe", datetime(2025, 10, 5, 2, 10), datetime(2025, 10, 4, 15, 30, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_gap_ends_where_the_clocks_jump(key, local, end):
    assert gap_end(ZoneInfo(key), local) == end


def test_the_repeated_hour_ends_at_three():
    assert overlap_end(PARIS, AUTUMN - timedelta(seconds=1)) is None
    assert overlap_end(PARIS, AUTUMN) == datetime(2026, 10, 25, 3)
    assert overlap_end(PARIS, AUTUMN + timedelta(hours=1)) is None


def test_a_change_is_found_to_the_second():
    before = SPRING - timedelta(days=40, microseconds=1)
    assert first_change(PARIS, before, SPRING + timedelta(days=1)) == SPRING
    assert first_change(PARIS, before, SPRING - timedelta(microseconds=1)) is None
    assert first_change(PARIS, SPRING, SPRING + timedelta(days=9)) is None
