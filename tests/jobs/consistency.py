"""What must hold of the rows, whatever has been done to workers, databases and processes before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from django_tasks_fsm.store.check import RULES, check

RULES_OF_TESTS = [rule for rule in RULES if rule.code != "R111" and not rule.code.startswith("T")]
"""Notes count too, but for a clock that a test has set. Tasks are left out: no fault of a worker writes them."""


def assert_consistent() -> None:
    """Fail where rows do not fit together."""
    broken = check(RULES_OF_TESTS, "default", again_after=0.5).findings
    assert not broken, "\n".join(f"{one.invariant.code} {one.invariant.title}\n{one.culprits}" for one in broken)


@pytest.fixture(autouse=True)
def consistent(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check what a test that commits has left behind, when its workers are gone."""
    if "transactional_db" not in request.fixturenames or request.node.get_closest_marker("by_hand"):
        yield
        return
    request.getfixturevalue("transactional_db")
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed == failed:
        connections.close_all()  # a fault of the test may have hit this thread's connection too
        assert_consistent()
