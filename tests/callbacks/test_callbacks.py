from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from django_tasks_fsm import callbacks, signals
from django_tasks_fsm.models import events
from tests.jobs.database import transactional_db
from tests.making.runs import a_run_of
from tests.making.sample import fail, say, tracked
from tests.store.rows import a_run

__all__ = ["transactional_db"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connect() -> Iterator[Any]:
    """Give ``connect(**filters)``, which returns the list of (run id, event) that is filled from now on."""
    tokens = []

    def listen(**filters: Any) -> list[Any]:
        heard: list[Any] = []
        tokens.append(callbacks.on_transition(lambda run_id, row: heard.append((run_id, row.event)), **filters))
        return heard

    yield listen
    for token in tokens:
        callbacks.discard(token)


def test_every_event_is_told_the_ordinary_ones_too(connect):
    heard = connect()
    run = a_run_of(say, "a").dispatch()
    assert heard == [(run.pk, "dispatch"), (run.pk, "done")]


def test_events_of_a_worker_are_told_in_its_process(connect, settings):
    from django.core.management import call_command

    heard, first = connect(), a_run_of(say, "a")
    second = a_run_of(say, "b", after=[first])
    call_command("runworker", burst=True, verbosity=0)
    assert [event for run_id, event in heard if run_id == second.pk] == ["queue", "dispatch", "done"]


def test_only_what_was_asked_for_is_told(connect):
    run, other = a_run_of(say, "a"), a_run_of(fail, "b")
    filters: list[dict[str, Any]] = [
        {"run": run}, {"run": str(run.pk)}, {"task": say}, {"task": run.task}, {"task": say.module_path}
    ]  # fmt: skip
    heard, failed = [connect(**each) for each in filters], connect(state="FAILED")
    run.dispatch()
    other.dispatch()
    assert heard == [[(run.pk, "dispatch"), (run.pk, "done")]] * len(filters)
    assert failed == [(other.pk, "error")]


def test_nothing_is_told_of_what_is_rolled_back(connect):
    heard, run = connect(), a_run_of(say, "a")
    with transaction.atomic():
        run.cancel()
        assert heard == []
        transaction.set_rollback(True)
    assert heard == []


@pytest.mark.parametrize("mistake", [lambda *args: 1 / 0, lambda *args: sys.exit(2)])
def test_a_callback_that_raises_keeps_nobody_from_hearing(connect, caplog, mistake):
    token = callbacks.on_transition(mistake)
    heard = connect()
    run = a_run("QUEUED")
    run.cancel()
    callbacks.discard(token)
    assert heard == [(run.pk, "cancel")]
    assert f"A callback failed at cancel of run {run.pk}." in caplog.text


def test_without_callbacks_nobody_listens():
    tokens = list(callbacks._tokens)
    for token in tokens:
        callbacks.discard(token)
    assert not events.are_heard()
    token = callbacks.on_transition(lambda *args: None)
    assert events.are_heard()
    assert callbacks.discard(token)
    assert not callbacks.discard(token)
    assert not signals.run_events.receivers
    for each in tokens:
        callbacks._tokens = (*callbacks._tokens, each)
    signals.run_events.connect(callbacks._hear, dispatch_uid=callbacks.UID)


def test_the_log_follows_what_is_tracked(caplog):
    run = a_run_of(tracked)
    with caplog.at_level(logging.INFO, "django_tasks_fsm.track"):
        run.dispatch()
        a_run_of(say, "a").dispatch()
    name = run.task.name
    assert [record.getMessage() for record in caplog.records if record.name == "django_tasks_fsm.track"] == [
        f"{name} QUEUED->dispatch->RUNNING",
        f"{name} RUNNING->done->DONE",
    ]


def test_a_function_follows_what_is_tracked():
    heard: list[Any] = []
    callbacks.track(tracked, lambda run_id, row: heard.append(row.event))
    a_run_of(tracked).dispatch()
    callbacks.track(tracked, True)
    assert heard == ["dispatch", "done"]
