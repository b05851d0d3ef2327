"""``runworker``: take runs from the database and execute them."""

from __future__ import annotations

import logging
import os
import platform
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError, connections, router

from django_tasks_fsm import conf
from django_tasks_fsm.cli.arguments import interval, positive_int, queue_names, seconds
from django_tasks_fsm.cli.signals import stop_on_signals
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.supervisor import PARENT, Supervisor


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended; ``left_behind`` says that functions are still running in this process."""

    code: int
    left_behind: bool = False


HELP = "Run queued tasks until SIGTERM or Ctrl-C; a second one stops at once."


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("--queues", type=queue_names, default=("*",), metavar="A,B|*", help="queues to serve (default: all)")
    add("--exclude-queues", type=queue_names, default=(), metavar="A,B", help="queues to leave to others")
    add("--concurrency", type=positive_int, default=4, metavar="N", help="runs at once in a process (default 4)")
    add("--processes", type=positive_int, default=1, metavar="N", help="worker processes under one supervisor")
    add("--interval", type=interval, default=1.0, metavar="SECONDS", help="longest sleep between two looks (default 1)")
    add("--burst", action="store_true", help="run what is due now, then exit")
    add("--max-tasks", type=positive_int, metavar="N", help="exit after N runs")
    add("--max-seconds", type=seconds, metavar="S", help="exit after S seconds")
    add("--name", default="", help="name to show in the admin (default: host and process id)")
    add("--grace", type=seconds, default=30.0, metavar="SECONDS", help="time to finish when asked to stop (default 30)")
    add("--database", default="", metavar="ALIAS", help="database to serve (default: where the router sends the runs)")
    add("--heartbeat-file", metavar="PATH", help="file to touch at every heartbeat, for liveness probes")
    add(
        "--reload",
        action=BooleanOptionalAction,
        default=None,
        help="restart when code changes (default: when DEBUG is on and a terminal is attached)",
    )


def config_from(options: dict[str, Any]) -> WorkerConfig:
    """Return the configuration that the flags ask for; raise CommandError for a database that is not configured."""
    from django_tasks_fsm.models import TaskRun

    using = options["database"] or router.db_for_write(TaskRun)
    if using not in connections:
        known = ", ".join(sorted(connections))
        raise CommandError(f"There is no database {using!r} in DATABASES. Known: {known}.")
    return WorkerConfig(
        name=options["name"] or f"{platform.node()}:{os.getpid()}",
        using=using,
        queues=_names(options["queues"]),
        excluded_queues=_names(options["exclude_queues"]),
        concurrency=options["concurrency"],
        interval=options["interval"],
        grace=options["grace"],
        burst=options["burst"],
        max_tasks=options["max_tasks"],
        max_seconds=options["max_seconds"],
        heartbeat_file=options["heartbeat_file"],
        parent_pid=_parent_pid(),
        inline=_must_be_inline(using),
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    # call_command("runworker", queues="a,b") skips the parser, and a text is a sequence of letters.
    return queue_names(value) if isinstance(value, str) else tuple(value)


def _parent_pid() -> int | None:
    # Taken out of the environment: a worker that a task starts is no child of this one's supervisor.
    parent = os.environ.pop(PARENT, "")
    return int(parent) if parent.isdecimal() else None


def _must_be_inline(using: str) -> bool:
    # Inside somebody's transaction, as in a TestCase, no other connection would see the runs.
    return connections[using].in_atomic_block or for_alias(using).is_private


def handle(options: dict[str, Any]) -> Ended:
    """Run the worker, or a supervisor over several, until it ends."""
    config = config_from(options)
    switch = StopSwitch()
    if options["processes"] > 1:
        with stop_on_signals(switch):
            return Ended(Supervisor(config, options["processes"], switch, options["verbosity"]).run())
    worker = Worker(config, switch)
    with stop_on_signals(switch):
        return Ended(_run(worker), worker.leaves_functions)


def leave(ended: Ended) -> None:
    """End the process with the exit code; return if that is 0 and nothing is left behind."""
    if ended.left_behind:
        # Python would wait for threads that functions have started, and for asgiref's: as long as they like.
        logging.shutdown()
        with suppress(OSError, ValueError):  # closed, or nobody reads any more
            sys.stdout.flush()
        os._exit(ended.code)
    if ended.code:
        sys.exit(ended.code)


def _run(worker: Worker) -> int:
    try:
        return worker.run()
    except (OperationalError, ProgrammingError) as error:
        # Errors of a database that worked when the worker started are waited out; these ones came before.
        using = worker.config.using
        raise CommandError(
            f"The database {using!r} cannot serve as a queue: {error}. Can it be written to, and has "
            f"'manage.py migrate --database={using}' been run?"
        ) from error


def wants_reload(options: dict[str, Any], has_terminal: bool) -> bool:
    """Tell whether to watch the code: as asked, else in development only."""
    if options["reload"] is not None:
        return bool(options["reload"])
    return conf.debug() and has_terminal and not options["burst"] and options["processes"] == 1
