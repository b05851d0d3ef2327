"""A worker whose role may not change the schema: the statements of the guide are enough, and no more than enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import DatabaseError, connection

from django_tasks_fsm.models import TaskRun
from tests.docs.pages import page
from tests.jobs.tasks import echo
from tests.servers.database import PREFIX
from tests.servers.processes import ManageProcess

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no roles")
PASSWORD = "not-secret-1"
REFUSED = (
    "CREATE TABLE sneaked_in (n integer)", "ALTER TABLE django_tasks_fsm_taskrun ADD COLUMN sneaked_in integer",
    "DROP TABLE django_tasks_fsm_message", "TRUNCATE TABLE django_tasks_fsm_message",
)  # fmt: skip


@dataclass(frozen=True)
class Role:
    """A role of the database server, and the URL by which it uses the test database."""

    name: str
    url: str


def statements(name: str) -> list[str]:
    """Return what the guide says for this vendor, for the test database."""
    blocks = [block.text for block in page("docs/howto/secure.md").blocks if block.language == "sql"]
    text = blocks[0] if connection.vendor == "postgresql" else blocks[1]
    database = str(connection.settings_dict["NAME"])
    text = text.replace("shop_worker", name).replace("DATABASE shop", f"DATABASE {database}")
    text = text.replace("`shop`", f"`{database}`").replace("change me", PASSWORD)
    return [line for line in text.split(";\n") if line.strip()]


def may_make_roles() -> bool:
    """Tell whether the role of the tests may make others, which that of a foreign server need not."""
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute("SHOW GRANTS")
            return any("ALL PRIVILEGES ON *.*" in row[0] or "CREATE USER" in row[0] for row in cursor.fetchall())
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def drop(name: str) -> None:
    """Remove the role, where it is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute(f"DROP USER IF EXISTS '{name}'@'%'", None)
            return
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone():
            cursor.execute(f"DROP OWNED BY {name}")
            cursor.execute(f"DROP ROLE {name}")


@pytest.fixture
def role(database_url: str) -> Iterator[Role]:
    """Give a role that was made as the guide says."""
    if not may_make_roles():
        pytest.skip("the role of the tests may make no other")
    name = f"{PREFIX}role_{os.getpid()}"[:32]
    drop(name)
    try:
        with connection.cursor() as cursor:
            for statement in statements(name):
                cursor.execute(statement, None)
        parts = urlsplit(database_url)
        where = parts.netloc.rpartition("@")[2]
        yield Role(name, parts._replace(netloc=f"{name}:{quote(PASSWORD)}@{where}").geturl())
    finally:
        drop(name)


@pytest.fixture
def worker(role: Role) -> Iterator[ManageProcess]:
    """Give a worker of this role that is ready."""
    process = ManageProcess(role.url, "runworker", "--interval=1")
    try:
        process.wait_for("(?i)ready", 120)
        yield process
    finally:
        process.close()


def test_a_worker_needs_no_right_to_change_the_schema(worker: ManageProcess, wait_until: Callable[..., Any]) -> None:
    result = echo.enqueue("hello")
    wait_until(lambda: TaskRun.objects.get(pk=result.id).state == "DONE", 60, "the run to end")
    assert worker.stop(seconds=90) == 0
    assert "denied" not in worker.log
    assert "polling instead" not in worker.log


def test_its_role_may_not_change_the_schema(role: Role) -> None:
    theirs: Any = connection.copy()
    theirs.settings_dict |= {"USER": role.name, "PASSWORD": PASSWORD}
    try:
        for statement in REFUSED:
            with pytest.raises(DatabaseError, match=r"(?i)denied|must be owner"), theirs.cursor() as cursor:
                cursor.execute(statement)
    finally:
        theirs.close()
