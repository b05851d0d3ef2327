"""Everything by real processes: what is enqueued in one is run in another."""

from __future__ import annotations

from tests.jobs.consistency import consistent
from tests.jobs.database import transactional_db
from tests.jobs.processes import start_process

__all__ = ["consistent", "start_process", "transactional_db"]
