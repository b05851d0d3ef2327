"""Turn by turn: write outcomes, claim, hand over. One thread, one connection."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence

from django.db import DatabaseError, InterfaceError, connections

from django_tasks_fsm.core.outcomes import Claim, Ending, Outcome
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.store.admit import admit_behind
from django_tasks_fsm.store.cycle import Turn, turn
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.worker.appetite import BATCH, Appetite
from django_tasks_fsm.worker.book import Book
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors.choice import Executors
from django_tasks_fsm.worker.hand import Hand
from django_tasks_fsm.worker.listening import attend
from django_tasks_fsm.worker.narration import Narrator
from django_tasks_fsm.worker.outbox import Outbox
from django_tasks_fsm.worker.runner import Job, job_for
from django_tasks_fsm.worker.scribe import Scribe
from django_tasks_fsm.worker.slots import Slots
from django_tasks_fsm.worker.substitutes import stray, unstorable

logger = logging.getLogger("django_tasks_fsm")

MOST_ASIDE = 1000
"""Ended runs whose rows somebody else has locked; beyond it they count as running, so that memory stays bounded."""


class Cycle:
    """Own the runs in hand and the executors."""

    def __init__(self, config: WorkerConfig, worker_id: uuid.UUID, outbox: Outbox, narrator: Narrator) -> None:
        self._config, self._worker_id, self._outbox, self._narrator = config, worker_id, outbox, narrator
        self._appetite = Appetite(config.concurrency)
        self._book = Book(config.using)
        self.scribe = Scribe(config.using, outbox.put, config.inline)
        self._executors = Executors(config, Sender(config.using, worker_id), self.scribe.report, self._began)
        self.hand = Hand()
        self.slots = Slots(config, self.hand, self._appetite, self._executors)
        self.finished = 0

    def turn(self, queues: tuple[str, ...], at_most: int | None = None) -> tuple[int, int]:
        """Write what has come in and claim what there is room for; return (written, dropped or put aside, claimed).

        An outcome that is put aside once more does not count.
        """
        fresh = self._outbox.take(2 * BATCH)
        again = self._outbox.take_again(2 * BATCH - len(fresh))
        room = self._room(len(fresh) + len(self._outbox), at_most)
        if not fresh and not again and not (room and queues):
            return 0, 0
        outcomes = [*fresh, *again]
        stored, outcomes = self._stored(outcomes)
        done = self._deliver(outcomes, queues, room)
        self._appetite.finished(sum(outcome.ending is not Ending.RELEASED for outcome in fresh))
        self._conclude(outcomes, done)
        self.start(done.claims)
        ended = [outcome.claim for outcome in outcomes if outcome.claim.id in done.written]
        self._let_others_in([*stored, *ended])
        return len(fresh) + sum(outcome.claim.key not in done.busy for outcome in again), len(done.claims)

    def _stored(self, outcomes: list[Outcome]) -> tuple[list[Claim], list[Outcome]]:
        """Let go of the runs whose functions have stored their ends themselves; return their claims, and the others."""
        stored = [outcome for outcome in outcomes if outcome.is_stored]
        if not stored:
            return [], outcomes
        claims = [outcome.claim for outcome in stored]
        self._let_go(stored, frozenset(claim.id for claim in claims))
        return claims, [outcome for outcome in outcomes if not outcome.is_stored]

    def _room(self, finished: int, at_most: int | None) -> int:
        held = self.hand.ordinary - finished - min(self.hand.ended, MOST_ASIDE)
        room = self._appetite.room(held + self._executors.lost_slots)
        return room if at_most is None else min(room, at_most)

    def has_room(self, at_most: int | None) -> bool:
        """Tell whether a turn would claim."""
        return self._room(len(self._outbox), at_most) > 0

    def _deliver(self, outcomes: list[Outcome], queues: tuple[str, ...], room: int) -> Turn:
        try:
            return turn(self._worker_id, outcomes, queues, self.slots.shared(room, outcomes), self._config.using)
        except (DatabaseError, InterfaceError) as error:
            if not outcomes or for_alias(self._config.using).is_outage(error):
                self._outbox.put_back(outcomes)
                raise
            logger.error("A batch of outcomes was refused, writing one by one: %s", error)
        return self._deliver_each(outcomes)

    def _deliver_each(self, outcomes: list[Outcome]) -> Turn:
        done = Turn(frozenset(), ())
        for position, outcome in enumerate(outcomes):
            if outcome.claim.key in done.busy:
                continue
            try:
                outcomes[position], one = self._deliver_one(outcome)
            except (DatabaseError, InterfaceError):
                # Not this outcome is the trouble, the database is: keep what is left and let the loop wait.
                self._conclude(outcomes[:position], done)
                self._outbox.put_back(outcomes[position:])
                raise
            done = Turn(done.written | one.written, (), done.busy | one.busy)
        return done

    def _deliver_one(self, outcome: Outcome) -> tuple[Outcome, Turn]:
        try:
            return outcome, turn(self._worker_id, [outcome], (), 0, self._config.using)
        except (DatabaseError, InterfaceError) as error:
            if for_alias(self._config.using).is_outage(error):
                raise
            replacement = unstorable(outcome, error)
            return replacement, turn(self._worker_id, [replacement], (), 0, self._config.using)

    def _conclude(self, outcomes: list[Outcome], done: Turn) -> None:
        busy = [outcome for outcome in outcomes if outcome.claim.key in done.busy]
        self._outbox.put_aside(busy)
        self.hand.keep(outcome.claim for outcome in busy)
        self._let_go([outcome for outcome in outcomes if outcome.claim.key not in done.busy], done.written)

    def _let_go(self, outcomes: list[Outcome], written: frozenset[uuid.UUID]) -> None:
        for outcome in outcomes:
            job = self.hand.get(outcome.claim)
            if job is None:
                continue
            if outcome.claim.id in written:
                self._narrator.ended(job, outcome)
            else:
                self._narrator.lost(job)
            self.finished += outcome.ending is not Ending.RELEASED
        self.hand.drop(outcome.claim for outcome in outcomes)

    def start(self, claims: Sequence[Claim]) -> None:
        """Hand claims to the executors, or give back what cannot be executed here."""
        if not claims:
            return
        known = self._definitions(claims)
        jobs: list[Job] = []
        for claim in claims:
            job = job_for(claim, known.get(claim.task_id), self._config.using, self._worker_id, self._narrator.result)
            if isinstance(job, Outcome):
                self._outbox.put(job)
            else:
                attend(job, self.scribe)
                jobs.append(job)
        self.slots.learn(jobs)
        self.hand.add(jobs)
        self._executors.submit(jobs)

    def _let_others_in(self, ended: Iterable[Claim]) -> None:
        """Give the slots of limits that have just become free to those in line for them."""
        limited = [(claim.task_id, claim.concurrency_key) for claim in ended if claim.limited]
        if limited:
            admit_behind(limited, self._config.using)

    def _definitions(self, claims: Sequence[Claim]) -> dict[int, Definition]:
        try:
            return self._book.look_up(claim.task_id for claim in claims)
        except (DatabaseError, InterfaceError):
            # Claimed and not in hand they would be held for as long as this worker lives.
            for claim in claims:
                self._outbox.put(Outcome.released(claim, "the definition of its task could not be read"))
            raise

    def _began(self, job: Job) -> None:
        self.hand.begin(job)
        self._narrator.began(job)

    @property
    def waiting(self) -> int:
        """Return how many outcomes can be written now; of those to be tried again the first one counts for all."""
        return len(self._outbox) + (self._outbox.again_in == 0)

    @property
    def again_in(self) -> float | None:
        """Return the seconds until an outcome whose row was locked is tried again; None where there is none."""
        return self._outbox.again_in

    def release_unstarted(self, reason: str) -> None:
        """Give back the runs whose function has not been called."""
        for executor in self._executors:
            for job in executor.unstarted():
                self._outbox.put(Outcome.released(job.claim, reason))

    def release_all(self, reason: str) -> None:
        """Give back every run in hand, also those whose function still runs: its result will be dropped."""
        self.scribe.flush()  # what was logged so far, and ends that wait for their lines
        for executor in self._executors:
            executor.unstarted()  # nobody begins these now; they are in the hand too
        for job in self.hand.jobs():
            job.context.request_stop(reason)
            self._outbox.put(Outcome.released(job.claim, reason))
        self._outbox.recall()  # ends that could not be written yet are tried once more, and not given back

    def release_stray(self, run_id: uuid.UUID, fence: int) -> None:
        """Give back a run that the database counts as held here and that never arrived."""
        self._outbox.put(Outcome.released(stray(run_id, fence), "its worker had not received it"))

    def interrupt(self, job: Job, reason: str) -> None:
        """Tell a run to stop, and cancel it where its executor can."""
        job.context.request_stop(reason)
        self._executors.interrupt(job)

    def stop(self) -> None:
        """Let the executors' threads end."""
        for executor in self._executors:
            executor.stop()
        self.scribe.stop()

    def give_up_overdue(self) -> None:
        """End, for the record, the runs whose functions do not stop after their timeouts."""
        for executor in self._executors:
            executor.give_up_overdue()

    @property
    def stuck(self) -> int:
        """Return how many functions run on though they were given up."""
        return self._executors.stuck

    @property
    def is_in_function(self) -> bool:
        """Tell whether the loop is in a function that runs inline."""
        return self._executors.is_in_function

    @property
    def is_blocked(self) -> bool:
        """Tell whether functions that were given up leave no slot to run just anything in."""
        return self.slots.size <= self.slots.kept

    def reconnect(self) -> None:
        """Drop the connection after an error; the next statement opens a new one."""
        connections[self._config.using].close()
