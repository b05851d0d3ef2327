"""Storms on servers of our own: ``python -m tests.chaos [SECONDS] [SEED] [VENDOR,...]``; the exit code counts failures.

The seed chooses the faults, whom they hit and when, what is enqueued, and which failpoints each worker is armed with.
What it meets at these moments is up to the machine.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos.servers import GROUNDS
from tests.servers.database import Unavailable
from tests.servers.processes import run_manage

SECONDS = 30.0


def main(arguments: list[str]) -> int:
    """Run one storm for each vendor, print what it has come to, and return how many have gone wrong."""
    seconds, seed, vendors = [*arguments, *[""] * 3][:3]
    chosen = int(seed or 0) or random.SystemRandom().randrange(1, 10**6)
    names = vendors.split(",") if vendors else list(GROUNDS)
    if unknown := [name for name in names if name not in GROUNDS]:
        print(f"There is no vendor {unknown[0]!r}; choose from {', '.join(GROUNDS)}.")
        return 2
    if len(names) == 1:
        return storm(names[0], float(seconds or SECONDS), chosen)
    # Django is set up once in a process.
    each = [sys.executable, "-m", "tests.chaos", str(seconds or SECONDS), str(chosen)]
    return sum(subprocess.run([*each, name], check=False).returncode for name in names)


def storm(vendor: str, seconds: float, seed: int) -> int:
    """Run one storm and print its table; return 1 if anything is wrong."""
    try:
        with GROUNDS[vendor]() as (url, crash), tempfile.TemporaryDirectory() as directory:
            os.environ.update({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.chaos.settings"})
            sys.path.insert(0, "testproject")
            import django

            django.setup()
            from django.db import connections

            from tests.chaos.storm import Storm

            prepare(url)
            report = Storm(url, Path(directory), seed, seconds, crash).run()
            connections.close_all()
    except Unavailable as reason:
        print(f"{vendor}: not run: {reason}")
        return 0
    print("\n".join(report.lines()), flush=True)
    return int(bool(report.violations))


def prepare(url: str) -> None:
    """Make the tables."""
    made = run_manage(url, "migrate", "-v0", env={"DJANGO_SETTINGS_MODULE": "tests.chaos.settings"}, seconds=120)
    if made.returncode:
        raise RuntimeError(f"The tables cannot be made: {made.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
