"""Watch an audit until it rests."""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import CommandError

from audit.standing import Standing, read
from demo.line import ProgressLine, describe
from demo.worker import DemoWorker
from django_tasks_fsm.worker.stop import StopSwitch

LOOK_EVERY = 0.2


def watch(graph: UUID, worker: DemoWorker, line: ProgressLine, switch: StopSwitch, patience: float) -> Standing:
    """Show the progress until nothing moves by itself any more, or the switch is thrown; return how the audit stands.

    Raise CommandError when the worker ends, or when nothing has changed for ``patience`` seconds.
    """
    seen, since = "", 0.0
    while True:
        standing = _existing(graph)
        text = describe(standing)
        if not standing.phase.moves or switch.asked:
            line.end(text)
            return standing
        line.show(text)
        worker.require_alive()
        if text != seen:
            seen, since = text, line.seconds
        elif line.seconds - since > patience:
            raise CommandError(_stuck(patience, worker))
        switch.wait(LOOK_EVERY)


def _existing(graph: UUID) -> Standing:
    standing = read(graph)
    if standing is None:
        raise CommandError("The runs of the audit have been deleted while it ran. Start the demo again.")
    return standing


def _stuck(patience: float, worker: DemoWorker) -> str:
    return (
        f"Nothing has moved for {patience:g} s. Is the queue “audit” paused in the admin? "
        f"The end of the worker's log:\n{worker.tail()}"
    )
