"""``manage.py tasks_fsm``: one door to the rooms of ``cli``."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from django_tasks_fsm.cli import (
    check,
    doctor,
    explain,
    graph,
    listing,
    pausing,
    preview,
    prune,
    rescheduling,
    resizing,
    run,
    run_log,
    show,
    status,
    verbs,
    worker,
)
from django_tasks_fsm.cli.arguments import refuse_bytes
from django_tasks_fsm.management.commands.runworker import Command as RunWorker

ANSWERING: dict[str, Any] = {
    "explain": explain, "status": status, "list": listing, "show": show, "logs": run_log, "run": run, "doctor": doctor,
    "resize": resizing, "reschedule": rescheduling, "check": check,
}  # fmt: skip
"""Rooms that end with an exit code."""


class Command(BaseCommand):
    """Choose a room by the first argument."""

    help = "Work with background tasks."
    from_command_line = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands."""
        rooms = parser.add_subparsers(dest="room", metavar="COMMAND", required=True, parser_class=CommandParser)
        worker.add_arguments(_room(rooms, "worker", "the same as runworker, under a name nobody else has"))
        prune.add_arguments(_room(rooms, "prune", "delete runs that ended long ago"))
        graph.add_arguments(_room(rooms, "graph", "draw tasks, runs, a timeline or the states"))
        preview.add_arguments(_room(rooms, "preview", "say when a cron expression, or a task, fires next"))
        named = {"status": status, "list": listing, "show": show, "logs": run_log, "run": run, "doctor": doctor}
        for name, room in named.items():
            room.add_arguments(_room(rooms, name, room.HELP))
        check.add_arguments(_room(rooms, "check", check.HELP))
        resizing.add_arguments(_room(rooms, "resize", resizing.HELP))
        rescheduling.add_arguments(_room(rooms, "reschedule", rescheduling.HELP))
        for name, words in pausing.HELP.items():
            pausing.add_arguments(_room(rooms, name, words), name)
        for name, words in verbs.HELP.items():
            verbs.add_arguments(_room(rooms, name, words))
        explain.add_arguments(_room(rooms, "explain", "say why a run does not start, or a task does not fire"))

    def run_from_argv(self, argv: list[str]) -> None:
        """Note that a person or a process manager started this."""
        self.from_command_line = True
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Leave the system checks to the doctor, who says what they have found instead of ending with it."""
        checked = {"skip_checks": True} if options["room"] == "doctor" else {}
        return super().execute(*args, **{**options, **checked})

    def handle(self, *args: Any, room: str, **options: Any) -> None:
        """Hand over to the room."""
        refuse_bytes(options)
        if room == "worker":
            command = RunWorker()
            command.from_command_line = self.from_command_line
            # Not handle(): execute() looks at the migrations first. The checks have been run for this command.
            command.execute(**{**options, "skip_checks": True})
        elif room == "prune":
            prune.handle(options, self.stdout.write)
        elif room == "graph":
            graph.handle(options, self.stdout, self.stderr.write)
        elif room == "preview":
            preview.handle(options, self.stdout.write)
        elif code := self._code(room, options):
            sys.exit(code)

    def _code(self, room: str, options: dict[str, Any]) -> int:
        try:
            return self._answer(room, options)
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(f"The database does not answer: {str(error).strip()}") from error

    def _answer(self, room: str, options: dict[str, Any]) -> int:
        if room in ANSWERING:
            return int(ANSWERING[room].handle(options, self.stdout.write))
        if room in pausing.HELP:
            return pausing.handle(room, options, self.stdout.write)
        if room in verbs.HELP:
            return verbs.handle(room, options, self.stdout.write, self._ask if self._has_terminal else None)
        raise CommandError(f"There is no command {room!r}.")

    @property
    def _has_terminal(self) -> bool:
        return self.from_command_line and sys.stdin.isatty()

    def _ask(self, question: str) -> bool:
        # On stderr: what a script reads on stdout stays one JSON object.
        self.stderr.write(f"{question} [y/N] ", self.style.NOTICE, ending="")
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def _room(rooms: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = rooms.add_parser(name, help=words)
    # Django's own flag stands before the room's name; people write it at the end.
    parser.add_argument("-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS)
    return parser
