"""How the engine stands at this moment, in statements that lock nothing and count no further than a cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import F, Q

from django_tasks_fsm.core.latency import Latency
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.serving import served
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import COUNT, EARLIEST, Question, answer_each
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models import Queue, Task, TaskRun, Worker
from django_tasks_fsm.models.latency import by_queue
from django_tasks_fsm.models.line import in_line
from django_tasks_fsm.models.run import TROUBLED
from django_tasks_fsm.store.hands import MOST, Hand, Held, hands, stopped

CAP = 10_000
"""Rows of one kind that are counted; of more is said "10000+"."""
NEWEST = 20_000
"""Runs among which those are counted whose state has no index: being prepared, blocked, done."""
OLDEST_OF = 1_000
"""Ready runs of a queue, in the order of the claim, among which the longest wait is looked for."""
BLOCKED = "BLOCKED"
"""What is said of PENDING runs that wait for prerequisites; PENDING are those that wait for their time."""
IN_LINE = "IN_LINE"
"""What is said of PENDING runs that are due and wait for a slot of their limits."""
SHOWN = (
    "PREPARE", "PENDING", BLOCKED, IN_LINE, "QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED", "SKIPPED", "ABORTED"
)  # fmt: skip
TROUBLE = "state IN ('" + "', '".join(TROUBLED) + "')"


@dataclass(frozen=True, slots=True)
class Tally:
    """A number, and whether there may be more."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number}+" if self.more else str(self.number)


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue: what is ready, due since when at the earliest, what runs, how many live workers serve it, how late."""

    queue: Queue
    is_paused: bool
    ready: Tally
    oldest: datetime | None
    running: int
    serving: int
    latency: Latency | None

    @property
    def is_stranded(self) -> bool:
        """Tell whether runs are ready that no live worker would take, although nobody has paused the queue."""
        return bool(self.ready.number) and not self.serving and not self.is_paused


@dataclass(frozen=True, slots=True)
class Due:
    """What comes next: ``kind`` is run or task."""

    kind: str
    id: Any
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """All of it; ``at`` is the database's clock. Beyond the cap of workers or queues the rest is not in it."""

    at: datetime
    hands: Sequence[Hand]
    lanes: Sequence[Lane]
    tallies: Mapping[str, Tally]
    next_due: Due | None

    @property
    def live(self) -> list[Hand]:
        """Return the workers that live."""
        return [hand for hand in self.hands if hand.is_live]

    @property
    def slots(self) -> int:
        """Return how many runs the live workers may hold at once."""
        return sum(hand.worker.concurrency for hand in self.live)

    @property
    def used(self) -> int:
        """Return how many they hold."""
        return sum(hand.running for hand in self.live)

    @property
    def is_abandoned(self) -> bool:
        """Tell whether something is overdue and nobody lives who would make it ready."""
        return not self.live and self.next_due is not None and self.next_due.at <= self.at


def status(using: str) -> Status:
    """Look; nine statements, however many rows there are."""
    at = for_alias(using).now()
    running = _running(using)
    found = hands(at, running, using)
    queues = list(Queue.objects.using(using).order_by(F("paused_at").desc(nulls_last=True), "name")[:MOST])
    answers = answer_each([*_of_states(using), *_of_queues(queues, using)], using)
    lanes = _lanes(at, queues, answers[len(ASKED) + 1 :], found, Counter(queue for _, queue, _ in running), using)
    tallies = _tallies(answers[: len(ASKED) + 1], _newest(using), len(running))
    return Status(at, found, lanes, tallies, next_due(using))


def gone(using: str) -> list[Hand]:
    """Return the workers that have stopped and whose rows are still there."""
    return stopped(for_alias(using).now(), _running(using), using)


def _running(using: str) -> list[Held]:
    runs = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value)
    return list(runs.order_by().values_list("worker_id", "queue", "pk")[: CAP + 1])


ASKED = (RunState.QUEUED, RunState.PENDING, RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED, RunState.ABORTED)
"""States with an index of their own."""


