"""The database server crashes, recovers and comes back while a worker is in the middle of its work."""

from __future__ import annotations

import os
import signal

import pytest

from tests.jobs import trail
from tests.servers.choice import VENDOR
from tests.servers.database import Unavailable, first_available
from tests.servers.postgresql import connect, from_debian, from_wheel
from tests.servers.processes import ManageProcess, run_manage

psycopg = pytest.importorskip("psycopg")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get(VENDOR) != "postgresql", reason="only a PostgreSQL of our own is crashed"),
]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.jobs.settings", "TESTS_LEASE_SECONDS": "5"}
ENQUEUE = """
from tests.jobs.tasks import group, hold
hold.enqueue({trail!r}, {gate!r})
group.enqueue_many([[str(number)] for number in range(30)])
"""


@pytest.fixture
def server():
    """Give the URL of a server that is nobody else's."""
    try:
        with first_available({"debian": from_debian, "wheel": from_wheel}, None) as database:
            with connect(database.url) as connection:
                connection.execute("CREATE DATABASE tasks_fsm")
            assert run_manage(database.url, "migrate", "-v0", env=SETTINGS).returncode == 0
            yield database.url
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def worker(server):
    process = ManageProcess(server, "runworker", "--no-reload", "--interval=0.1", "--concurrency=2", env=SETTINGS)
    process.wait_for("ready")
    yield process
    process.close()


def query(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def crash(url):
    """Kill one backend as the kernel would: PostgreSQL then drops all connections and recovers from its log."""
    with connect(url) as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        os.kill(pid, signal.SIGKILL)


def states(url):
    try:
        return {state for (state,) in query(url, "SELECT state FROM django_tasks_fsm_taskrun")}
    except psycopg.Error:  # it is not back yet
        return set()


@pytest.mark.fault("F38")
def test_the_worker_reconnects_and_everything_is_done_once(server, worker, tmp_path, wait_until):
    path, gate = tmp_path / "trail", tmp_path / "gate"
    code = ENQUEUE.format(trail=str(path), gate=str(gate))
    assert run_manage(server, "shell", "-c", code, env=SETTINGS).returncode == 0
    wait_until(lambda: trail.read(path))
    crash(server)
    gate.touch()
    wait_until(lambda: states(server) and states(server) <= {"DONE", "FAILED"}, 60)
    # A group that was being written when the server crashed may fail; the held run had no connection to lose.
    done = query(server, "SELECT state, attempt FROM django_tasks_fsm_taskrun WHERE queue = 'default' ORDER BY id")
    assert done[0] == ("DONE", 1)
    assert trail.read(path) == ["began 1", "ended 1"]
    assert worker.stop() == 0
