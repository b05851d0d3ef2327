"""What a worker says of itself when it comes."""

from __future__ import annotations

import os
import platform
import uuid
from importlib.metadata import PackageNotFoundError, version

import django

from django_tasks_fsm.store.workers import Identity
from django_tasks_fsm.worker.config import WorkerConfig


def identity_of(config: WorkerConfig) -> Identity:
    """Return a new identity: the id is another at every start."""
    return Identity(
        id=uuid.uuid4(),
        name=config.name,
        host=platform.node(),
        pid=os.getpid(),
        queues=config.queues,
        excluded_queues=config.excluded_queues,
        concurrency=config.concurrency,
        reserve=config.reserve,
        queue_concurrency=config.queue_concurrency,
        versions={"python": platform.python_version(), "django": django.get_version(), "app": _version()},
        is_paused=config.paused,
        succeeds=config.succeeds,
    )


def _version() -> str:
    try:
        return version("django-tasks-fsm")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return ""
