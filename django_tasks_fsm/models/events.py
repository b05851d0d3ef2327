"""Every event of every run, for whoever listens: nobody, most of the time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from django.db import models, transaction

from django_tasks_fsm import signals

if TYPE_CHECKING:
    from django_tasks_fsm.models.transitions import Moved


def are_heard() -> bool:
    """Tell whether anybody listens; asked at each claim and finish, so it looks at one list."""
    return bool(signals.run_events.receivers)


def tell(model: type[models.Model], moved: Sequence[Moved], using: str) -> None:
    """Send the events when the transaction commits."""
    if moved:
        send = partial(signals.run_events.send_robust, model, moved=tuple(moved), using=using)
        transaction.on_commit(send, using=using)
