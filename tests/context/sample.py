"""Tasks for the tests of this room."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from django_tasks_fsm import current_run, task
from django_tasks_fsm.context import NoCurrentRun
from django_tasks_fsm.exceptions import CancellationRequested
from django_tasks_fsm.tasks_api import TaskContext


@task(takes_context=True)
def look(context: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Tell what the context says."""
    result = context.task_result
    return {
        "is_djangos": isinstance(context, TaskContext),
        "is_current": current_run() is context,
        "attempt": context.attempt,
        "id": result.id,
        "run_id": str(context.run_id),
        "status": result.status,
        "args": [*args, *result.args],
        "kwargs": {**kwargs, **result.kwargs},
        "worker": result.worker_ids[0],
        "started": result.started_at.isoformat(),
    }


@task(takes_context=True)
async def alook(context: Any) -> dict[str, Any]:
    """Tell what the context says, in a coroutine."""
    return {"is_current": current_run() is context, "attempt": context.attempt, "id": context.task_result.id}


@task(takes_context=True, max_attempts=3, backoff=lambda error, result: 0)
def third_time_lucky(context: Any) -> dict[str, Any]:
    """Fail twice, then tell of the past."""
    result = context.task_result
    if context.attempt < 3:
        raise ValueError(f"attempt {context.attempt}")
    return {"attempts": result.attempts, "workers": result.worker_ids, "errors": [e.traceback for e in result.errors]}


@task(takes_context=True)
def write_everything(context: Any) -> None:
    """Use all that writes."""
    context.progress(3, 10, note="three of ten")
    context.log("first line")
    context.log("second line", level=30)
    context.metadata["seen"] = [1, (2,), b"three"]
    context.save_metadata()


@task(takes_context=True)
async def awrite_everything(context: Any) -> dict[str, Any]:
    """Use all that writes, in a coroutine."""
    await context.aprogress(3, 10, note="three of ten")
    await context.alog("first line")
    await context.alog("second line", level=30)
    metadata: dict[str, Any] = await context.ametadata()
    metadata["seen"] = [1, (2,), b"three"]
    await context.asave_metadata()
    context.check()
    return {"before": len(await context.aprerequisites()), "users": await User.objects.acount()}


@task
def refuse_metadata() -> None:
    """Keep what JSON cannot hold."""
    current_run().metadata["when"] = object()
    current_run().save_metadata()


@task
def in_other_threads() -> dict[str, bool]:
    """Tell where the run is known."""
    found: dict[str, bool] = {}

    def ask(name: str) -> None:
        try:
            found[name] = bool(current_run())
        except NoCurrentRun:
            found[name] = False

    bare = threading.Thread(target=ask, args=("bare thread",))
    bare.start()
    bare.join()
    asyncio.run(asyncio.to_thread(ask, "to_thread"))
    asyncio.run(_ask_in_coroutine(ask))
    ask("here")
    return found


async def _ask_in_coroutine(ask: Any) -> None:
    ask("coroutine")
    await sync_to_async(ask)("sync_to_async")


@task(takes_context=True)
def come_again(context: Any, times: int) -> int:
    """Ask to be run later, a number of times."""
    count: int = context.metadata.get("count", 0) + 1
    context.metadata["count"] = count
    context.save_metadata()
    if count < times:
        context.reschedule(timedelta(0))
    return count


@task
def come_later(delay: float) -> None:
    """Ask to be run later."""
    current_run().reschedule(delay)


@task(takes_context=True)
def stop_itself(context: Any) -> None:
    """Be told to stop, and obey."""
    context.request_stop("enough")
    context.check()


@task
def give_up() -> None:
    """Raise what a request to stop raises."""
    raise CancellationRequested("nothing to do")


@task(takes_context=True, timeout=0.05)
def too_slow(context: Any) -> None:
    """Look again and again until the time is up."""
    forever = threading.Event()
    while not forever.wait(0.005):
        context.check()


@task(timeout=0.05)
async def atoo_slow() -> None:
    """Wait until the time is up."""
    await asyncio.Event().wait()


@task
def report() -> list[list[Any]]:
    """Return how the prerequisites ended."""
    return [[str(one.run_id), one.task, one.state, one.result, one.error] for one in current_run().prerequisites()]


@task
def seven() -> int:
    """Return a number."""
    return 7


@task
def fails() -> None:
    """Raise."""
    raise ValueError("no number")


@task(takes_context=True)
def found_a_graph(context: Any) -> str:
    """Become the root of a graph and enqueue a child into it."""
    seven.using(graph=context.graph).enqueue()
    return str(context.graph)


@task(takes_context=True)
def lose_it(context: Any) -> None:
    """Go on writing after the run has been ended by somebody else."""
    context.task_result.run.abort(reason="from outside")
    context.progress(1, 2)


resting: list[Any] = []
enough = threading.Event()


@task(takes_context=True, timeout=600)
def look_around(context: Any) -> float | None:
    """Ask again and again until it is enough."""
    resting.append(context)
    pause = threading.Event()
    while not enough.is_set():
        context.check()
        pause.wait(0.005)
    return context.stopwatch.loop_limit and float(context.stopwatch.loop_limit.when())


@task(takes_context=True, timeout=600)
async def alook_around(context: Any) -> float | None:
    """Ask again and again, in a coroutine, until it is enough."""
    resting.append(context)
    while not enough.is_set():
        await context.acheck()
        await asyncio.sleep(0.005)
    return context.stopwatch.loop_limit and float(context.stopwatch.loop_limit.when())
