"""The one loop that polls."""

from __future__ import annotations

import pytest

from tests.servers.waiting import wait_until


def test_the_first_true_answer_is_returned() -> None:
    answers = iter([0, None, "", 7])
    assert wait_until(lambda: next(answers)) == 7


def test_the_deadline_ends_the_wait_and_names_the_condition() -> None:
    with pytest.raises(AssertionError, match=r"Not within 0\.1 s: the run is done \(last answer: False\)"):
        wait_until(lambda: False, seconds=0.1, what="the run is done")
