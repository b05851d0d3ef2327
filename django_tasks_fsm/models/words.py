"""The states as people read them."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.core.states import RunState, TaskState

RUN_STATE_WORDS = {
    RunState.PREPARE.value: pgettext_lazy("run state", "Preparing"),
    RunState.PENDING.value: pgettext_lazy("run state", "Pending"),
    RunState.QUEUED.value: pgettext_lazy("run state", "Queued"),
    RunState.RUNNING.value: pgettext_lazy("run state", "Running"),
    RunState.DONE.value: pgettext_lazy("run state", "Done"),
    RunState.FAILED.value: pgettext_lazy("run state", "Failed"),
    RunState.CANCELLED.value: pgettext_lazy("run state", "Cancelled"),
    RunState.SKIPPED.value: pgettext_lazy("run state", "Skipped"),
    RunState.ABORTED.value: pgettext_lazy("run state", "Aborted"),
}

PLACE_WORDS = {
    Place.OUTSIDE.value: pgettext_lazy("place in line", "Outside"),
    Place.IN_LINE.value: pgettext_lazy("place in line", "In line"),
    Place.HELD.value: pgettext_lazy("place in line", "Holds a slot"),
}

ON_FAILURE_WORDS = {
    OnFailure.BLOCK.value: pgettext_lazy("prerequisite failed", "wait until it is repaired"),
    OnFailure.FAIL.value: pgettext_lazy("prerequisite failed", "fail too"),
    OnFailure.CANCEL.value: pgettext_lazy("prerequisite failed", "be cancelled"),
    OnFailure.SKIP.value: pgettext_lazy("prerequisite failed", "be skipped"),
    OnFailure.IGNORE.value: pgettext_lazy("prerequisite failed", "run all the same"),
}

TASK_STATE_WORDS = {
    TaskState.PREPARE.value: pgettext_lazy("task state", "Preparing"),
    TaskState.ACTIVE.value: pgettext_lazy("task state", "Active"),
    TaskState.PAUSED.value: pgettext_lazy("task state", "Paused"),
    TaskState.EXHAUSTED.value: pgettext_lazy("task state", "Exhausted"),
    TaskState.RETIRED.value: pgettext_lazy("task state", "Retired"),
}
