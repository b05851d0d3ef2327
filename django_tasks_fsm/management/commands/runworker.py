"""``manage.py runworker``: arguments only; the room is ``cli/worker``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from django_tasks_fsm.cli import logs, worker


class Command(BaseCommand):
    """Start a worker."""

    help = worker.HELP
    requires_migrations_checks = True
    from_command_line = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        worker.add_arguments(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        """Note that a person or a process manager started this: only then may logging be configured."""
        self.from_command_line = True
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; the exit code is 1 after a forced stop."""
        if self.from_command_line:
            logs.to_terminal(options["verbosity"])
            if worker.wants_reload(options, sys.stderr.isatty()):
                self._run_reloading(options)
                return
        ended = worker.handle(options, self.from_command_line)
        if self.from_command_line:
            worker.leave(ended)
        elif ended.code:
            sys.exit(ended.code)

    def _run_reloading(self, options: dict[str, Any]) -> None:
        from django_tasks_fsm.cli.reload import run_reloading

        run_reloading(worker.config_from(options))
