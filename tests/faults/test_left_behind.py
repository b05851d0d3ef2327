"""What a function leaves behind in its process, and who meets it there."""

from __future__ import annotations

import os
import signal

import pytest

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors.inline import InlineExecutor
from tests.jobs import processed, trail, unruly
from tests.worker.claims import job
from tests.worker.conftest import reports
from tests.worker.executors.conftest import child_settings, children, is_alive

__all__ = ["child_settings", "children", "reports"]


@pytest.fixture
def run(children, reports, monkeypatch):
    """Give ``run(job)``, which has one child process execute jobs and returns the outcome of each."""
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.processed tests.jobs.unruly")

    def submitted(one):
        children.submit([one])
        return reports.next()

    return submitted


@pytest.mark.fault("F10")
def test_what_a_function_has_started_ends_with_its_child_process(children, run, wait_until):
    pid = int(run(job(unruly.start_a_process)).result_json)
    assert run(job(processed.where)).ending is Ending.DONE
    assert is_alive(pid)
    children.stop()
    wait_until(lambda: not is_alive(pid))


@pytest.mark.fault("F11")
def test_what_a_function_changes_of_its_process_changes_neither_worker_nor_signals(
    children, run, reports, tmp_path, wait_until
):
    before = os.getcwd(), signal.getsignal(signal.SIGTERM)
    assert run(job(unruly.change_the_process, str(tmp_path))).ending is Ending.DONE
    assert (os.getcwd(), signal.getsignal(signal.SIGTERM)) == before
    assert "TESTS_LEFT_BEHIND" not in os.environ
    next_one = job(processed.linger, str(tmp_path / "trail"))
    children.submit([next_one])
    wait_until(lambda: trail.read(tmp_path / "trail"))
    next_one.context.request_stop("a person asked for it")
    assert (reports.next().ending, trail.read(tmp_path / "trail")[1:]) == (Ending.CANCELLED, ["tidied"])


@pytest.mark.fault("F11")
def test_a_worker_hears_the_signals_again_that_a_function_has_muted(transactional_db, reports, caplog):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    one = job(unruly.ignore_signals)
    InlineExecutor(reports.report, reports.begun.append, "default").submit([one])
    assert reports.next().ending is Ending.DONE
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    assert f"Run {one.claim.id} left a handler of its own for SIGTERM" in caplog.text


@pytest.mark.fault("F21")
def test_errors_that_cannot_be_pickled_cross_processes(run):
    failures = {name: run(job(unruly.throw, name)).failure for name in unruly.ERRORS}
    assert {name: failure.exception for name, failure in failures.items()} == {
        name: f"tests.jobs.unruly.{name}" for name in unruly.ERRORS
    }
    assert failures["TwoArguments"].message == "a"
