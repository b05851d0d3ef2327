"""Tests that commit, in rooms of few tables."""

from __future__ import annotations

from tests.jobs.database import transactional_db

__all__ = ["transactional_db"]
