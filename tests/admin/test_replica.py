"""A project that reads from a replica: verbs act, and are logged, in the database that rows are written to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory, override_settings

from django_tasks_fsm.admin.deletion import reasons_to_keep
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, Task
from tests.admin.pages import APP, logged
from tests.admin.rows import make_run

pytestmark = pytest.mark.django_db


class ReadsElsewhere:
    """Send reads of the app's tables to a database that does not exist."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Answer for the app only, so that the test can look at the rest."""
        return "replica" if model._meta.app_label == APP else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the one that exists."""
        return "default"


def do(row: Any, name: str, user: User) -> list[str]:
    """Do a verb to a row while reads go elsewhere, and return what the user is told."""
    request: Any = RequestFactory().post("/")
    request.user, request._messages = user, CookieStorage(request)
    model_admin: Any = admin.site.get_model_admin(type(row))
    verb: Verb = next(verb for verb in model_admin.verbs if verb.name == name)
    with override_settings(DATABASE_ROUTERS=[ReadsElsewhere()]):
        model_admin.carry_out(request, verb, type(row)._default_manager.filter(pk=row.pk), {"reason": "because"})
    return [str(message) for message in request._messages]


@pytest.mark.fault("F45")
def test_queues_are_paused_and_resumed(admin_user: User) -> None:
    queue = Queue.objects.create(name="mail")
    assert do(queue, "pause", admin_user) == ["1 queue paused."]
    assert Queue.objects.get(pk="mail").pause_reason == "because"
    assert do(queue, "resume", admin_user) == ["1 queue resumed."]
    assert logged() == ["Pause: because", "Resume: because"]


def test_a_task_is_run_with_the_reason(admin_user: User, fetch: Task) -> None:
    assert do(fetch, "run", admin_user) == ["1 run started."]
    assert fetch.runs.get().transitions.get(event="start").reason == "because"


def test_a_task_is_reset(admin_user: User) -> None:
    task = Task.objects.filter(origin="code").earliest("pk")
    declared = task.priority
    Task.objects.filter(pk=task.pk).update(priority=declared + 1, overrides=["priority"])
    assert do(task, "reset", admin_user) == ["1 task reset."]
    task.refresh_from_db()
    assert (task.priority, task.overrides) == (declared, [])


def test_a_running_run_that_is_asked_to_stop_is_logged(admin_user: User, fetch: Task) -> None:
    assert do(make_run(fetch, RunState.RUNNING), "cancel", admin_user) == ["1 running run asked to stop."]
    assert logged() == ["Cancel: because"]


@pytest.mark.fault("F45")
def test_a_task_with_runs_is_kept_whatever_the_replica_knows(fetch: Task) -> None:
    make_run(fetch)
    with override_settings(DATABASE_ROUTERS=[ReadsElsewhere()]):
        assert len(reasons_to_keep([fetch])) == 1
