"""What a plan has shown against what a worker then ran."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

import pytest

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.repair import act, plan_rerun, plan_retry_failed
from tests.repair.sample import step

pytestmark = pytest.mark.django_db

Burst = Callable[[], list[str]]


def grown(chance: random.Random, size: int) -> tuple[list[TaskRun], list[set[int]]]:
    """Enqueue a random graph; return its runs and the positions that each waits for."""
    graph = uuid.uuid4()
    runs: list[TaskRun] = []
    above: list[set[int]] = []
    for at in range(size):
        above.append(set(chance.sample(range(at), min(at, chance.randrange(3)))))
        after = [runs[one] for one in above[at]]
        runs.append(step.using(graph=graph, after=after).enqueue(f"n{at}").run)
    return runs, above


def behind(found: set[int], above: list[set[int]]) -> set[int]:
    """Return ``found`` and all that wait for one of these, at any distance."""
    for at, some in enumerate(above):
        if some & found:
            found = found | {at}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_exactly_what_a_rerun_showed_runs_again(seed: int, burst: Burst) -> None:
    chance = random.Random(seed)
    runs, above = grown(chance, 12)
    assert sorted(burst()) == sorted(f"n{at}" for at in range(12))
    root = chance.randrange(4)

    plan = plan_rerun(runs[root].pk, "default")
    act(plan)

    ran = burst()
    assert sorted(ran) == sorted(one.label for one in plan.steps) == sorted(f"n{at}" for at in behind({root}, above))
    links = [(f"n{high}", f"n{low}") for low in range(12) for high in above[low] if f"n{high}" in ran]
    assert all(ran.index(high) < ran.index(low) for high, low in links)
    assert set(TaskRun.objects.values_list("state", flat=True)) == {"DONE"}


@pytest.mark.parametrize("seed", range(6))
def test_a_repaired_graph_runs_what_failed_and_what_waited_for_it(seed: int, burst: Burst, broken: set[str]) -> None:
    chance = random.Random(seed)
    runs, _ = grown(chance, 12)
    broken |= {f"n{at}" for at in chance.sample(range(12), 3)}
    before = burst()
    broken.clear()

    plan = plan_retry_failed(runs[0].graph, "default")
    act(plan)

    failed = {one.label for one in plan.steps}
    assert sorted(burst()) == sorted(failed | ({f"n{at}" for at in range(12)} - set(before)))
    assert {one.label for one in plan.waiting} == {f"n{at}" for at in range(12)} - set(before)
    assert set(TaskRun.objects.values_list("state", flat=True)) == {"DONE"}
