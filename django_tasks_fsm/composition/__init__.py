"""Put calls in order before any run exists: ``chain`` one after another, ``group`` side by side, nested at will.

``step`` is one call that waits for its place; ``layout`` finds, without recursion, who waits for whom; ``parts`` holds
the two words themselves; ``enqueued`` is what making all the runs returns.
"""

from __future__ import annotations

from django_tasks_fsm.composition.enqueued import Enqueued
from django_tasks_fsm.composition.parts import Chain, Group, chain, group
from django_tasks_fsm.composition.step import Step, arguments, called

__all__ = ["Chain", "Enqueued", "Group", "Step", "arguments", "called", "chain", "group"]
