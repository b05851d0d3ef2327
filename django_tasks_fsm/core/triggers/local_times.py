"""The boundary to croniter, which has no types and raises much: it is asked about naive local times only.

None of croniter's own time zone code runs: it is no function of the instant, fires fixed jobs twice when clocks are set
back, and misses times in zones that shift by half an hour.
"""

from __future__ import annotations

import copy
from datetime import datetime

from croniter import CroniterBadDateError, croniter

from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires

ANY_YEAR = datetime(2000, 1, 1)
"""Where the search for a first match begins; with leap years in croniter's reach of 50 years."""

LAST_YEARS = 9900
"""From here on croniter may run over the end of the calendar."""


class LocalTimes:
    """The local times that one expression names."""

    def __init__(self, expression: str, seed: str, shown: str) -> None:
        """Parse ``expression``; ``shown`` is its author's spelling, for messages.

        Raise InvalidTrigger where croniter refuses it, ScheduleNeverFires where no date matches.
        """
        self.shown = shown
        try:
            self._parsed = croniter(expression, ANY_YEAR, hash_id=seed.encode() or None)
        except Exception as error:  # croniter raises ValueError, KeyError, TypeError and others besides its own
            raise InvalidTrigger(f"Cron expression {quoted(shown)} cannot be used: {quoted(str(error))}.") from error
        self.after(ANY_YEAR)

    def after(self, local: datetime) -> datetime:
        """Return the first matching time strictly after ``local``, to the whole minute, or second with six fields."""
        search = copy.copy(self._parsed)  # a search moves the object; the copy keeps threads apart
        try:
            found: datetime = search.get_next(datetime, local)
        except (CroniterBadDateError, OverflowError) as error:
            raise ScheduleNeverFires(self.shown) from error
        except Exception as error:
            if local.year >= LAST_YEARS:
                raise ScheduleNeverFires(self.shown) from error
            raise InvalidTrigger(f"Cron expression {quoted(self.shown)} failed after {local}: {error!r}.") from error
        return found
