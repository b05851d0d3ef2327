"""Watching ends when nothing moves, for whatever reason."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management.base import CommandError, OutputWrapper

from audit import tasks
from audit.phase import Phase
from demo.line import ProgressLine
from demo.watch import watch
from django_tasks_fsm.worker.stop import StopSwitch

pytestmark = pytest.mark.django_db


class IdleWorker:
    """A worker that lives and does nothing."""

    def require_alive(self) -> None:
        pass

    def tail(self) -> str:
        return "its last words"


def watched(graph: UUID, switch: StopSwitch, *, patience: float) -> Any:
    worker: Any = IdleWorker()
    return watch(graph, worker, ProgressLine(OutputWrapper(io.StringIO())), switch, patience)


def test_nothing_that_moves_is_reported_with_the_log() -> None:
    graph = UUID(tasks.discover.enqueue().id)

    with pytest.raises(CommandError, match=r"Nothing has moved for 0\.01 s\. (.|\n)*its last words"):
        watched(graph, StopSwitch(), patience=0.01)


def test_wish_to_stop_ends_it() -> None:
    graph, switch = UUID(tasks.discover.enqueue().id), StopSwitch()
    switch.ask("test")

    assert watched(graph, switch, patience=60).phase is Phase.PENDING


def test_deleted_audit_is_told() -> None:
    with pytest.raises(CommandError, match="have been deleted"):
        watched(uuid4(), StopSwitch(), patience=60)
