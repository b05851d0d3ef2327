"""Where a MariaDB for the tests comes from: a given URL, a local server, Debian's binaries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.servers.database import PREFIX, Database, Unavailable, first_available, is_orphan
from tests.servers.private import Recipe, free_port, listens, private_server, unprivileged

LOCAL_PORT = 3306
SERVER_DIRECTORIES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec", "/usr/local/sbin"])


@contextmanager
def mariadb() -> Iterator[Database]:
    """Give a MariaDB; TASKS_FSM_MARIADB forces the source, TASKS_FSM_MARIADB_DSN names a server."""
    if not (find_spec("MySQLdb") or find_spec("pymysql")):
        raise Unavailable("neither mysqlclient nor PyMySQL is installed")
    given = "dsn" if os.environ.get("TASKS_FSM_MARIADB_DSN") else None
    sources = {"dsn": from_dsn, "server": from_server, "debian": from_debian}
    with first_available(sources, os.environ.get("TASKS_FSM_MARIADB") or given) as database:
        yield database


@contextmanager
def from_dsn() -> Iterator[Database]:
    """Use the server that TASKS_FSM_MARIADB_DSN names as a URL."""
    url = os.environ.get("TASKS_FSM_MARIADB_DSN", "")
    if "://" not in url:
        raise Unavailable("TASKS_FSM_MARIADB_DSN is not a URL like mysql://user:password@host:3306/name")
    yield Database("mariadb", url, f"server {version_of(url)} of TASKS_FSM_MARIADB_DSN")


@contextmanager
def from_server() -> Iterator[Database]:
    """Use a server of this machine, as MYSQL_USER with MYSQL_PASSWORD or as root without a password."""
    port = int(os.environ.get("MYSQL_TCP_PORT", LOCAL_PORT))
    if not listens(port):
        raise Unavailable(f"nothing listens on 127.0.0.1:{port}")
    root_password = os.environ.get("MYSQL_ROOT_PASSWORD", "")
    user = os.environ.get("MYSQL_USER", "root")
    url = server_url(user, port, os.environ.get("MYSQL_PASSWORD", root_password if user == "root" else ""))
    version = version_of(url)
    drop_orphans(url)
    yield Database("mariadb", url, f"server {version} at 127.0.0.1:{port}")


@contextmanager
def from_debian() -> Iterator[Database]:
    """Start a private server with the installed binaries."""
    server = shutil.which("mariadbd", path=SERVER_DIRECTORIES)
    install = shutil.which("mariadb-install-db", path=SERVER_DIRECTORIES)
    if not (server and install):
        raise Unavailable("mariadbd is not installed (apt-get install mariadb-server)")
    port = free_port()
    url = server_url("root", port)
    with private_server(recipe(server, install, port), lambda: answers(url)):
        yield Database("mariadb", url, f"debian {version_of(url)} at 127.0.0.1:{port}")


def recipe(server: str, install: str, port: int) -> Recipe:
    """Return how to initialise and serve a directory without the machine's own configuration."""
    common = ["--no-defaults", "--datadir={directory}/data"]
    # Nothing here has to survive a crash of the machine.
    fast = ["--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--skip-log-bin"]
    address = [f"--port={port}", "--bind-address=127.0.0.1", "--socket={directory}/s", "--pid-file={directory}/pid"]
    return Recipe(
        prepare=[[install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]],
        serve=[server, *common, *address, *fast, "--character-set-server=utf8mb4", "--tmpdir={directory}"],
        stop="SIGTERM",
        user=unprivileged("mysql", "nobody"),
    )


def server_url(user: str, port: int, password: str = "") -> str:
    """Return the URL of a server of this machine; the database in it is a name only, tests derive theirs."""
    secret = f":{quote(password, safe='')}" if password else ""
    return f"mysql://{quote(user, safe='')}{secret}@127.0.0.1:{port}/tasks_fsm"


def connect(url: str) -> Any:
    """Connect to the server without choosing a database."""
    driver = __import__("MySQLdb" if find_spec("MySQLdb") else "pymysql")
    parts = urlsplit(url)
    try:
        return driver.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or LOCAL_PORT,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            connect_timeout=2,
        )
    except driver.MySQLError as error:
        raise Unavailable(error) from error


def asked(url: str, question: str) -> list[tuple[Any, ...]]:
    """Return the rows of one statement."""
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def answers(url: str) -> bool:
    """Return whether the server lets us in already."""
    try:
        connect(url).close()
    except Unavailable:
        return False
    return True


def version_of(url: str) -> str:
    """Return the server's version without the build's name."""
    version: str = asked(url, "SELECT VERSION()")[0][0]
    return version.split("-")[0]


def drop_orphans(url: str) -> None:
    """Drop the databases that killed test runs left on a shared server."""
    for (name,) in asked(url, f"SHOW DATABASES LIKE '{PREFIX}%'"):
        if is_orphan(name):
            asked(url, f"DROP DATABASE IF EXISTS `{name}`")
