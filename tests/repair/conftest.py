"""Fixtures of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command

from tests.repair import sample


@pytest.fixture
def burst() -> Callable[[], list[str]]:
    """Give ``burst()``, which runs what is due in this process, and returns the names that ran, in order."""

    def run() -> list[str]:
        sample.ran.clear()
        call_command("runworker", burst=True, verbosity=0)
        return list(sample.ran)

    return run


@pytest.fixture
def broken() -> Iterator[set[str]]:
    """Give the set of names whose runs fail."""
    yield sample.broken
    sample.broken.clear()
