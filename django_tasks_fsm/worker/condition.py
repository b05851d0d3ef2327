"""How this worker is: what people want of it, whether it keeps up, and how big it has grown."""

from __future__ import annotations

from collections.abc import Callable

from django_tasks_fsm.store.workers import Vitals, Wishes
from django_tasks_fsm.worker import memory
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.orders import Orders
from django_tasks_fsm.worker.recycling import AGAIN, Recycling
from django_tasks_fsm.worker.saturation import Saturation


class Condition:
    """Hold the three together; the heart asks for the vitals, everything else is the loop's."""

    def __init__(
        self, config: WorkerConfig, cycle: Cycle, queues: Callable[[], tuple[str, ...]], wake: Callable[[], None]
    ) -> None:
        self._cycle = cycle
        self._orders = Orders(config, cycle, wake)
        self._recycling = Recycling(config, cycle)
        self._saturation = Saturation(config, cycle, queues)

    def hear(self, wishes: Wishes | None) -> None:
        """Take note of what people want."""
        self._orders.hear(wishes)

    def obey(self) -> None:
        """Do what people want."""
        self._orders.obey()

    def look(self) -> None:
        """Look at the memory, and at what waits."""
        self._recycling.look()
        self._saturation.look()

    @property
    def is_paused(self) -> bool:
        """Tell whether people want it to start nothing."""
        return self._orders.is_paused

    def room(self, room: int | None) -> int | None:
        """Return how many runs may be claimed of those for which others have ``room``."""
        return 0 if self.is_paused or self._recycling.is_wanted else room

    def is_over(self) -> bool:
        """Tell whether the process should make room for a fresh one now."""
        return self._recycling.is_due

    @property
    def code(self) -> int:
        """Return the exit code of a worker that ends by itself."""
        return AGAIN if self._recycling.wants_successor() else 0

    def vitals(self) -> Vitals:
        """Return what a heartbeat tells."""
        slots = self._cycle.slots
        return Vitals(slots.concurrency, self._saturation.seconds, memory.resident(), slots.by_executor())
