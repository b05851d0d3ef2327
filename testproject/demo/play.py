"""The order of events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from audit import tasks
from audit.phase import Phase
from audit.standing import Standing
from demo import verdict
from demo.account import prepare_account
from demo.database import migrate
from demo.environment import directories
from demo.line import ProgressLine
from demo.server import DemoServer
from demo.watch import watch
from demo.worker import DemoWorker
from django_tasks_fsm.cli.signals import stop_on_signals
from django_tasks_fsm.worker.stop import StopSwitch

LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Plan:
    """What was asked for; ``patience`` is in seconds."""

    once: bool
    environment: str | None
    port: int
    log: Path
    patience: float


def play(plan: Plan, out: OutputWrapper) -> int:
    """Prepare, audit, tell the result, and serve unless it was to be done once; return the exit code.

    Whatever is raised, the worker and the server are stopped before it leaves this function.
    """
    switch = StopSwitch()
    with stop_on_signals(switch):
        path = directories(plan.environment)
        account = prepare(out)
        with DemoWorker(plan.log, switch) as worker:
            say(out, f"Worker: process {worker.pid}, its log is {plan.log}.")
            graph = UUID(tasks.discover.enqueue(path=path).id)
            standing = watch(graph, worker, ProgressLine(out), switch, plan.patience)
            conclude(standing, plan.once, out)
            if not plan.once and not switch.asked:
                serve(plan.port, graph, account, worker, switch, out)
        say(out, "Stopped.")
        return int(plan.once and standing.phase is not Phase.DONE)


def prepare(out: OutputWrapper) -> str:
    """Make the database and the account ready; return what to tell who wants to log in."""
    say(out, migrate())
    account = prepare_account(settings.DEBUG)
    say(out, account)
    return account


def conclude(standing: Standing, once: bool, out: OutputWrapper) -> None:
    """Tell the result; raise CommandError when ``once`` was asked for and only a person can finish the audit."""
    if standing.phase.moves:
        say(out, "Stopped before the audit was finished; what is left of it goes on at the next start.")
        return
    for line in verdict.lines(standing):
        say(out, line)
    trouble = verdict.trouble(standing)
    if trouble and once:
        raise CommandError(trouble)
    if trouble:
        say(out, trouble)


def serve(port: int, graph: UUID, account: str, worker: DemoWorker, switch: StopSwitch, out: OutputWrapper) -> None:
    """Serve the pages until the switch is thrown; raise CommandError when the worker ends before."""
    with DemoServer(port) as server:
        say(out, f"\nThe audit: {server.address}audit/{graph}/\nThe admin: {server.address}admin/\n{account}")
        say(out, "Ctrl-C stops the server and the worker.")
        while not switch.asked:
            worker.require_alive()
            switch.wait(LOOK_EVERY)


def say(out: OutputWrapper, text: str) -> None:
    """Write a line at once: behind a pipe it would wait for the buffer to fill."""
    out.write(text)
    out.flush()
