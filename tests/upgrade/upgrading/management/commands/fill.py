"""Enqueue runs with the release that executes this command, and print their ids as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tests.upgrade.upgrading.tasks import fail, hold, mark, meet


class Command(BaseCommand):
    """``fill before``: a run for each state; ``fill after NAME``: some for either worker."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("when", choices=["before", "after"])
        parser.add_argument("trail")

    def handle(self, *args: Any, when: str, trail: str, **options: Any) -> None:
        """Enqueue."""
        runs = self.before(trail) if when == "before" else self.after(trail)
        self.stdout.write(json.dumps({name: str(result.id) for name, result in runs.items()}))

    def before(self, trail: str) -> dict[str, Any]:
        """Return a run for each state that lasts."""
        held = hold.enqueue(trail, "held")
        return {
            "held": held,
            "behind": mark.using(after=[held]).enqueue(trail, "behind"),
            "queued": mark.using(queue_name="later").enqueue(trail, "queued"),
            "keyed": mark.using(queue_name="later", key="one").enqueue(trail, "keyed"),
            "prepared": mark.prepare(trail, "prepared"),
            "failed": fail.enqueue(),
        }

    def after(self, trail: str) -> dict[str, Any]:
        """Return runs that the workers of both releases have to share, and more."""
        met = {name: meet.enqueue(trail, name) for name in ("one", "two")}
        behind = {"last": mark.using(after=list(met.values())).enqueue(trail, "last")}
        many = {f"many{number}": mark.enqueue(trail, f"many{number}") for number in range(10)}
        return {**met, **behind, **many}
