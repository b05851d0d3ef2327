"""The settings of the fleet: short leases, and no number of losses that would end a run."""

from __future__ import annotations

from tests.jobs.settings import *  # noqa: F403
from tests.jobs.settings import OPTIONS, TASKS

OPTIONS |= {"MAX_LOSSES": 1_000_000, "TASK_MODULES": ["tests.chaos.work"]}
TASKS["default"] = {**TASKS["default"], "QUEUES": [], "OPTIONS": OPTIONS}
