"""The file of a SQLite database: locked by somebody who stands still, full, read-only."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections

from tests.jobs import trail
from tests.jobs.tasks import add, mark, noop
from tests.jobs.unruly import speak_at_length
from tests.servers.processes import ManageProcess

pytestmark = [
    pytest.mark.usefixtures("quick_options"),
    pytest.mark.skipif("sqlite" not in str(connections.settings["default"]["ENGINE"]), reason="a file of SQLite's"),
]

HOLDER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
database.execute("INSERT INTO auth_group (name) VALUES ('written')")
print("locked", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
database.execute("COMMIT")
"""


class Refusing:
    """Set a pragma on the connection of each statement: one value while ``on``, another one else."""

    def __init__(self, on, off):
        self.on = False
        self._pragma = {True: on, False: off}

    def __call__(self, execute, sql, params, many, context):
        context["connection"].connection.execute(self._pragma[self.on])
        return execute(sql, params, many, context)


def full():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # no free pages are left to write into
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
    return Refusing(f"PRAGMA max_page_count = {pages}", "PRAGMA max_page_count = 1073741823")


def read_only():
    return Refusing("PRAGMA query_only = ON", "PRAGMA query_only = OFF")


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


@pytest.fixture
def holder():
    """Give a process that has stopped in the middle of a transaction that writes."""
    command = [sys.executable, "-c", HOLDER, str(connections["default"].settings_dict["NAME"])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


@pytest.mark.fault("F5")
@pytest.mark.parametrize(("number", "written"), [(signal.SIGCONT, True), (signal.SIGKILL, False)])
def test_whoever_holds_the_write_lock_and_stands_still_is_waited_for(
    start_worker, monkeypatch, request, files, wait_until, number, written
):
    options = {**connections["default"].settings_dict["OPTIONS"], "timeout": 0.05}
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    worker = start_worker()
    result = mark.enqueue(files[0], "ran")
    result.wait(30)
    process = request.getfixturevalue("holder")
    assert process.stdout.readline() == "locked\n"
    wait_until(lambda: worker.worker._trouble._outages or worker.worker._heart.silence > 0.5)
    process.send_signal(number)
    assert process.wait(30) == (0 if written else -signal.SIGKILL)
    assert add.enqueue(1, 2).wait(30) == 3
    assert Group.objects.filter(name="written").exists() == written
    assert trail.read(files[0]) == ["ran"]


@pytest.mark.fault("F42")
@pytest.mark.parametrize("make", [full, read_only])
def test_what_cannot_be_stored_is_kept_until_it_can(start_worker, files, wait_until, make):
    refusing = make()
    worker = start_worker(wrapper=refusing)
    noop.enqueue().wait(30)
    result = speak_at_length.enqueue(*files, 300_000)
    wait_until(lambda: trail.read(files[0]))
    refusing.on = True
    open(files[1], "w").close()
    wait_until(lambda: worker.worker._trouble._outages > 1)
    result.refresh()
    assert result.status.name == "RUNNING"
    refusing.on = False
    assert len(result.wait(30)) == 300_000
    assert len(trail.read(files[0])) == 1
    assert worker.is_alive


@pytest.mark.fault("F42")
@pytest.mark.usefixtures("transactional_db")
def test_a_worker_whose_file_is_deleted_ends_and_says_so(tmp_path):
    copy = tmp_path / "copy.sqlite3"
    name = connections["default"].settings_dict["NAME"]
    with closing(sqlite3.connect(name)) as original, closing(sqlite3.connect(copy)) as target:
        original.backup(target)
    worker = ManageProcess(f"sqlite:///{copy}", "runworker", "--no-reload", "--interval=0.1")
    try:
        worker.wait_for("ready")
        copy.unlink()
        assert worker.wait(90) == 1
        assert "the file of its database was replaced or deleted" in worker.log
    finally:
        worker.close()
