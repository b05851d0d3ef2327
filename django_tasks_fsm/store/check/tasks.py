"""Tasks: what their rows say can be read, and fits their state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import registry
from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidLimit, InvalidTrigger
from django_tasks_fsm.models import Task, TaskPrerequisite
from django_tasks_fsm.models.task import OnLost, OnOverlap, Origin
from django_tasks_fsm.models.task_verbs import first_time
from django_tasks_fsm.store.check.advice import EDIT_TASK, RESTORE
from django_tasks_fsm.store.check.invariant import MOST, Culprit, Each, Invariant, Look, Where

ACTIVE = TaskState.ACTIVE.value


def _words(words: type) -> list[str]:
    return [word.value for word in words]  # type: ignore[attr-defined]


def _tasks(look: Look) -> Iterator[Task]:
    rows = Task.objects.using(look.using).exclude(state=TaskState.RETIRED.value)
    yield from rows.order_by("pk").iterator(chunk_size=MOST)


def _fires(task: Task) -> str:
    try:
        _ = task.fires
    except InvalidTrigger as error:
        return str(error)
    return ""


def _trigger(look: Look) -> Sequence[Culprit]:
    told = ((task, _fires(task)) for task in _tasks(look))
    return [Culprit("task", task.pk, {"name": task.name, "error": error}) for task, error in told if error]


def _settings(look: Look) -> Sequence[Culprit]:
    told = ((task, _unreadable(task)) for task in _tasks(look))
    return [Culprit("task", task.pk, {"name": task.name, "error": error}) for task, error in told if error]


def _unreadable(task: Task) -> str:
    try:
        _ = task.limits, task.misfire_policy
    except (InvalidLimit, InvalidTrigger) as error:
        return str(error)
    if not isinstance(task.args, list) or not isinstance(task.kwargs, dict):
        return "args, kwargs"
    return ""


def _without_time(look: Look) -> Sequence[Culprit]:
    rows = (
        Task.objects.using(look.using).filter(state=ACTIVE, next_run_at=None).order_by("pk").iterator(chunk_size=MOST)
    )
    # Of a function that is not known here nobody can tell whether it is a service, whose times are not kept there.
    known = (task for task in rows if registry.get(task.function) is not None)
    found = ((task, first_time(task, look.now)) for task in known)
    return [Culprit("task", task.pk, {"name": task.name, "fires_at": at}) for task, at in found if at is not None]


def _unregistered(look: Look) -> Sequence[Culprit]:
    lacking = (task for task in _tasks(look) if registry.get(task.function) is None)
    return [Culprit("task", task.pk, {"name": task.name, "function": task.function}) for task in lacking]


def _cycle(look: Look) -> Sequence[Culprit]:
    cycle = cycle_in(list(TaskPrerequisite.objects.using(look.using).values_list("prerequisite_id", "task_id")))
    return [Culprit("task", min(cycle), {"runs": len(cycle), "cycle": cycle[:10]})] if cycle else []


RULES = (
    Invariant(
        "T701",
        _("Every state of a task is one that there is."),
        _("It does not fire, and nothing else can be done with it."),
        RESTORE,
        Where(Task, "task", ~Q(state__in=_words(TaskState)), ("name", "state")),
    ),
    Invariant(
        "T702",
        _("Limits, policies and arguments of a task can be read."),
        _("It does not fire, or not as somebody wanted it."),
        EDIT_TASK,
        Each(_settings),
    ),
    Invariant(
        "T703",
        _("The schedule of a task can be read."),
        _("It never fires."),
        EDIT_TASK,
        Each(_trigger),
    ),
    Invariant(
        "T704",
        _("An active task whose schedule has more times knows the next one."),
        _("It does not fire any more: when it last should have, its row could not be read, or it was emptied by hand."),
        _("Give it a next time (tasks_fsm reschedule --run-at), or its schedule anew."),
        Each(_without_time),
    ),
    Invariant(
        "T705",
        _("A task has the times of its state: none when it is exhausted, no end of a pause when it is active."),
        _("It fires, or stops to fire, when nobody expects it."),
        _("Pause and resume it, or give it its schedule anew."),
        Where(
            Task,
            "task",
            Q(state=TaskState.EXHAUSTED.value, next_run_at__isnull=False)
            | Q(state=ACTIVE, paused_until__isnull=False),
            ("name", "state", "next_run_at", "paused_until"),
        ),
    ),
    Invariant(
        "T706",
        _("Every policy of a task is one that there is, and every number one that people may choose."),
        _("A worker that comes to need it fails, or takes it for something else."),
        EDIT_TASK,
        Where(
            Task,
            "task",
            ~Q(on_overlap__in=_words(OnOverlap))
            | ~Q(on_lost__in=_words(OnLost))
            | ~Q(on_prerequisite_failure__in=_words(OnFailure))
            | ~Q(origin__in=_words(Origin))
            | Q(max_attempts=0) | Q(max_instances=0) | Q(concurrency=0) | Q(max_runs=0) | Q(timeout__lte=0)
            | Q(min_interval__lt=0) | Q(priority__lt=-100) | Q(priority__gt=100),
            ("name", "on_overlap", "on_lost", "on_prerequisite_failure", "origin"),
        ),
    ),
    Invariant(
        "T707",
        _("No task waits for itself, not even by way of others."),
        _("Starting any of them fails."),
        _("Delete one of these prerequisites in the admin."),
        Each(_cycle),
    ),
    Invariant(
        "T708",
        _("Every condition and every policy of a prerequisite between tasks is one that there is."),
        _("Starting the task fails."),
        RESTORE,
        Where(
            TaskPrerequisite,
            "prerequisite",
            ~Q(condition__in=_words(Condition)) | ~Q(on_failure__in=[*_words(OnFailure), ""]),
            ("task_id", "prerequisite_id", "condition", "on_failure"),
        ),
    ),
    Invariant(
        "T709",
        _("The function of every task is registered in this process."),
        _("Other processes may know it; a worker like this one hands its runs back."),
        _("Deploy the code that has it, or retire the task."),
        Each(_unregistered),
        is_note=True,
    ),
)  # fmt: skip
