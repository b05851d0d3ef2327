from __future__ import annotations

from django_tasks_fsm.drawing.layout.cycles import backward_pairs
from tests.drawing.layout.graphs import task_pairs


def is_acyclic(count, pairs, backward):
    """Kahn's algorithm: everything can be taken away in order."""
    forward = [(b, a) if number in backward else (a, b) for number, (a, b) in enumerate(pairs)]
    missing = [sum(target == box for _, target in forward) for box in range(count)]
    ready, taken = [box for box in range(count) if not missing[box]], 0
    while ready:
        box, taken = ready.pop(), taken + 1
        for source, target in forward:
            if source == box:
                missing[target] -= 1
                if not missing[target]:
                    ready.append(target)
    return taken == count


def test_a_graph_without_cycles_keeps_all_its_directions():
    assert backward_pairs(60, task_pairs(60)) == set()


def test_the_link_that_closes_a_cycle_is_turned():
    assert backward_pairs(3, [(0, 1), (1, 2), (2, 0)]) == {2}


def test_the_first_box_decides_what_is_forward():
    assert backward_pairs(2, [(1, 0), (0, 1)]) == {0}


def test_many_cycles_are_all_broken():
    pairs = task_pairs(40) + [(target, source) for source, target in task_pairs(40, seed=2)]
    assert not is_acyclic(40, pairs, set())
    assert is_acyclic(40, pairs, backward_pairs(40, pairs))


def test_a_chain_longer_than_pythons_stack_is_searched():
    assert backward_pairs(5000, [*((n, n + 1) for n in range(4999)), (4999, 0)]) == {4999}
