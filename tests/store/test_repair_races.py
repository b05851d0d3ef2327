"""Two at once, and a worker that ends a run at the same moment."""

from __future__ import annotations

import pytest
from django.db import transaction

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import PlanChanged
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.repair import Plan, act, plan_rerun
from tests.store.repairing import chain, states, wrong_counts
from tests.store.rows import DB, claimed, events_of, finished
from tests.store.threads import SECONDS, Session, at_once, in_thread, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def did(plan: Plan) -> bool:
    try:
        act(plan)
    except PlanChanged:
        return False
    return True


def test_of_two_people_who_press_rerun_at_once_one_does_it_and_one_is_shown_the_new_plan() -> None:
    runs = chain("DONE", "DONE", "FAILED")
    plan = plan_rerun(runs[0].pk, DB)
    assert sorted(at_once(lambda: did(plan), lambda: did(plan))) == [False, True]
    assert [events_of(run) for run in runs] == [["rerun"], ["rerun"], ["retry"]]
    assert wrong_counts() == []


def test_reruns_from_two_ends_of_a_chain_at_once_leave_every_count_right() -> None:
    runs = chain("DONE", "DONE", "DONE", "DONE")
    upper, lower = plan_rerun(runs[0].pk, DB), plan_rerun(runs[2].pk, DB)
    done = at_once(lambda: did(upper), lambda: did(lower))
    assert any(done)
    assert wrong_counts() == []
    assert states(runs)[2:] == (["PENDING", "PENDING"] if done[0] else ["QUEUED", "PENDING"])


def running_above() -> tuple[list[TaskRun], Outcome]:
    """Return a prerequisite that runs for the second time, and its failed dependent, whose edge is still met."""
    above, below = chain("DONE", "FAILED")
    above.rerun(downstream=False)
    return [above, below], Outcome.done(claimed(above), "null")


def test_a_retry_that_meets_the_end_of_a_prerequisite_sees_it(other: Session) -> None:
    runs, outcome = running_above()
    other.do(lambda: finished(outcome))
    meanwhile(other, runs[1].retry)
    assert (states(runs), wrong_counts()) == (["DONE", "QUEUED"], [])


def test_a_prerequisite_that_ends_while_its_dependent_is_retried_lets_it_go() -> None:
    runs, outcome = running_above()
    with transaction.atomic():
        runs[1].retry()
        ends = in_thread(lambda: finished(outcome))
    # Where locked rows are skipped the worker offers the outcome again.
    assert ends.result(SECONDS) or finished(outcome)
    assert (states(runs), wrong_counts()) == (["DONE", "QUEUED"], [])
