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
from django_tasks_fsm.cli.arguments import (
    interval,
    positive_int,
    queue_names,
    queue_slots,
    refuse_bytes,
    reserved,
    seconds,
)
from django_tasks_fsm.cli.signals import stop_on_signals
from django_tasks_fsm.core.slots import MOST_SLOTS, Reserve, kept
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.recycling import MEGABYTE
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.supervisor import PARENT, SUCCEEDS, Supervisor


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended; ``left_behind`` says that functions are still running in this process."""

    code: int
    left_behind: bool = False


HELP = "Run queued tasks until SIGTERM or Ctrl-C; a second one stops at once."


MOST_PROCESSES = 1_000


def slots(text: str) -> int:
    """Return a number of slots."""
    return positive_int(text, MOST_SLOTS)


def processes(text: str) -> int:
    """Return a number of processes."""
    return positive_int(text, MOST_PROCESSES)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("--queues", type=queue_names, default=("*",), metavar="A,B|*", help="queues to serve (default: all)")
    add("--exclude-queues", type=queue_names, default=(), metavar="A,B", help="queues to leave to others")
    add("--concurrency", type=slots, default=4, metavar="N", help="runs at once in a process (default 4)")
    add(
        "--reserve",
        type=reserved,
        action="append",
        default=[],
        metavar="PRIORITY=N",
        help="keep N slots for runs of this priority and above; may be given several times",
    )
    add(
        "--queue-concurrency",
        type=queue_slots,
        action="append",
        default=[],
        metavar="QUEUE=N",
        help="run at most N of this queue at once; may be given several times",
    )
    add("--processes", type=processes, metavar="N", help="worker processes under one supervisor")
    add("--interval", type=interval, default=1.0, metavar="SECONDS", help="longest sleep between two looks (default 1)")
    add("--burst", action="store_true", help="run what is due now, then exit")
    add("--max-tasks", type=positive_int, metavar="N", help="exit after N runs; below a supervisor another one follows")
    add("--max-seconds", type=seconds, metavar="S", help="exit after S seconds")
    add("--max-rss", type=positive_int, metavar="MB", help="exit when the process takes more memory; as --max-tasks")
    add("--paused", action="store_true", help="start nothing until somebody resumes this worker")
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

    refuse_bytes(options)
    using = options["database"] or router.db_for_write(TaskRun)
    if using not in connections:
        known = ", ".join(sorted(connections))
        raise CommandError(f"There is no database {using!r} in DATABASES. Known: {known}.")
    if options["paused"] and options["burst"]:
        raise CommandError("--paused waits for a person and --burst for nobody: give one of them.")
    return WorkerConfig(
        name=options["name"] or f"{platform.node()}:{os.getpid()}",
        using=using,
        queues=_names(options["queues"]),
        excluded_queues=_names(options["exclude_queues"]),
        concurrency=options["concurrency"],
        reserve=_reserve(options),
        queue_concurrency=_queue_concurrency(options),
        paused=options["paused"],
        interval=options["interval"],
        grace=options["grace"],
        burst=options["burst"],
        max_tasks=options["max_tasks"],
        max_seconds=options["max_seconds"],
        max_rss=options["max_rss"] and options["max_rss"] * MEGABYTE,
        heartbeat_file=options["heartbeat_file"],
        parent_pid=_parent_pid(),
        succeeds=bool(os.environ.pop(SUCCEEDS, "")),
        inline=_must_be_inline(using),
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    # call_command("runworker", queues="a,b") skips the parser, and a text is a sequence of letters.
    return queue_names(value) if isinstance(value, str) else tuple(value)


def _reserve(options: dict[str, Any]) -> Reserve:
    pairs = [reserved(pair) if isinstance(pair, str) else pair for pair in options["reserve"]]
    found: dict[int, int] = {}
    for priority, slots in pairs:
        found[priority] = found.get(priority, 0) + slots
    if kept(found.items()) >= options["concurrency"]:
        raise CommandError(
            f"--reserve keeps {kept(found.items())} of {options['concurrency']} slots, and nothing else could run. "
            "Keep fewer, or raise --concurrency."
        )
    return tuple(sorted(found.items()))


def _queue_concurrency(options: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    pairs = [queue_slots(pair) if isinstance(pair, str) else pair for pair in options["queue_concurrency"]]
    wanted, excluded = _names(options["queues"]), _names(options["exclude_queues"])
    for name, _ in pairs:
        if name in excluded or not ("*" in wanted or name in wanted):
            raise CommandError(f"--queue-concurrency names {name!r}, which this worker does not serve.")
    return tuple(dict(pairs).items())


def _parent_pid() -> int | None:
    # Taken out of the environment: a worker that a task starts is no child of this one's supervisor.
    parent = os.environ.pop(PARENT, "")
    return int(parent) if parent.isdecimal() else None


def _must_be_inline(using: str) -> bool:
    # Inside somebody's transaction, as in a TestCase, no other connection would see the runs.
    return connections[using].in_atomic_block or for_alias(using).is_private


def handle(options: dict[str, Any], is_own_process: bool = False) -> Ended:
    """Run the worker, or a supervisor over several, until it ends; in its own process it may end that at once."""
    config = config_from(options)
    switch = StopSwitch()
    count = options["processes"] or 1
    # One process under a supervisor is of use where it is replaced.
    is_replaced = bool(options["processes"]) and (config.max_tasks is not None or config.max_rss is not None)
    if count > 1 or is_replaced:
        with stop_on_signals(switch):
            return Ended(Supervisor(config, count, switch, options["verbosity"]).run())
    worker = Worker(config, switch, _leave_at_once if is_own_process else None)
    with stop_on_signals(switch):
        return Ended(_run(worker), worker.leaves_functions)


def leave(ended: Ended) -> None:
    """End the process with the exit code; return if that is 0 and nothing is left behind."""
    if ended.left_behind:
        # Python would wait for threads that functions have started, and for asgiref's: as long as they like.
        _leave_at_once(ended.code)
    if ended.code:
        sys.exit(ended.code)


def _leave_at_once(code: int) -> None:
    logging.shutdown()
    with suppress(OSError, ValueError):  # closed, or nobody reads any more
        sys.stdout.flush()
    os._exit(code)


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
    return conf.debug() and has_terminal and not options["burst"] and (options["processes"] or 1) == 1
