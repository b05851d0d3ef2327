"""Who would take the run."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext, ngettext

from django_tasks_fsm import conf
from django_tasks_fsm.core.serving import served
from django_tasks_fsm.core.slots import Reserve, room_for
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, TaskRun
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence
from django_tasks_fsm.store.workers import living

MOST = 1_000
"""Live workers that are looked at."""
MOST_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class Hand:
    """A live worker: what it says it serves, and how much at once."""

    id: uuid.UUID
    queues: object
    excluded: object
    concurrency: int
    is_paused: bool = False
    reserved: Reserve = ()
    most: Mapping[str, int] = field(default_factory=dict)

    def idle(self, held: Sequence[tuple[int, str]]) -> int:
        """Return how many of its slots are free; ``held`` are priority and queue of each run that it holds."""
        return max(0, self.concurrency - len(held))

    def room(self, priority: int, queue: str, held: Sequence[tuple[int, str]]) -> int:
        """Return how many of its free slots runs of this priority and queue may take."""
        taken = [one for one, _ in held]
        room = room_for(priority, self.idle(held), self.concurrency, self.reserved, taken)
        if queue not in self.most:
            return room
        return max(0, min(room, self.most[queue] - sum(name == queue for _, name in held)))

    def serves(self, queue: str, is_known: bool) -> bool:
        """Tell whether it would claim from a queue that is open, by the rule of the claim."""
        if self.is_paused:
            return False
        wanted, excluded = (names if isinstance(names, list) else [] for names in (self.queues, self.excluded))
        return queue in served({queue: None} if is_known else {}, wanted, excluded)


def live_workers(using: str) -> list[Hand]:
    """Return who lives, by the database's clock and the lease that rescue goes by."""
    rows = living(conf.options().lease, using).order_by("pk")
    return [
        Hand(
            row.pk, row.queues, row.excluded_queues, row.concurrency, row.is_paused,
            tuple((priority, slots) for priority, slots in row.reserved), row.queue_concurrency,
        )
        for row in rows[:MOST]
    ]  # fmt: skip


def worker_gate(queue: str, row: Queue | None, live: Sequence[Hand]) -> Gate:
    """Tell whether a live worker serves the queue."""
    serving = [hand for hand in live if hand.serves(queue, row is not None)]
    if serving:
        count = len(serving)
        fact = ngettext(
            "{count} live worker serves the queue {queue}.", "{count} live workers serve the queue {queue}.", count
        )
        values = {"count": count, "queue": queue}
        only = serving[0].id if count == 1 else None
        return Gate("worker", True, Sentence(fact, values), kind="worker" if only else "", id=only)
    if not live:
        fact, way_out = gettext("No worker is alive."), gettext("Start one: manage.py runworker")
        return Gate("worker", False, Sentence(fact), Sentence(way_out))
    if all(hand.is_paused for hand in live):
        fact = ngettext("{count} worker is alive, but paused.", "{count} workers are alive, but paused.", len(live))
        way_out = gettext("Resume it: manage.py tasks_fsm resume --worker NAME")
        return Gate("worker", False, Sentence(fact, {"count": len(live)}), Sentence(way_out))
    count = len(live)
    fact = ngettext(
        "{count} worker is alive, but it does not serve the queue {queue}.",
        "{count} workers are alive, but none of them serves the queue {queue}.",
        count,
    )
    way_out = gettext("Start one that does: manage.py runworker --queues {queue}")
    return Gate("worker", False, Sentence(fact, {"count": count, "queue": queue}), Sentence(way_out, {"queue": queue}))


def workers(seen: Seen) -> Iterator[Gate]:
    """Look at who would take a run, and at their slots."""
    live = live_workers(seen.using)
    yield worker_gate(seen.run.queue, seen.queue, live)
    yield from _slots(seen, live)


def _slots(seen: Seen, live: Sequence[Hand]) -> Iterator[Gate]:
    # Of a run that would be taken. That no slot is free holds up nothing for long.
    run = seen.run
    serving = {hand.id: hand for hand in live if hand.serves(run.queue, seen.queue is not None)}
    if not serving or not seen.is_taken:
        return
    running = TaskRun.objects.using(seen.using).filter(state=RunState.RUNNING.value, worker_id__in=list(serving))
    held: dict[uuid.UUID | None, list[tuple[int, str]]] = defaultdict(list)
    for pk, priority, queue in running.order_by().values_list("worker_id", "priority", "queue")[:MOST_RUNS]:
        held[pk].append((priority, queue))
    free = sum(hand.room(run.priority, run.queue, held[pk]) for pk, hand in serving.items())
    idle = sum(hand.idle(held[pk]) for pk, hand in serving.items())
    values = {"free": free, "idle": idle, "slots": sum(hand.concurrency for hand in serving.values())}
    if free:
        yield Gate("slots", True, Sentence(gettext("{free} of {slots} slots are free."), values))
    elif idle:
        fact = gettext(
            "{idle} of {slots} slots are free, but kept for higher priorities, or its queue has all that it may take: "
            "it starts when another one becomes free."
        )
        yield Gate("slots", True, Sentence(fact, values), note=True)
    else:
        fact = gettext("All of the {slots} slots are taken: it starts when one becomes free.")
        yield Gate("slots", True, Sentence(fact, values), note=True)


def holder(seen: Seen) -> Iterator[Gate]:
    """Tell whether the worker of a running run lives; one that does not loses the run."""
    if living(conf.options().lease, seen.using).filter(pk__in=[seen.run.worker_id]).exists():
        yield Gate("worker", True, Sentence(gettext("Its worker is alive.")))
    else:
        way_out = Sentence(gettext("Another worker takes the run back, if one is alive: manage.py runworker"))
        yield Gate("worker", False, Sentence(gettext("Its worker no longer answers.")), way_out)
