from __future__ import annotations

import threading
import uuid

import pytest
from django.db import InterfaceError, OperationalError

from django_tasks_fsm.store import workers
from django_tasks_fsm.store.workers import Beat, Identity
from django_tasks_fsm.worker.heart import Heart

ME = Identity(uuid.uuid4(), "tested", "here", 1, ("*",), (), 1)


class Database:
    """Count heartbeats, fail those that were prepared."""

    def __init__(self):
        self.beats = 0
        self.errors = []

    def beat(self, identity, using, vitals):
        self.beats += 1
        if self.errors:
            raise self.errors.pop(0)
        return Beat({identity.id: self.beats})


@pytest.fixture
def database(monkeypatch):
    database = Database()
    monkeypatch.setattr(workers, "beat", database.beat)
    return database


@pytest.fixture
def told():
    return []


@pytest.fixture
def heart(database, told):
    heart = Heart(ME, "default", 0.01, lambda beat, since: told.append(beat))
    yield heart
    heart.stop()


def test_it_beats_again_and_again_and_tells_what_it_learned(heart, database, told, wait_until):
    heart.start()
    wait_until(lambda: database.beats >= 3)
    wait_until(lambda: len(told) >= 3)
    assert [beat.fences[ME.id] for beat in told[:3]] == [1, 2, 3]


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_no_error_stops_it(heart, database, told, caplog, wait_until, error):
    database.errors = [error] * 2
    heart.start()
    wait_until(lambda: told)
    assert database.beats >= 3
    assert str(error) in caplog.text


def test_silence_is_counted_from_the_last_stored_beat(heart, database, monkeypatch):
    heart.beat()
    monkeypatch.setattr("django_tasks_fsm.worker.heart.time.monotonic", lambda: heart.last_beat + 42)
    assert heart.silence == 42
    database.errors = [OperationalError("gone")]
    with pytest.raises(OperationalError):
        heart.beat()
    assert heart.silence == 42


def test_a_beat_that_takes_long_counts_from_its_beginning(heart, monkeypatch):
    now = [1000.0]

    def slowly(identity, using, vitals):
        now[0] += 30
        return Beat()

    monkeypatch.setattr(workers, "beat", slowly)
    monkeypatch.setattr("django_tasks_fsm.worker.heart.time.monotonic", lambda: now[0])
    heart.beat()
    assert heart.silence == 30


def test_a_file_that_cannot_be_touched_stops_neither_heart_nor_loop(database, told, caplog):
    Heart(ME, "default", 3600, lambda beat, since: told.append(beat), "/nowhere/at/all").beat()
    assert len(told) == 1
    assert "The heartbeat file cannot be touched" in caplog.text


def test_it_ends_in_the_middle_of_a_long_pause(database, told, wait_until):
    patient = Heart(ME, "default", 3600, lambda beat, since: told.append(beat))
    patient.start()
    wait_until(lambda: told)
    patient.stop()
    wait_until(lambda: patient._thread not in threading.enumerate())


def test_it_looks_when_it_is_called_and_renews_nothing(database, monkeypatch, wait_until):
    monkeypatch.setattr(workers, "look", lambda identity, using: Beat(is_look=True))
    told = []
    patient = Heart(ME, "default", 3600, lambda beat, since: told.append(beat))
    patient.start()
    wait_until(lambda: told)
    patient.look_soon()
    wait_until(lambda: len(told) == 2)
    assert [beat.is_look for beat in told] == [False, True]
    assert database.beats == 1
    patient.stop()


def test_calls_without_end_do_not_keep_it_from_beating(database, monkeypatch, wait_until):
    quick = Heart(ME, "default", 0.05, lambda beat, since: quick.look_soon())
    monkeypatch.setattr(workers, "look", lambda identity, using: Beat(is_look=True))
    quick.start()
    quick.look_soon()
    wait_until(lambda: database.beats >= 3)
    quick.stop()
