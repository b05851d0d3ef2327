"""The database as the tests of workers use it."""

from __future__ import annotations

from tests.jobs.database import transactional_db
from tests.jobs.processes import start_process
from tests.jobs.threads import listeners_end

__all__ = ["listeners_end", "start_process", "transactional_db"]
