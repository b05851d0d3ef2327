"""Private servers end with the process that asked for them, however it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.database import Unavailable
from tests.servers.private import Recipe, free_port, listens, private_server
from tests.servers.processes import ROOT

LISTENER = "import socket, threading; s = socket.create_server(('127.0.0.1', {port})); threading.Event().wait()"
ASKER = """
import json, sys
from tests.servers.private import Recipe, listens, private_server
with private_server(Recipe(**json.loads(sys.argv[1])), lambda: listens({port})):
    print("serving", flush=True)
    sys.stdin.read()
"""


def listener(port: int) -> Recipe:
    """Return how to serve something that only accepts connections."""
    return Recipe([], [sys.executable, "-c", LISTENER.format(port=port)], "SIGTERM")


def test_the_server_is_gone_after_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    with private_server(listener(port), lambda: listens(port)):
        assert [path.name.startswith("tasks-fsm-") for path in tmp_path.iterdir()] == [True]
    assert not listens(port)
    assert list(tmp_path.iterdir()) == []


def test_sigkill_of_the_asker_leaves_no_server_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., Any]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    recipe = json.dumps(listener(port).__dict__)
    with subprocess.Popen(
        [sys.executable, "-c", ASKER.format(port=port), recipe],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as asker:
        assert asker.stdout
        assert asker.stdout.readline() == "serving\n"
        asker.send_signal(signal.SIGKILL)
    wait_until(lambda: not listens(port), what="the port is free again")
    wait_until(lambda: not list(tmp_path.iterdir()), what="the directory is removed")


def test_a_server_that_does_not_start_says_why() -> None:
    broken = Recipe([], [sys.executable, "-c", "raise SystemExit('no disk left')"], "SIGTERM")
    with pytest.raises(Unavailable, match="did not start: no disk left"), private_server(broken, lambda: False):
        pytest.fail("it started")


def test_a_failing_preparation_says_why() -> None:
    broken = Recipe([[sys.executable, "-c", "raise SystemExit('not empty')"]], ["true"], "SIGTERM")
    with pytest.raises(Unavailable, match="not empty"), private_server(broken, lambda: False):
        pytest.fail("it started")
