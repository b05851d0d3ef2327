"""What a worker was asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """The flags of ``runworker``, checked. Times are seconds."""

    name: str
    using: str = "default"
    queues: tuple[str, ...] = ("*",)
    excluded_queues: tuple[str, ...] = ()
    concurrency: int = 4
    interval: float = 1.0
    grace: float = 30.0
    burst: bool = False
    max_tasks: int | None = None
    max_seconds: float | None = None
    heartbeat_file: str | None = None
    parent_pid: int | None = None
    """Stop when this process is no longer the parent."""
    inline: bool = False
    """Run functions in the calling thread, on its connection and inside its transaction: for tests."""
