"""Tasks that log, in every place where functions are run."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails

logger = logging.getLogger("tests.speaking")
# In the tests' own process somebody has configured the root logger, so that a worker leaves its level alone.
logger.setLevel(logging.DEBUG)


@task
def say(*words: Any, level: str = "INFO") -> None:
    """Log each word."""
    for word in words:
        logger.log(logging.getLevelNamesMapping()[level], "%s", word)


@task
def shout(level: int) -> None:
    """Log at a level of one's own."""
    logger.log(level, "loud")


@task(log_level="ERROR")
def murmur() -> None:
    """Log at every level; only the errors are wanted."""
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, logging.getLevelName(level))


@task
def count(upto: int) -> None:
    """Log the numbers from 1."""
    for number in range(1, upto + 1):
        logger.info("%d", number)


@task
async def asay(first: str, second: str) -> None:
    """Log before and after an await, and in a thread that the coroutine goes to."""
    logger.info(first)
    await asyncio.sleep(0)
    await sync_to_async(logger.info)(second)


@task(max_attempts=2)
def stumble() -> None:
    """Log an exception and raise it."""
    try:
        raise ValueError("no luck")
    except ValueError:
        logger.exception("it went wrong")
        raise


@task
def say_and_hold(trail: str, gate: str) -> None:
    """Log a word, and one more when the gate opens."""
    logger.info("before")
    trails.leave(trail, "said")
    trails.hold(gate)
    logger.info("after")


@task(takes_context=True)
def lock_and_say(context: RunContext, trail: str, gate: str) -> None:
    """Log while the row of the run is locked by the run itself."""
    with transaction.atomic():
        context.progress(1, 2)
        logger.info("from inside")
        trails.leave(trail, "said")
        trails.hold(gate)


@task(executor="process")
def say_from_child(trail: str, gate: str) -> None:
    """Log in a child process, in which nobody has configured anything."""
    logging.getLogger("somebody.else").info("of old")
    logger.info("before")
    trails.leave(trail, "said")
    trails.hold(gate)
    logger.info("after")
