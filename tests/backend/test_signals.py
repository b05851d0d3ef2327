"""Django's task signals: who sends which, how often, in which order, and what receivers may do."""

from __future__ import annotations

import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import translation

from django_tasks_fsm import sending
from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.exceptions import RunCancelled, WorkerLost
from django_tasks_fsm.task_errors import RunAborted, RunSkipped
from django_tasks_fsm.tasks_api import TaskResultStatus, core_logger, task_backends, task_finished, task_started
from django_tasks_fsm.worker.announcer import Announcer, deliver
from tests.backend import sample
from tests.backend.hand import Hand

BACKEND = "django_tasks_fsm.backend.FSMBackend"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring lost runs back at once: from the second loss on they wait a random time."""
    monkeypatch.setattr("django_tasks_fsm.core.dice.DICE.uniform", lambda low, high: 0.0)


class OtherBackend(FSMBackend):
    """A project's own."""


@pytest.fixture
def finished() -> Iterator[list[tuple[Any, BaseException | None]]]:
    """Give the list of finished results, each with the exception that sys.exc_info() showed."""
    seen: list[tuple[Any, BaseException | None]] = []

    def receive(task_result: Any, **kwargs: Any) -> None:
        seen.append((task_result, sys.exc_info()[1]))

    task_finished.connect(receive)
    yield seen
    task_finished.disconnect(receive)


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Callable[[Any, Any], None]:
    """Give ``connect(signal, receiver)``, which lasts for the test."""

    def run(signal: Any, receiver: Any) -> None:
        signal.connect(receiver, weak=False)
        request.addfinalizer(lambda: signal.disconnect(receiver))

    return run


@pytest.mark.django_db
@pytest.mark.parametrize("task", [sample.echo, sample.aecho])
def test_each_is_sent_once_in_order_by_the_class_of_the_backend(task: Any, burst: Any, heard: list[Any]) -> None:
    result = task.enqueue(1)
    burst()
    assert [name for name, *_ in heard] == ["enqueued", "started", "finished"]
    assert {sender for *_, sender in heard} == {FSMBackend}
    assert {shown.id for _, shown, _ in heard} == {result.id}
    assert [shown.status for _, shown, _ in heard] == [
        TaskResultStatus.READY, TaskResultStatus.RUNNING, TaskResultStatus.SUCCESSFUL
    ]  # fmt: skip
    assert heard[2][1].return_value == {"args": [1], "kwargs": {}}
    assert heard[1][1].task == task


@pytest.mark.django_db(transaction=True)
def test_each_is_sent_once_in_order_by_a_worker_with_threads(burst: Any, heard: list[Any]) -> None:
    results = sample.echo.enqueue_many([[number] for number in range(20)])
    sample.aecho.enqueue()
    burst()
    for result in results:
        assert [name for name, shown, _ in heard if shown.id == result.id] == ["enqueued", "started", "finished"]
    assert len(heard) == 63


@pytest.mark.django_db
@override_settings(TASKS={"default": {"BACKEND": f"{__name__}.OtherBackend"}})
def test_the_sender_is_the_class_that_the_settings_name(burst: Any, heard: list[Any]) -> None:
    sample.echo.enqueue()
    burst()
    assert {sender for *_, sender in heard} == {OtherBackend} == {type(task_backends["default"])}


@pytest.mark.django_db
def test_attempts_start_often_and_finish_once(burst: Any, heard: list[Any]) -> None:
    sample.succeed_at_last.enqueue()
    burst()
    assert [name for name, *_ in heard] == ["enqueued", "started", "started", "started", "finished"]
    assert [shown.attempts for name, shown, _ in heard if name == "started"] == [1, 2, 3]
    last = heard[-1][1]
    assert (len(last.errors), len(set(last.worker_ids)), "" in last.worker_ids) == (2, 1, False)


@pytest.mark.django_db
def test_a_failure_is_at_hand_in_exc_info(burst: Any, finished: list[Any]) -> None:
    sample.fail.enqueue("look at me")
    burst()
    ((result, error),) = finished
    assert (result.status, type(error), str(error)) == (TaskResultStatus.FAILED, ValueError, "look at me")


@pytest.mark.django_db
def test_a_success_has_no_exc_info(burst: Any, finished: list[Any]) -> None:
    sample.echo.enqueue()
    burst()
    assert [error for _, error in finished] == [None]


@pytest.mark.django_db
def test_the_last_of_several_failures_tells_all_errors(burst: Any, finished: list[Any]) -> None:
    sample.fail_thrice.enqueue()
    burst()
    ((result, error),) = finished
    assert str(error) == "attempt 3"
    assert [each.traceback.splitlines()[-1][-1] for each in result.errors] == ["1", "2", "3"]


