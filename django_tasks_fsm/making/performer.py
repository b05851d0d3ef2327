"""Execute single runs in the calling thread, as a worker that comes with the first and goes with the last."""

from __future__ import annotations

import os
import platform
import uuid
from types import TracebackType

from django.db import connections

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store import workers
from django_tasks_fsm.store.claim import claim_run
from django_tasks_fsm.store.workers import Beat, Identity
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.bell import Bell
from django_tasks_fsm.worker.book import Book
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.executors.connections import after
from django_tasks_fsm.worker.heart import Heart
from django_tasks_fsm.worker.narration import Narrator
from django_tasks_fsm.worker.outbox import Outbox

BUSY_PAUSE = 0.02
"""Seconds between two tries to write an outcome whose row somebody else has locked."""


class _Outbox(Outbox):
    """Remember that the user, at the keyboard, wants all of it to end, not only the function that was interrupted."""

    interrupt: KeyboardInterrupt | None = None

    def put(self, outcome: Outcome) -> None:
        """See Outbox.put."""
        if isinstance(outcome.exception, KeyboardInterrupt):
            self.interrupt = outcome.exception
        super().put(outcome)


class Performer:
    """Claim a run, call its function here, store what became of it. For one thread; a context manager.

    Outside a transaction its heartbeat has a thread and a connection of its own. Inside one all happens on the caller's
    connection and is committed, or not, with the caller's work.
    """

    def __init__(self, using: str) -> None:
        self._using = using
        self._bell, self._book = Bell(), Book(using)
        self._identity = _identity()
        self._config = WorkerConfig(name=self._identity.name, using=using, queues=(), concurrency=1, inline=True)
        self._outbox = _Outbox(self._bell)
        narrator = Narrator(self._identity.id, Announcer(inline=True))
        self._cycle = Cycle(self._config, self._identity.id, self._outbox, narrator)
        self._heart: Heart | None = None
        self._is_here = False

    def __enter__(self) -> Performer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def perform(self, run_id: uuid.UUID, task_id: int) -> bool:
        """Execute a run that waits for nothing, due or not; return False if it is not there to be taken.

        Raise FunctionNotRegistered for one that only other processes can execute.
        """
        definition = self._book.look_up([task_id]).get(task_id)
        if definition is not None:
            registry.find(definition.function)
        self._come()
        claim = in_transaction(lambda: claim_run(self._identity.id, run_id, self._using), self._using)
        if claim is None:
            return False
        in_transactions = _open_transactions()
        self._cycle.start([claim])
        if not in_transactions and _open_transactions():
            after(str(run_id))
        self._store()
        if self._outbox.interrupt is not None:
            raise self._outbox.interrupt
        return True

    def _store(self) -> None:
        while len(self._cycle.hand) or self._cycle.waiting:
            self._bell.clear()
            self._cycle.turn(())
            if len(self._cycle.hand):
                self._bell.wait(BUSY_PAUSE)

    def _come(self) -> None:
        if self._is_here:
            return
        workers.register(self._identity, self._using)
        self._is_here = True
        if not connections[self._using].in_atomic_block:
            self._heart = Heart(self._identity, self._using, conf.options().heartbeat, self._heard)
            self._heart.start()

    def _heard(self, beat: Beat, since: float) -> None:
        for job, reason in self._cycle.hand.to_stop(beat, since):
            self._cycle.interrupt(job, reason)

    def leave(self) -> None:
        """Say that this worker has stopped; safe to call twice."""
        self._cycle.stop()
        if self._heart is not None:
            self._heart.stop()
        # In a transaction that an error has broken nothing can be written, and it will take the worker's row with it.
        if self._is_here and not connections[self._using].needs_rollback:
            workers.leave(self._identity.id, self._using)
        self._is_here, self._heart = False, None


def _identity() -> Identity:
    host, pid = platform.node(), os.getpid()
    name = f"make@{host}:{pid}"
    return Identity(id=uuid.uuid4(), name=name, host=host, pid=pid, queues=(), excluded_queues=(), concurrency=1)


def _open_transactions() -> list[str]:
    rows = connections.all(initialized_only=True)
    return [each.alias for each in rows if each.connection is not None and each.in_atomic_block]
