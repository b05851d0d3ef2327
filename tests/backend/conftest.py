"""Fixtures of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from django_tasks_fsm.tasks_api import TaskResult, task_enqueued, task_finished, task_started


@pytest.fixture
def burst() -> Callable[[], None]:
    """Give ``burst()``, which runs what is due in this process: on this connection if it is in a transaction."""

    def run(**options: Any) -> None:
        call_command("runworker", burst=True, verbosity=0, **options)

    return run


@pytest.fixture
def heard() -> Iterator[list[tuple[str, TaskResult, type]]]:
    """Give the list of the task signals that were sent: name, result, sender."""
    sent: list[tuple[str, TaskResult, type]] = []
    signals = {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}
    receivers = {}
    for name, signal in signals.items():

        def receive(sender: type, task_result: TaskResult, name: str = name, **kwargs: Any) -> None:
            sent.append((name, task_result, sender))

        receivers[name] = receive
        signal.connect(receive)
    yield sent
    for name, signal in signals.items():
        signal.disconnect(receivers[name])
