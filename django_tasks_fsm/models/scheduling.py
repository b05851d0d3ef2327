"""The verbs on when one task fires, and on its fields."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_tasks_fsm.core.triggers import Trigger
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.fields import StatefulModel

if TYPE_CHECKING:
    from django_tasks_fsm.models.querysets import TaskQuerySet


class TaskScheduling(StatefulModel):
    """Do to one row what the verbs of the queryset do to many; what they write is read again afterwards."""

    class Meta:
        abstract = True

    def pause(self, *, until: datetime | None = None, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Stop firing, until somebody resumes it or, by the database's clock, ``until``; runs that exist go on.

        Return False when the task was not ACTIVE.
        """
        return self._told(bool(self._row.pause(until=until, actor=actor, reason=reason).moved))

    def resume(self, *, catch_up: bool = False, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Fire again from the next slot after now; return False if not PAUSED.

        With ``catch_up`` the slots of the pause are missed ones, which the task's policy decides about; without, they
        are lost.
        """
        return self._told(bool(self._row.resume(catch_up=catch_up, actor=actor, reason=reason).moved))

    def run_at(self, at: datetime, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Set the next time only; the trigger goes on from there. ``at`` is aware (naive without USE_TZ).

        Return False for a task that is neither ACTIVE nor EXHAUSTED.
        """
        return self._told(bool(self._row.run_at(at, actor=actor, reason=reason).moved))

    def reschedule(
        self, *when: datetime | str | Trigger, actor: Actor = Actor.system(), reason: str = "", **said: Any
    ) -> bool:
        """Give the task another trigger, and the next time that follows from it; a datetime alone is ``run_at``.

        A trigger is said as in ``schedule`` (``cron=``, ``every=``, ``at=`` or ``trigger=``, with their options), or by
        its kind and keywords: ``("cron", hour=10, minute=5)``, ``("interval", seconds=30)``, ``("once", run_at=...)``.
        Raise InvalidTrigger, and change nothing, for one that cannot be used or has no time any more. Return False for
        a task that is neither ACTIVE nor EXHAUSTED.
        """
        from django_tasks_fsm.models.rescheduling import reschedule, without_name

        words = without_name(self, when, said)  # type: ignore[arg-type]
        return self._told(bool(reschedule(self._row, words, said, actor, reason).moved), "trigger", "overrides")

    def update(self, *, actor: Actor = Actor.system(), reason: str = "", **fields: Any) -> tuple[str, ...]:
        """Change several fields, all or none, and return the names of those that had another value.

        Raise FieldNotEditable for a name that is no field, or none to be changed so, and Django's ValidationError for
        values that cannot be used. Another trigger leaves the next time as it is: see ``reschedule``.
        """
        from django_tasks_fsm.models.editing import edit

        changed = edit(self._row, fields, actor, reason).get(self.pk, ())
        self._told(bool(changed), *changed, "overrides", "updated_at")
        return changed

    @property
    def _row(self) -> TaskQuerySet:
        rows: TaskQuerySet = type(self).objects.filter(pk=self.pk)  # type: ignore[attr-defined]
        return rows

    def _told(self, moved: bool, *fields: str) -> bool:
        # Not the rest: what the caller has assigned, and not saved yet, stays.
        self.refresh_from_db(fields=[*self.machine_fields, *fields])
        return moved
