"""What bounds the end of a worker whose loop does not come back: from a function that runs in it, or from a driver."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError

from django_tasks_fsm.store import workers
from django_tasks_fsm.worker.bell import Bell
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.stop import StopSwitch

logger = logging.getLogger("django_tasks_fsm")

POLITE = 1.0
"""Seconds in which a function in the loop may stop by itself after the grace: its ``check`` raises."""
HUNG_AFTER = 30.0
"""Seconds past the grace after which a loop hangs, whatever it waits for."""
LAST_WORDS = 5.0
"""Seconds in which the database may take what is given back."""
REASON = "the worker stopped before it ended"


class LastResort:
    """A thread that sleeps until the worker is asked to stop. Then it sees to it that the end comes in time.

    ``leave`` ends the process with an exit code; where the process is not the worker's own there is none, and the runs
    are given back all the same.
    """

    def __init__(
        self,
        config: WorkerConfig,
        worker_id: uuid.UUID,
        switch: StopSwitch,
        cycle: Cycle,
        leave: Callable[[int], None] | None,
    ) -> None:
        self._config, self._worker_id, self._switch, self._cycle = config, worker_id, switch, cycle
        self._leave = leave
        self._rung = Bell()
        self._is_over = False

    def start(self) -> None:
        """Watch from now on."""
        self._switch.on_ask(self._rung.set)
        threading.Thread(target=self._watch, name="tasks-fsm-last-resort", daemon=True).start()

    def stop(self) -> None:
        """Let the worker go: it has ended by itself."""
        self._is_over = True
        self._rung.set()

    def _watch(self) -> None:
        while not self._switch.asked and not self._is_over:
            self._wait(3600.0)
        if self._is_over:
            return
        # What waits behind a function in the loop must not begin any more.
        self._cycle.release_unstarted("the worker stops")
        self._wait_until(self._switch.deadline(self._config.grace), lambda: self._is_over or self._switch.at_once)
        if self._is_in_function():
            self._speak(lambda: self._cycle.release_all(REASON))
            self._wait_until(time.monotonic() + POLITE, lambda: not self._is_in_function())
        if not self._is_in_function():
            self._wait_until(time.monotonic() + HUNG_AFTER, lambda: self._is_over)
        if not self._is_over:
            self._insist()

    def _is_in_function(self) -> bool:
        return not self._is_over and self._cycle.is_in_function

    def _wait(self, seconds: float) -> None:
        self._rung.wait(seconds)
        self._rung.clear()

    def _wait_until(self, deadline: float, has_come: Callable[[], bool]) -> None:
        while not has_come() and (left := deadline - time.monotonic()) > 0:
            self._wait(min(left, 0.1))

    def _insist(self) -> None:
        what = "A function" if self._cycle.is_in_function else "Something"
        logger.warning("%s does not let the loop of worker %s go on.", what, self._config.name)
        self._speak(self._give_back)
        if self._leave is not None and not self._is_over:
            self._leave(int(self._switch.at_once))

    def _speak(self, call: Callable[[], None]) -> None:
        """Call what needs a database that may not answer, in a thread that is left behind after a while."""
        speaker = threading.Thread(target=self._safely, args=[call], name="tasks-fsm-last-words", daemon=True)
        speaker.start()
        speaker.join(LAST_WORDS)

    def _safely(self, call: Callable[[], None]) -> None:
        try:
            call()
        except (DatabaseError, InterfaceError) as error:
            logger.error("Not given back, the runs will be rescued after the lease: %s", error)
        finally:
            connections.close()

    def _give_back(self) -> None:
        self._cycle.release_all(REASON)
        while any(self._cycle.turn(())):
            pass
        workers.leave(self._worker_id, self._config.using)
