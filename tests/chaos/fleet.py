"""Four real workers, replaced whenever one dies."""

from __future__ import annotations

from collections import Counter

from django_tasks_fsm.failpoints import SEED_VARIABLE, VARIABLE
from tests.chaos.worker import LEASE, Waker, Worker

CHANCE = 0.01
"""How often an active failpoint fires: about one worker in ten seconds dies of one."""
STALE = "stale result dropped"


class Fleet:
    """The workers that are at work, and those that are gone or going."""

    def __init__(self, url: str, seed: int, size: int) -> None:
        self._url, self._seed, self._is_armed = url, seed, True
        self._everybody: list[Worker] = []
        self._waker = Waker(self._everybody, seed)
        self.workers = [self._start() for _ in range(size)]

    def _start(self) -> Worker:
        seed = f"{self._seed}.{len(self._everybody)}"
        rules = f"chaos:{seed}@{CHANCE}" if self._is_armed else ""
        worker = Worker(self._url, {VARIABLE: rules, SEED_VARIABLE: seed})
        self._everybody.append(worker)
        return worker

    def kill(self, number: int) -> None:
        """End a worker as the kernel would, and start another one."""
        self.workers[number].kill()
        self.workers[number] = self._start()

    def term(self, number: int) -> bool:
        """Ask a worker to go, and start another one; return False for one that stands still."""
        if self.workers[number].wakes_at is not None:
            return False
        self.workers[number].term()
        self.workers[number] = self._start()
        return True

    def stop(self, number: int, leases: float) -> bool:
        """Let a worker stand still for so many leases; return False for one that does already."""
        if self.workers[number].wakes_at is not None:
            return False
        self.workers[number].stop(leases * LEASE)
        return True

    def tend(self) -> None:
        """Replace the dead."""
        self.workers = [self._start() if worker.has_ended else worker for worker in self.workers]

    def calm(self, size: int) -> None:
        """Kill all, and start others whose failpoints are inert."""
        self._is_armed = False
        for worker in self._everybody:
            worker.kill()
        self.workers = [self._start() for _ in range(size)]

    def leave(self) -> list[str]:
        """Ask all to go; return the logs of those that have gone in another way than they should."""
        for worker in self.workers:
            worker.term()
        return [said for worker in self._everybody if (said := worker.crashed())]

    def close(self) -> None:
        """Kill what still runs."""
        self._waker.stop()
        for worker in self._everybody:
            worker.process.close()

    def fired(self) -> Counter[str]:
        """Return how often failpoints have fired, by action."""
        return Counter(f"failpoint: {action}" for worker in self._everybody for action in worker.fired())

    def stale(self) -> int:
        """Return how many outcomes were dropped because their runs belonged to somebody else."""
        return sum(worker.process.log.count(STALE) for worker in self._everybody)
