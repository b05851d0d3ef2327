"""The steps of a service, each done by a thread or by an event loop, and what goes on from one to the next."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from django_tasks_fsm.exceptions import RunTimedOut
from django_tasks_fsm.worker.executors import connections

if TYPE_CHECKING:
    from django_tasks_fsm.worker.lifecycle.ear import Ear
    from django_tasks_fsm.worker.lifecycle.job import ServiceJob


@dataclass(frozen=True, slots=True)
class Theirs:
    """Call the service itself, within its timeout."""

    job: ServiceJob
    call: Callable[[], Any]

    def do(self) -> Any:
        """Call it here; a transaction that it leaves open is rolled back."""
        self.job.context.stopwatch.begin()
        if self.job.ear.is_brief:  # in the transaction of a test
            return self.call()
        connections.before()
        try:
            return self.call()
        finally:
            connections.after(str(self.job.claim.id))

    async def ado(self) -> Any:
        """Call it here and await what it returns, if that can be awaited."""
        watch = self.job.context.stopwatch
        watch.begin()
        seconds = self.job.definition.timeout
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                watch.loop_limit = limit
                answer = self.call()
                return await answer if inspect.isawaitable(answer) else answer
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise RunTimedOut(seconds or 0.0) from error.__cause__
        finally:
            watch.loop_limit = None


@dataclass(frozen=True, slots=True)
class Ours:
    """Ask or tell the database something; no timeout runs meanwhile."""

    job: ServiceJob
    call: Callable[[], Any]

    def do(self) -> Any:
        """Do it here."""
        with self.job.context.stopwatch.stopped():
            return self.call()

    async def ado(self) -> Any:
        """Do it on the thread that may ask the database."""
        with self.job.context.stopwatch.stopped():
            return await sync_to_async(self.call)()


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the time of the next step, or for news."""

    job: ServiceJob
    seconds: float | None

    def do(self) -> None:
        """Wait here; no timeout runs meanwhile, and an old connection is closed."""
        connections.after(str(self.job.claim.id))
        with self.job.context.stopwatch.stopped():
            self._ear.wait(self.seconds)

    async def ado(self) -> None:
        """Wait on the loop."""
        await sync_to_async(close_old_connections)()
        with self.job.context.stopwatch.stopped():
            await self._ear.await_bell(self.seconds)

    @property
    def _ear(self) -> Ear:
        return self.job.ear


Step = Theirs | Ours | Wait
Steps = Generator[Step, Any, Any]


def live(steps: Steps) -> Any:
    """Do the steps in this thread and return the result."""
    answers = _Answers(steps)
    while (step := answers.following()) is not None:
        try:
            answers.returned(step.do())
        except BaseException as error:
            answers.raised(error)
    return answers.result


async def alive(steps: Steps) -> Any:
    """Do the steps on this event loop and return the result."""
    answers = _Answers(steps)
    while (step := answers.following()) is not None:
        try:
            answers.returned(await step.ado())
        except GeneratorExit:  # the loop has dropped this coroutine
            raise
        except BaseException as error:
            answers.raised(error)
    return answers.result


class _Answers:
    """Pass what a step returned or raised on to those who decide on the next one."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._answer: Any = None
        self._error: BaseException | None = None
        self.result: Any = None

    def returned(self, answer: Any) -> None:
        """Take an answer."""
        self._answer, self._error = answer, None

    def raised(self, error: BaseException) -> None:
        """Take an error."""
        self._answer, self._error = None, error

    def following(self) -> Step | None:
        """Return the next step, None at the end; raise the error that ends the service."""
        try:
            return self._steps.send(self._answer) if self._error is None else self._steps.throw(self._error)
        except StopIteration as end:
            self.result = end.value
            return None
