"""Fixtures of this room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.jobs.database import transactional_db
from tests.making import sample

__all__ = ["transactional_db"]


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """Give the list of what the functions have said."""
    sample.said.clear()
    yield sample.said
    sample.said.clear()
