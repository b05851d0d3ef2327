"""Fixtures of the drawing room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from django_tasks_fsm.drawing.layout import choose


@pytest.fixture(autouse=True)
def forget_plans() -> Iterator[None]:
    """Keep the plans of one test from the next."""
    choose._lay_out.cache_clear()
    yield
    choose._lay_out.cache_clear()


@pytest.fixture
def fake_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give ``fake_dot(script)``: the only program on the path is called dot and is this shell script."""

    def install(script: str) -> None:
        program = tmp_path / "dot"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return install


@pytest.fixture
def no_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no program on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
