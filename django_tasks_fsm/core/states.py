"""The words for where a task or a run stands."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where one run stands; the value is what the database holds."""

    PREPARE = "PREPARE"
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"
    ABORTED = "ABORTED"


class TaskState(StrEnum):
    """Whether a task's trigger fires."""

    PREPARE = "PREPARE"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    EXHAUSTED = "EXHAUSTED"
    RETIRED = "RETIRED"


FINAL = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED, RunState.ABORTED})
"""States in which a run has ended: ``finished_at`` is set and the unique key is free again."""

UNFINISHED = frozenset(RunState) - FINAL
