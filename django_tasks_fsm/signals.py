"""What this app tells the project beside Django's own task signals."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import Signal

logger = logging.getLogger("django_tasks_fsm")


class AfterCommit(Signal):
    """A signal whose receivers stop nobody: ``sys.exit()`` in one is logged, as its other mistakes are."""

    def send_robust(self, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
        """Send as Django does; a receiver that leaves costs those after it this one signal."""
        try:
            return list(super().send_robust(sender, **named))
        except KeyboardInterrupt:
            raise
        except BaseException:  # Django hands on what is no Exception, which would end a worker
            logger.exception("A receiver of a signal has left.")
            return []


runs_moved = AfterCommit()
"""Runs changed state other than by queue, dispatch and done. Sent after commit with ``moved``, a tuple of ``Moved``."""

tasks_moved = AfterCommit()
"""Tasks changed state. Sent after commit with ``moved``, a tuple of ``Moved``."""

runs_made = AfterCommit()
"""Runs were made by a schedule or by ``Task.start``. Sent after commit with ``pks``."""

run_events = AfterCommit()
"""Runs changed state by any event at all, dispatch and done among them. Sent after commit with ``moved``.

Nobody should listen to it at all times: every run costs two of these. ``callbacks.on_transition`` listens on demand.
"""

workers_called = AfterCommit()
"""Something is asked of running runs. Sent after commit, in the process that did it, with ``workers``, a frozenset."""

work_ready = AfterCommit()
"""Runs became claimable. Sent after commit, in the process that did it, with ``queues``, a frozenset of names."""
