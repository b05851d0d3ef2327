"""The settings of ``make soak``: the tests', with tasks of its own and everything that keeps a worker busy."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import TASKS

TASKS["default"] = {
    **TASKS["default"],
    "OPTIONS": {"TASK_MODULES": ["scripts.soak.load"], "LEASE_SECONDS": 30.0, "HEARTBEAT_SECONDS": 2.0},
}
