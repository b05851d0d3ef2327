"""``manage.py demo``: arguments only; the order of events is in ``demo.play``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from demo.play import Plan, play

LOG = Path(settings.BASE_DIR).parent / "var" / "demo-worker.log"


class Command(BaseCommand):
    """Show what the app does."""

    help = "Audit the installed distributions with a worker, then serve the admin until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        add = parser.add_argument
        add("--once", action="store_true", help="end after the audit; exit 1 when it found damage")
        add("--environment", metavar="PATH", help="audit this environment instead of the one that runs the demo")
        add("--port", type=int, default=8000, metavar="N", help="serve on this port, or on the next free one")
        add("--log", type=Path, default=LOG, metavar="PATH", help=f"where the worker writes (default {LOG})")
        add("--patience", type=float, default=120.0, metavar="S", help="give up when nothing has moved for so long")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play; the exit code is 1 when the audit could not be finished."""
        plan = Plan(*(options[name] for name in ("once", "environment", "port", "log", "patience")))
        code = play(plan, self.stdout)
        if code:
            sys.exit(code)
