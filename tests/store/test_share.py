"""Claims for workers whose slots are shared out: what has no room stays QUEUED, whatever its place in line."""

from __future__ import annotations

import uuid

import pytest

from django_tasks_fsm.core.slots import Portion, Room, Tier
from django_tasks_fsm.store.cycle import turn
from tests.store.rows import DB, a_run, a_task, state_of

pytestmark = pytest.mark.django_db


def taken(room: Room, *queues: str) -> list[uuid.UUID]:
    return [claim.id for claim in turn(uuid.uuid4(), [], queues or ("default",), room, DB).claims]


def test_when_only_reserved_slots_are_free_lower_priorities_wait():
    low, high = a_run(priority=49), a_run(priority=50)
    assert taken(Room((Tier(50, 3),))) == [high.pk]
    assert state_of(low) == "QUEUED"


def test_higher_tiers_come_first_and_count_in_what_the_lower_ones_get():
    high = [a_run(priority=95) for _ in range(2)]
    low = [a_run(priority=0) for _ in range(3)]
    assert taken(Room((Tier(90, 3), Tier(None, 2)))) == [*(run.pk for run in high), low[0].pk]


def test_floors_hold_below_zero_too():
    lowest, run = a_run(priority=-100), a_run(priority=-20)
    assert taken(Room((Tier(-20, 5),))) == [run.pk]
    assert state_of(lowest) == "QUEUED"


@pytest.mark.parametrize("number", [1, 3, 500], ids=["one queue", "three queues", "more than SQLite merges"])
def test_a_queue_gives_no_more_than_its_number(number):
    names = ("reports", *(f"q{each}" for each in range(number - 1)))
    reports = [a_run(queue="reports", priority=5) for _ in range(4)]
    others = [a_run(queue=name) for name in names[1:][-2:]]
    assert taken(Room((Tier(None, 9),), {"reports": 2}), *names) == [run.pk for run in [*reports[:2], *others]]


def test_a_full_queue_is_left_out():
    full, other = a_run(queue="reports", priority=100), a_run(queue="mail")
    assert taken(Room((Tier(None, 9),), {"reports": 0}), "reports", "mail") == [other.pk]
    assert state_of(full) == "QUEUED"


def test_a_full_queue_alone_claims_nothing():
    run = a_run(queue="reports")
    assert taken(Room((Tier(None, 9),), {"reports": 0}), "reports") == []
    assert state_of(run) == "QUEUED"


def test_tasks_without_a_place_are_passed_over_and_the_order_is_kept():
    heavy = a_task("heavy")
    heavies = [a_run(task=heavy, priority=9) for _ in range(3)]
    light = [a_run(priority=1), a_run(priority=2)]
    assert taken(Room((Tier(None, 3),), {}, frozenset({heavy.pk}), 1)) == [heavies[0].pk, light[1].pk, light[0].pk]
    assert [state_of(run) for run in heavies] == ["RUNNING", "QUEUED", "QUEUED"]


def test_a_portion_is_one_statement_of_its_own():
    assert Portion(5) == Portion(5, None, {}, frozenset())
