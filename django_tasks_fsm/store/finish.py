"""Write what became of claimed runs, if they are still this worker's."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import ASKED_BY_TASK, Claim, Ending, Failure, Outcome
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models import Task, events
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.cascade import follow
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.run_verbs import cancel_if_asked, move_runs
from django_tasks_fsm.models.transitions import Change, Moved, announce
from django_tasks_fsm.store.exhaust import stop_schedules
from django_tasks_fsm.store.following import FOLLOWED, is_followed
from django_tasks_fsm.store.tables import HELD, tables

AGAIN = (Ending.RETRY, Ending.RESCHEDULED, Ending.RELEASED)
DONE = RUN_MACHINE.target("done", RunState.RUNNING)


def finish(outcomes: Sequence[Outcome], worker_id: uuid.UUID, using: str) -> set[uuid.UUID]:
    """Store outcomes and settle dependents; return the ids that were written.

    A run whose fence or state has moved on is left out: this worker had lost it and its outcome is dropped. One that
    somebody else has locked is left out too, so that it does not hold up the others: see ``busy``. Needs an open
    transaction.
    """
    failpoint("finish.before")
    done = [outcome for outcome in outcomes if outcome.ending is Ending.DONE]
    written = _finish_done(done, using) if done else set()
    if events.are_heard():
        _tell([outcome.claim for outcome in done if outcome.claim.id in written], worker_id, using)
    announce(TaskRun, follow(dict.fromkeys(written, DONE), using), using)
    stop_schedules([outcome for outcome in done if outcome.claim.id in written], worker_id, using)
    tried = {outcome.claim.key for outcome in done}
    for outcome in outcomes:
        # Once for each claim: a lock that is released between two tries must not let a give-back overtake the end.
        if outcome.claim.key not in tried:
            tried.add(outcome.claim.key)
            written |= _move(outcome, Actor.worker(worker_id), using)
    _count_throttled([outcome for outcome in outcomes if outcome.throttled and outcome.claim.id in written], using)
    failpoint("finish.written")
    return written


def busy(claims: Sequence[Claim], using: str) -> set[tuple[uuid.UUID, int]]:
    """Return id and fence of those claims, not written by ``finish``, that are still good: offer their outcomes again.

    Read without a lock: somebody else has them locked, and may be ending them.
    """
    ids = [claim.id for claim in claims]
    running = TaskRun.objects.using(using).filter(pk__in=ids, state=RunState.RUNNING.value)
    return set(running.values_list("pk", "fence")) & {claim.key for claim in claims}


def _tell(claims: Iterable[Claim], worker_id: uuid.UUID, using: str) -> None:
    name, source = Actor.worker(worker_id).name, RunState.RUNNING.value
    moved = [Moved(each.id, "done", source, DONE.value, each.attempt, worker_id, each.task_id, name) for each in claims]
    events.tell(TaskRun, moved, using)


def _finish_done(outcomes: Iterable[Outcome], using: str) -> set[uuid.UUID]:
    dialect = for_alias(using)
    key = dialect.connection.ops.quote_name("key")  # a reserved word on MariaDB and MySQL
    return dialect.finish(
        tables(using).runs,
        f"state = '{DONE}', finished_at = {dialect.now_sql}, {key} = NULL, error = '', line = {Place.OUTSIDE.value}",
        HELD,
        [(outcome.claim.id, outcome.claim.fence, outcome.result_json or "null") for outcome in outcomes],
    )


def _move(outcome: Outcome, actor: Actor, using: str) -> set[uuid.UUID]:
    run_id = outcome.claim.id
    if outcome.reason == ASKED_BY_TASK and is_followed(outcome.claim, using):
        return _ended(outcome.claim, actor, using)
    change = Change(
        event=outcome.ending.value,
        actor=actor,
        reason=clean_text(outcome.reason, 500),
        values=_values(outcome),
        detail=_detail(outcome.failure),
        fences={run_id: outcome.claim.fence},
        # The fence moves on at the next claim only: a run that was taken back and waits again still bears this one.
        only_from=(RunState.RUNNING,),
    )
    written = {row.pk for row in move_runs([run_id], change, using)}
    if outcome.ending in AGAIN:
        cancel_if_asked(written, using)
    return written


def _ended(claim: Claim, actor: Actor, using: str) -> set[uuid.UUID]:
    # It would be claimed before what waits for its end, for ever: the run that bears its key now goes on instead.
    change = Change("done", actor, FOLLOWED, values={"error": ""}, fences={claim.id: claim.fence})
    return {row.pk for row in move_runs([claim.id], change, using)}


def _count_throttled(outcomes: Iterable[Outcome], using: str) -> None:
    numbers = Counter(outcome.claim.task_id for outcome in outcomes)
    for task_id, number in sorted(numbers.items()):
        Task.objects.using(using).filter(pk=task_id).update(throttled=F("throttled") + number)


def _values(outcome: Outcome) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if outcome.failure is not None:
        values["error"] = clean_text(f"{outcome.failure.exception}: {outcome.failure.message}", 300)[:300]
    if outcome.delay is not None:
        values["run_at"] = DatabaseNow() + outcome.delay
    if outcome.at is not None:
        values["run_at"] = stored(outcome.at)
    if outcome.args is not None:
        values["args"] = outcome.args
    if outcome.kwargs is not None:
        values["kwargs"] = outcome.kwargs
    if outcome.is_fresh:
        values["attempt"] = 1
    if outcome.ending is Ending.RESCHEDULED:
        values["attempt"] = F("attempt") - 1
    return values


def _detail(failure: Failure | None) -> dict[str, str] | None:
    if failure is None:
        return None
    return {
        "exception": clean_text(failure.exception, 300),
        "message": clean_text(failure.message),
        "traceback": clean_text(failure.traceback),
    }
