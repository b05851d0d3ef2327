"""Whether the rows fit together: rules that hold at every commit of every engine, and how those are found that do not.

The doctor looks at settings and health; this looks at what is written. A module has one family of rules, and a family
has a letter: R runs, H history, P prerequisites, L limits, K keys and slots, Q queues and workers, T tasks, C company.
"""

from __future__ import annotations

from django_tasks_fsm.store.check.invariant import Culprit, Invariant
from django_tasks_fsm.store.check.round import AGAIN_AFTER, Finding, Report, check
from django_tasks_fsm.store.check.rules import RULES, of_codes

__all__ = ["AGAIN_AFTER", "RULES", "Culprit", "Finding", "Invariant", "Report", "check", "of_codes"]
