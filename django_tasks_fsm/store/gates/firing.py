"""What keeps a task from firing."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task
from django_tasks_fsm.store.gates.record import Gate, SeenTask, Sentence


def task_fires(seen: SeenTask) -> Iterator[Gate]:
    """Tell whether the task's state lets it fire; where it does not, by whom and why."""
    state = TaskState(seen.task.state)
    if state is TaskState.ACTIVE:
        yield Gate("state", True, Sentence(gettext("It is active.")))
        return
    way_out = {
        TaskState.PREPARE: gettext("Activate it."),
        TaskState.PAUSED: gettext("Resume it."),
        TaskState.EXHAUSTED: gettext("Set another time (reschedule), or another schedule."),
        TaskState.RETIRED: gettext("Restore it."),
    }[state]
    yield Gate("state", False, _since(state, seen), Sentence(way_out), detail=seen.reason)


def _since(state: TaskState, seen: SeenTask) -> Sentence:
    fact = {
        TaskState.PREPARE: gettext("It is being prepared."),
        TaskState.PAUSED: gettext("It is paused."),
        TaskState.EXHAUSTED: gettext("Its schedule has come to its end."),
        TaskState.RETIRED: gettext("It is retired."),
    }[state]
    if seen.since is None or state not in (TaskState.PAUSED, TaskState.RETIRED):
        return Sentence(fact)
    with_who = gettext("It has been retired since {since} by {who}.")
    if state is TaskState.PAUSED:
        with_who = gettext("It has been paused since {since} by {who}.")
        if seen.task.paused_until is not None:
            with_who = gettext("It has been paused since {since} by {who}, until {until}.")
    values = {"since": seen.since, "who": seen.by.removeprefix("user:"), "until": seen.task.paused_until}
    return Sentence(with_who, values)


def trigger(seen: SeenTask) -> Iterator[Gate]:
    """Tell whether the trigger, and all else that firing reads, can be read."""
    if problem := _problem(seen.task):
        fact = Sentence(gettext("Its schedule cannot be read."))
        yield Gate("trigger", False, fact, Sentence(gettext("Correct it.")), detail=problem)
    else:
        yield Gate("trigger", True, Sentence(gettext("Its schedule can be read.")))


def _problem(task: Task) -> str:
    try:
        _ = task.fires, task.misfire_policy
    except InvalidTrigger as error:
        return str(error)
    if not isinstance(task.args, list) or not isinstance(task.kwargs, dict):
        return gettext("The arguments must be a list, and the keyword arguments an object.")
    return ""


def next_time(seen: SeenTask) -> Iterator[Gate]:
    """Tell whether its next time has come."""
    at = {"at": seen.task.next_run_at}
    life = registry.lifecycle_of(seen.task.function)
    if life is not None and seen.task.next_run_at is None:
        yield from _service(life.autostart)
    elif seen.task.next_run_at is None:
        way_out = Sentence(gettext("Start it by hand, or give it a schedule."))
        yield Gate("next", False, Sentence(_never(seen.task)), way_out)
    elif seen.is_due:
        yield Gate("next", True, Sentence(gettext("Its time has come: {at}."), at))
    else:
        way_out = Sentence(gettext("Wait, start it by hand, or set another time (reschedule)."))
        yield Gate("next", False, Sentence(gettext("It fires next at {at}."), at), way_out)


def _service(starts_by_itself: bool) -> Iterator[Gate]:
    if starts_by_itself:
        fact = gettext("It is a service: workers keep one run of it going, which ticks by its schedule.")
        yield Gate("next", True, Sentence(fact))
    else:
        fact = gettext("It is a service that runs when somebody starts it, and ticks by its schedule.")
        yield Gate("next", False, Sentence(fact), Sentence(gettext("Start it.")))


def _never(task: Task) -> str:
    if isinstance(task.trigger, dict) and task.trigger.get("kind") == "manual":
        return gettext("It fires only when asked.")
    if isinstance(task.trigger, dict) and str(task.trigger.get("kind")).startswith("worker_"):
        return gettext("Not by time: a worker fires it.")
    return gettext("It has no next time.")
