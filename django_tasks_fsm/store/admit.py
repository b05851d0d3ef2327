"""Let runs in line through to the queue, as many as the limits of their tasks have slots for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, Exists, OuterRef, Value, When
from django.db.models.functions import Coalesce

from django_tasks_fsm.core import limits
from django_tasks_fsm.core.limits import Admission, Candidate, Limits, Place
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import list_each
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.line import IN_LINE, holding, in_line
from django_tasks_fsm.models.settling import wake_for
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, apply, batches
from django_tasks_fsm.store.counting import counted, limits_of
from django_tasks_fsm.store.definitions import with_limits
from django_tasks_fsm.store.locks import hold_all

ORDER = ("-priority", "run_at", "id")
COLUMNS = ("priority", "run_at", "pk", "task_id", "concurrency_key")
HEAD = 200
"""Runs of one line that are looked at in one transaction."""
KEYS, OF_KEY = 50, 4
"""Keys whose first bearers are looked at in one statement, and how many of each."""
ROUNDS = 20
"""Heads of one line that are looked at in vain, because their keys are full, before the next opportunity."""


class _Waiting(NamedTuple):
    """A run in line; sorts as the line does."""

    urgency: int
    run_at: datetime
    pk: Any
    task: int
    key: str | None


def admit(tasks: Iterable[int], keys: Iterable[str], using: str) -> float | None:
    """Queue what the lines of these tasks, and of all tasks whose runs bear these concurrency keys, have slots for.

    Decided under the locks of the limits, by counting live rows: however many workers do it at once, no limit is
    exceeded. Return the seconds until the rate of one of them lets the next run begin; None where no rate holds it up.
    """
    names = sorted(set(keys))
    lines = {*tasks, *_with_lines_of_their_own(names, using)}
    opens = [_admit_line(task, using) for task in sorted(lines)]
    opens += [_admit_keys(some, using) for some in batches(names, KEYS)]
    return min((seconds for seconds in opens if seconds is not None), default=None)


def admit_behind(runs: Iterable[tuple[int, str | None]], using: str) -> float | None:
    """Let in whom these runs, given by task and concurrency key, may have made room for; return as ``admit`` does.

    A line whose task has no limit of its own is not walked along: its runs with other keys are none the better for it.
    """
    known, limited = set(runs), with_limits(using)
    lines = {task for task, key in known if key is None or task in limited}
    return admit(lines, {key for _, key in known if key is not None}, using)


def sweep(using: str) -> float | None:
    """Look at every line: slots also become free where no worker notices. Return as ``admit`` does."""
    tasks = for_alias(using).distinct(TaskRun._meta.db_table, "task_id", IN_LINE)
    opens = [_admit_line(task, using) for task in sorted(tasks)]
    return min((seconds for seconds in opens if seconds is not None), default=None)


def _with_lines_of_their_own(keys: Sequence[str], using: str) -> set[int]:
    limited = with_limits(using) if keys else frozenset()
    return {each.task for each in _bearers(keys, using)} & limited if limited else set()


def _admit_keys(keys: Sequence[str], using: str) -> float | None:
    for _ in range(ROUNDS):
        line = sorted(_bearers(keys, using))
        if not line:
            return None
        done = in_transaction(lambda line=line: _let_in(line, using), using)  # type: ignore[misc]
        keys = [key for key in keys if key not in done.full_keys]
        if not done.admitted or not keys:
            return _seconds_until(done.opens_at, using)
    return None


def _admit_line(task: int, using: str) -> float | None:
    full: set[str] = set()
    per_key = limits_of([task], using).get(task, Limits()).per_key
    for _ in range(ROUNDS):
        head = _head(task, per_key, full, using)
        if not head:
            break
        line = sorted([*head, *_others(task, head, using)])
        done = in_transaction(lambda line=line: _let_in(line, using), using)  # type: ignore[misc]
        full |= done.full_keys
        # All that was looked at is in, or waits for a key: there may be others behind it, with another key.
        if len(head) < HEAD or task in done.full_tasks or done.opens_at is not None:
            return _seconds_until(done.opens_at, using)
    return None


def _seconds_until(moment: datetime | None, using: str) -> float | None:
    return None if moment is None else (moment - for_alias(using).now()).total_seconds()


def _head(task: int, per_key: int, full: Collection[str], using: str) -> list[_Waiting]:
    """Return the first of the line whose key, as it looks without a lock, has a slot left."""
    rows = in_line(using).filter(task_id=task)
    if full:
        # Not exclude(): a run without a key must stay, and NOT IN knows nothing of NULL.
        rows = rows.alias(is_full=Case(When(concurrency_key__in=full, then=Value(1)), default=0)).filter(is_full=0)
    holders = holding(using).filter(concurrency_key=OuterRef("concurrency_key"))
    rows = rows.filter(~Exists(holders if per_key == 1 else holders[per_key - 1 : per_key]))
    found = rows.order_by(*ORDER).values_list(*COLUMNS)[:HEAD]
    return [_Waiting(-priority, run_at, pk, task, key) for priority, run_at, pk, task, key in found]


def _others(task: int, head: Sequence[_Waiting], using: str) -> list[_Waiting]:
    """Return the first runs of other tasks with the same keys: a key goes to who is first in line, of whatever task."""
    keys = list(dict.fromkeys(each.key for each in head if each.key is not None))
    return _bearers(keys, using, but=task)


def _bearers(keys: Sequence[str], using: str, but: int | None = None) -> list[_Waiting]:
    """Return the first few in line of each key, the more the fewer keys there are, but those of one task."""
    dialect, found = for_alias(using), []
    for some in batches(keys, KEYS):
        rows = in_line(using) if but is None else in_line(using).exclude(task_id=but)
        most = max(OF_KEY, HEAD // len(keys))
        heads = [rows.filter(concurrency_key=key).order_by(*ORDER).values_list(*COLUMNS)[:most] for key in some]
        found += [row for part in list_each(heads, using) for row in part]
    return [
        _Waiting(-priority, dialect.time_out(run_at), dialect.id_out(pk), task, key)
        for priority, run_at, pk, task, key in found
    ]


def _let_in(line: Sequence[_Waiting], using: str) -> Admission[Any]:
    policies = limits_of({each.task for each in line}, using)
    keys = {each.key for each in line if each.key is not None}
    # Before any row, in the order of their names: see locks.
    hold_all([*(limits.bucket("task", task) for task in policies), *(limits.bucket("key", key) for key in keys)], using)
    standing = _locked([each.pk for each in line], using)
    now = for_alias(using).now()
    done = limits.admit(standing, policies, counted(policies, keys, now, using), now)
    _queue(done.admitted, using)
    return done


def _locked(pks: Sequence[Any], using: str) -> list[Candidate[Any]]:
    # COALESCE keeps the look-up on the primary key. Who has left the line stays unlocked: its worker may be ending it.
    rows = TaskRun.objects.using(using).alias(place=Coalesce("line", Value(0))).filter(pk__in=pks, place=Place.IN_LINE)
    rows = rows.order_by("pk").select_for_update(skip_locked=for_alias(using).skips_locked)
    found = {
        pk: Candidate(pk, task, key, paced)
        for pk, task, key, paced, waiting_on in rows.values_list(
            "pk", "task_id", "concurrency_key", "paced_at", "waiting_on"
        )
        if not waiting_on
    }
    return [found[pk] for pk in pks if pk in found]


def _queue(pks: Sequence[Any], using: str) -> None:
    apply(TaskRun, Change("queue", Actor.system(), values={"line": Place.HELD.value}), pks, using)
    wake_for(pks, using)
