"""Other processes work on the database of the test."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.servers.processes import ROOT, ManageProcess

FOREVER = "import threading; print('ready now'); threading.Event().wait()"


@pytest.fixture
def shell(database_url: str) -> Iterator[ManageProcess]:
    """Give a process that prints a line and then waits for a signal."""
    process = ManageProcess(database_url, "shell", "-c", FOREVER)
    yield process
    process.close()


def test_a_command_sees_what_the_test_has_written(
    manage: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    User.objects.create_user("ada")
    done = manage(
        "shell", "-c", "from django.contrib.auth.models import User; print([str(u) for u in User.objects.all()])"
    )
    assert done.stdout.splitlines()[-1:] == ["['ada']"], done.stderr


def test_the_test_sees_what_a_command_has_written(
    manage: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert manage("createsuperuser", "--noinput", "--username=ada", "--email=a@example.org").returncode == 0
    assert User.objects.get().username == "ada"


def test_a_line_is_waited_for(shell: ManageProcess) -> None:
    assert shell.wait_for("ready") == "ready now\n"
    assert shell.stop(signal.SIGTERM) == -signal.SIGTERM


def test_a_stopped_process_is_closed_too(shell: ManageProcess) -> None:
    shell.wait_for("ready")
    shell.send(signal.SIGSTOP)
    shell.close()
    assert shell.process.returncode == -signal.SIGKILL


def test_children_do_not_outlive_their_process(database_url: str, wait_until: Callable[..., Any]) -> None:
    code = (
        f"import subprocess, sys; print('child', subprocess.Popen([sys.executable, '-c', {FOREVER!r}]).pid); {FOREVER}"
    )
    parent = ManageProcess(database_url, "shell", "-c", code)
    child = int(parent.wait_for("child").split()[1])
    parent.wait_for("ready")
    parent.process.kill()
    parent.close()
    wait_until(lambda: not is_alive(child))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_sigkill_of_the_test_run_ends_its_processes(database_url: str, wait_until: Callable[..., Any]) -> None:
    code = f"""if True:
        import os, signal, sys
        from tests.servers.processes import ROOT, ManageProcess
        process = ManageProcess(sys.argv[1], "shell", "-c", {FOREVER!r})
        process.wait_for("ready")
        print(process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", code, database_url], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    wait_until(lambda: not is_alive(int(killed.stdout)))


def is_alive(process: int) -> bool:
    """Return whether a process exists and is more than a corpse that nobody has collected."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_process_that_ends_early_shows_its_log(database_url: str) -> None:
    process = ManageProcess(database_url, "shell", "-c", "print('out of order')")
    with pytest.raises(AssertionError, match=r"did not print 'ready' before it ended(?s:.*)out of order"):
        process.wait_for("ready")
    process.close()
