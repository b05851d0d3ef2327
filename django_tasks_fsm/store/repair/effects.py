"""What the end of runs would do to those that wait for them: ``models/cascade`` done on paper."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.prerequisites import EVENTS, Standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import word
from django_tasks_fsm.models import RunPrerequisite
from django_tasks_fsm.models.cascade import WAITING
from django_tasks_fsm.models.settling import COLUMNS, Edge
from django_tasks_fsm.models.transitions import batches
from django_tasks_fsm.store.repair.record import Step, step
from django_tasks_fsm.store.repair.rows import Row, rows_of


class Effects:
    """Follow the ends, layer by layer; read ``following``, ``released``, ``waiting`` and ``blocked`` then.

    ``ended`` says how the runs of a plan end. Nothing is locked: who acts computes it again under locks.
    """

    def __init__(self, ended: Mapping[uuid.UUID, RunState], rows: Mapping[uuid.UUID, Row], using: str) -> None:
        self.rows, self.using = dict(rows), using
        self._ended = dict(ended)
        self._met: Counter[uuid.UUID] = Counter()
        self._broken: dict[uuid.UUID, uuid.UUID] = {}
        self.following: list[Step] = []
        layer = dict(ended)
        while layer:
            layer = self._settle(layer)
        self._sum_up()

    def _settle(self, layer: Mapping[uuid.UUID, RunState]) -> dict[uuid.UUID, RunState]:
        edges = [edge for edge in self._edges(layer) if self._waits(edge.run_id)]
        ends: dict[uuid.UUID, RunState] = {}
        # In the order of the real thing: of two policies that would end a run, the first one does.
        for edge in sorted(edges, key=lambda edge: (edge.on_failure, edge.prerequisite_id)):
            standing = edge.stands_at(layer[edge.prerequisite_id])
            if standing is Standing.MET:
                self._met[edge.run_id] += 1
            elif edge.run_id not in ends:
                ends |= self._break(edge, layer[edge.prerequisite_id])
        self._ended |= ends
        return ends

    def _break(self, edge: Edge, state: RunState) -> dict[uuid.UUID, RunState]:
        row, event = self.rows[edge.run_id], EVENTS.get(edge.on_failure, "")
        if row.state not in RUN_MACHINE.sources(event):
            self._broken.setdefault(row.id, edge.prerequisite_id)
            return {}
        values = {"name": self.rows[edge.prerequisite_id].name, "state": word(state)}
        self.following.append(step(row, event, gettext("Its prerequisite %(name)s ends: %(state)s.") % values))
        return {row.id: RUN_MACHINE.target(event, row.state)}

    def _edges(self, above: Iterable[uuid.UUID]) -> list[Edge]:
        edges: list[Edge] = []
        for some in batches(sorted(above)):
            rows = RunPrerequisite.objects.using(self.using).filter(prerequisite_id__in=some, met=False)
            edges += [Edge(*row) for row in rows.values_list(*COLUMNS)]
        self.rows |= rows_of({edge.run_id for edge in edges} - self.rows.keys(), self.using)
        return edges

    def _waits(self, run_id: uuid.UUID) -> bool:
        return run_id not in self._ended and self.rows[run_id].state in WAITING

    def _sum_up(self) -> None:
        left = {run: self.rows[run].waiting_on - met for run, met in self._met.items() if self._waits(run)}
        self.released = [
            step(self.rows[run], "", gettext("It waits for nothing more.")) for run in sorted(left) if left[run] < 1
        ]
        self.waiting = [
            step(self.rows[run], "", gettext("It waits for %(count)d more.") % {"count": left[run]})
            for run in sorted(left)
            if left[run] > 0 and run not in self._broken
        ]
        self.blocked = [
            step(self.rows[run], "", gettext("It stays blocked by %(name)s.") % {"name": self.rows[above].name})
            for run, above in self._broken.items()
            if self._waits(run)
        ]
