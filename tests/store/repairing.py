"""Graphs to repair, and what must hold in them."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence

from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing, standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.store.repair import Plan, Step
from tests.store.rows import a_run

Edge = tuple[int, int, str, str]
"""Positions of a prerequisite and of the run that waits for it, condition, policy."""

MADE = [state for state in RunState if state is not RunState.RUNNING]


def made(states: Sequence[str], edges: Sequence[Edge], **values: object) -> list[TaskRun]:
    """Make a graph as the engine would have left it: edges are met where they stand so."""
    met = [
        standing(Condition(edge[2]), RunState(states[edge[0]]), OnFailure(edge[3])) is Standing.MET for edge in edges
    ]
    unmet = Counter(edge[1] for edge, is_met in zip(edges, met, strict=True) if not is_met)
    graph = uuid.uuid4()
    runs = [
        a_run("PENDING" if state == "QUEUED" and unmet[at] else state, graph=graph, label=f"n{at}", **values)
        for at, state in enumerate(states)
    ]
    for run, number in ((runs[at], number) for at, number in unmet.items()):
        TaskRun.objects.filter(pk=run.pk).update(waiting_on=number)
    RunPrerequisite.objects.bulk_create(
        RunPrerequisite(run=runs[below], prerequisite=runs[above], condition=condition, on_failure=policy, met=is_met)
        for (above, below, condition, policy), is_met in zip(edges, met, strict=True)
    )
    return runs


def chain(*states: str) -> list[TaskRun]:
    """Make a chain: each waits for the one before."""
    return made(states, [(at, at + 1, "done", "block") for at in range(len(states) - 1)])


def random_graph(chance: random.Random, size: int, states: Sequence[str] = MADE) -> tuple[list[str], list[Edge]]:
    """Return states and edges of a graph; one that waits has not started."""
    edges = [
        (above, below, chance.choice(list(Condition)).value, chance.choice(list(OnFailure)).value)
        for below in range(size)
        for above in range(below)
        if chance.random() < 0.35
    ]
    return [str(chance.choice(states)) for _ in range(size)], edges


def wrong_counts() -> list[str]:
    """Return the runs whose number of unmet prerequisites is not that of their unmet edges, or that run too early."""
    unmet = Counter(RunPrerequisite.objects.filter(met=False).values_list("run_id", flat=True))
    runs = TaskRun.objects.all()
    wrong = [f"{run.label}: {run.waiting_on}, not {unmet[run.pk]}" for run in runs if run.waiting_on != unmet[run.pk]]
    return wrong + [f"{run.label} is QUEUED" for run in runs if run.state == "QUEUED" and unmet[run.pk]]


def wrong_edges(run_ids: Sequence[uuid.UUID]) -> list[str]:
    """Return the edges above these runs that say something else than the states at their ends."""
    edges = RunPrerequisite.objects.filter(run__in=run_ids).select_related("run", "prerequisite")
    return [str(edge) for edge in edges if edge.met is not (edge.standing is Standing.MET)]


def labels(steps: Sequence[Step]) -> list[str]:
    return [step.label for step in steps]


def shown(plan: Plan) -> dict[str, list[str]]:
    """Return the labels of a plan's parts; empty parts are left out."""
    parts = ("steps", "following", "released", "waiting", "staying", "refused")
    return {part: labels(getattr(plan, part)) for part in parts if getattr(plan, part)}


def states(runs: Sequence[TaskRun]) -> list[str]:
    known = dict(TaskRun.objects.values_list("pk", "state"))
    return [known[run.pk] for run in runs]
