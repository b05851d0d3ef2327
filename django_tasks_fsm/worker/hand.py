"""The runs this worker holds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.store.workers import Beat
from django_tasks_fsm.worker.lifecycle.job import ServiceJob
from django_tasks_fsm.worker.runner import Job

Key = tuple[uuid.UUID, int]
"""A run's id and the fence of its claim."""


class Hand:
    """Jobs from their claim until their outcome is written. The loop adds and drops; other threads only look.

    By run and fence: a run that was lost and claimed anew is held twice while the function of the lost claim runs on.
    """

    def __init__(self) -> None:
        self._jobs: dict[Key, tuple[Job, float]] = {}
        self._services: dict[Key, ServiceJob] = {}
        self._begun: set[Key] = set()
        self._ended: set[Key] = set()
        self._strange: set[Key] = set()

    def add(self, jobs: Iterable[Job]) -> None:
        """Hold jobs from now on."""
        now = time.monotonic()
        for job in jobs:
            self._jobs[job.claim.key] = (job, now)
            if isinstance(job, ServiceJob):
                self._services[job.claim.key] = job

    def begin(self, job: Job) -> None:
        """Note that a job's function is being called."""
        self._begun.add(job.claim.key)

    def keep(self, claims: Iterable[Claim]) -> None:
        """Hold jobs on that have ended, or were given back, and whose outcome cannot be written yet."""
        self._ended.update(claim.key for claim in claims if claim.key in self._jobs)

    def drop(self, claims: Iterable[Claim]) -> None:
        """Hold these no longer."""
        for key in [claim.key for claim in claims]:
            self._jobs.pop(key, None)
            self._services.pop(key, None)
            self._begun.discard(key)
            self._ended.discard(key)

    def jobs(self) -> list[Job]:
        """Return all jobs held."""
        return [job for job, _ in list(self._jobs.values())]

    def busy(self) -> list[Job]:
        """Return the jobs that take a slot, or wait for one."""
        return [job for key, (job, _) in list(self._jobs.items()) if key not in self._ended and not job.is_service]

    def services(self) -> list[ServiceJob]:
        """Return the jobs of services."""
        return list(self._services.values())

    @property
    def ordinary(self) -> int:
        """Return how many of the jobs held are no services, and end by themselves."""
        return len(self._jobs) - len(self._services)

    def get(self, claim: Claim) -> Job | None:
        """Return the job of a claim."""
        held = self._jobs.get(claim.key)
        return held[0] if held else None

    def oldest_unstarted(self) -> float:
        """Return the seconds for which a job has waited for its function to be called; 0 where none does."""
        now = time.monotonic()
        waits = [now - since for key, (_, since) in list(self._jobs.items()) if not self._has_had_its_turn(key)]
        return max(waits, default=0.0)

    def _has_had_its_turn(self, key: Key) -> bool:
        # One that was given back without a call waits for its row to be free, not for a slot.
        return key in self._begun or key in self._ended

    @property
    def ended(self) -> int:
        """Return how many of the jobs held have ended and need no slot."""
        return len(self._ended)

    def to_stop(self, beat: Beat, since: float) -> list[tuple[Job, str]]:
        """Return the jobs that should stop, with the reason, as a heartbeat that began at ``since`` learned it."""
        found = []
        for (run_id, fence), (job, taken) in list(self._jobs.items()):
            if beat.fences.get(run_id) == fence:
                if run_id in beat.stop:
                    found.append((job, "a person asked for it"))
            elif taken < since:
                found.append((job, "the run does not belong to this worker any more"))
        return found

    def strays(self, beat: Beat) -> list[Key]:
        """Return id and fence of runs that two heartbeats on end counted as held here, and that are not.

        A claim whose commit was answered by a broken connection ends like this. One heartbeat alone may have come
        between the commit of a claim and its arrival here.
        """
        strange = beat.fences.items() - self._jobs.keys()
        found, self._strange = strange & self._strange, strange
        return sorted(found)

    def __len__(self) -> int:
        return len(self._jobs)
