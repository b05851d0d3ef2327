"""Random graphs in random states: plans against a model of a few lines, and against what then happens."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.repair import (
    Plan,
    act,
    plan_abort,
    plan_cancel,
    plan_rerun,
    plan_resolve,
    plan_retry_failed,
    plan_skip,
)
from tests.store.repairing import Edge, labels, made, random_graph, states, wrong_counts, wrong_edges
from tests.store.rows import DB

pytestmark = pytest.mark.django_db

SEEDS = range(60)
ENDED = ("DONE", "FAILED", "CANCELLED", "SKIPPED")


def below(root: int, states: Sequence[str], edges: Sequence[Edge]) -> set[int]:
    """Return all below ``root``, by looking at every edge until nothing is added."""
    found = {root}
    while True:
        fresh = {
            low for high, low, *_ in edges if high in found and (high == root or states[high] != "ABORTED")
        } - found
        if not fresh:
            return found - {root}
        found |= fresh


def numbered(found: set[int], before: Sequence[str], *wanted: str) -> list[str]:
    return sorted(f"n{at}" for at in found if before[at] in wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rerun_reaches_what_the_model_reaches_and_leaves_every_count_right(seed: int) -> None:
    chance = random.Random(seed)
    wanted, edges = random_graph(chance, size=9)
    root = chance.randrange(5)
    wanted[root] = chance.choice(ENDED)
    runs = made(wanted, edges)
    before = states(runs)
    plan, reached = plan_rerun(runs[root].pk, DB), below(root, before, edges)
    assert sorted(labels(plan.steps)) == numbered(reached | {root}, before, *ENDED)
    assert sorted(labels(plan.waiting)) == numbered(reached, before, "PREPARE", "PENDING", "QUEUED")
    assert sorted(labels(plan.staying)) == numbered(reached, before, "ABORTED")

    act(plan)

    begun = {step.run for step in plan.steps}
    assert wrong_counts() == []
    assert wrong_edges([step.run for step in (*plan.steps, *plan.waiting)]) == []
    for run, old, new in zip(runs, before, states(runs), strict=True):
        held = {"PENDING"} if old == "QUEUED" else set()
        assert new in ({"PENDING", "QUEUED"} if run.pk in begun else {old} | held), run.label


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("verb", ["skip", "resolve", "cancel", "abort"])
def test_what_a_plan_says_of_the_wake_is_what_comes(verb: str, seed: int) -> None:
    chance = random.Random(f"{verb}{seed}")
    wanted, edges = random_graph(chance, size=9, states=["PENDING"] * 5 + ["DONE", "FAILED", "PREPARE"])
    wanted[0] = "FAILED" if verb == "resolve" else "QUEUED"
    inside = made(wanted, edges)
    # Runs of another graph that wait for some of this one.
    runs = [*inside, *made(["PENDING"] * 3, [])]
    across(chance, runs)
    plan = planned(verb, inside[0])
    before = {run.pk: (run.state, run.waiting_on) for run in TaskRun.objects.all()}

    act(plan)

    after = {run.pk: (run.state, run.waiting_on) for run in TaskRun.objects.all()}
    ended = {pk for pk in after if after[pk][0] != before[pk][0] and RunState(after[pk][0]).name not in ("QUEUED",)}
    assert {step.run for step in (*plan.steps, *plan.following)} == ended
    free = {pk for pk in after if pk not in ended and not after[pk][1] and before[pk][1]}
    free = {pk for pk in free if after[pk][0] in ("PREPARE", "PENDING", "QUEUED")}
    assert {step.run for step in plan.released} == free
    assert wrong_counts() == []


def across(chance: random.Random, runs: Sequence[TaskRun]) -> None:
    """Let the last three runs wait for some of the first three, by ``require``."""
    for run in runs[-3:]:
        for above in chance.sample(runs[:3], 2):
            if TaskRun.objects.get(pk=run.pk).state == "PENDING":
                run.require(above, condition=chance.choice(["done", "finished"]), on_failure=chance.choice(POLICIES))


POLICIES = ("block", "skip", "cancel", "fail", "ignore")


def planned(verb: str, run: TaskRun) -> Plan:
    if verb == "resolve":
        return plan_resolve(run.pk, 1, DB)
    if verb == "skip":
        return plan_skip(run.pk, DB)
    return (plan_cancel if verb == "cancel" else plan_abort)(run.graph, DB)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_retried_graph_has_right_counts_and_moves_what_was_planned(seed: int) -> None:
    chance = random.Random(seed)
    runs = made(*random_graph(chance, size=9))
    plan = plan_retry_failed(runs[0].graph, DB, others=chance.random() < 0.5)
    report = act(plan)
    assert {row.pk for row in report.moved} == {step.run for step in plan.steps}
    assert wrong_counts() == []
    assert wrong_edges([step.run for step in plan.steps]) == []


@pytest.mark.parametrize("seed", range(20))
def test_several_repairs_in_turn_never_spoil_a_count(seed: int) -> None:
    chance = random.Random(seed)
    runs = made(*random_graph(chance, size=8))
    for _ in range(12):
        run = chance.choice(runs)
        run.refresh_from_db()
        if run.state in ENDED:
            begun = run.rerun(downstream=chance.random() < 0.5).steps
            assert wrong_edges([step.run for step in begun]) == []
        else:
            chance.choice([run.cancel, run.skip, run.prepared])()
        assert wrong_counts() == []
