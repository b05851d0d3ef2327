"""The guards of the protocols, each a switch of the models, and what a search finds without them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from tests.protocol.life import Rules
from tests.protocol.run_model import RunProtocol
from tests.protocol.search import Found
from tests.protocol.slot_model import SlotProtocol

Subject = Literal["run", "schedule"]


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard; nothing breaks without it alone as long as ``covered_by`` stands."""

    subject: Subject
    name: str
    covered_by: str = ""


RUN = (
    "finish compares the fence",
    "release compares the fence",
    "outcomes change RUNNING runs only",
    "a claim raises the fence",
    "the fence is a number of its own",
    "fence is never reset",
    "claim picks and takes under one lock",
    "a claim charges an attempt",
    "an attempt that was given back is not charged",
    "a new life counts its attempts afresh",
    "too many losses are poison",
    "somebody rescues",
    "rescue looks at the lease again",
    "rescue locks the worker's row",
    "rescue compares the fence",
    "rescue cancels what was asked to stop",
    "finish cancels what was asked to stop",
    "cancel locks the run before it looks",
    "a new life forgets the wish to stop",
    "a person retries ended runs only",
    "a person reschedules waiting runs only",
    "a person fails waiting runs only",
    "a worker has a new id at each start",
    "a worker gives back what it does not know of",
)
SCHEDULE = (
    "fire asks for the slot that it saw",
    "fire asks for ACTIVE again",
    "the next time follows from the slot",
)
GUARDS = (*(Guard("run", name) for name in RUN), *(Guard("schedule", name) for name in SCHEDULE))
"""Those without which something breaks."""
COVERED = (
    Guard("run", "of one claim a worker writes one outcome", "outcomes change RUNNING runs only"),
    Guard("schedule", "a slot is unique", "fire locks the task's row"),
    Guard("schedule", "fire locks the task's row", "a slot is unique"),
    Guard("schedule", "fire looks which slots have runs", "a slot is unique"),
    Guard("schedule", "insert and advance are one transaction", "runs are inserted before the time advances"),
    Guard("schedule", "runs are inserted before the time advances", "insert and advance are one transaction"),
)
"""Those that may go alone, with another one without which they may not."""


@cache
def without(subject: Subject, *names: str) -> Found:
    """Search without these guards."""
    off = frozenset(names)
    if subject == "schedule":
        return SlotProtocol(off, last=2 if off else 3).check()
    # A zombie multiplies the states: what people do is left out where nothing is expected to break.
    return RunProtocol(Rules(off=off), has_people=off != {"of one claim a worker writes one outcome"}).check()
