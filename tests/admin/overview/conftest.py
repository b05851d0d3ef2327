"""An overview that is read anew for every test."""

from __future__ import annotations

import pytest

from django_tasks_fsm.admin.overview import snapshot


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Forget what an earlier test saw."""
    snapshot.forget()
