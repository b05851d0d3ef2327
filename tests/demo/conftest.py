"""The demonstration as a real process, on the test database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.audit.scratch import ScratchEnvironment
from tests.servers.processes import ManageProcess


class StartDemo(Protocol):
    """Start ``manage.py demo`` with these arguments on the sample environment."""

    def __call__(self, *args: str, database: str = ...) -> ManageProcess: ...


@pytest.fixture
def sample(tmp_path: Path) -> ScratchEnvironment:
    """Give an environment with two small distributions."""
    environment = ScratchEnvironment(tmp_path / "environment")
    environment.install("sample", {"sample/__init__.py": b"", "sample/core.py": b"answer = 42\n"})
    environment.install("other", {"other.py": b"pass\n"})
    return environment


@pytest.fixture
def start_demo(database_url: str, sample: ScratchEnvironment, tmp_path: Path) -> Iterator[StartDemo]:
    """Give ``start_demo(*args)``; what still runs at the end is killed."""
    started: list[ManageProcess] = []
    where = [f"--environment={sample.prefix}", f"--log={tmp_path}/log/worker.log", "--port=0"]

    def start(*args: str, database: str = database_url) -> ManageProcess:
        # The project's own settings, with DEBUG as a person has it who types "make demo".
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "True"}
        started.append(ManageProcess(database, "demo", *where, *args, env=settings))
        return started[-1]

    yield start
    for process in started:
        process.close()
