"""A short storm on the test database. ``make chaos`` goes on for longer, and crashes servers of its own too."""

from __future__ import annotations

import os
import random

import pytest

from tests.chaos.storm import Storm

SEED = int(os.environ.get("TASKS_FSM_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)

pytestmark = pytest.mark.slow


@pytest.mark.fault("F1", "F2", "F4", "F37")
def test_what_is_asked_for_is_done_whatever_happens_to_the_workers(database_url, tmp_path):
    report = Storm(database_url, tmp_path, SEED, seconds=6).run()
    print("\n".join(report.lines()))
    assert report.violations == []
