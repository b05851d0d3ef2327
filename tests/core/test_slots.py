"""How slots are shared out, without a database: a claim is a list of runs in the order of their priorities."""

from __future__ import annotations

import random

import pytest

from django_tasks_fsm.core.slots import Room, Shares, Tier, tiers

RESERVE = ((50, 1), (90, 1))


def test_without_a_reserve_there_is_one_tier_for_all():
    assert tiers(4, 4, (), []) == (Tier(None, 4),)


@pytest.mark.parametrize(
    ("total", "reserve", "held", "wanted"),
    [
        (4, ((50, 1),), [], (Tier(50, 4), Tier(None, 3))),
        (1, ((50, 1),), [0, 0, 0], (Tier(50, 1),)),
        (2, ((50, 1),), [60, 60], (Tier(None, 2),)),
        (4, RESERVE, [], (Tier(90, 4), Tier(50, 3), Tier(None, 2))),
        (2, RESERVE, [0, 0], (Tier(90, 2), Tier(50, 1))),
        (1, RESERVE, [0, 0, 60], (Tier(90, 1),)),
        (0, RESERVE, [0, 0, 60, 95], ()),
    ],
    ids=["empty", "only the reserved slot", "those above have it", "two nested", "both kept", "one kept", "full"],
)
def test_each_tier_gets_what_the_reserve_leaves(total, reserve, held, wanted):
    assert tiers(total, 4, reserve, held) == wanted


def claimed(room, line):
    """Claim from ``line``, (priority, queue, task) each, as the store does; return what was taken and how often."""
    shares, statements = Shares(room), 0
    taken: list[tuple[int, str, int]] = []
    left = sorted(line, key=lambda run: -run[0])
    for portion in shares.portions():
        statements += 1
        counts = dict(portion.queues)
        brought: list[tuple[int, str, int]] = []
        for run in left:
            fits = (portion.floor is None or run[0] >= portion.floor) and run[2] not in portion.without
            if fits and counts.get(run[1], 1) > 0 and len(brought) < portion.limit:
                brought.append(run)
                counts[run[1]] = counts.get(run[1], 1000) - 1
        for run in brought:
            left.remove(run)
        shares.took((queue, task) for _, queue, task in brought)
        taken += brought
    return taken, statements


def test_no_mix_of_runs_breaks_the_promise():
    rnd = random.Random(7)
    for _ in range(500):
        size = rnd.randint(3, 8)
        held = [rnd.choice([0, 10, 50, 60, 90, 100]) for _ in range(rnd.randint(0, size))]
        line = [(rnd.choice([0, 10, 50, 60, 90, 100]), "q", 1) for _ in range(rnd.randint(0, 12))]
        before = {limit: sum(one < limit for one in held) for limit in (50, 90)}
        taken, _ = claimed(Room(tiers(size - len(held), size, RESERVE, held)), line)
        after = [*held, *(run[0] for run in taken)]
        assert len(after) <= size
        assert sum(one < 50 for one in after) <= max(size - 2, before[50])
        assert sum(one < 90 for one in after) <= max(size - 1, before[90])


def test_free_slots_are_filled_as_far_as_the_promise_allows():
    taken, _ = claimed(Room(tiers(4, 4, RESERVE, [])), [(95, "q", 1), (0, "q", 1), (0, "q", 1), (0, "q", 1)])
    assert [run[0] for run in taken] == [95, 0, 0]


def test_a_queue_gets_its_number_and_the_others_the_rest():
    line = [(9, "reports", 1)] * 5 + [(0, "mail", 1)] * 5
    taken, statements = claimed(Room((Tier(None, 4),), {"reports": 1}), line)
    assert [run[1] for run in taken] == ["reports", "mail", "mail", "mail"]
    assert statements == 1


def test_tasks_with_few_places_leave_the_other_slots_to_others():
    line = [(9, "q", 7)] * 5 + [(0, "q", 1)] * 5
    taken, statements = claimed(Room((Tier(None, 4),), {}, frozenset({7}), 1), line)
    assert [run[2] for run in taken] == [7, 1, 1, 1]
    assert statements == 2


def test_tasks_without_a_place_are_left_out():
    assert claimed(Room((Tier(None, 4),), {}, frozenset({7}), 0), [(9, "q", 7), (0, "q", 1)]) == ([(0, "q", 1)], 1)


def test_places_for_all_cost_no_further_statement():
    assert claimed(Room((Tier(None, 2),), {}, frozenset({7}), 2), [(9, "q", 7)] * 3) == ([(9, "q", 7)] * 2, 1)
