"""Tasks that spawn others, for the tests of this room."""

from __future__ import annotations

from typing import Any

from django_tasks_fsm import current_run, task
from tests.context.sample import seven


class Crash(Exception):
    """Stands for the death of the process."""


@task
def child(number: int = 0, before: str = "") -> int:
    """Return the number."""
    return number


@task
def total() -> int:
    """Return the sum of what was waited for."""
    return sum(current_run().results())


@task(takes_context=True, max_attempts=5, backoff=lambda error, result: 0)
def fan_out(context: Any, counts: list[int]) -> list[str]:
    """Spawn so many children and their total; crash in each attempt but the last."""
    children = context.spawn_many(child, [[number] for number in range(counts[context.attempt - 1])])
    last = context.spawn(total, after=children)
    if context.attempt < len(counts):
        raise Crash
    return [*(result.id for result in children), last.id]


@task(takes_context=True)
async def afan_out(context: Any) -> list[str]:
    """Spawn in a coroutine."""
    children = await context.aspawn_many(child, [[1], [2]])
    last = await context.aspawn(total, after=children)
    return [*(result.id for result in children), last.id]


@task(takes_context=True)
def hold_up(context: Any, run_ids: list[str]) -> str:
    """Spawn a child that these runs wait for."""
    return str(context.spawn(child, 5, before=run_ids).id)


@task(takes_context=True)
def spawn_twice(context: Any) -> list[str]:
    """Spawn the same call four times, twice by a name, and one whose argument is called like one of spawn's."""
    same = [context.spawn(child, 1), context.spawn(child, 1)]
    named = [context.spawn(child, 1, named="other"), context.spawn(child, 2, named="other")]
    return [result.id for result in [*same, *named, context.spawn(child.step(before="noon"))]]


@task(takes_context=True, max_attempts=2, backoff=lambda error, result: 0)
def spawn_keyed(context: Any) -> str:
    """Spawn a child that bears a key, and crash once."""
    result = context.spawn(child.using(key="the one"), 1)
    if context.attempt == 1:
        raise Crash
    return str(result.id)


@task(takes_context=True)
def spawn_when_lost(context: Any) -> None:
    """Go on after the run has been ended by somebody else."""
    context.task_result.run.abort(reason="from outside")
    context.spawn(seven)
