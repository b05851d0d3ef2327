"""How many runs may be going at once, or begin within a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.core.limits import Admission, Candidate, Limits, Place, Refusal, admit
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.line import holding, in_line
from django_tasks_fsm.store.admit import HEAD, ORDER
from django_tasks_fsm.store.counting import counted, limits_of
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence, called
from django_tasks_fsm.store.tables import due_by

NAMED = 3


def limits(seen: Seen) -> Iterator[Gate]:
    """Tell whether a run with limits has a slot, and who has them where it has none; asks eight times at most."""
    run = seen.run
    if not run.limited:
        return
    if run.line == Place.HELD:
        yield Gate("limits", True, Sentence(gettext("It holds a slot of its limits.")))
    elif run.state == RunState.PENDING and seen.is_due and not run.waiting_on:
        yield from _would_be_let_in(seen)


def _would_be_let_in(seen: Seen) -> Iterator[Gate]:
    """Ask what the next look at the line would do with this run and those before it."""
    run, using = seen.run, seen.using
    policies = limits_of([run.task_id], using)
    line = [*_ahead(run, using), Candidate(run.pk, run.task_id, run.concurrency_key, run.paced_at)]
    now = for_alias(using).now()
    keys = {each.key for each in line if each.key is not None}
    done = admit(line, policies, counted(policies, keys, now, using), now)
    refusal = done.refused.get(run.pk)
    if refusal is None:
        yield Gate("limits", True, Sentence(gettext("Its limits have a slot for it.")))
        return
    yield _shut(seen, refusal, policies[run.task_id], done)
    if len(line) > 1:
        before = len(line) - 1
        text = ngettext("{count} run is before it in line.", "{count} runs are before it in line.", before)
        yield Gate("line", True, Sentence(text, {"count": f"{before}+" if before >= HEAD else before}), note=True)


def _ahead(run: TaskRun, using: str) -> list[Candidate[Any]]:
    """Return who stands before it, and who will: due, and not put in line yet."""
    due = where(TaskRun.objects.using(using).filter(limited=True), due_by(for_alias(using).now_sql))
    rows = [row for part in (in_line(using), due) for row in _before(part, run)]
    rows.sort(key=lambda row: (-row[0], row[1], row[2]))
    return [Candidate(pk, run.task_id, key, paced) for _, _, pk, key, paced in rows]


def _before(part: QuerySet[TaskRun], run: TaskRun) -> Sequence[Any]:
    sooner = Q(run_at__lt=run.run_at) | Q(run_at=run.run_at, pk__lt=run.pk)
    rows = part.filter(Q(priority__gt=run.priority) | Q(priority=run.priority) & sooner, task_id=run.task_id)
    return list(rows.order_by(*ORDER).values_list("priority", "run_at", "pk", "concurrency_key", "paced_at")[:HEAD])


def _shut(seen: Seen, refusal: Refusal, allowed: Limits, done: Admission[Any]) -> Gate:
    if refusal is Refusal.RATE:
        fact = gettext("Its task lets {count} runs begin within {seconds} s, and as many have; the next at {at}.")
        rate = allowed.rate
        values: dict[str, Any] = {"at": done.opens_at}
        values |= {} if rate is None else {"count": rate.count, "seconds": round(rate.period.total_seconds())}
        return Gate("rate", False, Sentence(fact, values), Sentence(gettext("Wait, or raise the rate of its task.")))
    holders = _holders(seen, refusal)
    names = ", ".join(called(each) for each in holders)
    only = ("run", holders[0].pk) if len(holders) == 1 else ("", None)
    if refusal is Refusal.KEY:
        values = {"most": allowed.per_key, "key": seen.run.concurrency_key, "who": names}
        fact = gettext("The concurrency key {key} lets {most} of its runs go at once, and as many are going: {who}.")
        way_out = gettext("Wait until one has ended, cancel it, or raise the concurrency of its task.")
        return Gate("concurrency", False, Sentence(fact, values), Sentence(way_out), *only)
    values = {"most": allowed.max_instances, "who": names or gettext("those before it in line")}
    fact = gettext("max_instances of its task is {most}, and as many are going: {who}.")
    way_out = gettext("Wait until one has ended, cancel it, or raise max_instances of its task.")
    return Gate("max_instances", False, Sentence(fact, values), Sentence(way_out), *only)


def _holders(seen: Seen, refusal: Refusal) -> list[TaskRun]:
    run = seen.run
    same = {"concurrency_key": run.concurrency_key} if refusal is Refusal.KEY else {"task_id": run.task_id}
    rows = holding(seen.using).filter(**same).order_by("pk").prefetch_related("task")
    return list(rows.only("id", "label", "task_id")[:NAMED])
