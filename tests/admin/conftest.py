"""People with different permissions, and functions to choose from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_tasks_fsm import registry, task
from django_tasks_fsm.admin.overview import snapshot
from django_tasks_fsm.models import Task
from tests.admin import jobs
from tests.admin.pages import APP
from tests.admin.rows import make_task


@pytest.fixture(autouse=True)
def _functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the functions of ``jobs`` for one test."""
    monkeypatch.setattr(registry, "_functions", dict(registry.functions()))
    monkeypatch.setattr(registry, "_schedules", dict(registry.declarations()))
    task(jobs.fetch)
    task(jobs.score)
    task(takes_context=True)(jobs.watched)


@pytest.fixture(autouse=True)
def _fresh_overview() -> None:
    """Forget what the overview showed to an earlier test."""
    snapshot.forget()


@pytest.fixture
def log_in_as(db: None) -> Callable[..., Client]:
    """Give ``log_in_as(*codenames)``: a client for a new member of staff with these permissions of the app."""

    def make(*codenames: str) -> Client:
        user = User.objects.create_user(f"user-{User.objects.count()}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(content_type__app_label=APP, codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def fetch(db: None) -> Task:
    """Give a task."""
    return make_task()
