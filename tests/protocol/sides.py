"""The real rows and the reference, and how they are compared."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.core.triggers import Interval, dump
from django_tasks_fsm.models import Queue, RunPrerequisite, Task, TaskRun, Transition, Worker
from tests.acceptance.virtual_clock import VirtualClock
from tests.protocol.known import Known
from tests.protocol.making import EVERY, Making
from tests.store.rows import a_task

START = datetime(2050, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
"""After every id that this host makes, and with a fraction, without which SQLite's text has another length."""
COLUMNS = (
    "pk", "state", "fence", "attempt", "waiting_on", "key", "given_key", "run_at", "line", "limited", "result",
    "finished_at", "scheduled_for", "queue", "priority",
)  # fmt: skip


class Sides(RuleBasedStateMachine):
    """Two workers, two queues, a task with a limit, a schedule. Each example is a transaction that is rolled back."""

    clock: ClassVar[VirtualClock]
    plain: ClassVar[Task]
    limited: ClassVar[Task]
    schedule: ClassVar[Task]

    def __init__(self) -> None:
        super().__init__()
        self.clock.now = START
        self._block = transaction.atomic()
        self._block.__enter__()
        self.reference = Making(START)
        self.claims: list[Claim] = []
        self.shut: set[str] = set()
        self.workers = [
            Worker.objects.create(id=uuid.UUID(int=at), name=f"w{at}", started_at=START, heartbeat_at=START)
            for at in (1, 2)
        ]
        self.beats = {each.pk: START for each in self.workers}

    def teardown(self) -> None:
        """Take back what the example wrote, after a look at what it has left on record."""
        try:
            self.compare_records()
        finally:
            transaction.set_rollback(True)
            self._block.__exit__(None, None, None)

    @staticmethod
    def some(things: list[Any], at: int) -> Any:
        """Return one of some things; None where there is none."""
        return things[-1 - at % len(things)] if things else None

    def a_run(self, at: int) -> uuid.UUID | None:
        """Return one of the runs."""
        pk: uuid.UUID | None = self.some(list(self.reference.runs), at)
        return pk

    @staticmethod
    def same(real: Any, wanted: Any) -> None:
        """See that two sets are equal."""
        more, less = set(real) - set(wanted), set(wanted) - set(real)
        assert not more | less, f"only in the rows: {more}; only in the reference: {less}"

    @staticmethod
    def both(real: Callable[[], Any], model: Callable[[], Any], *errors: type[Exception]) -> None:
        """Do both, and see that both return the same, or raise the same of ``errors``."""
        told = []
        for each in (real, model):
            try:
                with transaction.atomic():
                    told.append(each())
            except errors as error:
                told.append(type(error))
        assert told[0] == told[1], f"{told[0]}, and the model says {told[1]}"

    def running(self) -> list[Known]:
        """Return the runs that should be RUNNING."""
        return [each for each in self.reference.runs.values() if each.run.state == RunState.RUNNING]

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.move(timedelta(seconds=seconds))
        self.reference.now = self.clock.now

    @invariant()
    def compare_rows(self):
        """See that all rows are what the reference says."""
        rows = {row[0]: row[1:] for row in TaskRun.objects.values_list(*COLUMNS)}
        wanted = {pk: _row(known) for pk, known in self.reference.runs.items()}
        self.same(rows.keys(), wanted.keys())
        for at, (pk, row) in enumerate(wanted.items()):
            differs = [each for each in zip(COLUMNS[1:], rows[pk], row, strict=True) if each[1] != each[2]]
            assert not differs, f"run {at}, (column, row, reference): {differs}"
        asked = set(TaskRun.objects.exclude(cancel_requested_at=None).values_list("pk", flat=True))
        self.same(asked, {pk for pk, known in self.reference.runs.items() if known.run.asked})
        edges = set(RunPrerequisite.objects.values_list("run_id", "prerequisite_id", "condition", "on_failure", "met"))
        known_edges = {
            (pk, awaited, edge.condition.value, edge.on_failure.value, edge.met)
            for pk, known in self.reference.runs.items()
            for awaited, edge in known.edges.items()
        }
        self.same(edges, known_edges)
        assert all(known.run.attempt == known.run.charged for known in self.reference.runs.values())
        assert sum(known.place == 2 for known in self.reference.runs.values()) <= 1, "more than the limit allows"

    def compare_records(self) -> None:
        """See that exactly the events of the model are on record, in their order."""
        told: dict[uuid.UUID, list[tuple[str, str, str]]] = {pk: [] for pk in self.reference.runs}
        rows = Transition.objects.filter(run__isnull=False).order_by("pk")
        for pk, event, source, target in rows.values_list("run_id", "event", "from_state", "to_state"):
            told[pk].append((event, source, target))
        for at, (pk, known) in enumerate(self.reference.runs.items()):
            assert told[pk] == known.told, f"run {at}: on record is {told[pk]}, and the reference says {known.told}"


def _row(known: Known) -> tuple[Any, ...]:
    run = known.run
    return (
        run.state.value, run.fence, run.attempt, known.unmet, known.key, known.given, known.run_at, known.place.value,
        known.limited, known.result, known.finished_at, known.slot, known.queue, known.priority,
    )  # fmt: skip


def tasks() -> None:
    """Make the rows that all examples share."""
    Task.objects.update(next_run_at=None)  # those that code declares are due long since
    Sides.plain = a_task()
    Sides.limited = a_task("limited", max_instances=1)
    Sides.schedule = a_task(
        "scheduled", trigger=dump(Interval(EVERY, start=START)), catch_up="all", next_run_at=START + EVERY
    )
    for name in ("default", "limited"):
        Queue.objects.get_or_create(name=name)
