"""What a worker was asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from django_tasks_fsm.core.slots import Reserve


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
    reserve: Reserve = ()
    queue_concurrency: tuple[tuple[str, int], ...] = ()
    burst: bool = False
    paused: bool = False
    """Claim nothing until somebody resumes this worker."""
    max_tasks: int | None = None
    max_seconds: float | None = None
    max_rss: int | None = None
    """Bytes of memory beyond which the process makes room for a fresh one."""
    heartbeat_file: str | None = None
    parent_pid: int | None = None
    """Stop when this process is no longer the parent."""
    succeeds: bool = False
    """Take over what people have asked of the process that had this name before."""
    inline: bool = False
    """Run functions in the calling thread, on its connection and inside its transaction: for tests."""
