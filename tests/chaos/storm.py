"""Some seconds of faults, then peace: what was asked for must be done, once, and in its order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection

from tests.chaos.faults import CRASH, CUT, KILL, STOP, TERM, Fault, plan
from tests.chaos.fleet import Fleet
from tests.chaos.patience import cut
from tests.chaos.report import Report
from tests.chaos.verdict import Verdict
from tests.chaos.workload import Workload
from tests.jobs.trail import hold_a_moment
from tests.servers.waiting import wait_until

WORKERS, CALM_WORKERS = 4, 2
PER_SECOND = 6.0
"""How often something is enqueued; the fleet has sixteen slots, and most runs take half a second."""
CALM_SECONDS = 120


@dataclass
class Storm:
    """One try: ``crash`` takes the database server down and brings it back, where it is ours to take down."""

    url: str
    directory: Path
    seed: int
    seconds: float
    crash: Callable[[], None] | None = None
    report: Report = field(init=False)

    def run(self) -> Report:
        """Go through all of it."""
        self.report = Report(connection.display_name.lower(), self.seed, self.seconds)
        self.workload = Workload(str(self.directory / "trail"), self.seed)
        faults = plan(
            self.seed, self.seconds, WORKERS, has_server=connection.vendor != "sqlite", can_crash=self.crash is not None
        )
        self.fleet = Fleet(self.url, self.seed, WORKERS)
        try:
            self.workload.begin()
            self._rage(faults)
            self._calm_down()
        finally:
            self.fleet.close()
        Verdict(self.workload).pass_on(self.report)
        return self.report

    def _rage(self, faults: Sequence[Fault]) -> None:
        wait_until(lambda: any(worker.has_begun for worker in self.fleet.workers), 60, "a worker is ready")
        began, fed, ahead = time.monotonic(), 0, list(faults)
        while (now := time.monotonic() - began) < self.seconds:
            while ahead and ahead[0].at <= now:
                self._strike(ahead.pop(0))
            self.fleet.tend()
            while fed < now * PER_SECOND:
                self.workload.feed()
                fed += 1
            self._look()
            hold_a_moment()

    def _strike(self, fault: Fault) -> None:
        happened: int = 1
        if fault.kind == KILL:
            self.fleet.kill(fault.worker)
        elif fault.kind == TERM:
            happened = self.fleet.term(fault.worker)
        elif fault.kind == STOP:
            happened = self.fleet.stop(fault.worker, fault.size)
        elif fault.kind == CUT:
            with suppress(DatabaseError, InterfaceError):
                happened = cut(int(fault.size))
        elif fault.kind == CRASH and self.crash is not None:
            self.crash()
        self.report.faults[fault.kind] += happened

    def _look(self) -> None:
        if over := self.workload.overfull():
            self.report.violations.append(f"{over} runs more at work than the limit of their task lets in")

    def _has_ended(self) -> bool:
        self.fleet.tend()
        self.workload.hurry()
        return not self.workload.unfinished()

    def _calm_down(self) -> None:
        self.workload.end()
        began = time.monotonic()
        self.fleet.calm(CALM_WORKERS)
        with suppress(AssertionError):  # the verdict says which runs have not ended
            wait_until(self._has_ended, CALM_SECONDS)
        self.report.figures["seconds until all had ended, after the faults"] = round(time.monotonic() - began, 1)
        self.report.violations += self.fleet.leave()
        self.report.faults += self.fleet.fired()
        self.report.figures["late outcomes dropped"] = self.fleet.stale()
