"""The overview as one user may see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from django_tasks_fsm.admin.links import APP, Links
from django_tasks_fsm.admin.overview.attention import called, items
from django_tasks_fsm.admin.overview.chart import chart
from django_tasks_fsm.admin.overview.lanes import Lane
from django_tasks_fsm.admin.overview.snapshot import MOST, Snapshot, snapshot
from django_tasks_fsm.admin.schedule_words import schedule_of
from django_tasks_fsm.admin.times import duration
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Worker
from django_tasks_fsm.pictures.words import shown_state

MOST_WORKERS = 12


@dataclass(frozen=True, slots=True)
class Coming:
    """What comes next: a run that is due, or a task that fires."""

    at: datetime
    name: str
    href: str
    state: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Running:
    """A run at work."""

    run: TaskRun
    name: str
    href: str
    ran: str
    percent: int | None


def links_of(app_list: Iterable[Mapping[str, Any]], site: str, sees_payloads: bool = False) -> Links:
    """Return the links to the models that the site has and that the user may view."""
    models = [model for app in app_list if app["app_label"] == APP for model in app["models"]]
    visible = frozenset(model["model"]._meta.model_name for model in models if model["perms"].get("view"))
    return Links(site, visible, sees_payloads and "taskrun" in visible)


def board(app_list: Sequence[Mapping[str, Any]], site: str, sees_payloads: bool) -> dict[str, Any]:
    """Return what the page shows; the pieces about rows that the user may not view are missing."""
    links = links_of(app_list, site, sees_payloads)
    if not links.visible:
        return {}
    now = snapshot()
    found: dict[str, Any] = {"at": now.at, "lists": _lists(app_list), "items": items(now, links)}
    if "taskrun" in links.visible:
        found |= {"tiles": _tiles(now, links), "chart": chart(now.hours), "running": _running(now, links)}
    if links.visible & {"task", "taskrun"}:
        found["coming"] = coming(now, links)
    if "queue" in links.visible:
        found["lanes"] = [(lane, links.page("queue", lane.queue.pk), _share(lane)) for lane in now.lanes]
    if "worker" in links.visible:
        found["workers"] = _workers(now, links)
    return found


def _lists(app_list: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    models = [model for app in app_list if app["app_label"] == APP for model in app["models"]]
    return [(model["admin_url"], model["name"]) for model in models if model["admin_url"]]


def _tiles(now: Snapshot, links: Links) -> list[tuple[str, Any, str]]:
    return [(state, tally, links.listing("taskrun", {"state": state})) for state, tally in now.tallies.items()]


def _running(now: Snapshot, links: Links) -> list[Running]:
    here = timezone.now()
    return [
        Running(run, called(run), links.page("taskrun", run.pk), duration(here - run.started_at), run.progress)
        for run in now.running
        if run.started_at is not None and run.state == RunState.RUNNING
    ]


def coming(now: Snapshot, links: Links) -> list[Coming]:
    """Return the runs that are due and the tasks that fire, in the order of their times."""
    found: list[Coming] = []
    if "taskrun" in links.visible:
        found += [
            Coming(run.run_at, called(run), links.page("taskrun", run.pk), shown_state(run), "") for run in now.due
        ]
    if "task" in links.visible:
        found += [
            Coming(task.next_run_at, task.name, links.page("task", task.pk), task.state, schedule_of(task))
            for task in now.firing
            if task.next_run_at is not None
        ]
    return sorted(found, key=lambda one: one.at)[:MOST]


def _share(lane: Lane) -> int:
    return min(100, 100 * lane.busy // lane.slots) if lane.slots else 0


def _workers(now: Snapshot, links: Links) -> list[tuple[Worker, str, int]]:
    """Return the workers, the lost ones first, with what they hold."""
    rows = sorted(now.workers, key=lambda worker: worker.is_alive)
    return [(row, links.page("worker", row.pk), now.held.get(row.pk, 0)) for row in rows[:MOST_WORKERS]]
