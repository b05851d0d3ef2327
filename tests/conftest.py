"""Fixtures for every room: the test database seen from outside, management commands and workers as real processes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import pytest
from django.db import DatabaseError, connection
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from tests import properties
from tests.jobs.management.commands.flush import remember_declared
from tests.servers import waiting
from tests.servers.processes import ManageProcess, run_manage

WORKERS = pytest.StashKey[list[ManageProcess]]()

properties.load_profile()


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Leave no language to the next test: a page that is asked for in German leaves it active in this thread."""
    yield
    translation.deactivate()


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """Give ``wait_until(predicate, seconds=30, what="")``: the first true answer, or an AssertionError."""
    return waiting.wait_until


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Remember what a fresh database has: tests that commit are followed by a return to it."""
    # Where no test of the run wants a database, none was made.
    with django_db_blocker.unblock(), suppress(DatabaseError):
        remember_declared()


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """Give the test database's URL; what the test writes is committed, so other processes see it."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(name)}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name)}").geturl()


@pytest.fixture
def manage(database_url: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give ``manage(*args, seconds=60, env=None)``: a management command run to its end in another process."""

    def run(*args: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return run_manage(database_url, *args, **how)

    return run


class StartWorker(Protocol):
    """Start ``runworker`` with these arguments and wait for a line that matches ``ready`` (None: do not wait)."""

    def __call__(
        self, *args: str, ready: str | None = ..., seconds: float = ..., env: dict[str, str] | None = ...
    ) -> ManageProcess: ...


@pytest.fixture
def worker_process(request: pytest.FixtureRequest, database_url: str) -> Iterator[StartWorker]:
    """Give ``worker_process(*args)``; what still runs at the end is killed, and a failing test shows the logs."""
    workers = request.node.stash.setdefault(WORKERS, [])

    def start(
        *args: str, ready: str | None = "(?i)ready", seconds: float = 60, env: dict[str, str] | None = None
    ) -> ManageProcess:
        worker = ManageProcess(database_url, "runworker", *args, env=env)
        workers.append(worker)
        if ready is not None:
            worker.wait_for(ready, seconds)
        return worker

    yield start
    for worker in workers:
        worker.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the workers' logs below a failure."""
    report = yield
    if report.failed:
        for worker in item.stash.get(WORKERS, []):
            report.sections.append((f"log of worker {worker.pid}", worker.log))
    return report
