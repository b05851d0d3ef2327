"""The function of a run, and the state of its task."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.executors import why_not
from django_tasks_fsm.models.words import TASK_STATE_WORDS
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence


def function_gate(task: Task) -> Gate:
    """Tell whether this process knows the function, and its executor: a worker that does not hands the run back."""
    values = {"name": task.function}
    if wrong := why_not(task):
        fact = gettext("The task {what} names an executor that cannot run it: a worker would hand the run back.")
        way_out = gettext("Change its executor, or empty it for what the code declares.")
        said = Sentence(fact, {"what": task.name})
        return Gate("executor", False, said, Sentence(way_out), "task", task.pk, wrong)
    if registry.get(task.function) is not None:
        return Gate("function", True, Sentence(gettext("The function {name} is registered."), values))
    fact = gettext("No function is registered as {name} in this process: a worker like it would hand the run back.")
    way_out = gettext("Deploy the code that has it, or correct the task {what}.")
    values_out = {"what": task.name}
    return Gate("function", False, Sentence(fact, values), Sentence(way_out, values_out), "task", task.pk)


def function(seen: Seen) -> Iterator[Gate]:
    """Look at the function of a run."""
    yield function_gate(seen.run.task)


def task_state(seen: Seen) -> Iterator[Gate]:
    """Tell beside that the task does not fire, which people take for the reason and is none."""
    task = seen.run.task
    if task.state != TaskState.ACTIVE:
        fact = gettext("Its task {what} does not fire ({state}); this run goes on all the same.")
        values = {"what": task.name, "state": str(TASK_STATE_WORDS[task.state]).lower()}
        yield Gate("task", True, Sentence(fact, values), kind="task", id=task.pk, note=True)
