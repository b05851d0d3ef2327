"""What runs log is there when their end is, at no cost for those that log nothing."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection

from django_tasks_fsm.models import RunLog, TaskRun
from django_tasks_fsm.store import lines as store_lines
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.worker import listening, scribe
from tests.jobs import speaking, trail
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("quick_options")


def lines(run, *columns):
    rows = RunLog.objects.filter(run=getattr(run, "id", run)).order_by("fence", "number")
    return list(rows.values_list(*columns) if columns else rows.values_list("message", flat=True))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "trail")


@pytest.fixture
def gate(tmp_path):
    return tmp_path / "gate"


@pytest.fixture
def capped(settings):
    """Give ``capped(**options)``, which sets options of the app for the test."""

    def set_options(**options):
        entry = settings.TASKS["default"]
        settings.TASKS = {"default": {**entry, "OPTIONS": {**entry["OPTIONS"], **options}}}

    return set_options


def test_the_lines_of_a_run_are_there_when_its_end_is(start_worker):
    start_worker()
    results = [speaking.say.enqueue(f"hello {number}") for number in range(20)]
    for number, result in enumerate(results):
        result.wait(30)
        assert lines(result) == [f"hello {number}"]
    assert lines(results[0], "number", "attempt", "level", "logger") == [(1, 1, logging.INFO, "tests.speaking")]


def test_a_coroutine_and_the_threads_it_goes_to_are_heard(start_worker):
    start_worker()
    results = [speaking.asay.enqueue(f"a{number}", f"b{number}") for number in range(5)]
    for result in results:
        result.wait(30)
    assert [lines(result) for result in results] == [[f"a{number}", f"b{number}"] for number in range(5)]


def test_a_running_run_shows_its_lines(start_worker, path, gate, wait_until):
    start_worker()
    result = speaking.say_and_hold.enqueue(path, str(gate))
    wait_until(lambda: lines(result) == ["before"])
    assert TaskRun.objects.get(pk=result.id).state == "RUNNING"
    gate.touch()
    result.wait(30)
    assert lines(result) == ["before", "after"]


def test_a_run_that_has_locked_its_own_row_delays_nobody_s_lines(start_worker, path, gate, wait_until):
    if connection.vendor == "sqlite":
        pytest.skip("a transaction that writes locks the whole file")
    start_worker()
    locked = speaking.lock_and_say.enqueue(path, str(gate))
    wait_until(lambda: lines(locked) == ["from inside"])
    other = speaking.say.enqueue("from outside")
    other.wait(30)
    assert lines(other) == ["from outside"]
    gate.touch()
    locked.wait(30)


def test_each_attempt_goes_on_counting_and_tracebacks_are_kept(start_worker, wait_until):
    start_worker()
    run = speaking.stumble.enqueue().run
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).attempt == 1 and lines(run))
    TaskRun.objects.get(pk=run.pk).reschedule(run.run_at)
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "FAILED")
    assert lines(run, "number", "attempt") == [(1, 1), (2, 2)]
    assert all(text.startswith("it went wrong\nTraceback") and "no luck" in text for text in lines(run))


def test_the_level_is_the_setting_s_or_the_task_s(start_worker, capped):
    capped(LOG_LEVEL="WARNING")
    start_worker()
    quiet, loud = speaking.say.enqueue("quiet"), speaking.say.enqueue("loud", level="WARNING")
    own = speaking.murmur.enqueue()
    for result in (quiet, loud, own):
        result.wait(30)
    assert (lines(quiet), lines(loud), lines(own)) == ([], ["loud"], ["ERROR", "CRITICAL"])


def test_off_keeps_nothing(start_worker, capped):
    capped(LOG_LEVEL="OFF")
    start_worker()
    result = speaking.say.enqueue("loud", level="CRITICAL")
    result.wait(30)
    assert lines(result) == []


def test_of_a_long_log_the_newest_lines_are_kept_over_all_attempts(start_worker, capped, monkeypatch, wait_until):
    capped(LOG_LINES=5)
    monkeypatch.setattr(scribe, "EVERY", 0.01)
    start_worker()
    run = speaking.count.enqueue(5000).run
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "DONE")
    assert lines(run, "number", "message") == [(number, str(number)) for number in range(4996, 5001)]
    TaskRun.objects.get(pk=run.pk).rerun()
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).fence == 2 and TaskRun.objects.get(pk=run.pk).state == "DONE")
    assert lines(run, "number", "message") == [(number + 5000, str(number)) for number in range(4996, 5001)]


def test_a_child_process_is_heard_while_it_runs(start_worker, path, gate, wait_until, monkeypatch, database_url):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.speaking")
    monkeypatch.setenv("DATABASE_URL", database_url)
    start_worker()
    result = speaking.say_from_child.enqueue(path, str(gate))
    wait_until(lambda: lines(result) == ["of old", "before"])
    gate.touch()
    result.wait(30)
    assert lines(result) == ["of old", "before", "after"]


def test_a_stop_that_gives_a_run_back_loses_none_of_its_lines(start_worker, path, gate, wait_until, monkeypatch):
    monkeypatch.setattr(scribe, "EVERY", 3600.0)
    worker = start_worker(grace=0.0)
    run = speaking.say_and_hold.enqueue(path, str(gate)).run
    wait_until(lambda: trail.read(path))
    worker.stop()
    gate.touch()
    assert (TaskRun.objects.get(pk=run.pk).state, lines(run)) == ("QUEUED", ["before"])


def test_a_worker_that_has_lost_a_run_adds_no_line(start_worker, path, gate, wait_until):
    start_worker()
    run = speaking.say_and_hold.enqueue(path, str(gate)).run
    wait_until(lambda: lines(run) == ["before"])
    TaskRun.objects.get(pk=run.pk).abort()
    gate.touch()
    other = speaking.say.enqueue("another")
    other.wait(30)
    assert (lines(run), lines(other)) == (["before"], ["another"])


def test_a_log_that_cannot_be_stored_costs_no_run(start_worker, monkeypatch, caplog):
    monkeypatch.setattr(scribe, "keep", lambda *args: (_ for _ in ()).throw(ProgrammingError("no such table")))
    start_worker()
    for _ in range(3):
        speaking.say.enqueue("lost").wait(30)
    assert [record.getMessage() for record in caplog.records if "cannot be stored" in record.getMessage()] == [
        "What runs log cannot be stored: ProgrammingError: no such table"
    ]


def test_a_line_that_cannot_be_stored_costs_no_other_run_its_lines(start_worker, monkeypatch, wait_until):
    real = store_lines.keep

    def keep(batches, *args):
        if any(line.message == "poison" for batch in batches for line in batch.lines):
            raise DataError("out of range")
        return real(batches, *args)

    writer = start_worker().worker._cycle.scribe
    monkeypatch.setattr(scribe, "keep", keep)
    with writer._writing:  # so that they are written together
        results = [speaking.say.enqueue(text) for text in ("first", "poison", "last")]
        wait_until(lambda: len(writer._over) == 3)
    for result in results:
        result.wait(30)
    assert [lines(result) for result in results] == [["first"], [], ["last"]]


def test_a_run_that_ends_while_all_is_written_disturbs_nobody():
    writer: Any = scribe.Scribe("default", lambda outcome: None, inline=True)

    class Ending:
        def __len__(self):
            writer._books.clear()  # as a run does that ends in another thread
            return 0

    writer._books = {number: SimpleNamespace(lines=Ending()) for number in range(3)}
    writer.flush()
    assert writer._books == {}


def test_a_thread_that_speaks_when_its_run_is_over_leaves_nothing_behind(db):
    claim = SimpleNamespace(id=uuid.uuid4(), fence=1, attempt=1, key=(uuid.uuid4(), 1))
    writer: Any = scribe.Scribe("default", lambda outcome: None, inline=True)
    hearing: Any = listening.Hearing(claim, writer, 0)  # type: ignore[arg-type]
    writer.take(hearing, logging.makeLogRecord({"msg": "late", "name": "a", "levelno": 20}))
    writer.flush()
    assert writer._books == {}


def test_a_level_beyond_all_bounds_is_stored_as_the_highest(start_worker):
    start_worker()
    result = speaking.shout.enqueue(2**40)
    result.wait(30)
    assert lines(result, "level", "message") == [(32_767, "loud")]


def test_lines_outlast_a_database_that_is_away_for_a_while(start_worker, monkeypatch):
    real, fails = store_lines.keep, iter([True, True])

    def keep(*args):
        if next(fails, False):
            raise OperationalError("away")
        return real(*args)

    monkeypatch.setattr(scribe, "keep", keep)
    monkeypatch.setattr(scribe, "EVERY", 0.01)
    monkeypatch.setattr("django_tasks_fsm.dialects.base.Dialect.is_transient", lambda self, error: True)
    start_worker()
    result = speaking.say.enqueue("patient")
    result.wait(30)
    assert lines(result) == ["patient"]


def test_a_run_that_logs_nothing_meets_no_thread_and_no_statement(start_worker, monkeypatch):
    monkeypatch.setattr(scribe, "keep", lambda *args: pytest.fail("something was written"))
    worker = start_worker()
    for _ in range(5):
        noop.enqueue().wait(30)
    assert worker.worker._cycle.scribe._thread is None


def test_nobody_listens_any_more_when_the_worker_has_gone(start_worker):
    worker = start_worker()
    speaking.say.enqueue("x").wait(30)
    assert listening.EAR in logging.getLogger().handlers
    worker.stop()
    assert listening.EAR not in logging.getLogger().handlers


def test_a_rescued_run_has_the_lines_of_both_workers(start_worker, path, gate, wait_until):
    first = start_worker()
    run = speaking.say_and_hold.enqueue(path, str(gate)).run
    wait_until(lambda: lines(run) == ["before"])
    TaskRun.objects.get(pk=run.pk)
    first.stop(now=True)
    rescue(timedelta(seconds=60), 3, "default")
    gate.touch()
    start_worker()
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "DONE")
    assert lines(run, "number", "message") == [(1, "before"), (2, "before"), (3, "after")]
