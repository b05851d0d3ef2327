"""Workers as threads and as processes, with leases short enough to be waited for."""

from __future__ import annotations

from tests.jobs.consistency import consistent
from tests.jobs.database import transactional_db
from tests.jobs.processes import start_process
from tests.jobs.threads import listeners_end, quick_options, start_worker

__all__ = ["consistent", "listeners_end", "quick_options", "start_process", "start_worker", "transactional_db"]
