"""Filters by a row that another page links to: shown while they are set, never as a list of all rows."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.filters import Choices
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun, Worker


class LinkedFilter(admin.SimpleListFilter):
    """Filter by one row of another table."""

    column = ""
    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the row that was asked for, if there is one."""
        value = self.value()
        if value is None:
            return ()
        return [(value, self.label(value))]

    def label(self, value: str) -> str:
        """Return the name of the row; raise IncorrectLookupParameters where there is none."""
        found = self.model._default_manager.filter(pk=self.parsed(value)).first()
        if found is None:
            raise IncorrectLookupParameters
        return str(found)

    def parsed(self, value: str) -> Any:
        """Return the value as the column holds it; raise IncorrectLookupParameters for one that it cannot hold."""
        return _uuid(value)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that belong to it."""
        value = self.value()
        return queryset if value is None else queryset.filter(**{self.column: self.parsed(value)})


class TaskFilter(LinkedFilter):
    """Filter runs by task."""

    title, parameter_name, column, model = _("task"), "task", "task_id", Task

    def parsed(self, value: str) -> int:
        """Return the id of the task."""
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise IncorrectLookupParameters
        return int(value)


class WorkerFilter(LinkedFilter):
    """Filter runs that a worker holds now: the index knows only these."""

    title, parameter_name, column, model = _("worker that holds it"), "worker", "worker_id", Worker

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the runs that the worker holds."""
        rows = super().queryset(request, queryset)
        return rows if self.value() is None else rows.filter(state=RunState.RUNNING.value)


class GraphFilter(LinkedFilter):
    """Filter runs by the run graph they belong to."""

    title, parameter_name, column, model = _("graph"), "graph", "graph", TaskRun

    def label(self, value: str) -> str:
        """Return the end of the id: a graph has no row of its own."""
        return str(self.parsed(value))[-12:]


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise IncorrectLookupParameters from None
