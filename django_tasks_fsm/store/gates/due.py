"""The time before which a run does not start."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence


def due(seen: Seen) -> Iterator[Gate]:
    """Tell whether the run's time has come; a queued one has been found due already."""
    if seen.is_due or seen.run.state == RunState.QUEUED:
        yield Gate("due", True, Sentence(gettext("It has been due since {at}."), {"at": seen.run.run_at}))
    else:
        way_out = Sentence(gettext("Wait, or set another time (reschedule)."))
        yield Gate("due", False, Sentence(_why(seen), {"at": seen.run.run_at, "attempt": seen.run.attempt}), way_out)


def _why(seen: Seen) -> str:
    match seen.put_off_by:
        case "retry":
            return gettext("Attempt {attempt} failed, and the back-off lets the next one begin at {at}.")
        case "reschedule":
            return gettext("It was rescheduled, and is not due before {at}.")
        case "lose":
            return gettext("Its worker was lost, and it may begin again at {at}.")
    return gettext("It is not due before {at}.")
