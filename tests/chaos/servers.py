"""Servers of our own, which can be crashed: what they have answered as committed survives that."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.servers import mariadb, postgresql
from tests.servers.choice import sqlite
from tests.servers.database import Unavailable, first_available
from tests.servers.private import free_port, private_server

Crash = Callable[[], None]
Ground = tuple[str, Crash | None]
"""The URL of an empty database, and what crashes its server."""


@contextmanager
def a_file() -> Iterator[Ground]:
    """Give a file, which has no server."""
    with sqlite() as database:
        yield database.url, None


@contextmanager
def a_postgresql() -> Iterator[Ground]:
    """Give a PostgreSQL that answers a commit when the operating system has it."""
    sources = {"debian": postgresql.from_debian, "wheel": postgresql.from_wheel}
    with first_available(sources, None) as database:
        with postgresql.connect(database.url) as connection:
            connection.execute("CREATE DATABASE tasks_fsm")
            connection.execute("ALTER DATABASE tasks_fsm SET synchronous_commit = on")
        yield database.url, lambda: crash_postgresql(database.url)


def crash_postgresql(url: str) -> None:
    """Kill one backend as the kernel would: PostgreSQL then drops all connections and recovers from its log."""
    with postgresql.connect(url) as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        os.kill(pid, signal.SIGKILL)


@contextmanager
def a_mariadb() -> Iterator[Ground]:
    """Give a MariaDB that answers a commit when the operating system has it, and comes back when it was killed."""
    server = shutil.which("mariadbd", path=mariadb.SERVER_DIRECTORIES)
    install = shutil.which("mariadb-install-db", path=mariadb.SERVER_DIRECTORIES)
    if not (server and install):
        raise Unavailable("mariadbd is not installed (apt-get install mariadb-server)")
    port = free_port()
    url, plain = mariadb.server_url("root", port), mariadb.recipe(server, install, port)
    recipe = replace(plain, serve=[*plain.serve, "--innodb-flush-log-at-trx-commit=2"], again=True)
    with private_server(recipe, lambda: mariadb.answers(url)):
        mariadb.asked(url, "CREATE DATABASE tasks_fsm CHARACTER SET utf8mb4")
        ((file,),) = mariadb.asked(url, "SELECT @@pid_file")
        yield url, lambda: os.kill(int(Path(file).read_text()), signal.SIGKILL)


GROUNDS: Mapping[str, Callable[[], AbstractContextManager[Ground]]] = {
    "sqlite": a_file,
    "postgresql": a_postgresql,
    "mariadb": a_mariadb,
}
