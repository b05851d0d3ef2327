"""Whatever is done to runs, in whatever order, what must hold holds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Count, F, Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.prerequisites import SATISFYING, Condition
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun, Transition
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.stage import stage
from tests.store.faults import rolled_back
from tests.store.rows import DB, FAILURE, a_worker, claims, enqueued, finished

pytestmark = pytest.mark.django_db

SOON, LATER = timedelta(0), timedelta(days=1)
Pick = Callable[[Any], Any]


class World:
    """Some runs, and every claim that was ever given out: each of its outcomes may still come, many times over."""

    def __init__(self) -> None:
        self.dead = a_worker("dead", silent_for=3600)
        self.claims: list[Claim] = []

    def enqueue(self, pick: Pick) -> None:
        runs = list(TaskRun.objects.order_by("pk"))
        before = {run.pk: run for run in (pick(runs) for _ in range(pick([0, 1, 2])) if runs)}
        at = timezone.now() + LATER if pick([True, False, False, False]) else None
        enqueued(*before.values(), condition=pick(list(Condition)).value, key=pick([None, "a", "b"]), run_at=at)

    def claim(self, pick: Pick) -> None:
        self.claims += claims(pick([1, 2, 5]), worker=pick([self.dead.pk, uuid.uuid4()]))

    def finish(self, pick: Pick) -> None:
        if self.claims:
            finished(*(self._outcome(pick) for _ in range(pick([1, 2]))))

    def _outcome(self, pick: Pick) -> Any:
        claim = pick(self.claims)
        return pick(
            [
                Outcome.done(claim, f"{claim.fence}"),
                Outcome.done(claim, f"{claim.fence}"),
                Outcome.failed(claim, FAILURE),
                Outcome.retry(claim, FAILURE, pick([SOON, LATER])),
                Outcome.cancelled(claim, "x"),
                Outcome.rescheduled(claim, pick([SOON, LATER])),
                Outcome.released(claim, "x"),
            ]
        )

    def verb(self, pick: Pick) -> None:
        runs = list(TaskRun.objects.order_by("pk"))
        if runs:
            rows = TaskRun.objects.filter(pk__in=[pick(runs).pk for _ in range(pick([1, 2]))])
            name = pick(["cancel", "abort", "retry", "retry", "reschedule"])
            getattr(rows, name)(*([timezone.now() + pick([SOON, LATER])] if name == "reschedule" else []))

    def rescue(self, pick: Pick) -> None:
        rescue(timedelta(minutes=1), 3, DB)

    def stage(self, pick: Pick) -> None:
        stage(DB)


def check(fences: dict[uuid.UUID, int]) -> None:
    """Look at every row; remember the fences for the next look."""
    unmet = Count("prerequisite_edges", filter=Q(prerequisite_edges__met=False))
    assert not TaskRun.objects.annotate(unmet=unmet).exclude(waiting_on=F("unmet")).exists(), "a wrong count"
    assert not TaskRun.objects.filter(state="QUEUED", waiting_on__gt=0).exists(), "a run that may not start is queued"
    due = TaskRun.objects.filter(state="PENDING", waiting_on=0, run_at__lt=timezone.now() - timedelta(seconds=1))
    assert not due.exists(), "a lost wake-up"
    assert not TaskRun.objects.filter(state__in=[*FINAL], key__isnull=False).exists(), "an ended run keeps its key"
    for edge in RunPrerequisite.objects.filter(met=False).select_related("prerequisite"):
        assert RunState(edge.prerequisite.state) not in SATISFYING[Condition(edge.condition)], "an unseen end"
    for pk, fence, attempt in TaskRun.objects.values_list("pk", "fence", "attempt"):
        assert fences.get(pk, 0) <= fence <= fences.get(pk, 0) + 1, "a fence that went back"
        assert attempt <= fence, "an attempt that nobody made"
        fences[pk] = fence
    for result, fence in TaskRun.objects.filter(state="DONE").values_list("result", "fence"):
        assert result == fence, "the result of an earlier claim"


def follow_the_states() -> None:
    """Read the audit of each run: the recorded changes and the silent ones must join up."""
    silent = {("PENDING", "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "DONE"), ("QUEUED", "PENDING")}
    reach = {state: {state} for state in RunState}
    for _ in RunState:
        for one, two in silent:
            for seen in reach.values():
                seen |= {RunState(two)} if one in seen else set()
    for run in TaskRun.objects.all():
        rows = Transition.objects.filter(run=run).order_by("pk").values_list("from_state", "to_state")
        state = RunState.PENDING
        for source, target in rows:
            assert source in reach[state], f"{state} cannot become {source} unrecorded"
            state = RunState(target)
        assert run.state in reach[state], f"{state} cannot become {run.state} unrecorded"


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
def test_what_must_hold_holds_after_every_step(data):
    def pick(options: Any) -> Any:
        return data.draw(st.sampled_from(options))

    with rolled_back():
        world = World()
        fences: dict[uuid.UUID, int] = {}
        often = [world.enqueue, world.claim, world.finish]
        steps = [*often, *often, world.verb, world.rescue, world.stage]
        for _ in range(data.draw(st.integers(5, 25))):
            pick(steps)(pick)
            check(fences)
        follow_the_states()
