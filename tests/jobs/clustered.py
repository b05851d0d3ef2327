"""Tasks for a Dask cluster; import it where the settings name an executor ``dask``."""

from __future__ import annotations

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


@task(executor="dask", takes_context=True)
def tell(context: RunContext) -> str:
    """Say how far it is; return who computes."""
    from distributed import get_worker

    context.progress(1, 2)
    return str(get_worker().address)


@task(executor="dask", takes_context=True)
def hold(context: RunContext, trail: str, gate: str) -> int:
    """Block until the gate opens."""
    trails.leave(trail, f"began {context.attempt}")
    trails.hold(gate)
    return context.attempt


@task(executor="dask", takes_context=True)
def obey(context: RunContext, trail: str) -> None:
    """Ask again and again whether to stop."""
    trails.leave(trail, "began")
    try:
        while True:
            context.check()
            trails.hold_a_moment()
    finally:
        trails.leave(trail, "ended")
