from __future__ import annotations

import pytest
from django.db import IntegrityError, InterfaceError, transaction

from django_tasks_fsm import signals
from django_tasks_fsm.core.prerequisites import Awaited, Condition
from django_tasks_fsm.models import RunPrerequisite, TaskRun, Transition, transactions
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.once import once
from tests.store.faults import losing_answers_to_commits, losing_the_connection
from tests.store.rows import DB, a_run, a_task, done, enqueued, state_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Take note of the pauses instead of waiting."""
    taken: list[int] = []
    monkeypatch.setattr(transactions, "pause", taken.append)
    return taken


def request(*prerequisites, **values) -> Request:
    edges = tuple(Awaited(one, Condition.DONE) for one in prerequisites)
    return Request(task_id=a_task().pk, prerequisites=edges, **values)


def stored_ids() -> set:
    return set(TaskRun.objects.values_list("pk", flat=True))


@pytest.mark.fault("F39")
@pytest.mark.parametrize("number", [1, 2])
def test_many_whose_commit_was_not_answered_are_made_once(number, pauses):
    before = request()
    wanted = [before, request(before.id), request()]
    with losing_answers_to_commits(number) as lost:
        made = enqueue_many(wanted, DB)
    assert (lost, pauses) == (["COMMIT"] * number, [1] * number)  # the second is that of the look
    assert [run.pk for run in made] == [one.id for one in wanted]
    assert stored_ids() == {one.id for one in wanted}
    assert [(run.state, run.waiting_on) for run in made] == [("QUEUED", 0), ("PENDING", 1), ("QUEUED", 0)]
    assert RunPrerequisite.objects.count() == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_many_whose_connection_broke_before_the_commit_are_made_once(when):
    wanted = [request(), request()]
    with losing_the_connection(when):
        enqueue_many(wanted, DB)
    assert stored_ids() == {one.id for one in wanted}


def test_a_run_with_a_key_whose_commit_was_not_answered_is_the_one_that_bears_it():
    wanted = request(key="k")
    with losing_answers_to_commits():
        assert enqueue(wanted, DB).pk == wanted.id
    assert stored_ids() == {wanted.id}


def test_a_run_with_a_key_that_ended_before_the_repeat_is_not_made_again(monkeypatch):
    wanted = request(key="k")
    monkeypatch.setattr(transactions, "pause", lambda attempt: done(TaskRun.objects.get()))
    with losing_answers_to_commits():
        run = enqueue(wanted, DB)
    assert (run.pk, stored_ids()) == (wanted.id, {wanted.id})
    assert state_of(run) == "DONE"


@pytest.mark.fault("F39")
def test_a_run_with_a_prerequisite_whose_commit_was_not_answered_waits_once():
    before = enqueued()
    wanted = request(before.pk)
    with losing_answers_to_commits():
        run = enqueue(wanted, DB)
    assert (run.pk, run.waiting_on) == (wanted.id, 1)
    assert RunPrerequisite.objects.filter(run=run).count() == 1
    done(before)
    assert state_of(run) == "QUEUED"


def test_a_bearer_stays_the_answer_for_a_key_in_a_batch():
    bearer = enqueue(request(key="k"), DB)
    wanted = [request(key="k"), request()]
    with losing_answers_to_commits():
        made = enqueue_many(wanted, DB)
    assert [run.pk for run in made] == [bearer.pk, wanted[1].id]
    assert stored_ids() == {bearer.pk, wanted[1].id}


@pytest.mark.fault("F39")
def test_a_start_whose_commit_was_not_answered_is_one_run_with_one_line_of_history():
    task = a_task()
    enqueue(request(), DB).delete()  # so that the queue is known
    with losing_answers_to_commits() as lost:
        run = task.start()
    assert lost
    assert stored_ids() == {run.pk}
    assert Transition.objects.filter(run=run, event="start").count() == 1


def test_workers_here_are_told_of_what_was_stored_after_all():
    heard: list[frozenset[str]] = []

    def hear(queues, **kwargs):
        heard.append(queues)

    wanted = [request(queue="mail")]
    signals.work_ready.connect(hear)
    try:
        with losing_answers_to_commits():
            enqueue_many(wanted, DB)
    finally:
        signals.work_ready.disconnect(hear)
    assert heard == [frozenset({"mail"})]


def test_a_refusal_stays_a_refusal():
    wanted = [request(), request(id=a_run().pk)]
    with pytest.raises(IntegrityError):
        enqueue_many(wanted, DB)
    wanted = [request(), request(priority=500)]
    with pytest.raises(IntegrityError), losing_the_connection("before"):
        enqueue_many(wanted, DB)
    assert TaskRun.objects.count() == 1


@pytest.mark.fault("F41")
def test_in_the_callers_transaction_the_error_is_the_callers(pauses):
    wanted = [request(), request()]
    with pytest.raises(InterfaceError), losing_the_connection("after"), transaction.atomic():
        enqueue_many(wanted, DB)
    assert (stored_ids(), pauses) == (set(), [])


def test_an_error_at_the_commit_that_stored_nothing_is_raised():
    made = TaskRun(id=request().id)

    def refuse() -> None:
        raise IntegrityError("a constraint that is checked at the end")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction.get_connection(), "_commit", refuse)
        with pytest.raises(IntegrityError):
            once(lambda: [made], {made.id}, DB)
