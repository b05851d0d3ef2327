"""``tasks_fsm status``: workers, queues, runs by state, saturation, and what comes next."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.cli.naming import WRONG, add_common, database
from django_tasks_fsm.cli.printing import Row, count, pairs, seconds, show, table, utc
from django_tasks_fsm.core.latency import Latency
from django_tasks_fsm.store.hands import Hand
from django_tasks_fsm.store.status import Lane, Status, status

HELP = "show workers, queues, runs by state and what comes next"
HAND_COLUMNS = ("name", "state", "host", "pid", "queues", "slots", "running", "saturated_since", "heartbeat_age")
MOST_RUNS = 100
"""Ids of runs that are told of one worker."""
LANE_COLUMNS = (
    "name", "ready", "oldest_wait", "latency_p95", "running", "serving", "paused", "paused_by", "paused_until",
)  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    add_common(parser)
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when work is ready that no live worker would take"
    )


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write how things stand; return 1 where a check was asked for and somebody must look."""
    using = database(options)
    now = status(using)
    found = {"database": using, **as_dict(now)}
    show(found, lines, options, write)
    return WRONG if options["check"] and found["problems"] else 0


def as_dict(now: Status) -> dict[str, Any]:
    """Return it as JSON can hold it."""
    due = now.next_due
    return {
        "at": utc(now.at),
        "problems": list(problems(now)),
        "workers": [hand_as_dict(hand) for hand in now.hands],
        "queues": [lane_as_dict(lane, now) for lane in now.lanes],
        "runs": {state: count(tally) for state, tally in now.tallies.items()},
        "slots": {
            "used": now.used, "total": now.slots, "saturation": round(now.used / now.slots, 3) if now.slots else None
        },
        "next_due": due and {"kind": due.kind, "id": str(due.id), "name": due.name, "at": utc(due.at)},
    }  # fmt: skip


def problems(now: Status) -> Iterator[str]:
    """Give a sentence for each piece of work that nobody would take."""
    for lane in now.lanes:
        if lane.is_stranded:
            text = ngettext(
                "Queue %(queue)s has %(count)s ready run, and no live worker serves it.",
                "Queue %(queue)s has %(count)s ready runs, and no live worker serves it.",
                lane.ready.number,
            )
            yield text % {"queue": lane.queue.pk, "count": lane.ready}
    if now.is_abandoned:
        yield gettext("No worker is alive, and what is due is not made ready.")


def hand_as_dict(hand: Hand) -> dict[str, Any]:
    """Return a worker as JSON can hold it."""
    worker = hand.worker
    return {
        "id": str(worker.pk),
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "state": hand.state,
        "live": hand.is_live,
        "queues": worker.queues,
        "excluded_queues": worker.excluded_queues,
        "slots": worker.concurrency,
        "desired_slots": worker.desired_concurrency,
        "reserved": worker.reserved,
        "queue_concurrency": worker.queue_concurrency,
        "running": hand.running,
        "runs": [str(run) for run in hand.runs[:MOST_RUNS]],
        "running_by_queue": dict(hand.queues),
        "running_by_executor": worker.lanes,
        "paused_at": utc(worker.paused_at),
        "paused_by": worker.paused_by,
        "pause_reason": worker.pause_reason,
        "saturated_since": utc(worker.saturated_since) if hand.is_live else None,
        "rss": worker.rss,
        "versions": worker.versions,
        "started_at": utc(worker.started_at),
        "heartbeat_at": utc(worker.heartbeat_at),
        "heartbeat_age": seconds(hand.silence),
        "stopped_at": utc(worker.stopped_at),
    }


def lane_as_dict(lane: Lane, now: Status) -> dict[str, Any]:
    """Return a queue as JSON can hold it; what a pause that is over has left behind is not told."""
    queue = lane.queue
    return {
        "name": queue.pk,
        "ready": count(lane.ready),
        "oldest_wait": None if lane.oldest is None else max(0.0, seconds(now.at - lane.oldest) or 0.0),
        **latency_as_dict(lane.latency),
        "running": lane.running,
        "serving": lane.serving,
        "paused": lane.is_paused,
        "paused_at": utc(queue.paused_at) if lane.is_paused else None,
        "paused_by": queue.paused_by if lane.is_paused else "",
        "paused_until": utc(queue.paused_until) if lane.is_paused else None,
        "pause_reason": queue.pause_reason if lane.is_paused else "",
    }


def latency_as_dict(latency: Latency | None) -> dict[str, Any]:
    """Return how late runs start as JSON can hold it, in seconds; null where none has started lately."""
    return {
        "latency_runs": latency.count if latency else 0,
        "latency_median": seconds(latency.median) if latency else None,
        "latency_p95": seconds(latency.p95) if latency else None,
        "latency_max": seconds(latency.longest) if latency else None,
    }


def lines(found: Row) -> Iterator[str]:
    """Give the status as people read it, what is wrong first."""
    yield from (f"! {problem}" for problem in found["problems"])
    yield from table(found["workers"], HAND_COLUMNS) if found["workers"] else (gettext("No worker."),)
    yield from table(found["queues"], LANE_COLUMNS)
    yield from pairs({**found["runs"], "slots": "{used}/{total}".format(**found["slots"])})
    if due := found["next_due"]:
        yield from pairs({"next": "{at} {kind} {name}".format(**due)})
