"""Claims and jobs as the loop would hand them over, without a database."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import Task
from django_tasks_fsm.worker.runner import Job, job_for

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def claim(*args: Any, **kwargs: Any) -> Claim:
    """Return the claim of a first attempt with these arguments."""
    return Claim(
        id=uuid.uuid4(),
        task_id=1,
        fence=1,
        attempt=1,
        queue="default",
        priority=0,
        args=list(args),
        kwargs=kwargs,
        enqueued_at=NOW,
        run_at=NOW,
        started_at=NOW,
    )


def job(task: Task, *args: Any, attempt: int = 1, **policy: Any) -> Job:
    """Return a job of ``task``; ``policy`` are fields of its definition, such as ``max_attempts``."""
    definition = Definition(1, "a task", task.module_path, 1, None, False)
    taken = replace(claim(*args), attempt=attempt)
    prepared = job_for(taken, replace(definition, **policy), "default", uuid.UUID(int=1), lambda *_: None)  # type: ignore[arg-type]
    assert isinstance(prepared, Job)
    return prepared
