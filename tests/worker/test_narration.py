from __future__ import annotations

import logging
import uuid

import pytest

from django_tasks_fsm.core.outcomes import Failure, Outcome
from django_tasks_fsm.tasks_api import core_logger, task_finished, task_started
from django_tasks_fsm.worker import narration
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.narration import Narrator
from tests.jobs.tasks import noop
from tests.worker.claims import job


@pytest.fixture
def narrator():
    return Narrator(uuid.uuid4(), Announcer(inline=True))


@pytest.fixture
def receive():
    """Connect receivers for the test."""
    connected = []

    def connect(signal, receiver):
        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))

    yield connect
    for signal, receiver in connected:
        signal.disconnect(receiver)


def leave(**kwargs):
    raise SystemExit(1)


def test_what_went_well_is_said_in_detail_only(narrator, caplog):
    caplog.set_level(logging.DEBUG, "django_tasks_fsm")
    one = job(noop)
    narrator.ended(one, Outcome.done(one.claim, "1"))
    (record,) = [record for record in caplog.records if record.name == "django_tasks_fsm"]
    assert record.levelno == logging.DEBUG
    assert record.getMessage() == f"Run {one.claim.id} (a task) attempt 1 fence 1: done"


def test_a_failure_is_one_line_with_the_first_of_its_words(narrator, caplog):
    caplog.set_level(logging.INFO, "django_tasks_fsm")
    one = job(noop)
    narrator.ended(one, Outcome.failed(one.claim, Failure("x.Y", "no luck\nand more\x1b[31m", ""), ValueError()))
    (said,) = [record.getMessage() for record in caplog.records if record.name == "django_tasks_fsm"]
    assert said.endswith(": failed 'no luck'")


@pytest.mark.fault("F82")
@pytest.mark.parametrize("message", ["", "\n\n", "\x1b[31m", "\ud800"])
def test_strange_words_are_no_trouble(narrator, caplog, message):
    caplog.set_level(logging.INFO, "django_tasks_fsm")
    one = job(noop)
    narrator.ended(one, Outcome.failed(one.claim, Failure("x.Y", message, ""), ValueError()))
    said = [record.getMessage() for record in caplog.records if record.name == "django_tasks_fsm"]
    assert len(said) == 1
    assert said[0].isprintable()


def test_receivers_are_told_at_the_beginning_and_at_the_end(narrator, receive):
    heard = []
    receive(task_started, lambda task_result, **kwargs: heard.append(task_result.status.name))
    receive(task_finished, lambda task_result, **kwargs: heard.append(task_result.status.name))
    one = job(noop)
    narrator.began(one)
    narrator.ended(one, Outcome.done(one.claim, "1"))
    assert heard == ["RUNNING", "SUCCESSFUL"]


def test_where_only_django_s_log_listens_no_result_is_built(narrator, caplog, monkeypatch):
    for name in ("claimed_result", "ended_result"):
        monkeypatch.setattr(narration, name, lambda *args: pytest.fail("a whole result was built"))
    caplog.set_level(logging.INFO, core_logger.name)
    one = job(noop)
    narrator.began(one)
    narrator.ended(one, Outcome.done(one.claim, "1"))
    said = [record.getMessage() for record in caplog.records if record.name == core_logger.name]
    path = f"Task id={one.claim.id} path={noop.module_path}"
    assert said == [f"{path} state=RUNNING", f"{path} state=SUCCESSFUL"]


def test_a_log_that_wants_to_know_more_is_told(receive, narrator, monkeypatch):
    heard = []

    def log(task_result, **kwargs):
        heard.append((task_result.attempts, task_result.is_finished, task_result.return_value))

    receive(task_finished, log)
    monkeypatch.setattr(narration, "only_logged", lambda signal: True)
    one = job(noop)
    narrator.ended(one, Outcome.done(one.claim, "1"))
    assert heard == [(1, True, 1)]


@pytest.mark.parametrize("signal", [task_started, task_finished], ids=["started", "finished"])
def test_a_receiver_that_leaves_takes_no_thread_with_it(narrator, receive, signal):
    receive(signal, leave)
    one = job(noop)
    narrator.began(one)
    narrator.ended(one, Outcome.done(one.claim, "1"))


def test_what_is_tried_again_is_not_finished(narrator, receive):
    heard = []
    receive(task_finished, lambda **kwargs: heard.append(kwargs))
    one = job(noop)
    narrator.ended(one, Outcome.released(one.claim, "the worker stops"))
    assert heard == []
