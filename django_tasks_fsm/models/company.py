"""Whom a run knows: who started it, whom it has started, and who writes to it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.models import QuerySet

from django_tasks_fsm.models.fields import StatefulModel

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun


class RunCompany(StatefulModel):
    """Parent, children and messages of one run."""

    class Meta:
        abstract = True

    def send(self, name: str, payload: Any = None, *, sender: uuid.UUID | None = None) -> None:
        """Leave a message, which the run gets at its next ``context.messages()``, a service at once.

        The payload is checked as arguments are. Raise RunHasEnded, and QueueFull when too many wait already. In a
        transaction of the caller's it is sent when that commits.
        """
        from django_tasks_fsm.models.mail import Letter, send

        send([Letter(self.pk, name, payload, sender)], router.db_for_write(type(self), instance=self))

    @property
    def parent(self) -> TaskRun | None:
        """Return the run that has started this one by ``context.start_child``; None for all others."""
        return self._runs().filter(bonds__run=self.pk).first()

    def children(self) -> QuerySet[TaskRun]:
        """Return the runs that this one has started by ``context.start_child``, in their order."""
        return self._runs().filter(bond__parent=self.pk).order_by("pk")

    def child(self, name: str) -> TaskRun | None:
        """Return the newest child of that name; None if there never was one."""
        return self.children().filter(bond__name=name).last()

    def _runs(self) -> QuerySet[TaskRun]:
        runs: Any = type(self)._default_manager.using(self._state.db)
        rows: QuerySet[TaskRun] = runs.all()
        return rows
