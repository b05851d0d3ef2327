"""A run as JSON text: what another process needs to execute it, and what became of it. Nothing is pickled."""

from __future__ import annotations

import contextvars
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync

from django_tasks_fsm.core.lines import Line
from django_tasks_fsm.core.outcomes import Claim, Ending, Failure, Outcome
from django_tasks_fsm.results import FSMTaskResult, claimed_result
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import Task
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.runner import Job, job_for, run, run_async

_MOMENTS = ("enqueued_at", "run_at", "started_at")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose run it is: the alias of its database, and the worker that holds the claim."""

    using: str
    worker_id: uuid.UUID


def written(job: Job, sender: Sender) -> str:
    """Return a job as text; the function goes by its registered name."""
    said = {"claim": _claim_as_json(job.claim), "definition": asdict(job.definition)}
    return json.dumps({**said, "using": sender.using, "worker": str(sender.worker_id)})


def _claim_as_json(claim: Claim) -> dict[str, Any]:
    plain = ("task_id", "fence", "attempt", "queue", "priority", "args", "kwargs")
    moments = {name: getattr(claim, name).isoformat() for name in _MOMENTS}
    return {"id": str(claim.id), **{name: getattr(claim, name) for name in plain}, **moments}


def read(text: str) -> Job | Outcome:
    """Return the job in a text, or its outcome where it cannot be run here."""
    said = json.loads(text)
    values = said["claim"]
    moments = {name: datetime.fromisoformat(values[name]) for name in _MOMENTS}
    claim = Claim(**{**values, **moments, "id": uuid.UUID(values["id"])})
    sender = Sender(said["using"], uuid.UUID(said["worker"]))
    return job_for(claim, Definition(**said["definition"]), sender.using, sender.worker_id, partial(_result, sender))


def _result(sender: Sender, claim: Claim, task: Task) -> FSMTaskResult:
    return claimed_result(claim, task, sender.worker_id)


def outcome_written(outcome: Outcome, lines: Iterable[Line] = ()) -> str:
    """Return an outcome as text, without its claim and without the exception itself, with what the run has logged."""
    delay = None if outcome.delay is None else outcome.delay.total_seconds()
    failure = None if outcome.failure is None else asdict(outcome.failure)
    said = {"result": outcome.result_json, "failure": failure, "delay": delay, "reason": outcome.reason}
    said |= {} if outcome.stop is None else {"stop": outcome.stop}
    said |= {"stored": True} if outcome.is_stored else {}
    said |= _next_round(outcome) if outcome.ending is Ending.RESCHEDULED else {}
    logged = [line.as_json() for line in lines]
    return json.dumps({"ending": outcome.ending.value, **said, **({"lines": logged} if logged else {})})


def _next_round(outcome: Outcome) -> dict[str, Any]:
    at = None if outcome.at is None else outcome.at.isoformat()
    return {"at": at, "args": outcome.args, "kwargs": outcome.kwargs, "throttled": outcome.throttled}


def lines_read(text: str) -> list[Line]:
    """Return what a run has logged that was executed by another process."""
    return [Line(*values) for values in json.loads(text).get("lines", ())]


def outcome_read(text: str, claim: Claim) -> Outcome:
    """Return what the other process says of a claim."""
    said = json.loads(text)
    return Outcome(
        claim,
        Ending(said["ending"]),
        result_json=said["result"],
        failure=None if said["failure"] is None else Failure(**said["failure"]),
        delay=None if said["delay"] is None else timedelta(seconds=said["delay"]),
        reason=said["reason"],
        stop=said.get("stop"),
        at=None if said.get("at") is None else datetime.fromisoformat(said["at"]),
        args=said.get("args"),
        kwargs=said.get("kwargs"),
        throttled=said.get("throttled", False),
        is_stored=said.get("stored", False),
    )


def carry_out(job: Job) -> Outcome:
    """Call the function in this thread and return the outcome; afterwards the thread's connections are tidy."""
    connections.before()
    try:
        # A copy, not a fresh context: a pool may keep there what it tells functions, as Dask does.
        return contextvars.copy_context().run(_awaited if job.is_async else run, job)
    finally:
        connections.after(str(job.claim.id))


def _awaited(job: Job) -> Outcome:
    # async_to_sync, unlike asyncio.run, lets the coroutine's ORM calls come back to this thread and its connection.
    return async_to_sync(run_async)(job)
