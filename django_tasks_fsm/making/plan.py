"""What has to be made: the runs asked for and all that they wait for, read in batches and kept in memory."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Q, Value, When

from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.making.rules import Need
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.transitions import batches

ALONE = 3
"""Steps upwards that are read one by one; beyond them the rest of a run graph is read at once."""

LONG, AHEAD = 32, 2000
"""After so many steps it is a long chain, and so many edges are read at once."""

EDGE = ("run_id", "prerequisite_id", "condition", "on_failure")
COLUMNS = ("pk", "task_id", "state", "waiting_on", "has_begun", "is_due", "graph")


@dataclass(frozen=True, slots=True)
class Node:
    """A run as it was read last."""

    id: uuid.UUID
    task_id: int
    state: RunState
    waiting_on: int
    has_begun: bool
    is_due: bool
    graph: uuid.UUID | None

    @property
    def is_final(self) -> bool:
        """Tell whether it has ended."""
        return self.state in FINAL

    @property
    def rests(self) -> bool:
        """Tell whether it waits for its next attempt. A first attempt is not waited for: that is what make is for."""
        return self.has_begun and not self.is_due


class Plan:
    """Nodes by id; for each its unmet edges upwards, and who waits for it."""

    def __init__(self, using: str) -> None:
        self._using = using
        self.nodes: dict[uuid.UUID, Node] = {}
        self.needs: dict[uuid.UUID, dict[uuid.UUID, Need]] = {}
        self.wanted_by: dict[uuid.UUID, set[uuid.UUID]] = {}
        self.position: dict[uuid.UUID, int] = {}

    def add(self, ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
        """Read these runs and what they wait for, as far up as there is anything to be made; return the new ids."""
        added: list[uuid.UUID] = []
        frontier = [each for each in dict.fromkeys(ids) if each not in self.nodes]
        steps = 0
        while frontier:
            steps += 1
            self.look(frontier)
            added += frontier
            waiting = [each for each in frontier if each in self.nodes and self.nodes[each].waiting_on]
            graphs = {self.nodes[each].graph for each in waiting} - {None} if steps > ALONE else set()
            members = self._members(graphs) if graphs else []
            if waiting and not graphs and steps % LONG == 0:
                members = self._neighbours(max(waiting))
            self.look(members)
            added += members
            waiting += [each for each in members if each in self.nodes and self.nodes[each].waiting_on]
            frontier = self._unknown(waiting)
        return added

    def look(self, ids: Collection[uuid.UUID]) -> None:
        """Read these runs again."""
        for some in batches(list(ids)):
            self._keep(Q(pk__in=some))

    def reload(self, run_id: uuid.UUID) -> list[uuid.UUID]:
        """Read the edges of a run again, somebody has added some; return the ids that are new in the plan."""
        self.needs.pop(run_id, None)
        return self.add(self._unknown([run_id]))

    def _keep(self, condition: Q) -> None:
        due = Case(When(run_at__lte=DatabaseNow(), then=Value(True)), default=Value(False), output_field=BooleanField())
        begun = Case(When(started_at=None, then=Value(False)), default=Value(True), output_field=BooleanField())
        rows = TaskRun.objects.using(self._using).filter(condition).annotate(is_due=due, has_begun=begun)
        for pk, task_id, state, waiting_on, has_begun, is_due, graph in rows.values_list(*COLUMNS):
            self.nodes[pk] = Node(pk, task_id, RunState(state), waiting_on, bool(has_begun), bool(is_due), graph)

    def _members(self, graphs: Collection[uuid.UUID | None]) -> list[uuid.UUID]:
        unfinished = [state.value for state in RunState if state not in FINAL]
        rows = TaskRun.objects.using(self._using).filter(graph__in=graphs, state__in=unfinished)
        return [pk for pk in rows.values_list("pk", flat=True) if pk not in self.nodes]

    def _neighbours(self, run_id: uuid.UUID) -> list[uuid.UUID]:
        """Read the edges of runs that were made shortly before; return the runs at both ends that are new here."""
        edges = RunPrerequisite.objects.using(self._using).filter(run_id__lte=run_id, met=False)
        rows = list(edges.order_by("-run_id").values_list(*EDGE)[:AHEAD])
        if len(rows) == AHEAD:  # of the last run there may be more
            rows = [row for row in rows if row[0] != rows[-1][0]]
        known = set(self.needs)
        self._note(row for row in rows if row[0] not in known)
        return [each for each in dict.fromkeys(end for row in rows for end in row[:2]) if each not in self.nodes]

    def _note(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for run_id, before, condition, on_failure in rows:
            need = Need(run_id, before, Condition(condition), OnFailure(on_failure))
            self.needs.setdefault(run_id, {})[before] = need
            self.wanted_by.setdefault(before, set()).add(run_id)

    def _unknown(self, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Read the unmet edges of these runs and return the prerequisites that the plan does not know."""
        for some in batches([each for each in ids if each not in self.needs]):
            edges = RunPrerequisite.objects.using(self._using).filter(run_id__in=some, met=False).order_by("pk")
            self._note(edges.values_list(*EDGE))
        found = dict.fromkeys(before for each in ids for before in self.needs.get(each, ()))
        return [before for before in found if before not in self.nodes]

    def sort(self, targets: Iterable[uuid.UUID]) -> None:
        """Number the nodes so that each comes after what it waits for, the targets in their order."""
        self.position = {}
        for target in targets:
            stack = [(target, iter(self.needs.get(target, ())))]
            on_stack = {target}
            while stack:
                node, rest = stack[-1]
                for before in rest:
                    if before not in self.position and before not in on_stack:
                        on_stack.add(before)
                        stack.append((before, iter(self.needs.get(before, ()))))
                        break
                else:
                    stack.pop()
                    self.position.setdefault(node, len(self.position))
