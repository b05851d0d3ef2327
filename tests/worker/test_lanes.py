from __future__ import annotations

import pytest

from django_tasks_fsm.worker import lanes
from django_tasks_fsm.worker.lanes import Lanes


@pytest.fixture
def queues(monkeypatch):
    """Give the names that the database would answer with, and count the questions."""

    class Queues(list):
        asked = 0

        def open(self, wanted, excluded, using):
            self.asked += 1
            return tuple(self)

    queues = Queues(["a", "b"])
    monkeypatch.setattr(lanes, "open_queues", queues.open)
    return queues


def test_names_are_read_once_a_second(queues, monkeypatch):
    seen = Lanes(("*",), (), "default")
    assert [seen.open() for _ in range(10)] == [("a", "b")] * 10
    assert queues.asked == 1
    monkeypatch.setattr("django_tasks_fsm.worker.lanes.time.monotonic", lambda: seen._read_at + 1.0)
    queues.append("c")
    assert seen.open() == ("a", "b", "c")


def test_forgotten_names_are_read_again(queues):
    seen = Lanes(("*",), (), "default")
    seen.open()
    queues.append("new")
    seen.forget()
    assert seen.open() == ("a", "b", "new")


def test_a_worker_without_queues_asks_each_time(queues):
    queues.clear()
    seen = Lanes(("*",), (), "default")
    assert (seen.open(), seen.open()) == ((), ())
    assert queues.asked == 2
