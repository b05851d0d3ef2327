"""``manage.py tasks_fsm``: one door to the rooms of ``cli``."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_tasks_fsm.cli import explain, graph, prune, worker
from django_tasks_fsm.management.commands.runworker import Command as RunWorker


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
        explain.add_arguments(_room(rooms, "explain", "say why a run does not start, or a task does not fire"))

    def run_from_argv(self, argv: list[str]) -> None:
        """Note that a person or a process manager started this."""
        self.from_command_line = True
        super().run_from_argv(argv)

    def handle(self, *args: Any, room: str, **options: Any) -> None:
        """Hand over to the room."""
        if room == "worker":
            command = RunWorker()
            command.from_command_line = self.from_command_line
            # Not handle(): execute() looks at the migrations first. The checks have been run for this command.
            command.execute(**{**options, "skip_checks": True})
        elif room == "prune":
            prune.handle(options, self.stdout.write)
        elif room == "graph":
            graph.handle(options, self.stdout, self.stderr.write)
        elif room == "explain":
            if code := explain.handle(options, self.stdout.write):
                sys.exit(code)
        else:
            raise CommandError(f"There is no command {room!r}.")


def _room(rooms: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = rooms.add_parser(name, help=words)
    # Django's own flag stands before the room's name; people write it at the end.
    parser.add_argument("-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS)
    return parser
