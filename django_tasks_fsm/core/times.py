"""Which moments a database can store and read back."""

from __future__ import annotations

from datetime import datetime

from django_tasks_fsm.exceptions import TasksFSMError

FIRST_YEAR, LAST_YEAR = 1970, 9000


class MomentOutOfRange(TasksFSMError, ValueError):
    """Say that a time lies where no run can be due."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(
            f"{moment.isoformat()} cannot be stored: give a time between the years {FIRST_YEAR} and {LAST_YEAR}."
        )


def storable(moment: datetime) -> datetime:
    """Return ``moment``; raise MomentOutOfRange near the ends of what Python knows.

    PostgreSQL stores 9999-12-31 in New York, which is the year 10000 in UTC, and then every read of that row fails.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise MomentOutOfRange(moment)
    return moment
