"""What people have asked of a run that was running."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence


def requests(seen: Seen) -> Iterator[Gate]:
    """Tell beside that it was asked to stop or to pause, which it does at its next check."""
    run = seen.run
    if run.cancel_requested_at is not None:
        fact = gettext("It was asked to stop at {at}, which it does at its next check.")
        yield Gate("cancel", True, Sentence(fact, {"at": run.cancel_requested_at}), note=True)
    if run.pause_requested_at is not None:
        fact = gettext("It was asked to pause at {at}, which it does at its next check until it is resumed.")
        way_out = Sentence(gettext("Resume it."))
        yield Gate("pause", True, Sentence(fact, {"at": run.pause_requested_at}), way_out, note=True)
