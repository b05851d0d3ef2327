"""What a running function may say of its next round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django_tasks_fsm import conf
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.times import storable
from django_tasks_fsm.exceptions import RescheduleRequested

LONGEST = 100 * 366 * 86400


class Rescheduling:
    """The verbs of RunContext that go on with, or end, a run that reschedules itself."""

    chain_stopped = False
    """Whether ``stop_chain`` was called: the next ``reschedule`` ends the run."""

    def reschedule(
        self,
        delay: float | timedelta | None = None,
        *,
        at: datetime | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> NoReturn:
        """End this attempt and run the same run again after ``delay`` seconds, or ``at`` a time; not charged.

        The next round has the same arguments where none are given, and the same key. It is DONE instead after
        ``stop_chain``, and where it has handed its key over to another run. Sooner than ``min_interval`` after the
        start of this round it does not begin. Raise UnstorablePayload.
        """
        if (delay is None) == (at is None):
            raise TypeError("reschedule() takes either a delay or at=, a time.")
        limit = conf.options().max_payload_bytes
        raise RescheduleRequested(
            None if delay is None else _seconds(delay),
            None if at is None else _moment(at),
            None if args is None else checked(list(args), "args", limit),
            None if kwargs is None else checked(dict(kwargs), "kwargs", limit),
        )

    def stop_chain(self) -> None:
        """Let this round be the last one: a later ``reschedule`` of it ends the run as DONE."""
        self.chain_stopped = True


def _seconds(delay: float | timedelta) -> float:
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"A delay is between 0 seconds and 100 years, not {delay!r}.")
    return seconds


def _moment(at: Any) -> datetime:
    wants_zone = conf.uses_time_zones()
    if not isinstance(at, datetime) or (at.tzinfo is not None) != wants_zone:
        kind = "an aware" if wants_zone else "a naive"
        raise ValueError(f"at must be {kind} datetime, as USE_TZ says, not {at!r}.")
    return storable(at)
