"""Wait for a row to end, without a busy loop."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from django_tasks_fsm.exceptions import WaitTimeout

FIRST_LOOK = 0.005
LONGEST_LOOK = 0.25

_never = threading.Event()


class Ending(Protocol):
    """A row that can be read again and knows whether it has ended."""

    state: str

    @property
    def pk(self) -> object:
        """Return its key."""

    @property
    def is_final(self) -> bool:
        """Tell whether it has ended."""

    def refresh_from_db(self) -> None:
        """Read it again."""


def wait_until_final(row: Ending, timeout: float) -> None:
    """Read ``row`` again until it is final; raise WaitTimeout after ``timeout`` seconds of the monotonic clock."""
    deadline = time.monotonic() + timeout
    pause = FIRST_LOOK
    row.refresh_from_db()
    while not row.is_final:
        left = deadline - time.monotonic()
        if left <= 0:
            raise WaitTimeout(row.pk, timeout, row.state)
        _never.wait(min(pause, left))
        pause = min(pause * 1.5, LONGEST_LOOK)
        row.refresh_from_db()
