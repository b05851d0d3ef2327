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
PURE_ROOMS = ("architecture", "browser", "core", "docs", "drawing", "failpoints", "locale", "mutants", "scripts")
# These run on SQLite only, where that runs too: pages, permissions, flags, signals, processes and clocks. The SQL below
# them is asked of every vendor by the rest of tests/admin, by tests/store, tests/worker and tests/faults.
ALIKE = (
    "acceptance/test_schedule_days.py",
    "admin/test_bad_queries.py",
    "admin/test_escaping.py",
    "admin/test_every_address.py",
    "admin/test_task_form.py",
    "audit",
    "cli/test_bad_values.py",
    "cli/test_commands.py",
    "cli/test_reload.py",
    "cli/test_shell.py",
    "demo",
    "faults/test_at_each_point.py",
    "faults/test_left_behind.py",
    "faults/test_many_slots.py",
    "faults/test_outages.py",
    "faults/test_recycling.py",
    "faults/test_signals.py",
    "faults/test_sqlite_file.py",
    "faults/test_stop_matrix.py",
    "faults/test_supervisor.py",
    "faults/test_worker_outlives.py",
    "protocol/test_guards.py",
    "protocol/test_mistakes.py",
    "servers/test_processes.py",
)
# By hand, where SQLite runs too, the servers are asked about the SQL only: what stands above it is asked of SQLite, and
# with CI set of every vendor.
SQL_ROOMS = ("dialects", "models", "store")
# By hand these are left out: they start, stop and kill processes, servers and browsers, or walk all pages as all users.
SLOW = (
    "acceptance",
    "admin/test_every_address.py",
    "browser",
    "chaos",
    "cli/test_reload.py",
    "cli/test_shell.py",
    "demo",
    "faults",
    "mutants/test_sample.py",
    "upgrade",
)
# More than a machine of two cores has: many tests wait for a lease, a signal or the server.
PROCESSES = "4"
NO_TESTS_COLLECTED = 5

Part = tuple[str, bool]
"""What to say about a part of the run, and whether it is good."""


def main(arguments: list[str]) -> int:
    """Run everything, print one line for each part, and return the exit code."""
    wanted = [name for name in os.environ.get(VENDOR, "").split(",") if name] or list(VENDORS)
    # A vendor that was asked for by name runs everything, as it does in CI and where arguments choose.
    is_quick = "sqlite" in wanted and not (in_ci() or arguments)
    alike = () if arguments or "sqlite" not in wanted else ALIKE
    parts = [run_vendor(vendor, arguments, selection(vendor, is_quick, alike)) for vendor in wanted]
    if "sqlite" in wanted and in_ci() and not arguments:
        parts.append(browser())
    print("\n" + "\n".join(said for said, _ in parts))
    if is_quick:
        print(f"not run by hand: {', '.join(SLOW)}. Everything, on every vendor: CI=1 make test")
    return int(not all(good for _, good in parts))


def selection(vendor: str, is_quick: bool, alike: tuple[str, ...]) -> list[str]:
    """Return what pytest gets to choose the tests of one vendor, where no arguments say so."""
    if is_quick and vendor != "sqlite":
        return [f"tests/{room}" for room in SQL_ROOMS]
    left_out = SLOW if is_quick else ()
    elsewhere = () if vendor == "sqlite" else (*PURE_ROOMS, *alike)
    return [f"--ignore=tests/{part}" for part in (*elsewhere, *left_out)]


def run_vendor(vendor: str, arguments: list[str], chosen: list[str]) -> Part:
    """Run the suite, or what was chosen of it, on one vendor."""
    if vendor == "mariadb":
        want_mysqlclient()
    try:
        with opened(vendor) as database:
            print(f"\n== {vendor}: {database.source}", flush=True)
            code = run_pytest([*chosen, *arguments])
    except Unavailable as reason:
        return f"{vendor}: not run: {reason}", not (in_ci() or was_chosen(vendor))
    where = "" if vendor == "sqlite" else f" ({database.source})"
    # SQLite runs every room, so nothing to run there is a mistake in the arguments.
    if code == NO_TESTS_COLLECTED and arguments and vendor != "sqlite":
        return f"{vendor}: not run: the arguments select none of its tests", True
    rooms = [part.removeprefix("tests/") for part in chosen if not part.startswith("-")]
    elsewhere = [part for part in ALIKE if vendor != "sqlite" and f"--ignore=tests/{part}" in chosen]
    less = f"; of it {', '.join(rooms)}" if rooms else ""
    less += f"; on SQLite only: {', '.join(elsewhere)}" if elsewhere else ""
    return f"{vendor}: {'ran' if code == 0 else f'FAILED, pytest exit code {code}'}{where}{less}", code == 0


def run_pytest(arguments: list[str]) -> int:
    """Run pytest on the opened database and return its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", PROCESSES, "--dist=worksteal", *arguments]
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