@pytest.mark.django_db
@pytest.mark.parametrize(("verb", "kind"), [("cancel", RunCancelled), ("abort", RunAborted)])
def test_finished_is_sent_for_a_run_that_a_person_ended(
    verb: str, kind: type, finished: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    run = sample.echo.enqueue().run
    with django_capture_on_commit_callbacks(execute=True):
        getattr(run, verb)(reason="why not")
    ((result, error),) = finished
    assert (result.id, result.status) == (str(run.pk), TaskResultStatus.FAILED)
    assert (type(error), str(error)) == (kind, "why not")


@pytest.mark.django_db
def test_finished_is_sent_for_a_skipped_run(finished: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    from django_tasks_fsm.models.actor import Actor
    from django_tasks_fsm.models.run_verbs import move_runs
    from django_tasks_fsm.models.transitions import Change

    run = sample.echo.enqueue().run
    with django_capture_on_commit_callbacks(execute=True):
        move_runs([run.pk], Change("skip", Actor.system(), "too late"), "default")
    assert [type(error) for _, error in finished] == [RunSkipped]


@pytest.mark.django_db
def test_finished_is_sent_for_a_run_that_a_rescue_failed(
    finished: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    sample.echo.enqueue()
    with django_capture_on_commit_callbacks(execute=True):
        for hand in (Hand(), Hand(), Hand()):
            assert not finished
            hand.claim()
            hand.die()
    ((result, error),) = finished
    assert isinstance(error, WorkerLost)
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 3)


@pytest.mark.django_db
def test_a_run_that_is_aborted_after_its_end_finishes_once(
    finished: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    run = sample.echo.enqueue().run
    with django_capture_on_commit_callbacks(execute=True):
        run.cancel()
        run.abort()
    assert len(finished) == 1


@pytest.mark.django_db
@override_settings(TASKS={"fsm": {"BACKEND": BACKEND}})
def test_a_person_ends_a_run_though_no_backend_is_called_default(
    finished: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    run = sample.other.using(backend="fsm").enqueue().run
    with django_capture_on_commit_callbacks(execute=True):
        run.cancel()
    assert [result.backend for result, _ in finished] == ["fsm"]


# -- receivers ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("transaction", [False, True])
def test_a_receiver_that_raises_changes_nothing(
    error: type, transaction: bool, burst: Any, connect: Any, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("transactional_db" if transaction else "db")

    def receive(**kwargs: Any) -> None:
        raise error("from a receiver")

    connect(task_started, receive)
    connect(task_finished, receive)
    good, bad = sample.echo.enqueue(), sample.fail.enqueue()
    burst()
    good.refresh()
    bad.refresh()
    assert (good.status, bad.status) == (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)


@pytest.mark.django_db
def test_a_receiver_that_raises_at_enqueue_changes_nothing(connect: Any) -> None:
    from django_tasks_fsm.tasks_api import task_enqueued

    def receive(**kwargs: Any) -> None:
        raise ValueError("from a receiver")

    connect(task_enqueued, receive)
    assert sample.echo.enqueue().run.state == "QUEUED"


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_does_not_block_the_worker(connect: Any) -> None:
    from django_tasks_fsm.models import TaskRun
    from django_tasks_fsm.worker.config import WorkerConfig
    from django_tasks_fsm.worker.service import Worker
    from django_tasks_fsm.worker.stop import StopSwitch

    released, everything_ran = threading.Event(), threading.Event()
    connect(task_finished, lambda **kwargs: released.wait(60))
    results = sample.echo.enqueue_many([[number] for number in range(8)])
    switch = StopSwitch()
    worker = Worker(WorkerConfig(name="w", using="default", queues=("default",), interval=0.05), switch)

    def work() -> None:
        worker.run()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        results[-1].run.wait(timeout=30)
        if not TaskRun.objects.exclude(state="DONE").exists():
            everything_ran.set()
    finally:
        released.set()
        switch.ask("the test is over")
        thread.join(60)
    assert everything_ran.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_does_not_block_the_loop_that_rescues(connect: Any) -> None:
    released, told = threading.Event(), list[str]()

    def receive(task_result: Any, **kwargs: Any) -> None:
        released.wait(60)
        told.append(task_result.state)

    connect(task_finished, receive)
    run, announcer = sample.echo.enqueue().run, Announcer()
    announcer.start()  # from here on this thread is a worker's loop
    run.cancel()
    assert told == []
    released.set()
    announcer.stop(seconds=10)
    assert told == ["CANCELLED"]


@pytest.mark.django_db
def test_the_language_of_a_receiver_does_not_stay(burst: Any, connect: Any) -> None:
    languages: list[str | None] = []

    def receive(**kwargs: Any) -> None:
        languages.append(translation.get_language())
        translation.activate("fr")

    connect(task_started, receive)
    connect(task_finished, receive)
    sample.echo.enqueue_many([[], []])
    before = translation.get_language()
    burst()
    assert languages == [before] * 4


# -- Django's own receiver, the log ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(("level", "lines"), [("INFO", 4), ("ERROR", 1)])
def test_django_logs_what_its_level_lets_through(
    level: str, lines: int, burst: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(level, logger=core_logger.name):
        sample.echo.enqueue()
        sample.fail.enqueue()
        burst()
    told = [record for record in caplog.records if record.name == core_logger.name]
    assert len(told) == lines
    assert [record.exc_info is not None for record in told if record.levelno == logging.ERROR] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0)])
@pytest.mark.parametrize("verb", ["cancel", "abort"])
def test_a_run_that_a_person_ended_is_no_error_in_djangos_log(
    verb: str, level: str, lines: int, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    run = sample.echo.enqueue().run
    with caplog.at_level(level, logger=core_logger.name), django_capture_on_commit_callbacks(execute=True):
        getattr(run, verb)(reason="it\nrains")
    told = [record for record in caplog.records if record.name == core_logger.name]
    assert [(record.levelno, record.exc_info) for record in told] == [(logging.INFO, None)] * lines
    assert [record.getMessage().partition(" state=")[2] for record in told] == [
        f"FAILED ({run_state(run)}: 'rains')"
    ] * lines


def run_state(run: Any) -> str:
    run.refresh_from_db()
    return str(run.state)


def test_an_unheard_signal_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_logger, "disabled", True)
    assert not sending.wanted(task_started, logging.INFO)
    assert not sending.wanted(task_finished)


def test_a_projects_only_receiver_is_heard_when_djangos_is_gone(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_logger, "disabled", True)
    monkeypatch.setattr(task_finished, "receivers", [])
    connect(task_finished, lambda **kwargs: None)
    assert sending.wanted(task_finished)


# -- the announcer --------------------------------------------------------------------------------------------------


def test_calls_are_made_one_after_another_and_all_before_the_end() -> None:
    announcer, made = Announcer(), list[int]()
    announcer.start()
    for number in range(100):
        announcer.put(lambda number=number: made.append(number))  # type: ignore[misc]
    announcer.stop(seconds=10)
    assert made == list(range(100))


def test_what_slow_receivers_missed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    announcer, released = Announcer(), threading.Event()
    announcer.start()
    for _ in range(3):
        announcer.put(lambda: released.wait(60))  # type: ignore[arg-type]
    announcer.stop(seconds=0.05)
    assert "2 signals were not sent" in caplog.text
    released.set()


def test_deliver_uses_the_announcer_of_the_thread_and_no_other() -> None:
    made: list[str] = []
    announcer = Announcer()
    announcer.start()
    deliver(lambda: made.append(threading.current_thread().name))
    announcer.stop(seconds=10)
    deliver(lambda: made.append(threading.current_thread().name))
    assert made == ["tasks-fsm-signals", threading.current_thread().name]


def test_deliver_in_the_loop_does_not_wait_for_a_receiver() -> None:
    announcer, released, made = Announcer(), threading.Event(), list[str]()
    announcer.start()
    deliver(lambda: (released.wait(60), made.append("late"))[0])  # type: ignore[arg-type,func-returns-value]
    assert made == []
    released.set()
    announcer.stop(seconds=10)
    assert made == ["late"]


@pytest.mark.django_db
def test_a_result_told_by_the_worker_says_what_the_database_says(burst: Any, heard: list[Any]) -> None:
    result = sample.succeed_at_last.using(queue_name="audit", priority=5).enqueue(good=2)
    burst()
    told = heard[-1][1]
    stored = sample.succeed_at_last.get_result(result.id)
    for name in ("id", "status", "state", "args", "kwargs", "backend", "errors", "worker_ids", "enqueued_at",
                 "started_at", "return_value", "task"):  # fmt: skip
        assert getattr(told, name) == getattr(stored, name), name
    assert told.worker_ids == [str(uuid.UUID(told.worker_ids[0]))] * 2
    assert abs(told.finished_at - stored.finished_at) < timedelta(seconds=5)
