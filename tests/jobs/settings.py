"""The test settings with the lease, and with the further modules, that the environment chooses for a worker."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import TASKS

LEASE = float(os.environ.get("TESTS_LEASE_SECONDS", "1.0"))
MODULES = os.environ.get("TESTS_TASK_MODULES", "").split()
OPTIONS: dict[str, Any] = {"LEASE_SECONDS": LEASE, "HEARTBEAT_SECONDS": LEASE / 4, "TASK_MODULES": MODULES}
OPTIONS |= {"EXECUTORS": {"dask": "tests.jobs.pools.dask", "threads": "tests.jobs.pools.threads"}}
TASKS["default"] = {**TASKS["default"], "OPTIONS": OPTIONS}
