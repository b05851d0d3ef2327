"""Fixtures of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from tests.ancestors import sample
from tests.jobs.database import transactional_db
from tests.jobs.threads import listeners_end, quick_options, start_worker

__all__ = ["listeners_end", "quick_options", "start_worker", "transactional_db"]


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """Give the list of what the functions have said; all of them work again afterwards."""
    sample.said.clear()
    yield sample.said
    sample.said.clear()
    sample.broken.clear()


@pytest.fixture
def burst() -> Callable[[], None]:
    """Give ``burst()``, which runs what is due in this process."""

    def run() -> None:
        call_command("runworker", burst=True, verbosity=0)

    return run
