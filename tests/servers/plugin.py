"""Open the wanted database before Django reads its settings, and close it after the last test.

TASKS_FSM_TEST_DATABASE chooses sqlite (the default), postgresql or mariadb. A process above (``make test``, or the
controller of pytest-xdist) that opened one already is not asked again.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.servers.choice import SOURCE, VENDOR, opened
from tests.servers.database import Unavailable

_opened = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Come before pytest-django, which reads the settings in the same hook."""
    if not os.environ.get(SOURCE):
        try:
            _opened.enter_context(opened(os.environ.get(VENDOR) or "sqlite"))
        except Unavailable as reason:
            raise pytest.UsageError(f"no {os.environ.get(VENDOR)} for the tests: {reason}") from None
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what this process started."""
    _opened.close()


def pytest_report_header() -> str:
    """Say which database the run is about."""
    return f"database: {os.environ.get(VENDOR)} ({os.environ.get(SOURCE)})"
