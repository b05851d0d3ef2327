"""Run the test suite on every database that can be had, and say what was not run and why.

``python -m scripts.test [pytest arguments]``, from the checkout. TASKS_FSM_TEST_DATABASE limits the vendors
("postgresql", "sqlite,mariadb"). A missing database is a failure where it was asked for by name, and with CI set every
missing database and a missing browser are.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys

from tests.browser.chromium import Absent, found_chromium
from tests.servers.choice import VENDOR, VENDORS, in_ci, opened, was_chosen
from tests.servers.database import Unavailable

# Nothing in these rooms touches a database in a way that differs between vendors.
PURE_ROOMS = ("architecture", "browser", "core", "docs", "drawing", "locale")
# By hand, where SQLite runs too, these run there only; with CI set or with arguments, on every vendor like the rest.
# They are about pages, permissions, flags, signals and processes; the SQL below them is asked on every vendor by the
# rest of tests/admin, by tests/store, tests/worker and tests/faults/test_killed.py.
ALIKE = (
    "admin/test_every_address.py",
    "admin/test_escaping.py",
    "admin/test_task_form.py",
    "cli/test_commands.py",
    "cli/test_reload.py",
    "demo",
    "faults/test_signals.py",
    "faults/test_supervisor.py",
    "servers/test_processes.py",
)
# More than a machine of two cores has: many tests wait for a lease, a signal or the server.
PROCESSES = "3"
NO_TESTS_COLLECTED = 5

Part = tuple[str, bool]
"""What to say about a part of the run, and whether it is good."""


def main(arguments: list[str]) -> int:
    """Run everything, print one line for each part, and return the exit code."""
    wanted = [name for name in os.environ.get(VENDOR, "").split(",") if name] or list(VENDORS)
    spared = () if in_ci() or arguments or "sqlite" not in wanted else ALIKE
    parts = [run_vendor(vendor, arguments, () if vendor == "sqlite" else spared) for vendor in wanted]
    if "sqlite" in wanted and not arguments:
        parts.append(browser())
    print("\n" + "\n".join(said for said, _ in parts))
    return int(not all(good for _, good in parts))


def run_vendor(vendor: str, arguments: list[str], spared: tuple[str, ...]) -> Part:
    """Run the suite on one vendor, without the spared parts."""
    if vendor == "mariadb":
        want_mysqlclient()
    try:
        with opened(vendor) as database:
            print(f"\n== {vendor}: {database.source}", flush=True)
            code = run_pytest(vendor, arguments, spared)
    except Unavailable as reason:
        return f"{vendor}: not run: {reason}", not (in_ci() or was_chosen(vendor))
    where = "" if vendor == "sqlite" else f" ({database.source})"
    # SQLite runs every room, so nothing to run there is a mistake in the arguments.
    if code == NO_TESTS_COLLECTED and arguments and vendor != "sqlite":
        return f"{vendor}: not run: the arguments select none of its tests", True
    less = f"; on SQLite only, as CI is not set: {', '.join(spared)}" if spared else ""
    return f"{vendor}: {'ran' if code == 0 else f'FAILED, pytest exit code {code}'}{where}{less}", code == 0


def run_pytest(vendor: str, arguments: list[str], spared: tuple[str, ...]) -> int:
    """Run pytest on the opened database and return its exit code."""
    left_out = () if vendor == "sqlite" else (*PURE_ROOMS, *spared)
    ignored = [f"--ignore=tests/{part}" for part in left_out]
    command = [sys.executable, "-m", "pytest", "-q", "-n", PROCESSES, "--dist=worksteal", *ignored, *arguments]
    # The suite starts some hundred interpreters: each would compile everything anew where bytecode is not kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, env=environment, check=False).returncode


def browser() -> Part:
    """Say whether the browser tests, which belong to the SQLite run, had what they need."""
    try:
        return f"browser: ran ({found_chromium()})", True
    except Absent as reason:
        return f"browser: not run: {reason}", not in_ci()


def want_mysqlclient() -> None:
    """Build the faster driver where the machine has what it takes; PyMySQL serves otherwise."""
    if importlib.util.find_spec("MySQLdb") or not (shutil.which("pkg-config") and shutil.which("cc")):
        return
    libraries = ("mysqlclient", "mariadb", "libmariadb")
    if any(subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0 for name in libraries):
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "mysqlclient>=2.2.1"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print("mysqlclient could not be built; PyMySQL is used")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
