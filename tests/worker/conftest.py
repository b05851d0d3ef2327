"""What the tests of the worker's parts share."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

import pytest

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.executors import CoroutineExecutor, Executor, ThreadExecutor
from django_tasks_fsm.worker.runner import Job
from tests.jobs.database import transactional_db
from tests.jobs.threads import listeners_end, quick_options, start_worker

__all__ = ["listeners_end", "quick_options", "start_worker", "transactional_db"]

DEADLINE = 30.0


class Reports:
    """Where an executor under test reports to."""

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.begun: list[Job] = []

    def report(self, outcome: Outcome) -> None:
        """Take an outcome."""
        self._outcomes.put(outcome)

    def next(self) -> Outcome:
        """Wait for the next outcome; raise queue.Empty past the deadline."""
        return self._outcomes.get(timeout=DEADLINE)

    def is_empty(self) -> bool:
        """Return whether every outcome has been taken."""
        return self._outcomes.empty()


@pytest.fixture
def reports() -> Reports:
    """Give what collects outcomes."""
    return Reports()


@pytest.fixture
def run_on_thread(reports: Reports) -> Iterator[Callable[[Job], Outcome]]:
    """Give ``run(job)``, which runs jobs on one and the same thread of an executor and waits for the outcome."""
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=1)
    yield lambda job: submitted(executor, job, reports)
    executor.stop()


@pytest.fixture
def loop(reports: Reports) -> Iterator[CoroutineExecutor]:
    """Give an executor for coroutines."""
    executor = CoroutineExecutor(reports.report, reports.begun.append)
    yield executor
    executor.stop()


@pytest.fixture
def run_on_loop(loop: CoroutineExecutor, reports: Reports) -> Callable[[Job], Outcome]:
    """Give ``run(job)``, which runs a coroutine on the loop and waits for its outcome."""
    return lambda job: submitted(loop, job, reports)


def submitted(executor: Executor, job: Job, reports: Reports) -> Outcome:
    """Return the outcome of one job."""
    executor.submit([job])
    return reports.next()
