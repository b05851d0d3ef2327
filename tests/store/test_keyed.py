"""What an enqueue does that finds its key borne; tests/store/test_enqueue.py has the policy ``return``."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.exceptions import KeyTaken
from django_tasks_fsm.models import RunPrerequisite, TaskPrerequisite, TaskRun
from django_tasks_fsm.store.definitions import forget
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.start import enqueue_with_company
from tests.store.rows import DB, FAILURE, a_run, a_task, claimed, done, enqueued, events_of, failed, finished, state_of
from tests.store.threads import at_once, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

LATER = timezone.now() + timedelta(days=1)


def request(on_key: str, *args: Any, key: str = "k", **values: Any) -> Request:
    return Request(task_id=a_task().pk, on_key=OnKey(on_key), args=args, key=key, **values)


def made(on_key: str, *args: Any, **values: Any) -> TaskRun:
    return enqueue(request(on_key, *args, **values), DB)


def bearers() -> list[TaskRun]:
    return list(TaskRun.objects.filter(key="k"))


def prerequisites_of(run: TaskRun) -> list[TaskRun]:
    return [edge.prerequisite for edge in RunPrerequisite.objects.filter(run=run)]


# -- raise


def test_raise_names_the_run_that_bears_the_key():
    first = made("raise")
    with pytest.raises(KeyTaken, match=f"borne by run {first.pk}, which is QUEUED") as caught:
        made("raise")
    assert (caught.value.key, caught.value.run_id, caught.value.state) == ("k", first.pk, "QUEUED")
    done(first)
    assert made("raise").pk != first.pk


def test_a_batch_of_which_one_raises_makes_nothing_even_if_the_caller_goes_on():
    made("raise")
    with pytest.raises(KeyTaken):
        enqueue_many([request("raise", key="other"), request("raise")], DB)
    assert TaskRun.objects.count() == 1


# -- replace


def test_replace_gives_the_run_that_waits_what_was_asked_for_last():
    first = made("replace", 1, run_at=LATER)
    last = made("replace", 2, kwargs={"a": 3}, run_at=LATER + timedelta(hours=1), priority=5, queue="mail", label="l")
    assert (last.pk, last.args, last.kwargs, last.run_at) == (first.pk, [2], {"a": 3}, LATER + timedelta(hours=1))
    assert (last.priority, last.queue, last.label, last.state) == (5, "mail", "l", "PENDING")
    assert events_of(first) == ["replaced"]
    assert TaskRun.objects.count() == 1


def test_replace_puts_a_queued_run_off():
    first = made("replace", 1)
    last = made("replace", 2, run_at=LATER)
    assert (first.state, last.pk, last.state, last.args) == ("QUEUED", first.pk, "PENDING", [2])
    assert events_of(first) == ["replaced", "reschedule"]


def test_replace_lets_a_run_go_whose_time_has_come_by_it():
    made("replace", 1, run_at=LATER)
    assert made("replace", 2).state == "QUEUED"


def test_replace_keeps_a_run_in_preparation_and_what_it_waits_for():
    before, more = enqueued(), enqueued()
    first = made("replace", 1, prepare=True, prerequisites=(Awaited(before.pk),))
    last = made("replace", 2, prerequisites=(Awaited(more.pk),))
    assert (last.state, last.args, last.waiting_on) == ("PREPARE", [2], 2)
    assert prerequisites_of(first) == [before, more]


def test_replace_does_not_give_a_run_of_another_task_its_arguments():
    other = enqueue(Request(task_id=a_task("other").pk, key="k", args=[1]), DB)
    with pytest.raises(KeyTaken, match="a run of another task"):
        made("replace", 2)
    assert TaskRun.objects.get().args == other.args == [1]


def test_replace_of_a_running_run_makes_one_that_follows_it():
    first = made("replace", 1)
    claim = claimed(first)
    second, third = made("replace", 2), made("replace", 3)
    assert (second.pk, third.pk) == (third.pk, second.pk)
    assert (third.args, third.state, third.key) == ([3], "PENDING", "k")
    first.refresh_from_db()
    assert (first.args, first.key, first.given_key) == ([1], None, "k")
    assert finished(Outcome.done(claim, "1")) == {first.pk}
    assert state_of(third) == "QUEUED"
    assert events_of(first) == ["handed_over"]


def test_what_follows_a_run_waits_for_its_retries_too():
    first = made("replace")
    claim = claimed(first)
    second = made("replace")
    finished(Outcome.retry(claim, FAILURE, timedelta(0)))
    assert (state_of(first), state_of(second)) == ("QUEUED", "PENDING")
    failed(first)
    assert state_of(second) == "QUEUED"


# -- collapse, which is what trigger does


def test_collapse_keeps_the_run_that_waits_as_it_is():
    first = made("collapse", 1)
    assert (made("collapse", 2).pk, made("collapse", 3).args) == (first.pk, [1])
    assert events_of(first) == []


def test_however_many_triggers_come_while_a_run_runs_one_follows_it():
    first = made("collapse")
    claimed(first)
    following = {made("collapse").pk for _ in range(5)}
    assert len(following) == 1
    assert TaskRun.objects.count() == 2


def test_a_long_chain_of_triggers_keeps_one_edge_only():
    run = made("collapse")
    for _ in range(4):
        claim = claimed(run)
        following = made("collapse")
        finished(Outcome.done(claim, "1"))
        run = following
    assert list(RunPrerequisite.objects.values_list("run", flat=True)) == [run.pk]


def test_no_run_overtakes_one_that_has_handed_its_key_over():
    first = made("collapse")
    claim = claimed(first)
    made("collapse").cancel()
    again = made("collapse")
    assert (again.state, prerequisites_of(again)) == ("PENDING", [first])
    finished(Outcome.done(claim, "1"))
    assert state_of(again) == "QUEUED"


# -- recreate


def test_recreate_cancels_the_run_that_waits():
    first = made("recreate", 1)
    second = made("recreate", 2)
    assert (state_of(first), second.args, second.state) == ("CANCELLED", [2], "QUEUED")
    assert bearers() == [second]


def test_recreate_asks_a_running_run_to_stop_and_waits_for_its_end():
    first = made("recreate", 1)
    claim = claimed(first)
    second = made("recreate", 2)
    first.refresh_from_db()
    assert first.cancel_requested_at is not None
    assert (second.state, prerequisites_of(second)) == ("PENDING", [first])
    finished(Outcome.cancelled(claim, "asked"))
    assert state_of(second) == "QUEUED"


def test_recreate_again_takes_the_place_of_what_waits_and_waits_for_what_runs():
    first = made("recreate")
    claimed(first)
    second, third = made("recreate"), made("recreate")
    assert (state_of(second), third.state, prerequisites_of(third)) == ("CANCELLED", "PENDING", [first])


def test_a_run_that_recreates_itself_is_not_asked_to_stop():
    first = made("recreate")
    claimed(first)
    second = made("recreate", asker=first.pk)
    first.refresh_from_db()
    assert (first.cancel_requested_at, second.state, prerequisites_of(second)) == (None, "PENDING", [first])


# -- many at once


@committing
@pytest.mark.parametrize("on_key", ["replace", "collapse", "recreate"])
@pytest.mark.parametrize("is_running", [False, True])
def test_eight_at_once_end_with_one_that_waits(on_key, is_running):
    first = a_run("RUNNING", key="k", given_key="k") if is_running else None
    wanted = [request(on_key, number) for number in range(8)]
    got = at_once(*(partial(enqueue, one, DB) for one in wanted))
    (bearer,) = bearers()
    waiting = TaskRun.objects.filter(state__in=["PENDING", "QUEUED"])
    assert list(waiting) == [bearer]
    assert bearer.args[0] in range(8)
    assert bearer.pk in {run.pk for run in got}
    assert prerequisites_of(bearer) == ([first] if first else [])


@committing
def test_a_run_that_starts_while_it_is_replaced_is_followed(other):
    first = made("replace", 1)
    claim = other.do(lambda: claimed(first))
    last = meanwhile(other, lambda: made("replace", 2))
    assert (last.pk != first.pk, last.args, last.state) == (True, [2], "PENDING")
    finished(Outcome.done(claim, "1"))
    assert state_of(last) == "QUEUED"


@committing
def test_a_run_that_ends_while_it_is_followed_holds_nobody_up(other):
    first = made("collapse")
    claim = claimed(first)
    other.do(lambda: finished(Outcome.done(claim, "1")))
    last = meanwhile(other, lambda: made("collapse"))
    assert (last.pk != first.pk, state_of(last)) == (True, "QUEUED")


@committing
@pytest.mark.parametrize("on_key", ["replace", "collapse", "recreate"])
def test_what_is_asked_for_while_the_run_before_ends_goes_on(on_key, other):
    first = made(on_key)
    claim = claimed(first)
    made(on_key)
    other.do(lambda: finished(Outcome.done(claim, "1")))
    last = meanwhile(other, lambda: made(on_key, 2))
    assert (state_of(first), state_of(last), bearers()) == ("DONE", "QUEUED", [last])


# -- the verbs on a key


def test_the_runs_of_a_key_are_the_bearer_and_what_it_follows():
    first = made("collapse")
    claimed(first)
    second, stranger = made("collapse"), made("return", key="other")
    assert set(TaskRun.objects.keyed("k")) == {first, second}
    report = TaskRun.objects.keyed("k").cancel()
    assert (len(report.moved), report.asked) == (1, 1)
    assert (state_of(second), state_of(stranger)) == ("CANCELLED", "QUEUED")


def test_of_the_runs_of_a_key_the_one_that_will_be_retried_is_not_forgotten():
    first = made("collapse")
    claim = claimed(first)
    second = made("collapse")
    finished(Outcome.retry(claim, FAILURE, timedelta(hours=1)))
    third = made("recreate")
    assert [state_of(run) for run in (first, second, third)] == ["CANCELLED", "CANCELLED", "QUEUED"]
    assert set(TaskRun.objects.keyed("k")) == {third}


def test_the_chain_of_a_run_is_cancelled_from_any_of_its_runs():
    first = made("collapse")
    claimed(first)
    second = made("collapse")
    report = first.cancel_chain()
    assert (state_of(second), report.asked) == ("CANCELLED", 1)
    alone = enqueued()
    alone.cancel_chain()
    assert alone.state == "CANCELLED"


# -- running on


def test_a_run_that_has_handed_its_key_over_does_not_go_on_for_ever():
    first = made("replace", 1)
    claim = claimed(first)
    second = made("replace", 2)
    assert finished(Outcome.next_round(claim, timedelta(0))) == {first.pk}
    assert (state_of(first), state_of(second)) == ("DONE", "QUEUED")


def test_a_run_that_was_recreated_ends_as_cancelled_where_it_would_go_on():
    first = made("recreate")
    claim = claimed(first)
    second = made("recreate")
    finished(Outcome.next_round(claim, timedelta(0)))
    assert (state_of(first), state_of(second)) == ("CANCELLED", "QUEUED")


def test_a_run_goes_on_with_its_key_new_arguments_and_no_attempt_charged():
    first = made("replace", 1)
    finished(Outcome.next_round(claimed(first), LATER, [2], {"a": 3}))
    first.refresh_from_db()
    assert (first.state, first.run_at, first.key, first.attempt) == ("PENDING", LATER, "k", 0)
    assert (first.args, first.kwargs) == ([2], {"a": 3})


def test_rounds_that_were_slowed_down_are_counted():
    task = a_task()
    for throttled in (True, False, True):
        finished(Outcome.next_round(claimed(enqueued()), LATER, throttled=throttled))
    task.refresh_from_db()
    assert task.throttled == 2


def test_what_a_late_worker_says_is_not_counted():
    run = enqueued()
    claim = claimed(run)
    run.abort()
    finished(Outcome.next_round(claim, LATER, throttled=True))
    assert run.task.throttled == 0
    assert not type(run.task).objects.exclude(throttled=0).exists()


# -- beside the rest of the house


def test_a_rerun_does_not_take_along_what_only_followed():
    first = made("collapse")
    claim = claimed(first)
    second = made("collapse")
    after = enqueued(first)
    finished(Outcome.done(claim, "1"))
    done(second)
    done(after)
    plan = first.rerun()
    assert {step.run for step in plan.steps} == {first.pk, after.pk}
    assert (state_of(first), state_of(second)) == ("QUEUED", "DONE")


def test_a_retry_of_a_run_that_was_followed_waits_until_the_key_is_free():
    first = made("collapse")
    claim = claimed(first)
    second = made("collapse")
    finished(Outcome.failed(claim, FAILURE))
    first.refresh_from_db()
    assert not first.retry()
    assert [(gate.ok, gate.id) for gate in first.explain().gates if gate.name == "key"] == [(False, second.pk)]
    done(second)
    assert first.retry()
    assert first.key == "k"


def test_with_a_follower_come_the_runs_that_its_task_requires():
    before, after = a_task("before"), a_task("after")
    TaskPrerequisite.objects.create(task=after, prerequisite=before)
    forget()

    def triggered() -> TaskRun:
        return enqueue_with_company([Request(task_id=after.pk, key="k", on_key=OnKey.COLLAPSE)], DB)[0]

    first = triggered()
    done(prerequisites_of(first)[0])
    claimed(first)
    second, third = triggered(), triggered()
    assert second.pk == third.pk != first.pk
    assert {run.task_id for run in prerequisites_of(second)} == {before.pk, after.pk}
    assert TaskRun.objects.filter(task=before).count() == 2


def test_a_limited_run_that_is_replaced_stands_in_the_line_of_its_new_key():
    first = made("replace", 1, concurrency_key="Oslo")
    last = made("replace", 2, concurrency_key="Rome")
    assert (last.pk, last.concurrency_key, last.limited, last.state) == (first.pk, "Rome", True, "PENDING")
    free = made("replace", 3)
    assert (free.concurrency_key, free.limited, free.state) == (None, False, "QUEUED")
    again = made("replace", 4, concurrency_key="Rome")
    assert (again.limited, again.state) == (True, "PENDING")
