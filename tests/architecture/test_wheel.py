"""The wheel holds every file of the package: templates, static files, translations and py.typed too."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT

NOT_SHIPPED = {".pyc", ".pyo", ".po~"}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Give the names of the files in a freshly built wheel."""
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped() -> set[str]:
    """Return the package's files in the checkout."""
    files = [path for path in (ROOT / PACKAGE).rglob("*") if path.is_file() and path.suffix not in NOT_SHIPPED]
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_nothing_is_left_out(packed: set[str]) -> None:
    assert shipped() - packed == set()


def test_nothing_else_gets_in(packed: set[str]) -> None:
    strangers = {name for name in packed if Path(name).parts[0] != PACKAGE and ".dist-info/" not in name}
    assert strangers == set()


def test_the_package_says_that_it_is_typed(packed: set[str]) -> None:
    assert f"{PACKAGE}/py.typed" in packed
