"""The test database, as the other tests of processes have it."""

from __future__ import annotations

from tests.jobs.database import transactional_db

__all__ = ["transactional_db"]
