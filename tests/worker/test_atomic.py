"""An atomic function and the end of its run are committed together, or not at all."""

from __future__ import annotations

import contextvars
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.models import RunDetail, TaskRun
from django_tasks_fsm.results import claimed_result
from django_tasks_fsm.store.cycle import turn
from django_tasks_fsm.store.definitions import definitions
from django_tasks_fsm.worker import atomic
from django_tasks_fsm.worker.runner import FORKED_CHILD_EXIT, job_for, run
from tests.jobs import wholes
from tests.jobs.tasks import noop
from tests.store.faults import failing, losing_answers_to_commits, losing_the_connection, transient
from tests.store.rows import a_task, a_worker, state_of, waits_for
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.usefixtures("transactional_db")

RUNS = "django_tasks_fsm_taskrun"


def taken(task, *args, **kwargs):
    """Enqueue and claim a run; return its job."""
    task.enqueue(*args, **kwargs)
    worker = a_worker("whole").pk
    (claim,) = turn(worker, [], ["default"], 1, "default").claims
    (definition,) = definitions([claim.task_id], "default").values()
    return job_for(claim, definition, "default", worker, lambda mine, of: claimed_result(mine, of, worker))


def carried_out(job):
    """Execute a job as an executor does."""
    return contextvars.Context().run(run, job)


def run_of(job):
    return TaskRun.objects.get(pk=job.claim.id)


def test_the_effects_and_the_end_are_committed_together():
    job = taken(wholes.add, "word", 5)
    behind = TaskRun.objects.create(task=a_task(), state="PENDING", waiting_on=1)
    waits_for(behind, run_of(job))
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored) == (Ending.DONE, True)
    assert (run_of(job).state, run_of(job).result, wholes.left("word")) == ("DONE", 5, 1)
    assert state_of(behind) == "QUEUED"


def test_an_exception_undoes_the_effects_and_is_retried_as_usual():
    job = taken(wholes.stumble, "word")
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.RETRY, False, 0)
    assert outcome.failure.traceback.count("File ") == 1
    assert run_of(job).state == "RUNNING"


def test_arguments_that_do_not_fit_fail_the_run():
    outcome = carried_out(taken(wholes.add))
    assert (outcome.ending, outcome.reason) == (Ending.FAILED, "the arguments do not fit the function")


@pytest.mark.parametrize("change", [{"fence": 99}, {"state": "QUEUED"}])
def test_what_a_worker_does_that_has_lost_the_run_is_undone(change):
    job = taken(wholes.add, "word")
    TaskRun._base_manager.filter(pk=job.claim.id).update(**change)
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.RELEASED, False, 0)


def test_an_aborted_run_stays_as_it_was_ended():
    job = taken(wholes.bear)
    run_of(job).abort(reason="now")
    assert not carried_out(job).is_stored
    assert (run_of(job).state, noop_runs()) == ("ABORTED", 0)


def noop_runs():
    return TaskRun.objects.filter(task__function=noop.module_path).count()


@pytest.mark.parametrize(("fails", "made"), [(False, 2), (True, 0)])
def test_runs_that_it_makes_are_there_with_the_commit(fails, made):
    job = taken(wholes.bear, fails)
    assert carried_out(job).is_stored is not fails
    assert noop_runs() == made
    # The child's row and the run's own are locked by then, and still neither is forgotten, nor does anybody wait.
    assert (run_of(job).progress, run_of(job).detail.log.count("two made")) == (50, 1)


def test_a_function_that_has_locked_what_is_said_of_it_does_not_wait_for_itself():
    job = taken(wholes.write_its_own_detail, "word")
    assert in_thread(lambda: carried_out(job)).result(SECONDS).is_stored
    detail = run_of(job).detail
    assert (detail.progress_note, detail.metadata, "by hand" in detail.log) == ("by hand", {"by": "hand"}, True)


@pytest.mark.parametrize("fails", [False, True])
def test_what_it_says_of_itself_is_seen_at_once_where_that_can_be_and_stays_in_any_case(fails):
    wholes.SEEN.clear()
    job = taken(wholes.tell, fails)
    wholes.LOOKS[:] = [lambda: in_thread(lambda: run_of(job).progress).result(SECONDS)]
    try:
        assert carried_out(job).is_stored is not fails
    finally:
        wholes.LOOKS.clear()
    seen = [None] if connection.vendor == "sqlite" else [25]
    assert seen == wholes.SEEN
    detail = RunDetail.objects.get(pk=job.claim.id)
    said = [line.split()[-1] for line in detail.log.splitlines()]
    assert (run_of(job).progress, said, detail.metadata) == (25, ["one", "two"], {"key": "value"})


