from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core.triggers.window import checked_window, describe_window, read_window, write_window
from django_tasks_fsm.exceptions import InvalidTrigger

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_a_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(InvalidTrigger, match=r"end .* lies before start"):
        checked_window(LAST, FIRST)


def test_a_window_may_be_a_single_instant_or_open():
    assert checked_window(FIRST, FIRST) == (FIRST, FIRST)
    assert checked_window(None, None) == (None, None)


@pytest.mark.parametrize("window", [(None, None), (FIRST, None), (None, LAST), (FIRST, LAST)])
def test_json_keeps_the_ends_that_are_set(window):
    data = write_window(*window)
    assert (read_window(data).get("start"), read_window(data).get("end")) == window
    assert None not in data.values()


def test_null_in_json_counts_as_absent():
    assert read_window({"start": None, "end": None}) == {}


def test_the_description_names_the_ends():
    assert describe_window(FIRST, None) == ", from 2026-01-01 00:00:00+00:00"
    assert describe_window(None, None) == ""
