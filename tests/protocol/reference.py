"""What the rows should be: the engine in dicts, for the state machine to compare the real one with.

What an event does to a run by itself is the model's own step (``life``): here is only what lies between runs, that is
prerequisites, keys, limits, times and schedules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import EVENTS, Standing
from django_tasks_fsm.core.states import FINAL, UNFINISHED, RunState
from tests.protocol import life
from tests.protocol.known import Known
from tests.protocol.life import Rules, Run

RULES = Rules(max_losses=3)
WAITING = (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)
SILENT = ("queue", "hold", "dispatch")
REVIVABLE = frozenset(RunState) - {RunState.DONE, RunState.ABORTED}


class Reference:
    """The rows, and what the verbs do to them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.runs: dict[UUID, Known] = {}
        self.slots = 1
        """How many runs with limits may hold a slot."""

    # One run

    def move(self, pk: UUID, event: str, wanted: RunState | None = None, run: Run | None = None) -> bool:
        """Let ``event`` happen to a run, by itself; ``run`` is where it leads if somebody has asked the model."""
        known = self.runs[pk]
        source = known.run.state
        after = run or life.moved(RULES, known.run, event, wanted)
        if after is None:
            return False
        known.run = after
        self._note(known, event, source)
        if after.state in FINAL:
            known.key, known.place, known.finished_at = None, Place.OUTSIDE, self.now
            return True
        known.finished_at = None
        if after.state == RunState.PENDING:
            known.place = Place.OUTSIDE
        if source in FINAL:
            known.run_at, known.result = self.now, None
        return True

    @staticmethod
    def _note(known: Known, event: str, source: RunState) -> None:
        if event not in SILENT:
            known.told.append((event, source.value, known.run.state.value))

    def note(self, pk: UUID, event: str) -> None:
        """Expect something on record that changes no state."""
        known = self.runs[pk]
        known.told.append((event, known.run.state.value, known.run.state.value))

    # Several runs

    def after(self, pk: UUID, source: RunState) -> None:
        """Let follow what follows when a run has left ``source``."""
        known = self.runs[pk]
        if known.run.state in FINAL:
            self.follow({pk: known.run.state})
        else:
            if source == RunState.RUNNING:
                self._catch_up(known)
            if source in FINAL:
                known.limited = known.limited or known.queue == "limited"
                self._unsettle(pk)
                self._reopen(known)
            self.queue_ready([pk])

    def follow(self, ended: dict[UUID, RunState]) -> None:
        """Count for those that wait, end those whose policy says so, and so on."""
        while ended:
            broken = self._settle(ended)
            ended = {}
            for policy, _, pk in sorted(broken):
                known = self.runs[pk]
                if known.run.state in WAITING and self.move(pk, EVENTS[policy]):
                    ended[pk] = known.run.state

    def _settle(self, ended: dict[UUID, RunState]) -> list[tuple[str, UUID, UUID]]:
        broken, freed = [], []
        for known in self.runs.values():
            for awaited, edge in known.edges.items():
                if edge.met or awaited not in ended:
                    continue
                stands = edge.stands(ended[awaited])
                if stands is Standing.MET:
                    edge.met = True
                    freed.append(known.pk)
                elif stands is Standing.BROKEN and edge.on_failure in EVENTS:
                    broken.append((edge.on_failure.value, awaited, known.pk))
        self.queue_ready(freed)
        return broken

    def _catch_up(self, known: Known) -> None:
        if not known.unmet:
            return
        self.move(known.pk, "hold")
        policies = [awaited for awaited, edge in known.edges.items() if not edge.met and edge.on_failure in EVENTS]
        states = {awaited: self.runs[awaited].run.state for awaited in policies}
        self.follow({awaited: state for awaited, state in states.items() if state in FINAL})

    def _unsettle(self, revived: UUID) -> None:
        for known in self.runs.values():
            edge = known.edges.get(revived)
            if edge is not None and edge.met and known.run.state in UNFINISHED:
                edge.met = False
                self.hold(known)

    def hold(self, known: Known) -> None:
        """Let a run wait for one prerequisite more."""
        if known.place is Place.IN_LINE:
            known.place = Place.OUTSIDE
        self.move(known.pk, "hold")

    def _reopen(self, known: Known) -> None:
        for awaited, edge in known.edges.items():
            edge.met = edge.met and edge.stands(self.runs[awaited].run.state) is Standing.MET

    def queue_ready(self, pks: Iterable[UUID]) -> None:
        """Queue those that may run now."""
        for known in map(self.runs.__getitem__, pks):
            if not known.unmet and not known.limited and known.run_at <= self.now:
                self.move(known.pk, "queue")

    # Verbs

    def verb(self, pk: UUID, event: str, sources: Sequence[RunState] = tuple(RunState), **values: Any) -> bool:
        """Let a person do something to a run; return whether it was done."""
        known = self.runs[pk]
        source = known.run.state
        if source not in sources or not self.move(pk, event):
            return False
        for name, value in values.items():
            setattr(known, name, value)
        self.after(pk, source)
        return True

    def cancel(self, pk: UUID) -> bool:
        """End what waits, and ask what runs."""
        if self.verb(pk, "cancel", WAITING):
            return True
        known = self.runs[pk]
        if known.run.state != RunState.RUNNING:
            return False
        known.run = known.run._replace(asked=True)
        self.note(pk, "cancel_requested")
        return True

    def revive(self, pk: UUID, event: str) -> bool:
        """Begin a new life, if nobody bears the key of the old one."""
        known = self.runs[pk]
        is_held = known.given is not None and self.bearer(known.given) is not None
        return not is_held and self.verb(pk, event, tuple(FINAL), key=known.given)

    def bearer(self, key: str) -> Known | None:
        """Return the unfinished run with a key."""
        return next((known for known in self.runs.values() if known.key == key), None)

    # The engine

    def stage(self) -> None:
        """Queue what has become due; what has limits stands in line, and is let in."""
        due = [
            known
            for known in self.runs.values()
            if known.run.state == RunState.PENDING
            and not known.unmet
            and known.place is Place.OUTSIDE
            and known.run_at <= self.now
        ]
        for known in due:
            if known.limited:
                known.place = Place.IN_LINE
            else:
                self.move(known.pk, "queue")
        if any(known.limited for known in due):
            self.admit()

    def admit(self) -> None:
        """Let in as many as there are slots."""
        free = self.slots - sum(known.place is Place.HELD for known in self.runs.values())
        line = sorted((known for known in self.runs.values() if known.place is Place.IN_LINE), key=attrgetter("turn"))
        for known in line[: max(free, 0)]:
            self.move(known.pk, "queue")
            known.place = Place.HELD

    def claim(self, worker: UUID, queues: Sequence[str], limit: int) -> list[UUID]:
        """Give a worker the first of the queued runs."""
        ready = [known for known in self.runs.values() if known.run.state == RunState.QUEUED and known.queue in queues]
        taken = sorted(ready, key=attrgetter("turn"))[:limit]
        for known in taken:
            known.run = life.claimed(RULES, known.run, 0) or known.run
            known.worker = worker
        return [known.pk for known in taken]

    def finish(self, pk: UUID, fence: int, event: str, delay: timedelta | None = None, result: Any = None) -> bool:
        """Write an outcome, if the run is still in the hands of that claim."""
        known = self.runs.get(pk)
        if known is None or known.run.state != RunState.RUNNING or known.run.fence != fence:
            return False
        if event == "done":
            known.run = life.ended(RULES, known.run, event) or known.run
            known.key, known.place, known.finished_at = None, Place.OUTSIDE, self.now
            known.result = result
            self.follow({pk: known.run.state})
            return True
        self._give_back(known, event, delay)
        return True

    def _give_back(self, known: Known, event: str, delay: timedelta | None) -> None:
        wanted = life.ended(RULES, known.run, event)
        assert wanted is not None, "the table does not allow what a worker says"
        run = life.moved(RULES, known.run, event)
        assert run is not None
        if event == "reschedule":
            run = life.given_back(RULES, run)
        self.move(known.pk, event, run=run)
        if delay is not None:
            known.run_at = self.now + delay
        self.after(known.pk, RunState.RUNNING)
        if known.run.asked:
            self.verb(known.pk, "cancel", WAITING)
        assert known.run.state == wanted.state or wanted.state in WAITING, "the model says otherwise"

    def rescue(self, lost: Iterable[UUID]) -> None:
        """Take back what workers held that do not live."""
        for worker in sorted(lost):
            held = [each for each in self.runs.values() if each.run.state == RunState.RUNNING and each.worker == worker]
            for known in sorted(held, key=attrgetter("pk")):
                self._lose(known)

    def _lose(self, known: Known) -> None:
        run = known.run._replace(losses=known.run.losses + 1)
        poison = run.losses >= RULES.max_losses
        known.run = run
        self.move(known.pk, "lose", RunState.FAILED if poison else RunState.PENDING)
        if not poison:
            known.run_at = self.now
        self.after(known.pk, RunState.RUNNING)
        if known.run.asked:
            self.verb(known.pk, "cancel", WAITING)

    def prune(self, state: RunState, age: timedelta) -> int:
        """Forget what ended so long ago and nobody waits for; return how many."""
        needed = {pk for known in self.runs.values() if known.run.state in REVIVABLE for pk in known.edges}
        old = {
            pk
            for pk, known in self.runs.items()
            if known.run.state == state and _age(known, self.now) > age and pk not in needed
        }
        for pk in old:
            del self.runs[pk]
        for known in self.runs.values():
            known.edges = {awaited: edge for awaited, edge in known.edges.items() if awaited not in old}
        return len(old)


def _age(known: Known, now: datetime) -> timedelta:
    return timedelta(0) if known.finished_at is None else now - known.finished_at
