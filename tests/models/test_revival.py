from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from django_tasks_fsm.models import TaskRun, revival, run_verbs
from django_tasks_fsm.models.revival import KeyHeld
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from tests.store.rows import DB, a_run, a_task, done, enqueued, events_of, failed, state_of, waits_for
from tests.store.threads import at_once, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def key_of(run: TaskRun) -> str | None:
    return TaskRun.objects.values_list("key", flat=True).get(pk=run.pk)


def test_a_retried_run_bears_its_key_again():
    run = enqueued(key="k")
    failed(run)
    assert key_of(run) is None
    assert run.retry()
    assert (run.key, run.given_key) == ("k", "k")
    assert enqueued(key="k").pk == run.pk
    done(run)
    assert key_of(run) is None
    assert enqueued(key="k").pk != run.pk


@pytest.mark.parametrize("end", [failed, TaskRun.cancel])
def test_a_run_whose_key_another_bears_meanwhile_is_not_retried(end):
    run = enqueued(key="k")
    end(run)
    bearer = enqueued(key="k")
    report = TaskRun.objects.filter(pk=run.pk).retry()
    assert (report.moved, report.refused) == ((), ((state_of(run), 1),))
    assert report.keys_held == (KeyHeld(run.pk, "k", bearer.pk),)
    assert not run.retry()
    assert "retry" not in events_of(run)
    done(bearer)
    assert run.retry()
    assert key_of(run) == "k"


def test_the_others_of_the_batch_are_retried():
    held, free, plain = enqueued(key="a"), enqueued(key="b"), enqueued()
    TaskRun.objects.all().cancel()
    bearer = enqueued(key="a")
    report = TaskRun.objects.exclude(pk=bearer.pk).retry()
    assert {row.pk for row in report.moved} == {free.pk, plain.pk}
    assert [each.run for each in report.keys_held] == [held.pk]
    assert [state_of(run) for run in (held, free, plain)] == ["CANCELLED", "QUEUED", "QUEUED"]
    assert (key_of(free), key_of(plain)) == ("b", None)


def test_of_two_that_were_given_one_key_the_older_gets_it():
    older = enqueued(key="k")
    older.cancel()
    newer = enqueued(key="k")
    newer.cancel()
    report = TaskRun.objects.order_by("-pk").retry()
    assert [row.pk for row in report.moved] == [older.pk]
    assert report.keys_held == (KeyHeld(newer.pk, "k", older.pk),)


def test_in_the_callers_transaction_a_refusal_breaks_nothing():
    run = enqueued(key="k")
    run.cancel()
    enqueued(key="k")
    with transaction.atomic():
        assert not run.retry()
        other = enqueued()
    assert (state_of(run), state_of(other)) == ("CANCELLED", "QUEUED")


def test_a_key_that_is_enqueued_while_its_run_is_retried_is_borne_once(other):
    run = enqueued(key="k")
    failed(run)
    bearer = other.do(lambda: enqueued(key="k"))
    report = meanwhile(other, TaskRun.objects.filter(pk=run.pk).retry)
    assert report.keys_held == (KeyHeld(run.pk, "k", bearer.pk),)
    assert TaskRun.objects.filter(key="k").count() == 1


def test_a_bearer_that_ends_at_the_same_moment_gives_the_key_back(monkeypatch):
    run = enqueued(key="k")
    run.cancel()
    real, tries = run_verbs.move_runs, []

    def too_early(pks, change, using):
        tries.append(pks)
        if tries.count([run.pk]) == 1:
            raise IntegrityError("not unique")  # whoever bore the key has ended when it is looked for
        return real(pks, change, using)

    monkeypatch.setattr(revival, "move_runs", too_early)
    assert run.retry()
    assert (tries.count([run.pk]), key_of(run)) == (2, "k")


def test_a_refusal_that_is_not_about_the_key_is_raised(monkeypatch):
    run = enqueued(key="k")
    run.cancel()

    def refuse(pks, change, using):
        if pks:
            raise IntegrityError("not unique")
        return ()

    monkeypatch.setattr(revival, "move_runs", refuse)
    with pytest.raises(IntegrityError):
        run.retry()


def test_a_retry_and_enqueues_at_once_leave_one_bearer():
    run = enqueued(key="k")
    failed(run)
    at_once(run.retry, *[lambda: enqueued(key="k") for _ in range(3)])
    assert TaskRun.objects.filter(key="k").count() == 1
    assert TaskRun.objects.exclude(state="FAILED").count() == 1


def test_many_with_keys_remember_them():
    made = enqueue_many([Request(a_task().pk, key=key) for key in ("a", None)], DB)
    assert [TaskRun.objects.get(pk=run.pk).given_key for run in made] == ["a", None]


def test_dependents_of_a_retried_run_with_a_key_wait_again():
    run = enqueued(key="k")
    run.cancel()
    dependent = a_run("PENDING", waiting_on=1)
    waits_for(dependent, run)
    run.retry()
    done(run)
    assert state_of(dependent) == "QUEUED"
