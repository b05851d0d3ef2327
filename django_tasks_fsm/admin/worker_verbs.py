"""What people may do to workers: their rows are their own, until they are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf
from django_tasks_fsm.admin.verb_forms import ResizeForm
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.forgetting import forget
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.models.worker_verbs import pause_workers, resize_workers, resume_workers


def _forget(workers: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    ids = _ids(workers)
    gone = forget(ids, conf.options().lease, workers.db)
    state, left = TaskState.RETIRED.value, len(ids) - len(gone)
    moved = tuple(Moved(pk, "forget", state, state) for pk in gone)
    return Report(moved, refused=((gettext("alive, or still holding runs"), left),) if left else ())


def _ids(workers: Any) -> list[Any]:
    return list(workers.order_by("pk").values_list("pk", flat=True))


def _pause(workers: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    return pause_workers(_ids(workers), workers.db, actor=actor, reason=said["reason"])


def _resume(workers: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    return resume_workers(_ids(workers), workers.db)


def _resize(workers: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    return resize_workers(_ids(workers), said.get("slots"), workers.db)


PAUSE = Verb(
    name="pause",
    label=_("Pause"),
    effect=_("It starts nothing more, from its next heartbeat on. What it runs goes on."),
    permission="change_worker",
    fits=lambda worker: worker.stopped_at is None and not worker.is_paused,
    act=_pause,
    question=ngettext_lazy("Pause this worker?", "Pause these %(count)d workers?", "count"),
    done=ngettext_lazy("%(count)d worker paused", "%(count)d workers paused", "count"),
)
RESUME = Verb(
    name="resume",
    label=_("Resume"),
    effect=_("It starts runs again, from its next heartbeat on."),
    permission="change_worker",
    fits=lambda worker: worker.stopped_at is None and worker.is_paused,
    act=_resume,
    question=ngettext_lazy("Resume this worker?", "Resume these %(count)d workers?", "count"),
    done=ngettext_lazy("%(count)d worker resumed", "%(count)d workers resumed", "count"),
)
RESIZE = Verb(
    name="resize",
    label=_("Resize"),
    effect=_("It has so many slots from its next heartbeat on. If they are fewer, what it runs goes on to its end."),
    permission="change_worker",
    fits=lambda worker: worker.stopped_at is None,
    act=_resize,
    question=ngettext_lazy("Resize this worker?", "Resize these %(count)d workers?", "count"),
    done=ngettext_lazy("%(count)d worker resized", "%(count)d workers resized", "count"),
    form=ResizeForm,
)
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

WORKER_VERBS = (PAUSE, RESUME, RESIZE, FORGET)
