"""The queue that a run stands in."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm.core.serving import served
from django_tasks_fsm.models import Queue
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence


def queue(seen: Seen) -> Iterator[Gate]:
    """Look at the queue of a run."""
    yield queue_gate(seen.run.queue, seen.queue)


def queue_gate(name: str, row: Queue | None) -> Gate:
    """Tell whether the queue is open: the question that every worker asks before it claims."""
    what = {"what": name}
    if row is None:
        fact = gettext("The queue {what} is not known yet: only workers that name it serve it.")
        return Gate("queue", True, Sentence(fact, what), note=True)
    if served({name: row.paused_at}, [name], ()):
        return Gate("queue", True, Sentence(gettext("The queue {what} is open."), what), kind="queue", id=name)
    values = {**what, "since": row.paused_at, "who": row.paused_by.removeprefix("user:"), "until": row.paused_until}
    way_out = Sentence(gettext("Resume the queue."))
    return Gate("queue", False, Sentence(_paused(row), values), way_out, "queue", name, row.pause_reason)


def _paused(row: Queue) -> str:
    if row.paused_by and row.paused_until:
        return gettext("The queue {what} has been paused since {since} by {who}, until {until}.")
    if row.paused_by:
        return gettext("The queue {what} has been paused since {since} by {who}.")
    if row.paused_until:
        return gettext("The queue {what} has been paused since {since}, until {until}.")
    return gettext("The queue {what} has been paused since {since}.")
