"""What people may do to queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from django_tasks_fsm.admin.verb_forms import PauseForm
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.queue_verbs import OPEN, PAUSED, pause_queues, resume_queues


def queue_state(queue: Any) -> str:
    """Return whether workers serve the queue."""
    return PAUSED if queue.is_paused else OPEN


def _pause(queues: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    return pause_queues(_names(queues), queues.db, actor=actor, reason=said["reason"], until=said.get("until"))


def _resume(queues: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    return resume_queues(_names(queues), queues.db)


def _names(queues: Any) -> list[str]:
    return list(queues.values_list("pk", flat=True))


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
