from __future__ import annotations

import time
import uuid

import pytest
from django.db import connection

from django_tasks_fsm.dialects.base import call_for
from django_tasks_fsm.worker.wakeup import WakeUp


@pytest.fixture
def wakeup():
    return WakeUp("default", "a channel")


def test_a_quiet_sleep_ends_by_itself(wakeup):
    began = time.monotonic()
    assert not wakeup.sleep(0.05)
    assert time.monotonic() - began > 0.04


def test_what_happened_before_the_sleep_is_not_slept_through(wakeup):
    wakeup.set()
    assert wakeup.sleep(60)
    assert not wakeup.sleep(0)


def test_a_change_of_the_counter_ends_the_sleep(wakeup):
    counts = iter([5, 5, 5, 6])
    wakeup._counter, wakeup._count = lambda: next(counts), 5
    assert wakeup.sleep(60)
    wakeup.disconnect()
    assert not wakeup.sleep(0.01)


def test_a_sleep_of_nothing_returns(wakeup):
    assert not wakeup.sleep(0)
    assert not wakeup.sleep(-1)


def test_a_call_is_for_one_worker_and_wakes_nobody():
    me, calls = uuid.uuid4(), []
    wakeup = WakeUp("default", "a channel", me, lambda: calls.append("called"))
    wakeup._hear(call_for(uuid.uuid4()))
    assert calls == []
    wakeup._hear(call_for(me))
    assert calls == ["called"]
    assert not wakeup.sleep(0)
    wakeup._hear("default")
    assert wakeup.sleep(60)


def test_a_change_of_the_counter_is_a_call_too(wakeup, monkeypatch):
    calls = []
    monkeypatch.setattr(wakeup, "_called", lambda: calls.append("called"))
    wakeup._counter, wakeup._count = lambda: 6, 5
    wakeup.notice()
    wakeup.notice()
    assert calls == ["called"]


def test_the_counter_outlives_its_connection(transactional_db):
    wakeup = WakeUp("default", "a channel")
    wakeup.connect()
    connection.close()
    wakeup.sleep(0.01)
