from __future__ import annotations

from types import SimpleNamespace

import pytest

from django_tasks_fsm.exceptions import WaitTimeout
from django_tasks_fsm.models import waiting
from django_tasks_fsm.models.waiting import LONGEST_LOOK, wait_until_final


class Row:
    """Ends at the given look."""

    pk, state = 7, "RUNNING"

    def __init__(self, ends_at: int) -> None:
        self.looks, self.ends_at = 0, ends_at

    @property
    def is_final(self) -> bool:
        return self.looks >= self.ends_at

    def refresh_from_db(self) -> None:
        self.looks += 1


@pytest.fixture
def pauses(monkeypatch):
    """Let the monotonic clock follow the pauses."""
    taken: list[float] = []
    monkeypatch.setattr(waiting._never, "wait", taken.append)
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: sum(taken)))
    return taken


def test_a_row_that_has_ended_is_read_once(pauses):
    row = Row(1)
    wait_until_final(row, 10)
    assert (row.looks, pauses) == (1, [])


def test_the_looks_become_seldom(pauses):
    wait_until_final(Row(20), 60)
    assert pauses[0] == waiting.FIRST_LOOK
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST_LOOK


def test_it_does_not_wait_beyond_the_deadline_and_looks_once_more_at_it(pauses):
    row = Row(10**6)
    with pytest.raises(WaitTimeout, match="Run 7 was still RUNNING after 1 s"):
        wait_until_final(row, 1)
    assert sum(pauses) == pytest.approx(1)
    assert row.looks == len(pauses) + 1
