"""What the doctor looks at: settings first, rows last, and these only where their tables are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core import checks
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from django_tasks_fsm import registry
from django_tasks_fsm.checks import BESIDE, pool_size
from django_tasks_fsm.cli.status import problems
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.hands import Hand
from django_tasks_fsm.store.status import Status, status

APP = "django_tasks_fsm"
ERROR, WARNING, HINT = "error", "warning", "hint"
MOST_APART = 1.0
"""Seconds by which the clocks of host and database may differ."""
MOST_TASKS = 2_000
"""Tasks whose function and trigger are looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; ``id`` stays the same in later versions, the sentences may not."""

    id: str
    level: str
    problem: str
    meaning: str = ""
    advice: str = ""


def findings(using: str) -> Iterator[Finding]:
    """Give all that is found, those of the settings first."""
    yield from _system_checks(using)
    try:
        # Asked of the connection itself: what cannot be reached has no rows either.
        connections[using].ensure_connection()
        missing = _unapplied(using)
    except DatabaseError as error:
        yield _unreachable(using, error)
        return
    yield from _vendor(using)
    yield from _clock(using)
    if missing:
        yield missing
        return
    now = status(using)
    yield from _work(now)
    yield from _pool(now, using)
    yield from _tasks(using)


def _system_checks(using: str) -> Iterator[Finding]:
    try:
        found = [*checks.run_checks(), *checks.run_checks(tags=[checks.Tags.database], databases=[using])]
    except DatabaseError:
        found = checks.run_checks()
    for message in found:
        if str(message.id).startswith(f"{APP}.") and not message.is_silenced():
            level = ERROR if message.is_serious() else WARNING
            yield Finding(str(message.id), level, str(message.msg), "", str(message.hint or ""))


def _unreachable(using: str, error: DatabaseError) -> Finding:
    problem = gettext("The database %(name)s cannot be reached: %(error)s")
    meaning = gettext("Nothing can be enqueued, and nothing runs.")
    return Finding("database", ERROR, problem % {"name": using, "error": str(error).strip()}, meaning)


def _unapplied(using: str) -> Finding | None:
    executor = MigrationExecutor(connections[using])
    wanted = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    names = [step.name for step, _ in executor.migration_plan(wanted) if step.app_label == APP]
    if not names:
        return None
    problem = gettext("Migrations of this app are not applied: %(names)s.") % {"names": ", ".join(names)}
    meaning = gettext("Tables or columns are missing; workers refuse to start.")
    return Finding("migrations", ERROR, problem, meaning, f"manage.py migrate --database={using}")


def _vendor(using: str) -> Iterator[Finding]:
    for name, is_wrong, problem, advice in for_alias(using).server_advice(TaskRun._meta.db_table):
        yield Finding(name, WARNING if is_wrong else HINT, problem, "", advice)


def _clock(using: str) -> Iterator[Finding]:
    before = timezone.now()
    there = for_alias(using).now()
    after = timezone.now()
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if apart > MOST_APART:
        problem = gettext("The clocks of this host and of the database differ by %(seconds)s seconds.")
        meaning = gettext("Runs go by the database's clock: what this host schedules comes too early or too late.")
        advice = gettext("Keep both in step (NTP).")
        yield Finding("clock", WARNING, problem % {"seconds": round(apart, 1)}, meaning, advice)


def _work(now: Status) -> Iterator[Finding]:
    for problem in problems(now):
        advice = gettext("Start a worker that serves it: manage.py runworker --queues NAME")
        yield Finding("unserved", ERROR, problem, gettext("It waits until a worker comes."), advice)
    for hand in now.hands:
        if hand.is_saturated:
            yield _saturated(hand)
        if not hand.is_live:
            values = {"name": hand.worker.name, "seconds": round(hand.silence.total_seconds())}
            problem = gettext("Worker %(name)s has been silent for %(seconds)s seconds.") % values
            meaning = ngettext(
                "It was killed, or cannot reach the database. Others take its %(count)d run back.",
                "It was killed, or cannot reach the database. Others take its %(count)d runs back.",
                hand.running,
            )
            advice = gettext("Look at its log and start it again; if it is gone for good, forget it in the admin.")
            yield Finding("lost-worker", WARNING, problem, meaning % {"count": hand.running}, advice)


def _saturated(hand: Hand) -> Finding:
    worker = hand.worker
    problem = gettext("Worker %(name)s is saturated: all its %(slots)d slots are taken, and runs that are due wait.")
    meaning = gettext("Runs of its queues start late.")
    advice = gettext("Give it more slots (manage.py tasks_fsm resize), start more workers, or look for long runs.")
    return Finding("saturated", WARNING, problem % {"name": worker.name, "slots": worker.concurrency}, meaning, advice)


def _pool(now: Status, using: str) -> Iterator[Finding]:
    size = pool_size(using)
    most = max((hand.worker.concurrency for hand in now.live), default=0)
    if size is not None and most and size < most + BESIDE:
        problem = gettext("The connection pool has %(size)d connections, and a worker runs %(most)d at once.")
        meaning = gettext("Runs wait for a connection, and heartbeats do too: the worker may be taken for lost.")
        advice = f'Set "OPTIONS": {{"pool": {{"max_size": {most + BESIDE}}}}} or more.'
        yield Finding("pool", WARNING, problem % {"size": size, "most": most}, meaning, advice)


def _tasks(using: str) -> Iterator[Finding]:
    rows = Task.objects.using(using).exclude(state=TaskState.RETIRED.value).order_by("name")
    for task in rows.only("name", "function", "trigger", "state")[:MOST_TASKS]:
        values: dict[str, Any] = {"task": task.name, "function": task.function}
        if registry.get(task.function) is None:
            problem = gettext("The function %(function)s of task %(task)s is not registered in this process.") % values
            meaning = gettext("A worker like this process hands its runs back, again and again.")
            advice = gettext("Deploy the code that has it, or retire the task.")
            yield Finding("function", ERROR, problem, meaning, advice)
        try:
            _ = task.fires
        except InvalidTrigger as error:
            problem = gettext("The schedule of task %(task)s cannot be read: %(error)s")
            meaning, advice = gettext("It never fires."), gettext("Give it another schedule in the admin.")
            yield Finding("trigger", ERROR, problem % {**values, "error": error}, meaning, advice)
