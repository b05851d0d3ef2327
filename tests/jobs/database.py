"""A faster ``transactional_db`` for rooms that write to few tables: flushing all of them takes MariaDB a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, OperationalError, connections
from django.db.models import Q
from pytest_django.plugin import DjangoDbBlocker

from django_tasks_fsm.conf import declared_queues
from django_tasks_fsm.models import (
    Message,
    Queue,
    RunChild,
    RunDetail,
    RunLog,
    RunPrerequisite,
    ServiceTicks,
    Task,
    TaskRun,
    Transition,
    Worker,
)
from tests.servers.waiting import wait_until


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the test commit, and delete afterwards what tests of workers leave behind."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()  # a fault of the test may have hit this thread's connection too
        wait_until(is_clean, what="nobody writes any more, and all rows of the test could be deleted")


def is_clean() -> bool:
    """Clean; False where a function that a stopped worker has left behind was just then writing to its run."""
    try:
        clean()
    except (IntegrityError, OperationalError):
        return False
    return True


def clean() -> None:
    """Delete all runs and workers, and the tasks of test functions; what apps and settings declare stays."""
    for model in (
        Message,
        ServiceTicks,
        RunChild,
        Transition,
        RunDetail,
        RunLog,
        RunPrerequisite,
        TaskRun,
        Worker,
        Group,
    ):
        model._base_manager.all()._raw_delete("default")
    Task.objects.filter(Q(function__startswith="tests.") | Q(function__startswith="volatile.")).delete()
    Queue.objects.all().delete()
    Queue.objects.bulk_create([Queue(name=name) for name in sorted(declared_queues())])