@pytest.mark.parametrize(
    ("task", "ending", "state"),
    [
        (wholes.doubt, Ending.CANCELLED, "CANCELLED"),
        (wholes.go_round, Ending.RESCHEDULED, "PENDING"),
        (wholes.have_enough, Ending.DONE, "DONE"),
    ],
)
def test_whatever_a_function_chooses_to_end_with_is_committed(task, ending, state):
    job = taken(task, "word")
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, run_of(job).state) == (ending, True, state)
    assert wholes.left("word") == 1


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (wholes.give_an_object, "object"),
        (wholes.insist, "durable"),
        (wholes.swallow, "transaction"),
        (wholes.point_nowhere, ""),
    ],
)
def test_a_run_that_fails_has_done_nothing(task, words):
    job = taken(task, "word")
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.FAILED, False, 0)
    assert words in outcome.failure.message
    assert not connection.in_atomic_block


def test_a_connection_that_the_function_closes_is_no_outage():
    outcome = carried_out(taken(wholes.hang_up, "word"))
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.RETRY, False, 0)
    assert "closed the connection" in outcome.failure.message


def test_a_transaction_that_is_not_the_first_one_any_more_is_not_committed():
    job = taken(wholes.begin_anew, "word")
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, run_of(job).state) == (Ending.RETRY, False, "RUNNING")


@pytest.mark.parametrize("asks", [False, True])
def test_a_run_that_is_ended_by_its_own_function_fails_and_does_not_begin_again(asks):
    job = taken(wholes.end_oneself, "word", asks)
    outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.FAILED, False, 0)
    assert "its own run" in outcome.failure.message


def test_a_call_behind_the_commit_that_raises_changes_nothing_about_it(caplog):
    wholes.SEEN.clear()
    job = taken(wholes.call_later, "word")
    assert carried_out(job).is_stored
    assert (run_of(job).state, wholes.left("word"), wholes.SEEN) == ("DONE", 1, [])
    assert "is committed; what was to be called then failed" in caplog.text
    assert "behind the commit" in caplog.text


def test_a_deadlock_at_the_end_is_not_the_functions_fault():
    job = taken(wholes.add, "word")
    with failing([transient()], ("UPDATE", RUNS, "result")):
        outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.RESCHEDULED, False, 0)
    turn(job.worker_id, [outcome], (), 0, "default")
    assert (run_of(job).state, run_of(job).attempt) == ("PENDING", 0)
    assert carried_out(job).ending is Ending.RELEASED
    assert wholes.left("word") == 0


def test_a_connection_that_is_lost_at_the_end_leaves_nothing_behind():
    job = taken(wholes.add, "word")
    with losing_the_connection("after", ("UPDATE", RUNS, "result")):
        outcome = carried_out(job)
    assert (outcome.ending, outcome.is_stored, wholes.left("word")) == (Ending.RESCHEDULED, False, 0)
    assert "was not committed" in outcome.reason
    assert run_of(job).state == "RUNNING"


def test_a_commit_whose_answer_was_lost_is_found_to_be_one():
    job = taken(wholes.add, "word")
    with losing_answers_to_commits() as lost:
        outcome = carried_out(job)
    assert (lost, outcome.ending, outcome.is_stored) == (["COMMIT"], Ending.DONE, True)
    assert (run_of(job).state, wholes.left("word")) == ("DONE", 1)


def test_a_database_that_is_away_when_it_should_begin_is_not_the_functions_fault(monkeypatch):
    job = taken(wholes.add, "word")
    connection.close()
    monkeypatch.setattr(connection, "connect", partial(_raise, transient()))
    outcome = carried_out(job)
    monkeypatch.undo()
    assert (outcome.ending, wholes.left("word")) == (Ending.RESCHEDULED, 0)
    assert "could not begin" in outcome.reason


def _raise(error):
    raise error


def test_a_forked_child_that_returns_ends_before_it_touches_the_transaction(monkeypatch):
    job = taken(wholes.add, "word")
    pids = iter([1, 2])
    left = SimpleNamespace(getpid=lambda: next(pids), _exit=lambda code: _raise(SystemExit(code)))
    monkeypatch.setattr(atomic, "os", left)
    outcome = carried_out(job)
    assert (outcome.failure.exception, outcome.failure.message) == ("builtins.SystemExit", str(FORKED_CHILD_EXIT))
    assert (run_of(job).state, wholes.left("word")) == ("RUNNING", 0)


def test_in_a_transaction_of_the_callers_it_is_a_savepoint():
    done, failed = taken(wholes.add, "good"), taken(wholes.stumble, "bad")
    with transaction.atomic():
        assert carried_out(done).is_stored
        assert carried_out(failed).ending is Ending.RETRY
        assert (wholes.left("good"), wholes.left("bad")) == (1, 0)
        transaction.set_rollback(True)
    assert (wholes.left("good"), run_of(done).state) == (0, "RUNNING")


def test_it_does_not_rest_with_its_transaction_open():
    job = taken(wholes.look_up)
    run_of(job).pause(reason="later")
    assert run_of(job).pause_requested_at
    assert carried_out(job).is_stored


def test_what_has_ended_is_not_done_again():
    job = taken(wholes.add, "word")
    assert carried_out(job).is_stored
    again = carried_out(job)
    assert (again.ending, again.is_stored, wholes.left("word")) == (Ending.RELEASED, False, 1)
