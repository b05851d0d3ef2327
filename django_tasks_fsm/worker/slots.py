"""Who may have the free slots of this worker, by what takes the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django_tasks_fsm import conf
from django_tasks_fsm.core.executors import PROCESS
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.slots import Room, kept, tiers
from django_tasks_fsm.worker.appetite import Appetite
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.executors.choice import Executors
from django_tasks_fsm.worker.hand import Hand
from django_tasks_fsm.worker.runner import Job


class Slots:
    """Know the flags ``--reserve`` and ``--queue-concurrency``, and the tasks that run in child processes."""

    def __init__(self, config: WorkerConfig, hand: Hand, appetite: Appetite, executors: Executors) -> None:
        self._config, self._hand, self._appetite, self._executors = config, hand, appetite, executors
        self._queues = dict(config.queue_concurrency)
        self._processed: set[int] = set()
        self.kept = kept(config.reserve)

    @property
    def concurrency(self) -> int:
        """Return how many slots there are."""
        return self._appetite.concurrency

    @property
    def size(self) -> int:
        """Return how many of them functions that were given up have left."""
        return self.concurrency - self._executors.lost_slots

    @property
    def are_taken(self) -> bool:
        """Tell whether no slot is free but reserved ones."""
        return len(self._hand.busy()) + self.kept >= self.size

    def resize(self, slots: int) -> None:
        """Have so many slots from now on; runs that are beyond it go on."""
        self._appetite.concurrency = slots
        self._executors.resize(slots)

    def by_executor(self) -> dict[str, int]:
        """Return how many of the runs in hand each executor has."""
        return dict(Counter(job.executor for job in self._hand.busy()))

    def learn(self, jobs: Iterable[Job]) -> None:
        """Note whose runs need a child process: nothing in the row of a run says so before it is claimed."""
        for job in jobs:
            if job.executor == PROCESS:
                self._processed.add(job.claim.task_id)
            elif self._processed:
                self._processed.discard(job.claim.task_id)

    def shared(self, total: int, ending: Iterable[Outcome]) -> int | Room:
        """Return what may be claimed with ``total`` slots free; a number where nothing has to be shared.

        The runs of ``ending`` need no slot any more.
        """
        places = self._places()
        if total <= 0 or not (self._config.reserve or self._queues or places):
            return max(0, total)
        gone = {outcome.claim.key for outcome in ending}
        held = [job for job in self._hand.busy() if job.claim.key not in gone]
        taken = Counter(job.claim.queue for job in held)
        return Room(
            tiers(total, self.size, self._config.reserve, [job.claim.priority for job in held]),
            {name: max(0, most - taken[name]) for name, most in self._queues.items()},
            frozenset(self._processed),
            max(0, places - sum(job.executor == PROCESS for job in held)) if places else None,
        )

    def _places(self) -> int | None:
        # Without a number of their own there are as many child processes as slots.
        most = conf.options().process_workers if self._processed else None
        return most if most is not None and most < self.size and not self._config.inline else None
