"""Functions in child processes: what crosses, who pays for a crash, and that nothing outlives its time."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import stint
from django_tasks_fsm.worker.executors.process import ProcessExecutor
from tests.jobs import processed, trail
from tests.jobs.tasks import fail
from tests.worker.claims import job
from tests.worker.executors.conftest import SENDER, is_alive


@task(executor="process")
def known_here_only():
    pass


@pytest.fixture
def run(children, reports):
    """Give ``run(job)``: its outcome."""

    def submitted(one):
        children.submit([one])
        return reports.next()

    return submitted


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(stint, "POLITE", 0.0)
    monkeypatch.setattr(stint, "GRACE", 0.3)


@pytest.fixture
def begun(children, tmp_path, wait_until):
    """Give ``begun(task)``: a job of it that has begun, the trail, and the processes it named."""
    path = tmp_path / "trail"

    def start(function, **policy):
        one = job(function, str(path), **policy)
        children.submit([one])
        wait_until(lambda: trail.read(path))
        return one, path, [int(word) for word in trail.read(path)[0].split()[1:]]

    return start


def test_arguments_and_result_cross_and_the_child_serves_the_next_run(run):
    pid, parent, args, kwargs = json.loads(run(job(processed.where, 1, "é", [None])).result_json)
    assert (parent, args, kwargs) == (os.getpid(), [1, "é", [None]], {})
    assert json.loads(run(job(processed.where)).result_json)[0] == pid
    assert json.loads(run(job(processed.awhere)).result_json) == pid


def test_what_a_function_raises_comes_as_text(run):
    outcome = run(job(fail, "é", max_attempts=1))
    assert (outcome.ending, outcome.failure.message) == (Ending.FAILED, "é")
    assert "raise RuntimeError(message)\nRuntimeError: é" in outcome.failure.traceback


@pytest.mark.fault("F7")
@pytest.mark.parametrize(
    ("function", "args", "how"),
    [(processed.leave, [7], "ended with exit code 7"), (processed.segfault, [], "was ended by SIGSEGV")],
)
def test_a_crash_is_charged_to_its_own_run_only(reports, child_settings, tmp_path, wait_until, function, args, how):
    pool = ProcessExecutor(reports.report, reports.begun.append, 2, SENDER)
    neighbour = job(processed.linger, str(tmp_path / "trail"))
    pool.submit([neighbour])
    wait_until(lambda: trail.read(tmp_path / "trail"))
    pool.submit([job(function, *args)])
    outcome = reports.next()
    assert outcome.ending is Ending.FAILED
    assert outcome.failure.exception == "django_tasks_fsm.exceptions.WorkerLost"
    assert outcome.failure.message == f"The process that ran it {how}."
    pool.submit([job(processed.where)])
    assert reports.next().ending is Ending.DONE
    assert trail.read(tmp_path / "trail")[1:] == []
    pool.stop()


@pytest.mark.fault("F7")
def test_a_crash_is_retried_by_policy(run):
    assert run(job(processed.leave, 0, max_attempts=2)).ending is Ending.RETRY


@pytest.mark.fault("F7")
def test_a_child_that_was_killed_while_idle_is_replaced_and_nobody_pays(run):
    pid = json.loads(run(job(processed.where)).result_json)[0]
    os.kill(pid, signal.SIGKILL)
    assert json.loads(run(job(processed.where)).result_json)[0] != pid


@pytest.mark.parametrize("function", [processed.linger, processed.alinger])
def test_a_cancelled_function_is_broken_off_and_tidies_up(begun, reports, impatient, function):
    one, path, _ = begun(function)
    one.context.request_stop("a person asked for it")
    outcome = reports.next()
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "a person asked for it")
    assert trail.read(path)[1:] == ["tidied"]


@pytest.mark.fault("F10", "F30")
def test_a_function_that_obeys_nobody_is_killed_with_what_it_has_started(begun, reports, impatient, wait_until):
    one, path, pids = begun(processed.cling)
    one.context.request_stop("a person asked for it")
    outcome = reports.next()
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "a person asked for it; its process was killed")
    assert trail.read(path)[1:] == ["caught"]
    wait_until(lambda: not any(map(is_alive, pids)))


@pytest.mark.fault("F30")
@pytest.mark.parametrize(
    ("function", "said"),
    [
        (processed.linger, "The run took longer than its timeout of 0.01 s."),
        (processed.alinger, "The run took longer than its timeout of 0.01 s."),
        (processed.cling, "The run took longer than its timeout of 0.01 s; its process was killed."),
    ],
)
def test_past_its_timeout_a_function_ends(begun, reports, impatient, function, said):
    begun(function, timeout=0.01)
    outcome = reports.next()
    assert (outcome.ending, outcome.failure.message) == (Ending.FAILED, said)
    assert outcome.failure.exception == "django_tasks_fsm.exceptions.RunTimedOut"


def test_a_timeout_shows_where_the_function_was(begun, reports, impatient):
    begun(processed.linger, timeout=0.01)
    assert 'trails.hold("/nowhere")' in reports.next().failure.traceback


def test_a_function_in_a_child_asks_for_its_next_round(run):
    outcome = run(job(processed.go_on, 1))
    assert (outcome.ending, outcome.delay, outcome.args) == (Ending.RESCHEDULED, timedelta(seconds=2.5), [2])
    assert run(job(processed.go_on, 1, min_interval=60.0)).throttled


def test_a_function_that_the_child_does_not_know_waits_for_a_deploy(run):
    assert run(job(known_here_only)).ending is Ending.RESCHEDULED


def test_where_no_child_can_start_runs_are_given_back(run, monkeypatch, capfd):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "no.such.settings")
    outcome = run(job(processed.where))
    assert outcome.ending is Ending.RESCHEDULED
    assert outcome.reason == "the process to run it in could not be started: it ended with exit code 1"
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    assert run(job(processed.where)).ending is Ending.DONE


@pytest.mark.fault("F9")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_that_returns_counts_for_nothing(run, reports):
    assert run(job(processed.fork)).result_json == '"child left with 70"'
    assert reports.is_empty()


def test_what_has_not_begun_can_be_taken_back(begun, children):
    begun(processed.linger)
    waiting = [job(processed.where), job(processed.where)]
    children.submit(waiting)
    assert children.unstarted() == waiting


@pytest.mark.fault("F10")
def test_stopping_leaves_no_process_behind(begun, children, wait_until):
    _, _, pids = begun(processed.cling)
    children.stop()
    assert not any(thread.is_alive() for thread in children._crew.values())
    wait_until(lambda: not any(map(is_alive, pids)))
