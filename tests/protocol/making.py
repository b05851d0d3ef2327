"""How runs come to be, in dicts: enqueued, with keys, as prerequisites of one another, and by a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django_tasks_fsm.core.keys import FOLLOWING, OnKey
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import EVENTS, Condition, OnFailure, Standing
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import AlreadyStarted, CycleFound, KeyTaken, PrerequisiteDiffers
from tests.protocol.known import Edge, Known
from tests.protocol.life import Run
from tests.protocol.reference import WAITING, Reference

EVERY = timedelta(hours=8)


class Making(Reference):
    """The reference with the verbs that make runs and edges. ``next_slot`` is that of the one schedule."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.next_slot = now + EVERY
        self.fires = True

    def insert(self, known: Known, is_prepared: bool = False) -> UUID:
        """Make a run."""
        known.limited = known.queue == "limited"
        for awaited, edge in known.edges.items():
            edge.met = edge.stands(self.runs[awaited].run.state) is Standing.MET
        is_ready = known.run_at <= self.now and not known.unmet and not known.limited
        state = RunState.QUEUED if is_ready else RunState.PENDING
        known.run = Run(RunState.PREPARE if is_prepared else state)
        self.runs[known.pk] = known
        self._break_off(known)
        return known.pk

    def _break_off(self, known: Known) -> None:
        policies = [awaited for awaited, edge in known.edges.items() if not edge.met and edge.on_failure in EVENTS]
        states = {awaited: self.runs[awaited].run.state for awaited in policies}
        self.follow({awaited: state for awaited, state in states.items() if state in FINAL})

    def keyed(self, known: Known, on_key: OnKey) -> UUID:
        """Make a run with a key, or return the one that bears it; raise KeyTaken."""
        assert known.key is not None
        bearer = self.bearer(known.key)
        if bearer is not None and on_key is OnKey.RAISE:
            raise KeyTaken(known.key, bearer.pk, bearer.run.state)
        is_waiting = bearer is not None and bearer.run.state in WAITING
        if bearer is not None and (on_key is OnKey.RETURN or (is_waiting and on_key is OnKey.COLLAPSE)):
            return bearer.pk
        if bearer is not None and is_waiting:
            return self._replace(bearer, known)
        if on_key in FOLLOWING:
            before = self._runs_of(known.key)
            if bearer is not None:
                self._hand_over(bearer)
            known.edges = {pk: Edge(Condition.FINISHED, OnFailure.BLOCK) for pk in before}
        return self.insert(known)

    def _runs_of(self, key: str) -> set[UUID]:
        running = {one.pk for one in self.runs.values() if one.given == key and one.run.state == RunState.RUNNING}
        bearer = self.bearer(key)
        if bearer is None:
            return running
        former = {pk for pk, edge in bearer.edges.items() if not edge.met and self.runs[pk].given == key}
        return running | former | {bearer.pk}

    def _hand_over(self, bearer: Known) -> None:
        bearer.key = None
        self.note(bearer.pk, "handed_over")
        over = {pk for pk, edge in bearer.edges.items() if edge.met and self.runs[pk].given == bearer.given}
        bearer.edges = {pk: edge for pk, edge in bearer.edges.items() if pk not in over}

    def _replace(self, bearer: Known, wanted: Known) -> UUID:
        self.note(bearer.pk, "replaced")
        if bearer.run.state == RunState.QUEUED and wanted.run_at > self.now:
            self.move(bearer.pk, "reschedule")
        bearer.run_at, bearer.priority = wanted.run_at, wanted.priority
        if bearer.run.state != RunState.QUEUED:
            bearer.place = Place.OUTSIDE
        self.queue_ready([bearer.pk])
        return bearer.pk

    def require(self, pk: UUID, awaited: UUID, edge: Edge) -> None:
        """Let a run wait for another one; raise what the code raises."""
        known = self.runs[pk]
        if pk == awaited:
            raise CycleFound([pk])
        if known.run.state not in WAITING:
            raise AlreadyStarted(pk, known.run.state)
        if (stands := known.edges.get(awaited)) is not None:
            if (stands.condition, stands.on_failure) != (edge.condition, edge.on_failure):
                raise PrerequisiteDiffers("", "", "", "")
            return
        if pk in self._above(awaited):
            raise CycleFound([pk])
        known.edges[awaited] = edge
        edge.met = edge.stands(self.runs[awaited].run.state) is Standing.MET
        if not edge.met:
            self.hold(known)
        self._break_off(known)

    def _above(self, pk: UUID) -> set[UUID]:
        found: set[UUID] = set()
        queue = [pk]
        while queue:
            fresh = set(self.runs[queue.pop()].edges) - found
            found |= fresh
            queue += fresh
        return found

    def followed(self, pk: UUID, fence: int) -> bool:
        """End a run that wants another round, if another one bears its key now and it is not asked to stop."""
        known = self.runs.get(pk)
        if known is None or known.run.state != RunState.RUNNING or known.run.fence != fence or known.run.asked:
            return False
        if known.key is not None or known.given is None or self.bearer(known.given) is None:
            return False
        return self.verb(pk, "done")

    def due_slots(self) -> list[datetime]:
        """Return the slots that fire now, and go on to the next one."""
        slots = []
        while self.fires and self.next_slot <= self.now:
            slots.append(self.next_slot)
            self.next_slot += EVERY
        return slots

    def resume(self, catches_up: bool) -> None:
        """Let the schedule fire again, from now or from where it stood."""
        self.fires = True
        while not catches_up and self.next_slot <= self.now:
            self.next_slot += EVERY


def made(pk: UUID, run_at: datetime, edges: Mapping[UUID, Edge] | None = None, **values: object) -> Known:
    """Return a run to be made."""
    return Known(pk, Run(RunState.PENDING), run_at, edges=dict(edges or {}), **values)  # type: ignore[arg-type]
