"""Let workers run under a steady mixed load, watch whether anything grows, and print a verdict.

``python -m scripts.soak``, from the checkout; MINUTES (default 10), DATABASE (sqlite, postgresql or mariadb) and RATE
(runs a second, default 20) say what. The exit code is 0 where all is well; the plot is a file whose name is printed.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from scripts.soak.verdict import Part, Sample, verdict
from tests.servers.choice import opened
from tests.servers.processes import ROOT, ManageProcess

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun

SETTINGS = "scripts.soak.settings"
WORKERS, CONCURRENCY = 2, 4
EVERY = 0.25
"""Seconds between two portions of load."""
KEPT = timedelta(seconds=60)
PAGE = os.sysconf("SC_PAGE_SIZE")
_never = threading.Event()


def main() -> int:
    """Soak, print, plot, and return the exit code."""
    vendor = os.environ.get("DATABASE") or "sqlite"
    minutes, rate = float(os.environ.get("MINUTES") or 10), float(os.environ.get("RATE") or 20)
    with opened(vendor) as database:
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        sys.path.insert(0, str(ROOT / "testproject"))
        import django

        django.setup()
        print(f"soak: {vendor} ({database.source}), {minutes:g} minutes, {rate:g} calls a second, ", end="")
        print(f"{WORKERS} workers with {CONCURRENCY} threads each", flush=True)
        with tables() as url:
            soak = Soak(url, minutes * 60, rate)
            parts = soak.run()
    for part in parts:
        print(f"{'good' if part.is_good else 'BAD '}  {part.what}: {part.said}")
    print(f"plot: {_plotted(soak, vendor)}")
    return int(not all(part.is_good for part in parts))


@contextmanager
def tables() -> Iterator[str]:
    """Make a database for this, give its URL, and drop it."""
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        if connection.vendor == "sqlite":
            yield f"sqlite:///{quote(name)}"
        else:
            yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name)}").geturl()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


class Soak:
    """The load, the looks, and the end."""

    def __init__(self, url: str, seconds: float, rate: float) -> None:
        self._url, self._seconds, self._portion = url, seconds, max(1, round(rate * EVERY))
        self.samples: list[Sample] = []
        self._dice = random.Random(1)
        self._pruned = self._made = 0
        self._workers: list[ManageProcess] = []

    def run(self) -> list[Part]:
        """Return the verdict."""
        env = {"DJANGO_SETTINGS_MODULE": SETTINGS}
        arguments = ("runworker", f"--concurrency={CONCURRENCY}", "--no-reload")
        self._workers = [ManageProcess(self._url, *arguments, env=env) for _ in range(WORKERS)]
        try:
            for worker in self._workers:
                worker.wait_for("(?i)ready", 120)
            self._load()
            return [*verdict(self.samples), *self._ended()]
        finally:
            for worker in self._workers:
                worker.close()

    def _load(self) -> None:
        began = time.monotonic()
        look_every = max(1.0, self._seconds / 120)
        next_look, next_load, looked_at = began + look_every, began, _now()
        while (now := time.monotonic()) < began + self._seconds:
            for _ in range(self._portion):
                self._made += self._one()
            if now >= next_look:
                self.samples.append(self._look(now - began, looked_at))
                looked_at, next_look = _now(), now + look_every
                self._prune()
            next_load += EVERY
            _never.wait(max(0.0, next_load - time.monotonic()))

    def _one(self) -> int:
        """Enqueue one call, and return how many runs that makes."""
        from django_tasks_fsm import chain
        from scripts.soak import load

        kinds: list[tuple[int, Callable[[], Any], int]] = [
            (40, load.nothing.enqueue, 1),
            (15, lambda: load.wait.enqueue(0.02), 1),
            (15, lambda: load.await_.enqueue(0.02), 1),
            (8, lambda: load.compute.enqueue(20_000), 1),
            (6, lambda: load.stumble.enqueue(2), 1),
            (6, lambda: load.tell.enqueue(3), 1),
            (4, lambda: load.whole.enqueue("nobody"), 1),
            (3, load.limited.enqueue, 1),
            (3, lambda: chain(*(load.nothing.step() for _ in range(3))).enqueue(), 3),
        ]
        _, make, number = self._dice.choices(kinds, weights=[weight for weight, _, _ in kinds])[0]
        make()
        return number

    def _look(self, at: float, since: datetime) -> Sample:
        from django_tasks_fsm.models import TaskRun

        begun = TaskRun.objects.filter(started_at__gte=since, attempt=1, limited=False)
        pairs = begun.values_list("started_at", "run_at")
        waits = sorted((started - due).total_seconds() for started, due in pairs if started) or [0.0]
        rss = tuple(_rss(worker.pid) for worker in self._workers)
        late = waits[min(len(waits) - 1, int(len(waits) * 0.95))]
        return Sample(at, rss, self._connections(), statistics.median(waits), late, TaskRun.objects.count())

    def _connections(self) -> int:
        from django.db import connection

        if connection.vendor == "sqlite":
            return sum(_open_files(worker.pid, str(connection.settings_dict["NAME"])) for worker in self._workers)
        asked = {
            "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
            "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = database()",
        }
        with connection.cursor() as cursor:
            cursor.execute(asked[connection.vendor])
            return int(cursor.fetchone()[0])

    def _prune(self) -> None:
        from django_tasks_fsm.core.states import FINAL
        from django_tasks_fsm.store.prune import prune

        # Once: what grows old meanwhile would keep this from ever ending on a slow machine.
        self._pruned += prune(dict.fromkeys(FINAL, KEPT), "default", batch=2_000)

    def _ended(self) -> list[Part]:
        from django_tasks_fsm.models import Task, TaskRun, Transition
        from django_tasks_fsm.store.check import AGAIN_AFTER, RULES, check

        Task.objects.get(name="soak-tick").pause(reason="the soak ends")
        deadline = time.monotonic() + 120
        while (left := _unfinished(TaskRun)) and time.monotonic() < deadline:
            _never.wait(0.2)
        codes = [worker.stop(seconds=60) for worker in self._workers]
        fired = Task.objects.get(name="soak-tick").runs.count()
        there = self._pruned + TaskRun.objects.count()
        lost = Transition.objects.filter(event="lose").count()
        broken = check(RULES, "default", AGAIN_AFTER).broken
        return [
            Part("runs", not left and there >= self._made, f"{self._made} made, {there} found, {left} not ended"),
            Part("schedule", fired > 0, f"{fired} runs of the last minute's times are there"),
            Part("leases", not lost, f"{lost} expired"),
            Part("tasks_fsm check", not broken, f"{len(broken)} findings"),
            Part("workers", codes == [0] * WORKERS, f"exit codes {codes}"),
        ]


def _unfinished(model: type[TaskRun]) -> int:
    from django_tasks_fsm.core.states import UNFINISHED

    return model.objects.filter(state__in=[state.value for state in UNFINISHED]).count()


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def _open_files(pid: int, name: str) -> int:
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists()]
    return links.count(os.path.realpath(name))


def _plotted(soak: Soak, vendor: str) -> Path:
    from scripts.soak.plot import plot

    path = ROOT / "var" / f"soak-{vendor}.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(plot(soak.samples, f"{WORKERS} workers on {vendor}"))
    return path.relative_to(ROOT)


if __name__ == "__main__":
    sys.exit(main())
