"""What specs begin with, and what must hold after any order."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q

from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import Standing
from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.models import (
    RunDetail,
    RunPrerequisite,
    Task,
    TaskPrerequisite,
    TaskRun,
    Transition,
    Worker,
)
from django_tasks_fsm.store.cycle import turn
from django_tasks_fsm.store.definitions import forget
from tests.specs.session import rest
from tests.store.repairing import wrong_counts
from tests.store.rows import DB

LEFT_BEHIND = (Transition, RunDetail, RunPrerequisite, TaskRun, Worker)


def emptied() -> None:
    """Delete what the last order left behind."""
    with transaction.atomic():
        for model in LEFT_BEHIND:
            model._base_manager.all()._raw_delete("default")
        tasks = list(Task.objects.filter(function="tests.nothing").values_list("pk", flat=True))
        TaskPrerequisite.objects.filter(task_id__in=tasks)._raw_delete("default")
        Task._base_manager.filter(pk__in=tasks)._raw_delete("default")
    forget()


def row(run: TaskRun) -> TaskRun:
    """Read a run anew."""
    return TaskRun.objects.get(pk=run.pk)


def give(outcome: Outcome) -> frozenset[uuid.UUID]:
    """Finish as a worker does: what somebody has locked is offered again."""
    done = turn(uuid.uuid4(), [outcome], (), 0, DB)
    while done.busy:
        rest()
        done = turn(uuid.uuid4(), [outcome], (), 0, DB)
    return done.written


def or_error(work: Callable[[Any], Any], *errors: type[BaseException]) -> Callable[[Any], Any]:
    """Make a step that returns one of ``errors`` instead of raising it."""

    def step(world: Any) -> Any:
        try:
            return work(world)
        except errors as error:
            return error

    return step


def assert_sound() -> None:
    """Assert what holds between transactions, whatever has happened."""
    assert [*wrong_counts(), *_wrong_edges(), *_keys_of_ended_runs(), *_double_ends(), *_over_limits()] == []
    edges = RunPrerequisite.objects.values_list("prerequisite_id", "run_id")
    assert not cycle_in(list(edges))
    tasks = TaskPrerequisite.objects.values_list("prerequisite_id", "task_id")
    assert not cycle_in(list(tasks))


def _wrong_edges() -> list[str]:
    ended = RunPrerequisite.objects.filter(prerequisite__state__in=FINAL).exclude(run__state__in=FINAL)
    edges = ended.select_related("prerequisite")
    return [f"{edge} met={edge.met}" for edge in edges if edge.met is not (edge.standing is Standing.MET)]


def _keys_of_ended_runs() -> list[str]:
    return [f"{run.pk} ended with a key" for run in TaskRun.objects.filter(state__in=FINAL, key__isnull=False)]


def _double_ends() -> list[str]:
    # An end in one life: a later one needs a retry or rerun in between, which begins the next.
    found, ended = [], Counter[Any]()
    for run_id, source, target in Transition.objects.order_by("pk").values_list("run_id", "from_state", "to_state"):
        if source in FINAL and target not in FINAL:
            ended[run_id] = 0
        ended[run_id] += target in FINAL and source not in FINAL
        if ended[run_id] > 1:
            found.append(f"{run_id} ended twice")
    return found


def _over_limits() -> list[str]:
    held = TaskRun.objects.filter(line=Place.HELD.value).values_list("task_id", "concurrency_key")
    tasks, keys = Counter(task for task, _ in held), Counter(key for _, key in held if key)
    limits = {task.pk: task for task in Task.objects.filter(~Q(max_instances=None) | ~Q(concurrency=None))}
    over = [f"task {task}: {number}" for task, number in tasks.items() if _is_over(limits.get(task), number)]
    return over + [f"key {key}: {number}" for key, number in keys.items() if number > 1]


def _is_over(task: Task | None, number: int) -> bool:
    return task is not None and task.max_instances is not None and number > task.max_instances
