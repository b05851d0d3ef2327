"""What needs a person, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.history import spoken
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import short_error, tail
from django_tasks_fsm.admin.overview.lanes import Lane
from django_tasks_fsm.admin.overview.snapshot import MOST, Snapshot
from django_tasks_fsm.drawing.palette import BLOCKED
from django_tasks_fsm.models import TaskRun


@dataclass(frozen=True, slots=True)
class Item:
    """One line: ``badge`` is safe markup, ``why`` what somebody wrote or what is so."""

    badge: str
    name: str
    href: str
    why: str
    since: datetime | None


def items(now: Snapshot, links: Links) -> list[Item]:
    """Return the lines about what this user may see."""
    found: list[Item] = []
    if "worker" in links.visible:
        found += _lost(now, links)
        found += _saturated(now, links)
    if "task" in links.visible:
        found += _unreadable(now, links)
    if "queue" in links.visible:
        found += [_paused(lane, links) for lane in now.lanes if lane.queue.is_paused and lane.ready]
    if "taskrun" in links.visible:
        found += _blocked(now, links)
        found += [_run("FAILED", run, short_error(links.error(run.error), 160), links) for run in now.failed]
    return found


def _lost(now: Snapshot, links: Links) -> Iterator[Item]:
    lost = [worker for worker in now.workers if not worker.is_alive]
    for worker in lost[:MOST]:
        held = now.held.get(worker.pk, 0)
        text = ngettext("It holds %(count)d run.", "It holds %(count)d runs.", held) % {"count": held}
        mark = badge("FAILED", gettext("Lost"))
        yield Item(mark, worker.name, links.page("worker", worker.pk), text if held else "", worker.heartbeat_at)


def _saturated(now: Snapshot, links: Links) -> Iterator[Item]:
    for worker in [worker for worker in now.workers if worker.is_saturated][:MOST]:
        text = gettext("All its %(slots)d slots are taken, and runs that are due wait.") % {"slots": worker.concurrency}
        mark = badge("PENDING", gettext("Saturated"))
        yield Item(mark, worker.name, links.page("worker", worker.pk), text, worker.saturated_since)


def _unreadable(now: Snapshot, links: Links) -> Iterator[Item]:
    for task in now.unreadable:
        why = gettext("Its schedule cannot be read: it never fires.")
        yield Item(badge(BLOCKED, gettext("No schedule")), task.name, links.page("task", task.pk), why, None)


def _paused(lane: Lane, links: Links) -> Item:
    queue, by = lane.queue, spoken(lane.queue.paused_by)
    count = f"{lane.ready}+" if lane.is_more else str(lane.ready)
    text = ngettext("%(count)s run is ready here.", "%(count)s runs are ready here.", lane.ready) % {"count": count}
    who = gettext("Paused by %(who)s.") % {"who": by} if by else ""
    why = " ".join(filter(None, (text, who, queue.pause_reason)))
    return Item(badge("PAUSED"), queue.name, links.page("queue", queue.pk), why, queue.paused_at)


def _blocked(now: Snapshot, links: Links) -> Iterator[Item]:
    for run, of in now.broken:
        text = gettext("It waits in vain for %(run)s.") % {"run": called(of)}
        yield _run(BLOCKED, run, text, links)


def _run(state: str, run: TaskRun, why: str, links: Links) -> Item:
    return Item(badge(state), called(run), links.page("taskrun", run.pk), why, run.finished_at or run.enqueued_at)


def called(run: TaskRun) -> str:
    """Return what to call a run: its task, and its label or the end of its id."""
    return f"{run.task.name} {run.label or tail(run.pk)}"
