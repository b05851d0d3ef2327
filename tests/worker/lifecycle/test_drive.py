"""What a service does next, decided without a thread, a loop or a database."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from django_tasks_fsm.exceptions import CancellationRequested, ReleaseRequested
from django_tasks_fsm.store import ticks
from django_tasks_fsm.store.services import Notice
from django_tasks_fsm.worker.lifecycle import drive as room
from django_tasks_fsm.worker.lifecycle.drive import Drive
from django_tasks_fsm.worker.lifecycle.ear import Ear
from django_tasks_fsm.worker.lifecycle.steps import Ours, Theirs, Wait

TRIGGER = {"version": 1, "kind": "interval", "every": 10}


def a_service() -> Any:
    """Be the shortest one."""
    while True:
        yield


class Context:
    """Know whether to stop."""

    stop_reason = ""

    def request_stop(self, reason: str) -> None:
        """Note it."""
        self.stop_reason = reason


def notice(seconds: float = 0.0, **changes: Any) -> Notice:
    """Return what the database says, so long after noon."""
    now = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=seconds)
    given = {"now": now, "stop": "", "rests": False, "trigger": TRIGGER, "has_messages": False}
    return Notice(**{**given, **changes})


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a job whose database is ``job.answers``."""
    claim = SimpleNamespace(id=uuid.uuid4(), fence=1)
    fake = SimpleNamespace(
        claim=claim, ear=Ear(), context=Context(), using="default", definition=SimpleNamespace(name="a", timeout=None)
    )
    fake.answer = notice()
    monkeypatch.setattr(room, "last_ticks", lambda *_: (0, None))
    monkeypatch.setattr(room, "notices", lambda keys, using: {(claim.id, 1): fake.answer} if fake.answer else {})
    monkeypatch.setattr(ticks, "save", lambda *_: None)
    transient = SimpleNamespace(is_transient=lambda error: "locked" in str(error))
    monkeypatch.setattr(room, "for_alias", lambda using: transient)
    return fake


class Player:
    """Do the steps as ``live`` does, one at a time."""

    def __init__(self, job: Any) -> None:
        self._steps = Drive(job, partial(a_service)).steps()
        self.step: Any = next(self._steps)

    def do(self) -> Any:
        """Do the present step and return the next one."""
        try:
            answer = None if isinstance(self.step, Wait) else self.step.call()
        except Exception as error:
            self.step = self._steps.throw(error)
        else:
            self.step = self._steps.send(answer)
        return self.step

    def fail(self, error: Exception) -> Any:
        """Let the present step raise, and return the next one."""
        self.step = self._steps.throw(error)
        return self.step

    def until(self, kind: type) -> Any:
        """Go on to the next step of a kind."""
        while not isinstance(self.do(), kind):
            pass
        return self.step


def test_it_is_set_up_and_waits_for_its_first_tick(job: Any) -> None:
    player = Player(job)
    assert player.until(Theirs).call.__name__ == "setup"
    assert 0 < player.until(Wait).seconds <= 10


def test_it_waits_for_a_database_that_is_away(job: Any) -> None:
    player = Player(job)
    away = OperationalError("database is locked")
    assert isinstance(player.fail(away), Wait)
    assert isinstance(player.do(), Ours)
    assert isinstance(player.do(), Theirs)


def test_an_error_that_is_no_outage_ends_it(job: Any) -> None:
    player = Player(job)
    with pytest.raises(OperationalError, match="no such table"):
        player.fail(OperationalError("no such table: runs"))


def test_it_asks_whose_the_run_is_before_it_ticks_after_a_long_silence(job: Any) -> None:
    player = Player(job)
    player.until(Wait)
    job.ear.tell(notice(15), time.monotonic() - 1000)  # frozen after the question, before the answer was read
    job.answer = None
    asked = player.until(Ours)
    assert asked.call.__name__ == "_ask"
    assert player.do().call.__name__ == "cleanup"


def test_it_ticks_when_it_is_time_and_the_run_is_surely_its_own(job: Any) -> None:
    player = Player(job)
    player.until(Wait)
    job.ear.tell(notice(15), time.monotonic())
    assert player.until(Theirs).call.__name__ == "tick"


@pytest.mark.parametrize(("reason", "error"), [("stop", CancellationRequested), ("release", ReleaseRequested)])
def test_it_cleans_up_before_it_ends(job: Any, reason: str, error: type[Exception]) -> None:
    player = Player(job)
    player.until(Wait)
    if reason == "stop":
        job.ear.tell(notice(1, stop="its task is retired"), time.monotonic())
    else:
        job.ear.release("the worker stops")
    assert player.until(Theirs).call.__name__ == "cleanup"
    with pytest.raises(error):
        player.until(Wait)


def test_it_rests_without_a_tick_and_lets_the_slots_go_by(job: Any) -> None:
    player = Player(job)
    player.until(Wait)
    job.ear.tell(notice(15, rests=True), time.monotonic())
    assert player.until(Wait) is not None
    job.ear.tell(notice(37), time.monotonic())
    step = player.until(Wait)
    assert 0 < step.seconds < 4
