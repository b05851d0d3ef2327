"""Tasks with limits, which leave a line when they begin and when they end."""

from __future__ import annotations

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


def _through(trail: str, word: str) -> None:
    trails.leave(trail, f"began {word}")
    trails.hold_a_moment()
    trails.leave(trail, f"ended {word}")


@task(max_instances=2)
def two_at_once(trail: str, word: str) -> None:
    """Go through, at most two at a time."""
    _through(trail, word)


@task(concurrency_key=lambda trail, word: word)
def one_of_each(trail: str, word: str) -> None:
    """Go through, one for each word at a time."""
    _through(trail, word)


@task(takes_context=True, rate_limit="3/s")
def paced(context: RunContext) -> None:
    """Begin, at most three times a second."""


@task(max_instances=1)
async def alone(trail: str, word: str) -> None:
    """Go through, one at a time."""
    _through(trail, word)
