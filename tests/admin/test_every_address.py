"""Every address of the app's admin, by GET and POST, as everybody: rows change in the listed cells and nowhere else.

The walk takes its addresses from the admins themselves, so a view that is added later is walked too.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from django_tasks_fsm.admin.picture_files import KINDS
from django_tasks_fsm.admin.repair_verbs import Repair
from django_tasks_fsm.admin.verb_admin import VerbAdmin
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Queue, Task
from tests.admin.pages import APP, task_form
from tests.admin.rows import FUNCTION, make_run, make_task, make_worker, soon

pytestmark = pytest.mark.django_db

VIEW = ("view_task", "view_taskrun", "view_worker", "view_queue")
EDIT = ("add_task", "change_task", "delete_task")
OWN = (
    "run_task", "cancel_run", "retry_run", "resolve_run", "change_queue", "change_worker", "delete_worker",
    "view_payload",
)  # fmt: skip
ROLES: Mapping[str, tuple[str, ...]] = {
    "no permission": (),
    "view only": VIEW,
    # Without change_queue: in Django the permission to change implies the one to view.
    "verbs without view": ("run_task", "cancel_run", "retry_run", "resolve_run", "view_payload"),
    "runs tasks and retries": (*VIEW, "run_task", "retry_run"),
    "everything": (*VIEW, *EDIT, *OWN),
}
ANSWER = {"post": "yes", "reason": "because", "at": soon(days=1).strftime("%Y-%m-%dT%H:%M:%S")}


@dataclass(frozen=True)
class Address:
    """One place to knock at: what a POST there says, and the permission with which it may change rows."""

    path: str
    data: Mapping[str, Any] = field(default_factory=dict)
    permission: str = ""


def addresses() -> Iterator[Address]:
    """Give every address, with rows in states in which its POST would do something."""
    make_rows()
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
    """Make a task, a run and a queue in each state."""
    every = {"version": 1, "kind": "interval", "every": 60}
    for state in TaskState:
        make_task(f"task {state}", state=state.value, trigger=every)
    make_task("free", priority=3)
    make_task(FUNCTION, priority=3, origin="code", overrides=["priority"])
    first = Task.objects.get(name="task ACTIVE")
    for run_state in RunState:
        make_run(first, run_state)
    graph = uuid.uuid4()
    for run_state in (RunState.FAILED, RunState.PENDING):
        make_run(first, run_state, graph=graph)
    Queue.objects.get_or_create(name="default")
    Queue.objects.create(name="shut", paused_at=soon())
    make_worker(name="silent", heartbeat_at=soon(hours=-1))
    make_worker(name="resting", paused_at=soon())


def _of_view(model_admin: Any, pattern: Any) -> Iterator[Address]:
    route = str(pattern.pattern)
    wanted = set(re.findall(r"<(?:\w+:)?(\w+)>", route))
    assert wanted <= {"object_id", "name", "kind"}, f"say in this test how to walk {route}"
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
        return next(row for row in rows if verb.fits(row))
    return Task.objects.get(name="free") if model_admin.model is Task else rows.first()


def _expected(model_admin: Any, name: str, verb: Any, row: Any) -> tuple[dict[str, Any], str]:
    if verb is not None:
        return answer(verb, row), verb.permission
    if model_admin.model is Task and name.endswith("_add"):
        return task_form(), "add_task"
    if model_admin.model is Task and name.endswith("_change"):
        return task_form(name=row.name, priority="7"), "change_task"
    if model_admin.model is Task and name.endswith("_delete"):
        return {"post": "yes"}, "delete_task"
    return {"post": "yes", **task_form()}, ""


def answer(verb: Any, row: Any) -> dict[str, Any]:
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
        yield Address(path, {**chosen, "index": "0"}, "")
    row = _row_for(model_admin, None)
    permission = "delete_task" if model_admin.model is Task else ""
    yield Address(path, {"action": "delete_selected", "post": "yes", "_selected_action": [row.pk]}, permission)


def digest() -> str:
    """Return a sum over every row of the app, of the log and of the users."""
    found = hashlib.sha256()
    models: list[Any] = [*apps.get_app_config(APP).get_models(), LogEntry, User]
    for model in models:
        found.update(repr(list(model._base_manager.order_by("pk").values_list())).encode())
    return found.hexdigest()


class Walk:
    """Every address, and what a request there does to the rows as they are before the first step."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.addresses = list(addresses())
        self._before = digest()

    def changes(self, method: str, where: Address) -> tuple[bool, int]:
        """Return whether a request changes rows, and its status; the rows are put back."""
        with transaction.atomic():
            response = self.client.get(where.path) if method == "GET" else self.client.post(where.path, where.data)
            changed = digest() != self._before
            transaction.set_rollback(True)
        return changed, response.status_code


def is_allowed(codenames: tuple[str, ...], where: Address) -> bool:
    """Return whether these permissions let a POST there change rows."""
    return where.permission in codenames and set(VIEW) <= set(codenames)


@pytest.mark.parametrize("role", ROLES)
def test_rows_change_in_the_allowed_cells_only(role: str, log_in_as: Any) -> None:
    walk = Walk(log_in_as(*ROLES[role]))
    wrong = []
    for where in walk.addresses:
        changed, status = walk.changes("GET", where)
        if changed or status >= 500:
            wrong.append(f"GET {where.path}: {status}, changed: {changed}")
        changed, status = walk.changes("POST", where)
        if changed != is_allowed(ROLES[role], where) or status >= 500:
            wrong.append(f"POST {where.path} {where.data.get('action', '')}: {status}, changed: {changed}")
    assert not wrong, "\n".join(wrong)


def test_a_superuser_changes_rows_by_post_only(admin_client: Client) -> None:
    walk = Walk(admin_client)
    for where in walk.addresses:
        assert walk.changes("GET", where)[0] is False, where.path
        assert walk.changes("POST", where)[0] is bool(where.permission), where


def test_a_stranger_is_sent_to_the_login_everywhere(db: None) -> None:
    walk = Walk(Client())
    for where in walk.addresses:
        for method in ("GET", "POST"):
            assert walk.changes(method, where) == (False, 302), where.path


def test_without_the_permission_to_view_every_verb_is_forbidden(log_in_as: Any) -> None:
    walk = Walk(log_in_as(*ROLES["verbs without view"]))
    for where in walk.addresses:
        if "/verb/" in where.path or "graph." in where.path:
            assert walk.changes("GET", where) == (False, 403), where.path
            assert walk.changes("POST", where)[1] in (403, 405), where.path


def test_a_post_without_the_token_is_refused(django_user_model: type[User]) -> None:
    user = django_user_model.objects.create_superuser("root")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    walk = Walk(client)
    for where in walk.addresses:
        if where.permission:
            assert walk.changes("POST", where) == (False, 403), where.path
