from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from django_tasks_fsm.core.times import MomentOutOfRange, storable
from django_tasks_fsm.exceptions import TasksFSMError


@pytest.mark.parametrize(
    "moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 12, 31, 23, 59), datetime(2026, 1, 1)]
)
def test_a_moment_within_the_range_is_returned(moment):
    assert storable(moment) is moment


@pytest.mark.fault("F59")
@pytest.mark.parametrize(
    "moment",
    [
        datetime.min,
        datetime.max,
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=5))),
    ],
)
def test_a_moment_at_the_ends_of_time_is_refused_and_named(moment):
    with pytest.raises(
        MomentOutOfRange, match=f"{moment.isoformat().replace('+', '.')} cannot be stored: give a time"
    ) as caught:
        storable(moment)
    assert isinstance(caught.value, (TasksFSMError, ValueError))
