"""What a run waits for, and the verbs that execute it here or hand it to the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.fields import StatefulModel

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun

COMPLETED = (RunState.DONE, RunState.FAILED, RunState.ABORTED)


class RunMaking(StatefulModel):
    """The doors of the room ``making``, and of the wish to rest."""

    class Meta:
        abstract = True

    def blockers(self) -> QuerySet[TaskRun]:
        """Return the runs that this one waits for: those whose edge is not met."""
        runs: Any = type(self)._default_manager.using(self._state.db)
        found: QuerySet[TaskRun] = runs.filter(dependent_edges__run=self.pk, dependent_edges__met=False).order_by("pk")
        return found

    @property
    def is_blocked(self) -> bool:
        """Tell whether a prerequisite is unmet now; asks the database."""
        return self.blockers().exists()

    @property
    def is_completed(self) -> bool:
        """Tell whether the run was DONE, FAILED or ABORTED when it was read: one that is CANCELLED may be repaired."""
        return self.state in COMPLETED  # type: ignore[attr-defined]

    # The step up, as Task.start takes it: executing runs is a verb of the room making.

    def dispatch(self) -> TaskRun:
        """Execute the run now, in this thread, whether or not it is due, and return it as it stands then.

        Raise BlockedError while a prerequisite is unmet, IllegalTransition in a state other than PENDING and QUEUED,
        and StaleState when somebody else takes the run at this moment.
        """
        from django_tasks_fsm.making import dispatch

        return dispatch(self)  # type: ignore[arg-type]

    def bg(self, *, actor: Actor = Actor.system(), reason: str = "") -> TaskRun:
        """Have the workers execute the run now, and return it. Raise as ``dispatch`` does."""
        from django_tasks_fsm.making import bg

        return bg(self, actor=actor, reason=reason)  # type: ignore[arg-type]

    def make(self, fail_fast: bool = False) -> bool:
        """Execute the run and, before it, what it waits for, in this thread; return ``is_completed``."""
        from django_tasks_fsm.making import make_now

        make_now(self, fail_fast=fail_fast)
        return self.is_completed

    def pause(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Ask a RUNNING run to rest at its next ``context.check()``. Return False in any other state."""
        return bool(self._one("pause", actor, reason))  # type: ignore[attr-defined]

    def resume(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Let a run that was asked to rest go on. Return False when it was not asked, or has ended."""
        return bool(self._one("resume", actor, reason))  # type: ignore[attr-defined]
