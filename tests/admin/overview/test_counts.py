"""Numbers that stop where counting would take long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.admin.overview import counts, hours, lanes, moments
from django_tasks_fsm.admin.overview.chart import chart
from django_tasks_fsm.admin.overview.hours import Hour, starts
from django_tasks_fsm.admin.overview.snapshot import Snapshot, take
from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task, TaskRun
from tests.admin.rows import make_run, run_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def capped(fetch: Task, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """Give a snapshot with five runs of each state where three are counted, and the queue's only up to two."""
    for module, name, most in ((counts, "CAP", 3), (moments, "CAP", 3), (hours, "CAP", 3), (lanes, "COUNTED", 2)):
        monkeypatch.setattr(module, name, most)
    Queue.objects.get_or_create(name="default")
    for state in RunState:
        for _ in range(5):
            make_run(fetch, state)
    return take("default")


def test_no_state_is_counted_beyond_the_cap(capped: Snapshot) -> None:
    assert {str(tally) for state, tally in capped.tallies.items() if state not in ("BLOCKED", "RETRY")} == {"3+"}


def test_no_hour_and_no_queue_is_counted_beyond_its_cap(capped: Snapshot) -> None:
    assert (capped.hours[-1].made, capped.hours[-1].is_more) == (3, True)
    lane = next(lane for lane in capped.lanes if lane.queue.pk == "default")
    assert (lane.ready, lane.is_more) == (2, True)


def test_states_without_an_index_are_counted_among_the_newest(fetch: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "NEWEST", 3)
    make_run(fetch, RunState.PREPARE)
    for _ in range(4):
        make_run(fetch, RunState.DONE)
    found = take("default").tallies
    assert (str(found["PREPARE"]), found["PREPARE"].of_newest) == ("0", True)
    assert (str(found["DONE"]), found["DONE"].of_newest) == ("4", True)


def test_an_hour_holds_what_was_made_in_it_and_what_failed_in_it(fetch: Task) -> None:
    since = starts(timezone.now())
    TaskRun.objects.bulk_create(
        run_in(
            RunState.FAILED,
            task=fetch,
            id=first_run_id_at((start + timedelta(minutes=number)).timestamp()),
            finished_at=start + timedelta(minutes=59, seconds=59),
        )
        for number, start in enumerate(since[:3])
    )
    found = take("default").hours
    assert [(hour.made, hour.failed) for hour in found] == [(1, 1)] * 3 + [(0, 0)] * 21


def test_the_last_hour_is_the_present_one() -> None:
    now = timezone.now()
    assert starts(now)[-1] <= now < starts(now)[-1] + timedelta(hours=1)
    assert len(set(starts(now))) == 24


@pytest.mark.parametrize(("made", "failed"), [(0, 0), (1, 1), (7, 0), (7, 9), (10_000, 3), (10_000, 10_000)])
def test_a_bar_stays_on_its_scale(made: int, failed: int) -> None:
    drawn = chart([Hour(timezone.now(), made, failed, False)])
    bar = drawn.bars[0]
    top, bottom = drawn.grid[-1][0], drawn.grid[0][0]
    assert top <= bar.failed_y <= bar.y <= bottom
    assert bar.y + bar.height == bottom
    assert bar.failed_y + bar.failed_height == bar.y
    assert bool(bar.failed_height) is bool(failed)
