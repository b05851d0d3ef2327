"""What this app tells the project beside Django's own task signals."""

from __future__ import annotations

from django.dispatch import Signal

runs_moved = Signal()
"""Runs changed state other than by queue, dispatch and done. Sent after commit with ``moved``, a tuple of ``Moved``."""

tasks_moved = Signal()
"""Tasks changed state. Sent after commit with ``moved``, a tuple of ``Moved``."""

runs_made = Signal()
"""Runs were made by a schedule or by ``Task.start``. Sent after commit with ``pks``."""

run_events = Signal()
"""Runs changed state by any event at all, dispatch and done among them. Sent after commit with ``moved``.

Nobody should listen to it at all times: every run costs two of these. ``callbacks.on_transition`` listens on demand.
"""

work_ready = Signal()
"""Runs became claimable. Sent after commit, in the process that did it, with ``queues``, a frozenset of names."""
