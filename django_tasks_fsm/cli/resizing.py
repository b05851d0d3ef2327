"""``tasks_fsm resize``: how many runs a worker executes at once, while it works."""

from __future__ import annotations

import logging
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django_tasks_fsm.cli.arguments import positive_int
from django_tasks_fsm.cli.naming import WRONG, add_common, database, workers_named
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import show
from django_tasks_fsm.cli.verbs import as_dict, lines
from django_tasks_fsm.core.slots import MOST_SLOTS
from django_tasks_fsm.models.worker_verbs import resize_workers

logger = logging.getLogger("django_tasks_fsm.cli")

HELP = "let a worker run more or fewer tasks at once"
AS_STARTED = "default"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("worker", metavar="WORKER", help="name or id; the name of a supervisor means all its processes")
    parser.add_argument("slots", type=slots, metavar="N", help=f"runs at once, or {AS_STARTED!r}: as it was started")
    add_common(parser)


def slots(text: str) -> int | str:
    """Return a number of slots, or the word for that with which the worker was started."""
    if text == AS_STARTED:
        return text
    number = positive_int(text)
    if number > MOST_SLOTS:
        raise ArgumentTypeError(f"{text} slots are too many: {MOST_SLOTS} at most.")
    return number


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write down what is wanted, and say of how many workers; return 1 where it is none."""
    using = database(options)
    name, wanted = options["worker"], options["slots"]
    number = None if wanted == AS_STARTED else wanted
    report = resize_workers(workers_named(name, using).values_list("pk", flat=True), number, using)
    if report.moved:
        logger.info("Worker %s: resize to %s by %s", name, wanted, operator().name)
    show({"database": using, "verb": "resize", "name": name, "slots": number, **as_dict(report)}, lines, options, write)
    return 0 if report.moved else WRONG
