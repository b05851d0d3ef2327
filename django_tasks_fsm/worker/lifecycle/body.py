"""A generator or an object as a service: the same four calls. On a loop, what they return is awaited."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import Any

from django_tasks_fsm.core.mail import Received


@dataclass(frozen=True, slots=True)
class Ended:
    """A service has ended by itself, with this result."""

    value: Any = None


class ObjectBody:
    """An instance of a class, made at its setup. A tick that returns False is the last one."""

    def __init__(self, make: Callable[[], Any], context: Any) -> None:
        self._make, self._context = make, context
        self._is_set_up = False
        self.has_messages = hasattr(make.func, "on_message")  # type: ignore[attr-defined]
        self.has_ticks = hasattr(make.func, "tick")  # type: ignore[attr-defined]

    def setup(self) -> Any:
        """Make the instance and set it up; one that has failed is not cleaned up."""
        self._service = self._make()
        answer = self._call("setup")
        self._is_set_up = True
        return answer

    def tick(self) -> Any:
        """Tick once."""
        return self._call("tick")

    def hear(self, message: Received) -> Any:
        """Hand over a message."""
        return self._call("on_message", message)

    def cleanup(self) -> Any:
        """Clean up, once."""
        was_set_up, self._is_set_up = self._is_set_up, False
        return self._call("cleanup") if was_set_up else None

    def _call(self, name: str, *args: Any) -> Any:
        method = getattr(self._service, name, None)
        return None if method is None else method(self._context, *args)

    def end(self, answer: Any) -> Ended | None:
        """Return the end, if an answer says so."""
        return Ended() if answer is False else None


class _YieldingBody:
    has_messages = has_ticks = True

    def end(self, answer: Any) -> Ended | None:
        """Return the end, if an answer says so."""
        return answer if isinstance(answer, Ended) else None


class GeneratorBody(_YieldingBody):
    """A generator: up to its first ``yield`` it is set up, each further step is a tick, at the last it is closed."""

    def __init__(self, make: Callable[[], Generator[Any, Any, Any]]) -> None:
        self._generator = make()

    def setup(self) -> Any:
        """Run to the first ``yield``."""
        return self._step(None)

    def tick(self) -> Any:
        """Run to the next ``yield``, which gives None."""
        return self._step(None)

    def hear(self, message: Received) -> Any:
        """Run to the next ``yield``, which gives the message."""
        return self._step(message)

    def cleanup(self) -> Any:
        """Leave it by GeneratorExit at its ``yield``: what stands in ``finally`` runs."""
        self._generator.close()

    def _step(self, message: Received | None) -> Ended | None:
        try:
            self._generator.send(message)
        except StopIteration as end:
            return Ended(end.value)
        return None


class AsyncGeneratorBody(_YieldingBody):
    """Do the same with an asynchronous generator."""

    def __init__(self, make: Callable[[], AsyncGenerator[Any, Any]]) -> None:
        self._generator = make()

    async def setup(self) -> Any:
        """Run to the first ``yield``."""
        return await self._step(None)

    async def tick(self) -> Any:
        """Run to the next ``yield``, which gives None."""
        return await self._step(None)

    async def hear(self, message: Received) -> Any:
        """Run to the next ``yield``, which gives the message."""
        return await self._step(message)

    async def cleanup(self) -> Any:
        """Leave it by GeneratorExit at its ``yield``: what stands in ``finally`` runs."""
        await self._generator.aclose()

    async def _step(self, message: Received | None) -> Ended | None:
        try:
            await self._generator.asend(message)
        except StopAsyncIteration:
            return Ended()
        return None


Body = ObjectBody | GeneratorBody | AsyncGeneratorBody


def body_of(make: Any, context: Any) -> Body:
    """Return the body of a service; ``make`` is a partial that makes the generator or the object."""
    if inspect.isclass(make.func):
        return ObjectBody(make, context)
    return AsyncGeneratorBody(make) if inspect.isasyncgenfunction(make.func) else GeneratorBody(make)
