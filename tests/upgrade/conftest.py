"""The first release beside this one."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.jobs.database import transactional_db
from tests.servers.processes import ROOT, ManageProcess, run_manage

__all__ = ["transactional_db"]

HERE = Path(__file__).parent
APP = "django_tasks_fsm"
Environment = dict[str, str]


def release(code: Path) -> Environment:
    """Return the environment of processes that execute the package in ``code``."""
    path = os.pathsep.join([str(code), str(ROOT)])
    return {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "tests.upgrade.settings"}


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Give the environment of the first release's processes."""
    code = tmp_path_factory.mktemp("first")
    (wheel,) = HERE.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(code)
    return release(code)


@pytest.fixture
def present() -> Environment:
    """Give the environment of this release's processes."""
    return release(ROOT)


def drop_tables() -> None:
    """Undo the migrations, far quicker than they undo themselves."""
    with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
        for model in reversed(list(apps.get_app_config(APP).get_models(include_auto_created=True))):
            editor.delete_model(model)
    MigrationRecorder(connection).migration_qs.filter(app=APP).delete()


@pytest.fixture
def first_schema(manage: Callable[..., Any], first: Environment) -> Iterator[None]:
    """Let the first release make the tables, and leave those of this one behind."""
    drop_tables()
    try:
        manage("migrate", "--verbosity=0", seconds=120, env=first).check_returncode()
        yield
    finally:
        call_command("migrate", APP, verbosity=0)


@pytest.fixture
def start(worker_process: Callable[..., ManageProcess]) -> Callable[..., ManageProcess]:
    """Give ``start(environment, *arguments)``: a worker of that release."""

    def started(env: Environment, *args: str) -> ManageProcess:
        return worker_process("--interval=0.1", *args, env=env, seconds=120)

    return started


@pytest.fixture
def fill(database_url: str, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Give ``fill(environment, when)``: runs that this release enqueues, by name."""

    def filled(env: Environment, when: str) -> dict[str, str]:
        done = run_manage(database_url, "fill", when, str(tmp_path / "trail"), seconds=120, env=env)
        assert not done.returncode, done.stderr
        made: dict[str, str] = json.loads(done.stdout)
        return made

    return filled
