"""Services for real workers, which leave what they do in a trail."""

from __future__ import annotations

import asyncio
from typing import Any

from django_tasks_fsm import service
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.core.mail import Received
from tests.jobs import trail as trails

OFTEN = 0.05


@service(every=OFTEN, autostart=False)
def ticker(context: RunContext, trail: str):
    """Leave a line for each step of its life."""
    trails.leave(trail, f"setup {context.attempt}")
    try:
        while True:
            message = yield
            trails.leave(trail, "tick" if message is None else f"heard {message.name} {message.payload}")
    finally:
        trails.leave(trail, "cleanup")


@service(every=OFTEN, autostart=False)
async def aticker(context: RunContext, trail: str):
    """Do the same on the loop."""
    trails.leave(trail, f"setup {context.attempt}")
    try:
        while True:
            message = yield
            trails.leave(trail, "tick" if message is None else f"heard {message.name} {message.payload}")
            await asyncio.sleep(0)
    finally:
        await asyncio.sleep(0)
        trails.leave(trail, "cleanup")


@service(every=OFTEN, autostart=False)
class Ticker:
    """Do the same as a class."""

    def __init__(self, trail: str) -> None:
        self.trail = trail

    def setup(self, context: RunContext) -> None:
        """Set up."""
        trails.leave(self.trail, f"setup {context.attempt}")

    def tick(self, context: RunContext) -> None:
        """Tick."""
        trails.leave(self.trail, "tick")

    def on_message(self, context: RunContext, message: Received) -> None:
        """Hear."""
        trails.leave(self.trail, f"heard {message.name} {message.payload}")

    def cleanup(self, context: RunContext) -> None:
        """Clean up."""
        trails.leave(self.trail, "cleanup")


@service(every=OFTEN, autostart=False)
class AsyncTicker:
    """Do the same with coroutines."""

    def __init__(self, trail: str) -> None:
        self.trail = trail

    async def setup(self, context: RunContext) -> None:
        """Set up."""
        trails.leave(self.trail, f"setup {context.attempt}")

    async def tick(self, context: RunContext) -> None:
        """Tick."""
        await asyncio.sleep(0)
        trails.leave(self.trail, "tick")

    async def on_message(self, context: RunContext, message: Received) -> None:
        """Hear."""
        trails.leave(self.trail, f"heard {message.name} {message.payload}")

    async def cleanup(self, context: RunContext) -> None:
        """Clean up."""
        await asyncio.sleep(0)
        trails.leave(self.trail, "cleanup")


@service(every=OFTEN, autostart=False)
def thrice(context: RunContext, trail: str):
    """Tick three times and return."""
    for number in range(3):
        yield
        trails.leave(trail, f"tick {number}")
    return "thrice"


@service(every=OFTEN, autostart=False, max_attempts=2, backoff=lambda error, result: 0)
class Breaks:
    """Raise at its second tick."""

    def __init__(self, trail: str) -> None:
        self.trail, self.ticks = trail, 0

    def tick(self, context: RunContext) -> None:
        """Tick once, then raise."""
        self.ticks += 1
        trails.leave(self.trail, f"tick {self.ticks} of {context.attempt}")
        if self.ticks > 1:
            raise ZeroDivisionError("the second tick")

    def cleanup(self, context: RunContext) -> None:
        """Clean up, and fail at that."""
        trails.leave(self.trail, "cleanup")


@service(every=OFTEN, autostart=False)
class Blocks:
    """Block in its tick until the gate opens."""

    def __init__(self, trail: str, gate: str) -> None:
        self.trail, self.gate = trail, gate

    def tick(self, context: RunContext) -> None:
        """Block."""
        trails.leave(self.trail, "blocked")
        trails.hold(self.gate)

    def cleanup(self, context: RunContext) -> None:
        """Clean up."""
        trails.leave(self.trail, "cleanup")


@service(autostart=False)
class Parent:
    """Start a child for each message that asks for one."""

    def __init__(self, trail: str, depth: int = 1) -> None:
        self.trail, self.depth = trail, depth

    def setup(self, context: RunContext) -> None:
        """Start as many generations as it was told."""
        trails.leave(self.trail, f"setup {self.depth}")
        if self.depth:
            context.start_child(parent, self.trail, self.depth - 1, key="child")

    def on_message(self, context: RunContext, message: Received) -> Any:
        """Say what was heard; pass it down, or up, where it says so."""
        trails.leave(self.trail, f"{self.depth} heard {message.kind} {message.name} {message.payload}")
        if message.name == "down":
            context.send_to_children("down", message.payload)
        if message.name == "up":
            context.send_to_parent("up", message.payload)
        return message.name != "end"

    def cleanup(self, context: RunContext) -> None:
        """Clean up."""
        trails.leave(self.trail, f"cleanup {self.depth}")


# For type checkers, to whom a decorated class is a class.
parent: Any = Parent
blocks: Any = Blocks
breaks: Any = Breaks


@service(every=OFTEN, autostart=False, timeout=0.2, max_attempts=1)
class Overruns:
    """Ask in its third tick whether to stop, until it should."""

    def __init__(self, trail: str) -> None:
        self.trail, self.ticks = trail, 0

    def tick(self, context: RunContext) -> None:
        """Tick twice in time, and then never end."""
        self.ticks += 1
        trails.leave(self.trail, f"tick {self.ticks}")
        while self.ticks > 2:
            context.check()
            trails.hold_a_moment()

    def cleanup(self, context: RunContext) -> None:
        """Clean up."""
        trails.leave(self.trail, "cleanup")


@service(every=OFTEN, autostart=False, timeout=0.2, max_attempts=1)
async def aoverruns(context: RunContext, trail: str):
    """Do the same on the loop."""
    try:
        for number in range(1, 4):
            yield
            trails.leave(trail, f"tick {number}")
        await asyncio.sleep(trails.PATIENCE)
    finally:
        trails.leave(trail, "cleanup")


@service(every=OFTEN, autostart=False)
class Untidy:
    """Fail at its cleanup."""

    def __init__(self, trail: str) -> None:
        self.trail = trail

    def tick(self, context: RunContext) -> None:
        """Tick."""
        trails.leave(self.trail, "tick")

    def cleanup(self, context: RunContext) -> None:
        """Fail."""
        raise OSError("the door is stuck")


overruns: Any = Overruns
untidy: Any = Untidy
