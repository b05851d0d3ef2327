"""Every address of the app's admin, by GET, HEAD and POST, as everybody: rows change in the listed cells only.

A request that sends no statement that writes has changed nothing; only after the others the rows are compared.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from tests.admin.addresses import PRIVATE, Address, addresses, route_of, routes
from tests.admin.pages import APP
from tests.admin.policy import breaches

pytestmark = pytest.mark.django_db

VIEW = ("view_task", "view_taskrun", "view_worker", "view_queue")
ROLES: Mapping[str, tuple[str, ...]] = {
    "no permission": (),
    "view only": VIEW,
    # Without change_queue: in Django the permission to change implies the one to view.
    "verbs without view": ("run_task", "cancel_run", "retry_run", "resolve_run", "view_payload"),
    "runs tasks and retries": (*VIEW, "run_task", "retry_run"),
}
READS = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@pytest.fixture(autouse=True)
def _no_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client keep no copies of contexts: they take a third of the time of a walk, and nobody looks at them."""
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)


def digest() -> str:
    """Return a sum over every row of the app, of the log and of the users."""
    found = hashlib.sha256()
    models: list[Any] = [*apps.get_app_config(APP).get_models(), LogEntry, User]
    with connection.cursor() as cursor:
        for model in models:
            key, table = model._meta.pk.column, model._meta.db_table
            cursor.execute(f"SELECT * FROM {table} ORDER BY {key}")
            found.update(repr(cursor.fetchall()).encode())
    return found.hexdigest()


class Walk:
    """Every address, and what a request there does to the rows as they are before the first step."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.addresses = addresses()
        self.pages = {where.path: where for where in self.addresses}
        self._before = digest()
        self._writes = 0

    def step(self, method: str, where: Address) -> tuple[bool, Any]:
        """Return whether a request changes rows, and the response; the rows are put back."""
        send = getattr(self.client, method.lower())
        with transaction.atomic(), self._counting():
            response = send(where.path, where.data) if method == "POST" else send(where.path)
            changed = self._writes > 0 and digest() != self._before
            transaction.set_rollback(True)
        assert response.status_code < 500, f"{method} {where}: {response.status_code}"
        return changed, response

    def all(self, may: tuple[str, ...] | None = None) -> Iterator[tuple[str, Address, bool, Any]]:
        """Give method, address, whether rows were changed and the response, of each step.

        Whoever may not do an action is not asked either: Django drops both POSTs at the same place, so one is enough.
        """
        for where in self.pages.values():
            yield ("GET", where, *self.step("GET", where))
        for where in self.addresses:
            if may is None or not where.asks_for or where.asks_for in may:
                yield ("POST", where, *self.step("POST", where))

    @contextmanager
    def _counting(self) -> Iterator[None]:
        self._writes = 0
        with connection.execute_wrapper(self._count):
            yield

    def _count(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self._writes += not sql.lstrip("( ").upper().startswith(READS)
        return execute(sql, *rest)


def is_closed(where: Address, status: int) -> bool:
    """Tell whether an address is closed: Django redirects from some of its own before it looks at permissions."""
    if "/verb/" in where.path or "graph." in where.path:
        return status in (403, 405)
    return status in (302, 403, 404, 405)


@pytest.mark.fault("F79", "F84")
@pytest.mark.parametrize("role", ROLES)
def test_rows_change_in_the_allowed_cells_only(role: str, log_in_as: Any) -> None:
    """Whoever may not see payloads gets none of them either, by whatever view."""
    may, wrong = ROLES[role], []
    for method, where, changed, response in Walk(log_in_as(*may)).all(may):
        if changed != (method == "POST" and where.permission in may and set(VIEW) <= set(may)):
            wrong.append(f"{method} {where}: {response.status_code}, changed: {changed}")
        if PRIVATE.encode() in response.content:
            wrong.append(f"{method} {where} shows a payload")
        if not set(VIEW) & set(may) and not is_closed(where, response.status_code):
            wrong.append(f"{method} {where} is open to those who may view nothing: {response.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.fault("F79")
def test_a_superuser_changes_rows_by_post_only_and_gets_no_inline_code(admin_client: Client) -> None:
    wrong, shown = [], set()
    for method, where, changed, response in Walk(admin_client).all():
        if PRIVATE.encode() in response.content:
            shown.add(where.path.rstrip("/").rpartition("/")[2])
        if changed != (method == "POST" and bool(where.permission)):
            wrong.append(f"{method} {where}: {response.status_code}, changed: {changed}")
        if response.status_code == 200:
            wrong += [f"{method} {where}: {breach}" for breach in breaches(response)]
    assert not wrong, "\n".join(wrong)
    assert shown >= {"change", "live", "log.txt", "taskrun", APP}, f"private things are only on {shown}"


@pytest.mark.fault("F79")
def test_head_answers_as_get_does_and_changes_nothing(admin_client: Client) -> None:
    walk = Walk(admin_client)
    for route, where in {route_of(where): where for where in walk.addresses}.items():
        changed, response = walk.step("HEAD", where)
        assert (changed, response.content) == (False, b""), route
        assert response.status_code in (200, 302, 403, 404), (route, response.status_code)


@pytest.mark.fault("F79")
def test_a_stranger_is_sent_to_the_login_everywhere(db: None) -> None:
    for method, where, changed, response in Walk(Client()).all():
        assert (changed, response.status_code) == (False, 302), (method, str(where))
        assert "/login/" in response.headers["Location"], (method, str(where))


@pytest.mark.fault("F79")
def test_a_post_without_the_token_is_refused(django_user_model: type[User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("root"))
    walk = Walk(client)
    for where in walk.addresses:
        changed, response = walk.step("POST", where)
        assert (changed, response.status_code) == (False, 403), str(where)


@pytest.mark.fault("F79")
@pytest.mark.parametrize("unknown", [str(uuid.UUID(int=7)), "_00%0A'\"<x>" * 20])
def test_a_row_that_is_not_there_is_not_found(admin_client: Client, unknown: str) -> None:
    walk = Walk(admin_client)
    by_route = {route_of(where): where for where in walk.addresses if "<path:" in route_of(where)}
    assert len(by_route) > 20, "the routes of the admin cannot be told apart"
    for route, where in by_route.items():
        model, _, after = where.path.partition(f"/{APP}/")[2].split("/", 2)
        key = "0" if model == "task" and unknown[0] == "0" else unknown
        for method in ("GET", "POST"):
            path = f"{reverse('admin:index')}{APP}/{model}/{key}/{after}"
            changed, response = walk.step(method, Address(path, where.data))
            assert (changed, response.status_code in (302, 403, 404, 405)) == (False, True), (
                route,
                response.status_code,
            )


def test_no_route_of_the_admin_is_left_out(db: None) -> None:
    walked = {route_of(where) for where in addresses()}
    assert routes() <= walked, routes() - walked
