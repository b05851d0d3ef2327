"""What workers do while the database is away, or takes no more connections."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connections

from django_tasks_fsm import conf
from django_tasks_fsm.worker import duties, trouble
from tests.jobs.tasks import group, noop


@pytest.fixture
def pauses():
    """Give the pauses that a guarded loop makes, and the guard, with nothing behind it."""
    made: list[float] = []
    names = ("reconnect", "disconnect", "connect", "after_outage")
    parts: Any = SimpleNamespace(**dict.fromkeys(names, lambda: None))
    return made, trouble.Trouble(parts, parts, parts, made.append)


def away():
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.fault("F38")
def test_the_pauses_of_an_outage_grow_to_half_a_minute_and_differ_by_chance(pauses):
    made, guard = pauses
    for _ in range(200):
        guard.guard(away)
    assert made[0] <= 0.2
    assert all(0.5 * min(30.0, 0.1 * 2 ** (n + 1)) <= pause <= 30.0 for n, pause in enumerate(made[:10]))
    assert len(set(made[20:])) > 100
    assert 15.0 <= min(made[20:]) < max(made[20:]) <= 30.0


@pytest.mark.fault("F38")
def test_after_an_outage_the_pauses_begin_anew(pauses):
    made, guard = pauses
    for step in (*[away] * 10, lambda: None, away):
        guard.guard(step)
    assert made[-1] <= 0.2 < made[-2]


@pytest.mark.fault("F38")
def test_who_has_seen_an_outage_waits_a_lease_before_it_takes_anybody_for_lost(monkeypatch):
    now, rescued = [1000.0], []

    def rescue(*args):
        rescued.append(now[0])
        return []

    monkeypatch.setattr(duties, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(duties, "rescue", rescue)
    monkeypatch.setattr(duties.Duties, "_prune", lambda self: None)
    mine, lease = duties.Duties("default"), conf.options().lease_seconds
    mine.after_outage()
    for later in (0.0, lease - 0.1, lease):
        now[0] = 1000.0 + later
        mine.regular()
    assert rescued == [1000.0 + lease]


@pytest.mark.fault("F43")
@pytest.mark.usefixtures("quick_options")
def test_a_worker_that_gets_no_connection_waits_for_one(start_worker, monkeypatch, wait_until):
    refused, full = [], threading.Event()
    kind = type(connections["default"])
    connect = kind.get_new_connection

    def few(self, params):
        if full.is_set() and threading.current_thread() is not threading.main_thread():
            refused.append(threading.current_thread().name)
            raise OperationalError("too many connections")
        return connect(self, params)

    def lose_once(execute, sql, params, many, context):
        if full.is_set():
            away()
        return execute(sql, params, many, context)

    monkeypatch.setattr(kind, "get_new_connection", few)
    worker = start_worker(wrapper=lose_once)
    noop.enqueue().wait(30)
    full.set()
    wait_until(lambda: refused.count(worker._thread.name) > 2)
    full.clear()
    assert group.enqueue("written").wait(30) == 1
    assert worker.stop() == 0
