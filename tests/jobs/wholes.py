"""Atomic tasks: each leaves a group behind, or does not."""

from __future__ import annotations

import logging
import uuid
from typing import Any, NoReturn

from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction

from django_tasks_fsm import StopSchedule, task
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.models import RunDetail, TaskRun
from tests.jobs import trail as trails
from tests.jobs.tasks import noop

logger = logging.getLogger("tests.wholes")
logger.setLevel(logging.DEBUG)


def leave(word: str) -> None:
    """Write what the test counts; the names differ, so that no two transactions wait for each other."""
    Group.objects.create(name=f"{word} {uuid.uuid4()}")


def left(word: str = "") -> int:
    """Return how often that was committed."""
    return Group.objects.filter(name__startswith=word).count()


@task(atomic=True, max_attempts=3)
def add(word: str, value: Any = None) -> Any:
    """Leave something and return the value."""
    leave(word)
    return value


@task(atomic=True, max_attempts=2)
def stumble(word: str) -> NoReturn:
    """Leave something and fail."""
    leave(word)
    raise ValueError("after all")


@task(atomic=True)
def give_an_object(word: str) -> object:
    """Leave something and return what is not JSON."""
    leave(word)
    return object()


@task(atomic=True, cancel_on_result=lambda result: result == "no")
def doubt(word: str) -> str:
    """Leave something and be cancelled by the result."""
    leave(word)
    return "no"


@task(atomic=True, takes_context=True)
def go_round(context: RunContext, word: str) -> NoReturn:
    """Leave something and ask for another round."""
    leave(word)
    context.reschedule(60)


@task(atomic=True)
def have_enough(word: str) -> NoReturn:
    """Leave something and end the schedule."""
    leave(word)
    raise StopSchedule("enough")


@task(atomic=True, takes_context=True)
def bear(context: RunContext, fails: bool = False) -> None:
    """Make a run, and a child, and say so, though the child has this run's row locked."""
    noop.enqueue()
    context.spawn(noop)
    context.progress(1, 2, note="two made")
    context.log("two made")
    if fails:
        raise ValueError("after all")


@task(atomic=True, takes_context=True)
def write_its_own_detail(context: RunContext, word: str) -> None:
    """Lock the row that its progress is to be written to, and say so."""
    leave(word)
    RunDetail.objects.update_or_create(pk=context.run_id, defaults={"metadata": {"by": "hand"}})
    context.progress(1, 2, note="by hand")
    context.log("by hand")


@task(atomic=True, takes_context=True)
def tell(context: RunContext, fails: bool = False, seen: Any = None) -> None:
    """Say a lot about itself, call ``seen``, and fail or not."""
    context.progress(1, 4, note="a quarter")
    context.log("one")
    context.log("two")
    context.metadata["key"] = "value"
    context.save_metadata()
    SEEN.extend(look() for look in LOOKS)
    if fails:
        raise ValueError("after all")


LOOKS: list[Any] = []
"""What ``tell`` calls while its transaction is open."""
SEEN: list[Any] = []


@task(atomic=True)
def call_later(word: str) -> None:
    """Leave something, and two calls for behind the commit, of which the first raises."""
    leave(word)
    transaction.on_commit(raise_behind)
    transaction.on_commit(lambda: SEEN.append("called"))


def raise_behind() -> NoReturn:
    """Raise."""
    raise RuntimeError("behind the commit")


@task(atomic=True)
def insist(word: str) -> None:
    """Want a transaction that is nobody else's."""
    leave(word)
    with transaction.atomic(durable=True):
        pass


@task(atomic=True)
def swallow(word: str) -> str:
    """Break the transaction and say that all is well."""
    leave(word)
    try:
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
    except DatabaseError:
        return "all is well"
    return "it did not break"


@task(atomic=True)
def point_nowhere(word: str) -> None:
    """Write a foreign key that points nowhere, which is noticed at the commit, or at once."""
    leave(word)
    User.groups.through.objects.create(user_id=2**30, group_id=2**30)


@task(atomic=True, max_attempts=2)
def hang_up(word: str) -> None:
    """Close the connection."""
    leave(word)
    connection.close()


@task(atomic=True, max_attempts=2)
def begin_anew(word: str) -> None:
    """End the transaction and go on in the next one, as MariaDB does at a deadlock."""
    leave(word)
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")


@task(atomic=True, takes_context=True, max_attempts=2)
def end_oneself(context: RunContext, word: str, asks: bool) -> None:
    """Abort the run that executes this, and perhaps ask whether it goes on."""
    leave(word)
    TaskRun.objects.get(pk=context.run_id).abort(reason="enough")
    if asks:
        context._looked_at = 0.0
        context.check()


@task(atomic=True, takes_context=True)
def look_up(context: RunContext) -> None:
    """Ask the database what it should do."""
    context._looked_at = 0.0
    context.check()


@task(atomic=True, takes_context=True, max_attempts=3)
def hold(context: RunContext, word: str, trail: str, gate: str) -> None:
    """Leave something, and block, without asking whether to stop, until the gate opens."""
    leave(word)
    trails.leave(trail, "began")
    trails.hold(gate)
    trails.leave(trail, "goes on")


@task(atomic=True)
def speak(word: str) -> None:
    """Log."""
    leave(word)
    logger.info("first %s", word)
    logger.info("last %s", word)


@task(atomic=True, executor="process")
def add_apart(word: str) -> None:
    """Leave something, in a child process, and log."""
    leave(word)
    logger.info("apart %s", word)
