from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.models import TaskRun
from tests.store.faults import just_before
from tests.store.rows import FAILURE, a_run, claimed, events_of, finished, state_of
from tests.store.threads import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_that_is_claimed_while_it_is_cancelled_is_asked_to_stop(other):
    run = a_run()
    other.do(lambda: claimed(run))
    report = meanwhile(other, TaskRun.objects.filter(pk=run.pk).cancel)
    assert (report.moved, report.asked, report.refused) == ((), 1, ())
    run.refresh_from_db()
    assert run.state == "RUNNING"
    assert run.cancel_requested_at is not None


def test_a_run_that_is_claimed_while_it_is_rescheduled_stays_with_its_worker(other):
    run = a_run()
    other.do(lambda: claimed(run))
    report = meanwhile(other, lambda: TaskRun.objects.reschedule(timezone.now() + timedelta(days=1)))
    assert (report.moved, report.refused) == ((), (("RUNNING", 1),))
    assert state_of(run) == "RUNNING"


def test_a_run_that_is_retried_and_claimed_while_it_is_retried_stays_with_its_worker(other):
    run = a_run("FAILED")
    other.do(lambda: (run.retry(), claimed(run)))
    report = meanwhile(other, TaskRun.objects.retry)
    assert (report.moved, report.refused) == ((), (("RUNNING", 1),))
    assert events_of(run) == ["retry"]


def test_a_run_that_ends_while_it_is_cancelled_keeps_its_end(other):
    run = a_run()
    claim = claimed(run)
    other.do(lambda: finished(Outcome.done(claim, "1")))
    report = meanwhile(other, TaskRun.objects.cancel)
    assert (report.moved, report.asked, report.refused) == ((), 0, (("DONE", 1),))
    assert state_of(run) == "DONE"


def test_a_run_that_is_aborted_while_it_ends_is_ended_once(other):
    run = a_run()
    claim = claimed(run)
    other.do(lambda: finished(Outcome.done(claim, "1")))
    assert meanwhile(other, TaskRun.objects.abort).moved == ()
    assert (state_of(run), events_of(run)) == ("DONE", [])


def test_of_two_who_cancel_at_once_one_does_it(other):
    run = a_run()
    other.do(run.cancel)
    report = meanwhile(other, TaskRun.objects.cancel)
    assert (report.moved, report.refused) == ((), (("CANCELLED", 1),))
    assert events_of(run) == ["cancel"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("outcome", [Outcome.released, partial(Outcome.retry, failure=FAILURE, delay=timedelta(0))])
def test_a_run_that_its_worker_gives_back_while_it_is_cancelled_does_not_escape(outcome):
    run = a_run()
    given_back = outcome(claimed(run), reason="x")
    with just_before(("cancel_requested_at", lambda: finished(given_back))):
        report = TaskRun.objects.filter(pk=run.pk).cancel()
    assert (report.asked, report.refused, state_of(run)) == (1, (), "RUNNING")
    finished(given_back)
    assert state_of(run) == "CANCELLED"
