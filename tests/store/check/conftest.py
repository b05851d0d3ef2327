"""Rows that a check can be asked about, and workers that write them."""

from __future__ import annotations

from tests.jobs.threads import listeners_end, quick_options, start_worker

__all__ = ["listeners_end", "quick_options", "start_worker"]
