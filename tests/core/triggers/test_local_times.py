from __future__ import annotations

from datetime import datetime

import pytest

from django_tasks_fsm.core.triggers.local_times import LocalTimes
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires


@pytest.mark.parametrize(
    ("expression", "after", "found"),
    [
        ("*/5 * * * *", datetime(2026, 1, 1, 12, 5), datetime(2026, 1, 1, 12, 10)),
        ("*/5 * * * *", datetime(2026, 1, 1, 12, 4, 59, 999999), datetime(2026, 1, 1, 12, 5)),
        ("* * * * * *", datetime(2026, 1, 1, 12, 0, 0, 5), datetime(2026, 1, 1, 12, 0, 1)),
        ("0 0 29 2 *", datetime(2026, 1, 1), datetime(2028, 2, 29)),
        ("0 0 L * *", datetime(2026, 2, 1), datetime(2026, 2, 28)),
        ("0 0 * * fri#5", datetime(2026, 2, 1), datetime(2026, 5, 29)),
        ("0 0 1W * *", datetime(2026, 7, 31), datetime(2026, 8, 3)),
        ("0 0 13 * 5", datetime(2026, 1, 2), datetime(2026, 1, 9)),
    ],
)
def test_the_next_time_is_strictly_later(expression, after, found):
    assert LocalTimes(expression, "", shown=expression).after(after) == found


@pytest.mark.parametrize("expression", ["nonsense", "60 * * * *", "", "* * * * */0", "9" * 6000])
def test_whatever_croniter_raises_is_an_invalid_trigger(expression):
    with pytest.raises(InvalidTrigger, match="cannot be used"):
        LocalTimes(expression, "", shown=expression)


@pytest.mark.parametrize("last", [datetime.max, datetime(9999, 12, 31, 23, 59)])
def test_the_end_of_the_calendar_is_the_end(last):
    with pytest.raises(ScheduleNeverFires):
        LocalTimes("30 2 * * *", "", shown="30 2 * * *").after(last)


def test_a_search_leaves_the_object_alone_that_threads_share():
    times = LocalTimes("*/7 3-9 * * *", "", shown="")
    before = dict(vars(times._parsed))
    times.after(datetime(2026, 1, 1))
    assert vars(times._parsed) == before
