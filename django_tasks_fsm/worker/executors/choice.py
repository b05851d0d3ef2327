"""Which executor runs what: one of each name, made when the first job asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django_tasks_fsm import conf
from django_tasks_fsm.core.executors import ASYNCIO, INLINE, PROCESS, THREAD, is_loop, problem
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.lifecycle import SERVICE, SERVICE_LOOP
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.coroutine import CoroutineExecutor
from django_tasks_fsm.worker.executors.inline import InlineExecutor
from django_tasks_fsm.worker.executors.pool import PoolExecutor
from django_tasks_fsm.worker.executors.process import ProcessExecutor
from django_tasks_fsm.worker.executors.service import ServiceExecutor, ServiceLoop
from django_tasks_fsm.worker.executors.thread import ThreadExecutor
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.runner import Job


class Executors:
    """The executors of one worker. They share its slots, one for each claim whoever runs it; services take none."""

    def __init__(self, config: WorkerConfig, sender: Sender, report: Report, began: Callable[[Job], None]) -> None:
        self._config, self._sender, self._report, self._began = config, sender, report, began
        self._slots = config.concurrency
        self._made: dict[str, Executor] = {}

    def __iter__(self) -> Iterator[Executor]:
        return iter(list(self._made.values()))

    def submit(self, jobs: Iterable[Job]) -> None:
        """Hand each job to its executor; give back those whose row names one that is not here, or cannot run them.

        Inline ones go last: nobody else should wait for them.
        """
        alike: dict[tuple[str, bool], list[Job]] = {}
        for job in jobs:
            alike.setdefault((self._name(job), job.is_async), []).append(job)
        for (name, is_async), some in sorted(alike.items(), key=lambda each: each[0][0] == INLINE):
            misfit = problem(name, is_async, [name])  # whether there is one of this name shows when it is made
            executor = None if misfit else self._made.get(name) or self._make(name)
            if executor is not None:
                executor.submit(some)
            else:
                self._give_back(misfit or f"this worker's OPTIONS['EXECUTORS'] has no {name!r}", some)

    def resize(self, slots: int) -> None:
        """Let the executors follow the number of slots; child processes only where they have no number of their own."""
        self._slots = slots
        for name, executor in list(self._made.items()):
            if name != PROCESS or not conf.options().process_workers:
                executor.resize(slots)

    def interrupt(self, job: Job) -> None:
        """Make a job stop soon, where its executor can."""
        executor = self._made.get(self._name(job))
        if executor is not None:
            executor.interrupt(job)

    @property
    def is_in_function(self) -> bool:
        """Tell whether the worker's loop is in a function that runs inline."""
        return any(isinstance(executor, InlineExecutor) and executor.is_busy for executor in self)

    @property
    def lost_slots(self) -> int:
        """Return how many runs fewer than usual can be executed, because functions given up on are in the way."""
        return sum(executor.lost_slots for executor in self)

    @property
    def stuck(self) -> int:
        """Return how many functions run on though they were given up."""
        return sum(executor.underway.stuck for executor in self)

    def _name(self, job: Job) -> str:
        return INLINE if self._config.inline else job.executor

    def _make(self, name: str) -> Executor | None:
        executor = self._new(name)
        if executor is not None:
            self._made[name] = executor
        return executor

    def _new(self, name: str) -> Executor | None:
        options = conf.options()
        if name == SERVICE:
            return ServiceExecutor(self._report, self._began)
        if name == SERVICE_LOOP:
            return ServiceLoop(self._report, self._began)
        if name == INLINE:
            return InlineExecutor(self._report, self._began, self._config.using)
        if name == THREAD:
            return ThreadExecutor(self._report, self._began, self._slots)
        if name == PROCESS:
            return ProcessExecutor(self._report, self._began, options.process_workers or self._slots, self._sender)
        if is_loop(name):
            return CoroutineExecutor(self._report, self._began, name.removeprefix(ASYNCIO).lstrip(":"), self._slots)
        path = options.executors.get(name)
        return PoolExecutor(self._report, self._began, name, path, self._sender) if path else None

    def _give_back(self, reason: str, jobs: list[Job]) -> None:
        for job in jobs:
            self._report(Outcome.rescheduled(job.claim, handback_delay(job.claim), reason))