def of_state(state: RunState, using: str) -> Any:
    """Return the runs in one of ASKED, in such words that its index serves."""
    runs = TaskRun.objects.using(using).filter(state=state.value).order_by()
    if state is RunState.PENDING:
        return runs.filter(waiting_on=0, line=Place.OUTSIDE.value)
    return where(runs, TROUBLE) if state.value in TROUBLED and for_alias(using).repeats_conditions else runs


def _of_states(using: str) -> list[Question]:
    # Each asks for a column that its index has, so that the rows need not be visited.
    columns = {RunState.QUEUED: "queue", RunState.PENDING: "run_at"}
    rows = [of_state(state, using).values(columns.get(state, "finished_at")) for state in ASKED]
    return [(COUNT, each[: CAP + 1]) for each in (*rows, in_line(using).values("run_at"))]


def _of_queues(queues: Sequence[Queue], using: str) -> list[Question]:
    ready = TaskRun.objects.using(using).filter(state=RunState.QUEUED.value).values("run_at")
    # The claim's own order, so that its index serves.
    parts = [ready.filter(queue=queue.pk).order_by("-priority", "run_at", "id") for queue in queues]
    limits = ((COUNT, CAP + 1), (EARLIEST, OLDEST_OF))
    return [(what, part[:limit]) for part in parts for what, limit in limits]


def _lanes(
    at: datetime, queues: Sequence[Queue], answers: Sequence[Any], found: Sequence[Hand], held: Counter[str], using: str
) -> list[Lane]:
    open_ones = {queue.pk: None for queue in queues}
    serving = Counter(name for hand in found if hand.is_serving for name in _served(hand.worker, open_ones))
    time_out, late = for_alias(using).time_out, by_queue(using)
    return [
        Lane(
            queue,
            _is_paused(queue, at),
            _capped(count),
            oldest and time_out(oldest),
            held[queue.pk],
            serving[queue.pk],
            late.get(queue.pk),
        )
        for queue, count, oldest in zip(queues, answers[::2], answers[1::2], strict=True)
    ]


def _served(worker: Worker, known: Mapping[str, None]) -> tuple[str, ...]:
    wanted, excluded = (names if isinstance(names, list) else [] for names in (worker.queues, worker.excluded_queues))
    return served(known, wanted, excluded)


def _is_paused(queue: Queue, at: datetime) -> bool:
    return queue.paused_at is not None and (queue.paused_until is None or queue.paused_until > at)


def _newest(using: str) -> dict[str, int]:
    runs = TaskRun.objects.using(using).order_by("-id").values("pk", "state", "waiting_on")[: NEWEST + 1]
    found: dict[str, int] = runs.aggregate(
        all=CountOf("pk"),
        PREPARE=CountOf("pk", filter=Q(state=RunState.PREPARE.value)),
        BLOCKED=CountOf("pk", filter=Q(state=RunState.PENDING.value, waiting_on__gt=0)),
        DONE=CountOf("pk", filter=Q(state=RunState.DONE.value)),
    )
    return found


def _tallies(answers: Sequence[int], newest: Mapping[str, int], running: int) -> dict[str, Tally]:
    is_cut = newest["all"] > NEWEST
    names = (*(state.value for state in ASKED), IN_LINE)
    found = {name: _capped(count) for name, count in zip(names, answers, strict=True)}
    found |= {name: _capped(newest[name], is_cut) for name in (RunState.PREPARE.value, BLOCKED, RunState.DONE.value)}
    found[RunState.RUNNING.value] = _capped(running)
    return {name: found[name] for name in SHOWN}


def _capped(count: int, is_cut: bool = False) -> Tally:
    return Tally(min(count, CAP), is_cut or count > CAP)


def next_due(using: str) -> Due | None:
    """Return what comes next of what waits for its time: a run, or a task that fires."""
    run = of_state(RunState.PENDING, using).order_by("run_at").values_list("pk", "task__name", "run_at").first()
    tasks = Task.objects.using(using).filter(state=TaskState.ACTIVE.value, next_run_at__isnull=False)
    task = tasks.order_by("next_run_at").values_list("pk", "name", "next_run_at").first()
    found = [Due(kind, *row) for kind, row in (("run", run), ("task", task)) if row is not None]
    return min(found, key=lambda due: due.at, default=None)
