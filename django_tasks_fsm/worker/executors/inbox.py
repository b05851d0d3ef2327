"""Jobs that wait for whoever takes the next one."""

from __future__ import annotations

import queue

from django_tasks_fsm.worker.runner import Job


class Inbox(queue.SimpleQueue["Job | None"]):
    """A SimpleQueue, in which a hand-over costs a fraction of what a Future costs; None asks a taker to end."""

    def drain(self) -> list[Job]:
        """Take out and return the jobs that nobody has taken."""
        jobs: list[Job] = []
        while True:
            try:
                job = self.get_nowait()
            except queue.Empty:
                return jobs
            if job is not None:
                jobs.append(job)
