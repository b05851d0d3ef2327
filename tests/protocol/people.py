"""What a person does to a run, while workers and rescuers are at work."""

from __future__ import annotations

from collections.abc import Iterator

from django_tasks_fsm.core.states import FINAL, RunState
from tests.protocol.life import Rules, Run, moved
from tests.protocol.search import Step
from tests.protocol.world import World, name, with_run

WAITING = (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)
BY_HAND = ("abort", "retry", "rerun", "resolve", "reschedule", "skip", "error", "hold")
ANY = tuple(RunState)
NARROW = {
    "retry": ("a person retries ended runs only", tuple(FINAL)),
    "reschedule": ("a person reschedules waiting runs only", WAITING),
    "error": ("a person fails waiting runs only", WAITING),
}
"""Events that a person may cause in fewer states than the table allows, by which guard."""


class People:
    """A person at the protocol with these rules."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._by_hand = [(event, NARROW[event][1] if self._narrows(event) else ANY) for event in BY_HAND]

    def _narrows(self, event: str) -> bool:
        return event in NARROW and self.rules.has(NARROW[event][0])

    def steps(self, world: World, at: int, run: Run) -> Iterator[Step[World]]:
        """Give every step of a person, with one run."""
        yield from self._cancels(world, at, run)
        for event, states in self._by_hand:
            if run.state not in states or (after := moved(self.rules, run, event)) is None:
                continue
            breaks = ""
            if run.state == RunState.RUNNING and event != "abort":
                breaks = "a person takes a run from the worker that executes it"
            yield self._put(world, at, after, f"a person: {event} {name(world, at)}", breaks, is_fair=False)

    def _cancels(self, world: World, at: int, run: Run) -> Iterator[Step[World]]:
        label = f"a person cancels {name(world, at)}"
        if world.cancelling == at:
            yield self._asks(world._replace(cancelling=None), at, run)
        elif run.state in WAITING and (after := moved(self.rules, run, "cancel")) is not None:
            yield self._put(world, at, after, label, is_fair=False)
        elif run.state == RunState.RUNNING and not run.asked:
            if self.rules.has("cancel locks the run before it looks"):
                yield self._put(world, at, run._replace(asked=True), f"{label}: asked to stop", is_fair=False)
            elif world.cancelling is None:
                yield Step(f"{label}, and finds none that waits", world._replace(cancelling=at), is_fair=False)

    def _asks(self, world: World, at: int, run: Run) -> Step[World]:
        if run.state == RunState.RUNNING:
            return self._put(world, at, run._replace(asked=True), f"{name(world, at)} is asked to stop")
        breaks = "" if run.state in FINAL else "a run is neither cancelled nor asked to stop, and goes on"
        return Step("no run is asked to stop: 0 rows", world, breaks)

    def _put(self, world: World, at: int, run: Run, label: str, breaks: str = "", is_fair: bool = True) -> Step[World]:
        return Step(label, with_run(world, at, run), breaks, is_fair)
