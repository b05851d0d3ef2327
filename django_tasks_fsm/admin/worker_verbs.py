"""What people may do to workers: their rows are their own, until they are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.forgetting import forget
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.transitions import Moved


def _forget(workers: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    ids = list(workers.order_by("pk").values_list("pk", flat=True))
    gone = forget(ids, conf.options().lease, workers.db)
    state, left = TaskState.RETIRED.value, len(ids) - len(gone)
    moved = tuple(Moved(pk, "forget", state, state) for pk in gone)
    return Report(moved, refused=((gettext("alive, or still holding runs"), left),) if left else ())


FORGET = Verb(
    name="forget",
    label=_("Forget"),
    effect=_("Its row is deleted. One that still holds runs is kept until another worker has taken them back."),
    permission="delete_worker",
    fits=lambda worker: not worker.is_alive,
    act=_forget,
    question=ngettext_lazy("Forget this worker?", "Forget these %(count)d workers?", "count"),
    done=ngettext_lazy("%(count)d worker forgotten", "%(count)d workers forgotten", "count"),
    is_grave=True,
    removes=True,
)

WORKER_VERBS = (FORGET,)
