"""Open the database that a test run was asked to use."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.servers.database import Database, Source, Unavailable
from tests.servers.mariadb import mariadb
from tests.servers.postgresql import postgresql

VENDOR, SOURCE, URL = "TASKS_FSM_TEST_DATABASE", "TASKS_FSM_TEST_SOURCE", "DATABASE_URL"
"""The environment variables: what is wanted, what was opened already by a process above, and where it is."""


@contextmanager
def sqlite() -> Iterator[Database]:
    """Give a file, not memory: threads and worker processes must see the same database."""
    with tempfile.TemporaryDirectory(prefix="tasks-fsm-") as directory:
        yield Database("sqlite", f"sqlite:///{quote(str(Path(directory) / 'test.sqlite3'))}", "file")


VENDORS: Mapping[str, Source] = {"sqlite": sqlite, "postgresql": postgresql, "mariadb": mariadb}

CHOICES = {
    "postgresql": ("TASKS_FSM_PG", "TASKS_FSM_PG_DSN"),
    "mariadb": ("TASKS_FSM_MARIADB", "TASKS_FSM_MARIADB_DSN"),
}
"""The environment variables that choose a server, by vendor."""


def in_ci() -> bool:
    """Return whether everything must be run."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def was_chosen(vendor: str) -> bool:
    """Return whether somebody named the vendor, or the server to use for it."""
    return any(os.environ.get(name) for name in (VENDOR, *CHOICES.get(vendor, ())))


@contextmanager
def opened(vendor: str) -> Iterator[Database]:
    """Give a database of that vendor and tell the processes below; raise Unavailable with every reason."""
    if vendor not in VENDORS:
        raise Unavailable(f"{VENDOR} is {vendor!r}; choose one of {', '.join(VENDORS)}")
    before = {name: os.environ.get(name) for name in (VENDOR, SOURCE, URL)}
    with VENDORS[vendor]() as database:
        os.environ.update({VENDOR: vendor, SOURCE: database.source, URL: database.url})
        try:
            yield database
        finally:
            restore(before)


def restore(before: Mapping[str, str | None]) -> None:
    """Put the environment variables back."""
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
