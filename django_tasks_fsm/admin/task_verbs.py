"""What people may do to tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from django_tasks_fsm.admin.overrides import can_reset, reset
from django_tasks_fsm.admin.verb_forms import PauseForm, ResumeForm, WhenForm
from django_tasks_fsm.admin.verbs import Verb, by_queryset, in_states
from django_tasks_fsm.core.machine import TASK_MACHINE
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.transitions import Moved

_RUNNABLE = (TaskState.ACTIVE, TaskState.PAUSED, TaskState.EXHAUSTED)
"""A person may run what does not fire by itself now; what is put away or not ready has to come back first."""


def _run_now(tasks: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    started: list[Moved] = []
    refused: Counter[str] = Counter()
    for task in tasks:
        if task.state not in _RUNNABLE:
            refused[task.state] += 1
            continue
        task.start(actor=actor, reason=said["reason"])
        started.append(Moved(task.pk, "start", task.state, task.state))
    return Report(tuple(started), refused=tuple(sorted(refused.items())))


RUN_NOW = Verb(
    name="run",
    label=_("Run now"),
    effect=_("One run is made now, with the stored arguments. The schedule stays as it is."),
    permission="run_task",
    fits=in_states(*_RUNNABLE),
    act=_run_now,
    question=ngettext_lazy("Run this task now?", "Run these %(count)d tasks now?", "count"),
    done=ngettext_lazy("%(count)d run started", "%(count)d runs started", "count"),
)
RESCHEDULE = Verb(
    name="reschedule",
    label=_("Reschedule"),
    effect=_("Another time becomes the next one; the schedule goes on from there."),
    permission="run_task",
    fits=in_states(TaskState.ACTIVE, *TASK_MACHINE.sources("reschedule")),
    act=by_queryset("run_at"),
    question=ngettext_lazy("Reschedule this task?", "Reschedule these %(count)d tasks?", "count"),
    done=ngettext_lazy("%(count)d task rescheduled", "%(count)d tasks rescheduled", "count"),
    form=WhenForm,
)
PAUSE = Verb(
    name="pause",
    label=_("Pause"),
    effect=_("The schedule stops firing. Runs that exist go on, and people may still run the task."),
    permission="run_task",
    fits=in_states(*TASK_MACHINE.sources("pause")),
    act=by_queryset("pause"),
    question=ngettext_lazy("Pause this task?", "Pause these %(count)d tasks?", "count"),
    done=ngettext_lazy("%(count)d task paused", "%(count)d tasks paused", "count"),
    form=PauseForm,
)
RESUME = Verb(
    name="resume",
    label=_("Resume"),
    effect=_("The schedule fires again from its next time on."),
    permission="run_task",
    fits=in_states(*TASK_MACHINE.sources("resume")),
    act=by_queryset("resume"),
    question=ngettext_lazy("Resume this task?", "Resume these %(count)d tasks?", "count"),
    done=ngettext_lazy("%(count)d task resumed", "%(count)d tasks resumed", "count"),
    form=ResumeForm,
)
RETIRE = Verb(
    name="retire",
    label=_("Retire"),
    effect=_("What is put away never fires, and nobody can run it. It is kept with its runs, and can be restored."),
    permission="change_task",
    fits=in_states(*TASK_MACHINE.sources("retire")),
    act=by_queryset("retire"),
    question=ngettext_lazy("Retire this task?", "Retire these %(count)d tasks?", "count"),
    done=ngettext_lazy("%(count)d task retired", "%(count)d tasks retired", "count"),
    is_grave=True,
)
RESTORE = Verb(
    name="restore",
    label=_("Restore"),
    effect=_("What was put away comes back into service and fires from its next time on."),
    permission="change_task",
    fits=in_states(*TASK_MACHINE.sources("restore")),
    act=by_queryset("restore"),
    question=ngettext_lazy("Restore this task?", "Restore these %(count)d tasks?", "count"),
    done=ngettext_lazy("%(count)d task restored", "%(count)d tasks restored", "count"),
)
RESET = Verb(
    name="reset",
    label=_("Reset to code"),
    effect=_("What was changed here becomes again what the code declares."),
    permission="change_task",
    fits=can_reset,
    act=reset,
    question=ngettext_lazy(
        "Reset this task to what the code declares?",
        "Reset these %(count)d tasks to what the code declares?",
        "count",
    ),
    done=ngettext_lazy("%(count)d task reset", "%(count)d tasks reset", "count"),
)

TASK_VERBS = (RUN_NOW, PAUSE, RESUME, RESCHEDULE, RESTORE, RESET, RETIRE)
