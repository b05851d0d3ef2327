"""Every address of the app's admin, with what a POST there says: taken from the admins, so later views are there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from django_tasks_fsm.admin.picture_files import KINDS
from django_tasks_fsm.admin.repair_verbs import Repair
from django_tasks_fsm.admin.verb_admin import VerbAdmin
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Message, Queue, RunDetail, RunLog, Task, TaskRun, Transition
from tests.admin.pages import APP, task_form
from tests.admin.rows import FUNCTION, make_run, make_task, make_worker, soon

PRIVATE = "p4yl0ad"
"""Stands in everything that only view_payload shows."""
ANSWER = {"post": "yes", "reason": "because", "at": soon(days=1).strftime("%Y-%m-%dT%H:%M:%S")}


@dataclass(frozen=True)
class Address:
    """One place to knock at: what a POST there says, and the permission with which it may change rows.

    ``asks_for`` is that of the action which a POST leads to, where it only asks.
    """

    path: str
    data: Mapping[str, Any] = field(default_factory=dict)
    permission: str = ""
    asks_for: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.data.get('action', '')}".strip()


def addresses() -> list[Address]:
    """Return every address, with rows in states in which its POST would do something."""
    make_rows()
    return list(_addresses())


def routes() -> set[str]:
    """Return the routes of the app's admin, as the resolver has them."""
    return {route for route in _routes("", get_resolver().url_patterns) if route.startswith(f"admin/{APP}/")}


def route_of(where: Address) -> str:
    """Return the route that an address belongs to."""
    return resolve(where.path.partition("?")[0]).route


def _routes(before: str, patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(before + str(pattern.pattern), pattern.url_patterns)
        else:
            yield before + str(pattern.pattern)


def _addresses() -> Iterator[Address]:
    for model in apps.get_app_config(APP).get_models():
        model_admin = admin.site._registry.get(model)
        if model_admin is None:
            continue
        for pattern in model_admin.get_urls():
            yield from _of_view(model_admin, pattern)
        yield from _of_actions(model_admin)
    yield Address(reverse("admin:app_list", args=[APP]))
    query = f"app_label={APP}&model_name=taskprerequisite&field_name=prerequisite&term=f"
    yield Address(f"{reverse('admin:autocomplete')}?{query}")


def make_rows() -> None:
    """Make a task, a run and a queue in each state, with private things wherever there may be any."""
    every = {"version": 1, "kind": "interval", "every": 60}
    payload: dict[str, Any] = {"args": [PRIVATE], "kwargs": {"since": PRIVATE}}
    for state in TaskState:
        make_task(f"task {state}", state=state.value, trigger=every, **payload)
    make_task("free", priority=3, args=[PRIVATE])
    make_task(FUNCTION, priority=3, origin="code", overrides=["priority", "args"])
    first = Task.objects.get(name="task ACTIVE")
    for run_state in RunState:
        said = {"result": PRIVATE, "error": f"shop.Wrong: {PRIVATE}"} if run_state is RunState.FAILED else {}
        run = make_run(first, run_state, **payload, **said)
        if run_state in (RunState.FAILED, RunState.RUNNING):
            _tell(run)
    graph = uuid.uuid4()
    for run_state in (RunState.FAILED, RunState.PENDING):
        make_run(first, run_state, graph=graph, error=f"shop.Wrong: {PRIVATE}", **payload)
    Queue.objects.get_or_create(name="default")
    Queue.objects.create(name="shut", paused_at=soon())
    make_worker(name="silent", heartbeat_at=soon(hours=-1))
    make_worker(name="resting", paused_at=soon())


def _tell(run: TaskRun) -> None:
    """Give a run what it may have said of its payload: notes, lines, messages and a traceback."""
    RunDetail.objects.create(run=run, log=PRIVATE, metadata={"found": PRIVATE})
    RunLog.objects.create(
        run=run, number=1, fence=1, attempt=1, size=7, level=20, logger="shop", message=PRIVATE, at=timezone.now()
    )  # fmt: skip
    Message.objects.create(run=run, number=1, name="hello", payload=PRIVATE, sent_at=timezone.now())
    Transition.objects.create(
        run=run, event="error", from_state="RUNNING", to_state="FAILED", at=timezone.now(), attempt=1,
        actor="worker:w", detail={"exception": "shop.Wrong", "message": PRIVATE, "traceback": f"Wrong: {PRIVATE}"},
    )  # fmt: skip


def _of_view(model_admin: Any, pattern: Any) -> Iterator[Address]:
    route = str(pattern.pattern)
    wanted = set(re.findall(r"<(?:\w+:)?(\w+)>", route))
    assert wanted <= {"object_id", "name", "kind"}, f"say in this module how to walk {route}"
    base = reverse(f"admin:{APP}_{model_admin.opts.model_name}_changelist")
    verbs = model_admin.verbs if "name" in wanted else (None,)
    for verb in verbs:
        row = _row_for(model_admin, verb)
        for kind in KINDS if "kind" in wanted else ("",):
            values = {"object_id": quote(row.pk), "name": verb and verb.name, "kind": kind}
            path = base + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)  # noqa: B023
            yield Address(path, *_expected(model_admin, pattern.name or "", verb, row))


def _row_for(model_admin: Any, verb: Any) -> Any:
    rows = model_admin.model._default_manager.all()
    if verb is not None:
        return next(row for row in rows.order_by("pk") if verb.fits(row))
    if model_admin.model is TaskRun:
        return rows.get(state=RunState.FAILED, graph=None)
    return Task.objects.get(name="free") if model_admin.model is Task else rows.first()


def _expected(model_admin: Any, name: str, verb: Any, row: Any) -> tuple[dict[str, Any], str]:
    if verb is not None:
        return _answer(verb, row), verb.permission
    if model_admin.model is Task and name.endswith("_add"):
        return task_form(), "add_task"
    if model_admin.model is Task and name.endswith("_change"):
        return task_form(name=row.name, priority="7"), "change_task"
    if model_admin.model is Task and name.endswith("_delete"):
        return {"post": "yes"}, "delete_task"
    return {"post": "yes", **task_form()}, ""


def _answer(verb: Any, row: Any) -> dict[str, Any]:
    """Return what the page of a verb sends: with the plan that it has shown, where it shows one."""
    if not isinstance(verb, Repair):
        return ANSWER
    return {**ANSWER, "value": "1", "fingerprint": verb.plan(row, {"value": 1}, "default").fingerprint}


def _of_actions(model_admin: Any) -> Iterator[Address]:
    path = reverse(f"admin:{APP}_{model_admin.opts.model_name}_changelist")
    verbs = model_admin.verbs if isinstance(model_admin, VerbAdmin) else ()
    for verb in (verb for verb in verbs if verb.is_listed):
        chosen = {"action": verb.name, "_selected_action": [_row_for(model_admin, verb).pk]}
        yield Address(path, {**chosen, **ANSWER}, verb.permission)
        yield Address(path, {**chosen, "index": "0"}, asks_for=verb.permission)
    row = _row_for(model_admin, None)
    permission = "delete_task" if model_admin.model is Task else ""
    yield Address(path, {"action": "delete_selected", "post": "yes", "_selected_action": [row.pk]}, permission)
