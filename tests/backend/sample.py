"""Tasks for the tests of this room."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from django.contrib.auth.models import User
from django.utils import timezone

from django_tasks_fsm import current_run, task


@task
def echo(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what came in."""
    return {"args": list(args), "kwargs": kwargs}


@task
async def aecho(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what came in."""
    return {"args": list(args), "kwargs": kwargs}


@task
def other() -> None:
    """Be another function."""


@task(
    concurrency_key=lambda letter: "letter " + letter if letter != "" else None,
    concurrency=2, max_instances=5, rate_limit="100/m", on_overlap="wait",
)  # fmt: skip
def keyed(letter: str) -> None:
    """Have limits."""


@task
def fail(message: str = "wrong") -> NoReturn:
    """Raise."""
    raise ValueError(message)


@task
def exit_at_once() -> NoReturn:
    """End the interpreter, or so it believes."""
    raise SystemExit("bye")


@task
def miss_a_row() -> User:
    """Raise an exception whose class is nested in another class."""
    return User.objects.get(pk=-1)


@task
def unstorable() -> Any:
    """Return what JSON does not know."""
    return object()


@task(max_attempts=3, backoff=lambda error, result: 0)
def fail_thrice() -> NoReturn:
    """Raise, with the number of the attempt."""
    raise ValueError(f"attempt {current_run().attempt}")


@task(max_attempts=3, backoff=lambda error, result: 0)
def succeed_at_last(good: int = 3) -> int:
    """Raise until attempt ``good``."""
    if current_run().attempt < good:
        raise ValueError(f"attempt {current_run().attempt}")
    return current_run().attempt


@task(takes_context=True)
def who_am_i(context: Any) -> str:
    """Return the id of the run."""
    return str(context.task_result.id)


@task
def now() -> str:
    """Return the time here."""
    moment: datetime = timezone.now()
    return moment.isoformat()


@task(queue_name="audit", priority=7, timeout=60, on_lost="fail")
def declared(*args: Any, **kwargs: Any) -> None:
    """Have everything declared."""


@task
def made_anew(more: int) -> int:
    """Take the place of the run that executes it, a number of times."""
    if more:
        made_anew.using(key="k").recreate(more - 1)
    return more
