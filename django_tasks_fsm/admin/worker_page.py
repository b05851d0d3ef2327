"""What the page of a worker tells beside its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.history import spoken
from django_tasks_fsm.admin.times import both
from django_tasks_fsm.models import TaskRun, Worker

Facts = Iterator[tuple[str, Any]]
MOST_QUEUES = 20
"""Queues of which is told how much a worker runs."""


def size(slots: int | None) -> str:
    """Return a number of slots in words; None is that with which the worker was started."""
    if slots is None:
        return gettext("as many slots as it was started with")
    return ngettext("%(count)d slot", "%(count)d slots", slots) % {"count": slots}


def served(worker: Worker) -> str:
    """Return the queues of a worker, and those it leaves out."""
    names = gettext("all") if "*" in worker.queues else ", ".join(worker.queues)
    if not worker.excluded_queues:
        return names
    return gettext("%(queues)s, without %(excluded)s") % {
        "queues": names,
        "excluded": ", ".join(worker.excluded_queues),
    }


def facts(worker: Worker, held: QuerySet[TaskRun]) -> Facts:
    """Give what is so, what people want, and what it said of itself at its last heartbeat."""
    yield gettext("Queues"), served(worker)
    yield from _slots(worker)
    yield from _lanes(worker, held)
    yield gettext("Process"), f"{worker.host}:{worker.pid}"
    if worker.rss is not None:
        yield gettext("Memory"), filesizeformat(worker.rss)
    if worker.versions:
        yield gettext("Versions"), _counted(worker.versions)
    yield gettext("Started"), both(worker.started_at)
    yield gettext("Last heartbeat"), both(worker.heartbeat_at)
    if worker.is_paused:
        yield gettext("Paused since"), both(worker.paused_at)
        yield gettext("Paused by"), spoken(worker.paused_by)
        yield gettext("Reason"), worker.pause_reason or "\N{EN DASH}"
    if worker.is_saturated:
        yield gettext("Saturated since"), both(worker.saturated_since)
    if worker.stopped_at:
        yield gettext("Stopped"), both(worker.stopped_at)


def _slots(worker: Worker) -> Facts:
    yield gettext("Concurrency"), worker.concurrency
    wanted = worker.desired_concurrency
    if wanted is not None and wanted != worker.concurrency:
        yield gettext("Wanted concurrency"), wanted
    text = gettext("%(slots)d for priority %(priority)d and above")
    pairs = [text % {"slots": slots, "priority": priority} for priority, slots in worker.reserved]
    if pairs:
        yield gettext("Reserved slots"), gettext(", ").join(pairs)
    if worker.queue_concurrency:
        yield gettext("At most of a queue"), _counted(worker.queue_concurrency)


def _lanes(worker: Worker, held: QuerySet[TaskRun]) -> Facts:
    counts = held.order_by("queue").values_list("queue").annotate(Count("pk"))[:MOST_QUEUES]
    if by_queue := dict(counts):
        yield gettext("Runs by queue"), _counted(by_queue)
    if worker.lanes and worker.is_alive:
        yield gettext("Runs by executor"), _counted(worker.lanes)


def _counted(values: Mapping[str, Any]) -> str:
    return gettext(", ").join(f"{name} {value}" for name, value in values.items())
