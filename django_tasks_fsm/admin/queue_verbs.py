"""What people may do to queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from django_tasks_fsm.admin.verb_forms import PauseForm
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.queue import shut
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved

OPEN, PAUSED = TaskState.ACTIVE.value, TaskState.PAUSED.value
"""A queue has no state column; these two words of a task say the same."""


def queue_state(queue: Any) -> str:
    """Return whether workers serve the queue."""
    return PAUSED if queue.is_paused else OPEN


def _pause(queues: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    values = {
        "paused_at": timezone.now(),
        "paused_by": actor.name,
        "paused_until": said.get("until"),
        "pause_reason": said["reason"],
    }
    return in_transaction(lambda: _move(queues, "pause", OPEN, values), queues.db)


def _resume(queues: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    values = {"paused_at": None, "paused_by": "", "paused_until": None, "pause_reason": ""}
    report = in_transaction(lambda: _move(queues, "resume", PAUSED, values), queues.db)
    wake([row.pk for row in report.moved], queues.db)
    return report


def _move(queues: Any, event: str, source: str, values: Mapping[str, Any]) -> Report:
    """Write ``values`` to the queues that are in the state ``source``, one by one: each UPDATE tells who was first."""
    target = PAUSED if source == OPEN else OPEN
    names = list(queues.order_by("pk").values_list("pk", flat=True))
    rows = queues.model._default_manager.using(queues.db)
    moved = [
        Moved(name, event, source, target)
        for name in names
        if rows.filter(shut() if source == PAUSED else ~shut(), pk=name).update(**values)
    ]
    left = len(names) - len(moved)
    return Report(tuple(moved), refused=((target, left),) if left else ())


PAUSE = Verb(
    name="pause",
    label=_("Pause"),
    effect=_("Workers start nothing more from here. What is running goes on; the rest stays in line."),
    permission="change_queue",
    fits=lambda queue: not queue.is_paused,
    act=_pause,
    question=ngettext_lazy("Pause this queue?", "Pause these %(count)d queues?", "count"),
    done=ngettext_lazy("%(count)d queue paused", "%(count)d queues paused", "count"),
    form=PauseForm,
)
RESUME = Verb(
    name="resume",
    label=_("Resume"),
    effect=_("Workers start runs from here again."),
    permission="change_queue",
    fits=lambda queue: queue.is_paused,
    act=_resume,
    question=ngettext_lazy("Resume this queue?", "Resume these %(count)d queues?", "count"),
    done=ngettext_lazy("%(count)d queue resumed", "%(count)d queues resumed", "count"),
)

QUEUE_VERBS = (PAUSE, RESUME)
