"""Scratch environments, and a worker in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from django.core.management import call_command

from tests.audit.scratch import ScratchEnvironment


class Burst(Protocol):
    """Run a worker in this process, with these flags, until nothing is due."""

    def __call__(self, *flags: str) -> object: ...


@pytest.fixture
def make_environment(tmp_path: Path) -> Callable[[str], ScratchEnvironment]:
    """Return a function that makes an empty environment of a given name."""
    return lambda name: ScratchEnvironment(tmp_path / name)


@pytest.fixture
def scratch_environment(make_environment: Callable[[str], ScratchEnvironment]) -> ScratchEnvironment:
    """Return an empty environment."""
    return make_environment("environment")


@pytest.fixture
def sample(scratch_environment: ScratchEnvironment) -> ScratchEnvironment:
    """Return an environment with one intact distribution: a package, a module and a script in bin."""
    scratch_environment.install(
        "sample",
        {
            "sample/__init__.py": b"",
            "sample/core.py": b"answer = 42\n",
            "sample_module.py": b"import sample\n",
            "../../../bin/sample": b"#!/bin/sh\n",
        },
    )
    return scratch_environment


@pytest.fixture
def burst() -> Burst:
    """Give ``burst(*flags)``."""

    def burst(*flags: str) -> object:
        return call_command("runworker", "--burst", "--queues=audit", *flags)

    return burst
