"""The whole demonstration, typed in as a person does it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from audit.graphs import latest, tallies

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment
    from tests.demo.conftest import StartDemo
    from tests.servers.processes import ManageProcess

SERVES = "Ctrl-C stops"


def worker_of(demo: ManageProcess) -> int:
    """Return the process id of the worker."""
    found = re.search(r"process (\d+)", demo.wait_for("Worker: process"))
    assert found
    assert lives(int(found[1]))
    return int(found[1])


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that has ended, but that nobody has waited for yet, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def address_of(demo: ManageProcess) -> str:
    return demo.wait_for("The admin: ").removeprefix("The admin: ").strip()


@pytest.mark.django_db(transaction=True)
def test_second_run_keeps_the_history(start_demo: StartDemo) -> None:
    codes = [start_demo("--once").wait(60) for _ in range(2)]

    assert codes == [0, 0]
    assert [tally.phase for tally in tallies(latest(9).keys()).values()] == ["DONE", "DONE"]
    assert User.objects.get().username == "demo"


def test_fresh_database_is_migrated_and_the_result_is_told(start_demo: StartDemo, tmp_path: Path) -> None:
    demo = start_demo("--once", database=f"sqlite:///{tmp_path}/fresh.sqlite3")
    worker = worker_of(demo)

    assert demo.wait(60) == 0

    assert "migrations applied" in demo.log
    assert "user demo, password demo" in demo.log
    assert "Audit: 2 distributions: 2 intact, 0 damaged" in demo.log
    assert not lives(worker)


def test_damage_ends_with_the_file_and_the_repair(start_demo: StartDemo, sample: ScratchEnvironment) -> None:
    sample.write("sample/core.py", b"answer = 43\n")
    demo = start_demo("--once")

    assert demo.wait(60) == 1

    assert "sample 1.0 is damaged: changed sample/core.py (sha256 differs). Reinstall sample==1.0" in demo.log
    assert "Traceback" not in demo.log


def test_damage_is_told_and_then_served(start_demo: StartDemo, sample: ScratchEnvironment) -> None:
    sample.write("sample/core.py", b"answer = 43\n")
    demo = start_demo()

    demo.wait_for(SERVES, 60)

    assert "changed sample/core.py" in demo.log
    assert demo.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_server_and_worker(start_demo: StartDemo, number: signal.Signals) -> None:
    demo = start_demo()
    demo.wait_for(SERVES, 60)
    address, worker = address_of(demo), worker_of(demo)
    with urllib.request.urlopen(address, timeout=30) as page:
        assert page.status == 200

    assert demo.stop(number) == 0

    assert not lives(worker)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=30)


def test_worker_does_not_outlive_a_killed_demo(start_demo: StartDemo, wait_until: Callable[..., Any]) -> None:
    demo = start_demo()
    demo.wait_for(SERVES, 60)
    worker = worker_of(demo)

    demo.stop(signal.SIGKILL)

    wait_until(lambda: not lives(worker), 30, "the worker has noticed and gone")


def test_worker_that_dies_is_reported_with_its_log(start_demo: StartDemo) -> None:
    demo = start_demo()
    demo.wait_for(SERVES, 60)

    os.kill(worker_of(demo), signal.SIGKILL)

    assert demo.wait(60) == 1
    assert "The worker has ended with code -9. The end of " in demo.log
    assert "Worker demo" in demo.log
