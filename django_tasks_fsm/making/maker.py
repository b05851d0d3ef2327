"""Make runs: what they wait for first, in an order without recursion, here or by somebody else's threads."""

from __future__ import annotations

import heapq
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from django.db import connections

from django_tasks_fsm.context import NoCurrentRun, current_run
from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import CycleFound, IllegalTransition, PrerequisiteBroken, StaleState, WaitTimeout
from django_tasks_fsm.making.dispatching import in_another_thread
from django_tasks_fsm.making.performer import Performer
from django_tasks_fsm.making.plan import Node, Plan
from django_tasks_fsm.making.rules import Verdict, is_met, verdict
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change
from django_tasks_fsm.models.waiting import FIRST_LOOK, LONGEST_LOOK

Submit = Callable[[Callable[[], Any]], Any]

ACTOR = Actor("make")
BROKEN = f"{PrerequisiteBroken.__module__}.{PrerequisiteBroken.__qualname__}"
PATIENCE_IN_TRANSACTION = 5.0
"""Seconds for which a run that somebody else executes is waited for inside a transaction, which may never show it."""


class Maker:
    """Know what is ready, what others hold, and what has changed; do one step at a time."""

    def __init__(self, targets: Iterable[uuid.UUID], using: str, submit: Submit | None = None) -> None:
        self._targets, self._using, self._submit = list(targets), using, submit
        self._plan = Plan(using)
        self._performer = Performer(using)
        self._ready: list[tuple[int, uuid.UUID]] = []
        self._elsewhere: set[uuid.UUID] = set()
        self._submitted: set[uuid.UUID] = set()
        self._errors: deque[BaseException] = deque()
        self._news: deque[uuid.UUID] = deque()
        self._bell = threading.Event()

    def close(self) -> None:
        """Leave; what was submitted goes on."""
        self._performer.leave()

    def made(self) -> Iterator[uuid.UUID]:
        """Yield the ids of the targets as they end."""
        self._plan.add(self._targets)
        self._refuse_prepared()
        self._sort()
        self._refuse_itself()
        self._news.extend(self._plan.position)
        left = dict.fromkeys(self._targets)
        idle_since, pause = time.monotonic(), FIRST_LOOK
        while left:
            for run_id in self._digested():
                if run_id in left:
                    del left[run_id]
                    yield run_id
            if not left:
                return
            if self._step():
                idle_since, pause = time.monotonic(), FIRST_LOOK
                continue
            self._refuse_to_hang(idle_since)
            self._bell.wait(pause)
            self._bell.clear()
            pause = min(pause * 1.5, LONGEST_LOOK)
            self._look_elsewhere()

    def _refuse_prepared(self) -> None:
        for each in self._targets:
            node = self._plan.nodes.get(each)
            if node is None:
                raise TaskRun.DoesNotExist(f"Run {each} is not in the database.")
            if node.state is RunState.PREPARE:
                way_out = "A run that is being prepared cannot be made: call prepared() first."
                raise IllegalTransition("make", node.state, (), way_out)

    def _refuse_itself(self) -> None:
        try:
            running = current_run().run_id
        except NoCurrentRun:
            return
        if running in self._plan.position:
            raise IllegalTransition("make", RunState.RUNNING, (), "A run cannot make itself, or what waits for it.")

    def _sort(self) -> None:
        self._plan.sort(self._targets)
        self._ready = [(self._plan.position[each], each) for _, each in self._ready]
        heapq.heapify(self._ready)

    # -- one step -------------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Execute, or hand over, what is ready; return False if nothing is."""
        if self._errors:
            raise self._errors.popleft()
        if not self._ready:
            return False
        _, run_id = heapq.heappop(self._ready)
        node = self._plan.nodes[run_id]
        if self._submit is None:
            taken = self._performer.perform(run_id, node.task_id)
            self._plan.look([run_id])
            self._after(run_id, taken)
        else:
            self._submitted.add(run_id)
            self._elsewhere.add(run_id)
            self._submit(partial(self._elsewhere_performed, run_id))
        return True

    def _elsewhere_performed(self, run_id: uuid.UUID) -> None:
        try:
            in_another_thread(run_id, self._using)
        except BaseException as error:  # it is raised where the runs are waited for
            self._errors.append(error)
            raise
        finally:
            self._submitted.discard(run_id)
            self._bell.set()

    def _after(self, run_id: uuid.UUID, taken: bool) -> None:
        node = self._plan.nodes[run_id]
        if taken or node.is_final or node.state is RunState.RUNNING:
            self._news.append(run_id)
        elif node.waiting_on:
            self._reload(node)
        else:
            self._elsewhere.add(run_id)  # locked by somebody at this moment; the next look tells more

    def _reload(self, node: Node) -> None:
        self._news.extend(self._plan.reload(node.id))
        if not self._plan.needs.get(node.id):
            raise StaleState(f"Run {node.id}", "dispatch")
        self._sort()
        self._news.append(node.id)

    # -- what others do -------------------------------------------------------------------------------------------

    def _look_elsewhere(self) -> None:
        looked_at = list(self._elsewhere)
        self._plan.look(looked_at)
        for run_id in looked_at:
            node = self._plan.nodes[run_id]
            is_ours = node.state in (RunState.PENDING, RunState.QUEUED) and run_id not in self._submitted
            if node.is_final or (is_ours and not node.rests) or node.state is RunState.PREPARE:
                self._elsewhere.discard(run_id)
                self._after(run_id, taken=not node.waiting_on or node.is_final or node.state is RunState.PREPARE)

    def _refuse_to_hang(self, since: float) -> None:
        if not self._elsewhere:
            edges = [(before, run) for run, needs in self._plan.needs.items() for before in needs]
            raise CycleFound(cycle_in(edges))
        if not connections[self._using].in_atomic_block or time.monotonic() - since < PATIENCE_IN_TRANSACTION:
            return
        stuck = [self._plan.nodes[each] for each in self._elsewhere if not self._plan.nodes[each].rests]
        if stuck:
            raise WaitTimeout(stuck[0].id, PATIENCE_IN_TRANSACTION, stuck[0].state)

    # -- what follows ---------------------------------------------------------------------------------------------

    def _digested(self) -> Iterator[uuid.UUID]:
        """Draw the conclusions from all that is known by now; yield what has ended."""
        while self._news:
            run_id = self._news.popleft()
            node = self._plan.nodes[run_id]
            if run_id not in self._plan.position:
                continue
            if node.is_final or node.state is RunState.PREPARE:
                self._release(node)
                if node.is_final:
                    yield run_id
            elif node.state is RunState.RUNNING:
                self._elsewhere.add(run_id)
            else:
                self._place(node)

    def _release(self, node: Node) -> None:
        for run_id in sorted(self._plan.wanted_by.pop(node.id, ()), key=lambda each: self._plan.position.get(each, 0)):
            needs = self._plan.needs.get(run_id, {})
            need = needs.get(node.id)
            if need is None or self._plan.nodes[run_id].is_final:
                continue
            found = verdict([(need, node.state)])
            if found is not None:
                self._conclude(run_id, found)
            elif is_met(need, node.state):
                del needs[node.id]
                if not needs:
                    self._news.append(run_id)

    def _place(self, node: Node) -> None:
        # Of a run that waits for nothing by now, edges that are known here are old.
        needs = self._plan.needs.get(node.id) if node.waiting_on else None
        if needs:
            states = [(need, self._plan.nodes[before].state) for before, need in needs.items()]
            found = verdict(states)
            if found is not None:
                self._conclude(node.id, found)
        elif node.rests:
            self._elsewhere.add(node.id)
        else:
            heapq.heappush(self._ready, (self._plan.position[node.id], node.id))

    def _conclude(self, run_id: uuid.UUID, found: Verdict) -> None:
        detail = {found.word: [str(each) for each in found.runs]}
        values = {"error": f"{BROKEN}: {found.reason}"} if found.event == "error" else {}
        waiting = (RunState.PENDING, RunState.QUEUED)
        change = Change(found.event, ACTOR, found.reason, values=values, detail=detail, only_from=waiting)
        in_transaction(lambda: move_runs([run_id], change, self._using), self._using)
        self._plan.look([run_id])
        self._after(run_id, taken=False)
