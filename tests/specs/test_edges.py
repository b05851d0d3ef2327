"""People who add prerequisites at the same moment, each of which is fine alone."""

from __future__ import annotations

import pytest

from django_tasks_fsm.exceptions import CycleFound
from django_tasks_fsm.models import RunPrerequisite, Task, TaskPrerequisite, TaskRun
from tests.specs.runner import explore
from tests.specs.worlds import assert_sound, emptied, or_error
from tests.store.rows import a_run, a_task, waits_for

pytestmark = pytest.mark.django_db(transaction=True)


def four_runs() -> list[TaskRun]:
    emptied()
    return [a_run("PENDING") for _ in range(4)]


def two_pairs() -> list[TaskRun]:
    found = four_runs()
    for above, below in ((0, 1), (2, 3)):
        waits_for(found[below], found[above])
        TaskRun.objects.filter(pk=found[below].pk).update(waiting_on=1)
    return found


def four_tasks() -> list[Task]:
    emptied()
    return [a_task(f"task {number}") for number in range(4)]


def two_pairs_of_tasks() -> list[Task]:
    found = four_tasks()
    for above, below in ((0, 1), (2, 3)):
        found[below].require(found[above])
    return found


def adding(below: int, above: int):
    return or_error(lambda world: world[below].require(world[above]), CycleFound)


def one_is_refused(world, did):
    refused = [isinstance(did[name][0], CycleFound) for name in ("left", "right")]
    assert sorted(refused) == [False, True]
    assert_sound()


@pytest.mark.fault("F64")
@pytest.mark.parametrize("begin", [four_runs, four_tasks])
def test_of_the_two_halves_of_a_cycle_one_is_refused(begin):
    explore(begin, {"left": [adding(0, 1)], "right": [adding(1, 0)]}, one_is_refused)
    assert RunPrerequisite.objects.count() + TaskPrerequisite.objects.count() == 1


@pytest.mark.fault("F64")
@pytest.mark.parametrize("begin", [two_pairs, two_pairs_of_tasks])
def test_of_two_edges_with_no_end_in_common_that_close_a_cycle_one_is_refused(begin):
    explore(begin, {"left": [adding(2, 1)], "right": [adding(0, 3)]}, one_is_refused)
    assert RunPrerequisite.objects.count() + TaskPrerequisite.objects.count() == 3
