"""Filters that an index serves, over sets that are known to be small."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf
from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.drawing import STATES
from django_tasks_fsm.drawing.palette import BLOCKED, RETRY
from django_tasks_fsm.models import Queue, TaskRun

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Choices = Sequence[tuple[str, "str | _StrPromise"]]

MOST_QUEUES = 100
"""Names offered by the filter; more would not be read."""
LATE = timedelta(minutes=1)
"""A task whose time came so long ago is late."""


class ChoiceFilter(admin.SimpleListFilter):
    """Filter by one of the offered values only; another one leads back to the whole list."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return what is offered, and refuse what is not."""
        offered = self.offered()
        if self.value() is not None and self.value() not in {value for value, _ in offered}:
            raise IncorrectLookupParameters
        return offered

    def offered(self) -> Choices:
        """Return the values to choose from."""
        return ()


class WhenFilter(ChoiceFilter):
    """Filter runs by when they were enqueued, which their ids tell: the primary key serves it."""

    title = _("time enqueued")
    parameter_name = "when"
    spans = {
        "15m": (_("Last 15 minutes"), 900),
        "1h": (_("Last hour"), 3600),
        "24h": (_("Last 24 hours"), 86_400),
        "7d": (_("Last 7 days"), 604_800),
        "30d": (_("Last 30 days"), 2_592_000),
    }

    def offered(self) -> Choices:
        """Return the spans of time."""
        return [(value, span[0]) for value, span in self.spans.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the runs of the chosen span."""
        if self.value() is None:
            return queryset
        seconds = self.spans[str(self.value())][1]
        return queryset.filter(pk__gte=first_run_id_at(timezone.now().timestamp() - seconds))


IN_LINE = "IN_LINE"


class RunStateFilter(ChoiceFilter):
    """Filter runs by state, and by the two states that PENDING is shown as."""

    title = _("state")
    parameter_name = "state"

    def offered(self) -> Choices:
        """Return the states in the order of a run's life."""
        shown = [state.value for state in RunState]
        shown[2:2] = [BLOCKED, RETRY]
        words: Choices = [(state, STATES[state].word) for state in shown]
        return [*words[:2], (IN_LINE, _("In line")), *words[2:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the runs that are shown as being in the state."""
        pending = Q(state=RunState.PENDING.value)
        shown = {
            IN_LINE: Q(line=Place.IN_LINE.value, line__gt=Place.OUTSIDE.value),
            BLOCKED: pending & Q(waiting_on__gt=0),
            RETRY: pending & Q(waiting_on=0, line=Place.OUTSIDE.value, attempt__gt=0),
            RunState.PENDING.value: pending & Q(waiting_on=0, line=Place.OUTSIDE.value, attempt=0),
        }
        value = self.value()
        return queryset if value is None else queryset.filter(shown.get(value, Q(state=value)))


class TaskStateFilter(ChoiceFilter):
    """Filter tasks by state."""

    title = _("state")
    parameter_name = "state"

    def offered(self) -> Choices:
        """Return the states."""
        return [(state.value, STATES[state.value].word) for state in TaskState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the tasks in the state."""
        return queryset if self.value() is None else queryset.filter(state=self.value())


class QueueFilter(ChoiceFilter):
    """Filter by queue; every queue has a row, so nobody asks the runs for their distinct queues."""

    title = _("queue")
    parameter_name = "queue"

    def offered(self) -> Choices:
        """Return the names of the queues."""
        names = Queue.objects.order_by("name").values_list("name", flat=True)[:MOST_QUEUES]
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the queue."""
        return queryset if self.value() is None else queryset.filter(queue=self.value())


class TriggerFilter(ChoiceFilter):
    """Tell scheduled tasks from those that run when asked."""

    title = _("schedule")
    parameter_name = "schedule"

    def offered(self) -> Choices:
        """Return both kinds."""
        return [("yes", _("With a next run")), ("no", _("Without"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the tasks that will, or will not, fire."""
        return queryset if self.value() is None else queryset.filter(next_run_at__isnull=self.value() == "no")


class LivenessFilter(ChoiceFilter):
    """Filter workers by whether they live."""

    title = _("state")
    parameter_name = "alive"

    def offered(self) -> Choices:
        """Return what a worker can be."""
        states = [("live", _("Live")), ("lost", _("Lost")), ("stopped", _("Stopped"))]
        return [*states, ("paused", _("Paused")), ("saturated", _("Saturated"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the workers that are in that state by this host's clock."""
        oldest = timezone.now() - conf.options().lease
        kept = {
            "live": Q(stopped_at=None, heartbeat_at__gte=oldest),
            "lost": Q(stopped_at=None, heartbeat_at__lt=oldest),
            "stopped": Q(stopped_at__isnull=False),
            "paused": Q(stopped_at=None, paused_at__isnull=False),
            "saturated": Q(stopped_at=None, heartbeat_at__gte=oldest, saturated_since__isnull=False),
        }
        return queryset if self.value() is None else queryset.filter(kept[str(self.value())])


class LateFilter(ChoiceFilter):
    """Find the tasks whose next time has passed and that nobody has fired."""

    title = _("lateness")
    parameter_name = "late"

    def offered(self) -> Choices:
        """Return the one kind that is looked for."""
        return [("yes", _("Late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the active tasks whose time came longer ago than a worker takes to notice."""
        if self.value() is None:
            return queryset
        latest = timezone.now() - LATE
        return queryset.filter(state=TaskState.ACTIVE.value, next_run_at__lt=latest)


class LastResultFilter(ChoiceFilter):
    """Filter tasks by how their last run stands: one step in the index over task and id for each task."""

    title = _("last run")
    parameter_name = "last"

    def offered(self) -> Choices:
        """Return the states in the order of a run's life, and none."""
        return [*((state.value, STATES[state.value].word) for state in RunState), ("none", _("No run yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the tasks whose newest run is in the state."""
        value = self.value()
        if value is None:
            return queryset
        newest = TaskRun.objects.filter(task=OuterRef("pk")).order_by("-id").values("state")[:1]
        kept: QuerySet[Any] = queryset.alias(last=Subquery(newest)).filter(last=None if value == "none" else value)
        return kept
