from __future__ import annotations

import uuid

import pytest
from django.db import transaction

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.exceptions import AlreadyStarted, CycleFound, PrerequisiteDiffers, UnknownPrerequisite
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.store.edges import RunEdge, require
from django_tasks_fsm.store.stage import stage
from tests.store.rows import DB, a_run, a_task, claimed, done, enqueued, events_of, failed, finished, state_of
from tests.store.threads import SECONDS, at_once, in_thread

pytestmark = pytest.mark.django_db


def waits(run: TaskRun, *above: TaskRun, **terms: object) -> None:
    require([RunEdge(run.pk, one.pk, **terms) for one in above], DB)  # type: ignore[arg-type]


def waiting_on(run: TaskRun) -> int:
    return TaskRun.objects.values_list("waiting_on", flat=True).get(pk=run.pk)


def test_a_queued_run_that_is_made_to_wait_is_not_claimable_until_its_prerequisite_is_done():
    before, after = enqueued(), enqueued()
    waits(after, before)
    assert (state_of(after), waiting_on(after)) == ("PENDING", 1)
    stage(DB)
    assert state_of(after) == "PENDING"
    done(before)
    assert (state_of(after), waiting_on(after)) == ("QUEUED", 0)


def test_a_prerequisite_that_is_done_already_is_no_reason_to_wait():
    before = a_run("DONE")
    after = enqueued()
    waits(after, before)
    assert (state_of(after), waiting_on(after)) == ("QUEUED", 0)
    assert RunPrerequisite.objects.get(run=after).met


@pytest.mark.fault("F68")
@pytest.mark.parametrize("state", ["RUNNING", "DONE", "FAILED", "CANCELLED", "SKIPPED", "ABORTED"])
def test_a_run_that_has_started_or_ended_is_refused(state):
    after = a_run(state)
    with pytest.raises(AlreadyStarted) as caught:
        waits(after, a_run())
    assert (caught.value.run_id, caught.value.state) == (after.pk, state)
    assert not RunPrerequisite.objects.exists()


@pytest.mark.fault("F62")
def test_the_same_edge_twice_is_one_edge():
    before, after = a_run(), enqueued()
    waits(after, before)
    waits(after, before, before)
    assert waiting_on(after) == 1
    assert RunPrerequisite.objects.count() == 1


def test_the_same_edge_on_other_terms_is_refused():
    before, after = a_run(), enqueued()
    waits(after, before)
    with pytest.raises(PrerequisiteDiffers, match="'finished'"):
        waits(after, before, condition=Condition.FINISHED)


def test_a_run_that_does_not_exist_is_named():
    unknown = uuid.uuid4()
    with pytest.raises(UnknownPrerequisite, match=str(unknown)):
        require([RunEdge(enqueued().pk, unknown)], DB)


@pytest.mark.fault("F62")
def test_no_run_waits_for_itself():
    run = enqueued()
    with pytest.raises(CycleFound):
        waits(run, run)


@pytest.mark.fault("F63")
def test_a_cycle_is_refused_at_any_distance_and_nothing_of_the_batch_is_kept():
    first, second, third, other = (enqueued() for _ in range(4))
    waits(second, first)
    waits(third, second)
    with pytest.raises(CycleFound) as caught:
        require([RunEdge(first.pk, other.pk), RunEdge(first.pk, third.pk)], DB)
    assert set(caught.value.members) == {first.pk, second.pk, third.pk}
    assert waiting_on(first) == 0


def test_a_cycle_within_one_batch_is_refused():
    first, second = enqueued(), enqueued()
    with pytest.raises(CycleFound):
        require([RunEdge(first.pk, second.pk), RunEdge(second.pk, first.pk)], DB)


def test_a_long_chain_of_one_graph_is_searched_with_few_queries(django_assert_max_num_queries):
    graph = uuid.uuid4()
    chain = [TaskRun(task=a_task(), state="PENDING", graph=graph, waiting_on=int(at > 0)) for at in range(1000)]
    TaskRun.objects.bulk_create(chain)
    edges = zip(chain[1:], chain[:-1], strict=True)
    RunPrerequisite.objects.bulk_create(RunPrerequisite(run=run, prerequisite=above) for run, above in edges)
    with django_assert_max_num_queries(20), pytest.raises(CycleFound):
        waits(chain[0], chain[-1])


@pytest.mark.parametrize(
    ("policy", "state", "event"),
    [("fail", "FAILED", "error"), ("cancel", "CANCELLED", "cancel"), ("skip", "SKIPPED", "skip")],
)
def test_a_prerequisite_that_has_failed_already_meets_the_policy_at_once(policy, state, event):
    before, after = a_run("FAILED"), enqueued()
    behind = enqueued(after)
    waits(after, before, on_failure=OnFailure(policy))
    assert (state_of(after), events_of(after)) == (state, [event])
    assert state_of(behind) == "PENDING"


def test_the_policy_of_the_task_holds_where_the_edge_has_none():
    task = a_task("skipping", on_prerequisite_failure="skip")
    before, after = a_run("FAILED"), a_run("PENDING", task=task)
    waits(after, before)
    assert state_of(after) == "SKIPPED"


@pytest.mark.fault("F64")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_halves_of_a_cycle_at_once_one_is_refused():
    ends = [(enqueued(), enqueued()) for _ in range(2)]
    (first, second), (third, fourth) = ends
    waits(third, second)
    waits(first, fourth)

    def adds(run: TaskRun, above: TaskRun) -> bool:
        try:
            waits(run, above)
        except CycleFound:
            return False
        return True

    # Four runs in a ring: the two edges have no end in common.
    added = at_once(lambda: adds(second, first), lambda: adds(fourth, third))
    assert sorted(added) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_a_prerequisite_that_ends_while_the_edge_is_added_frees_the_run():
    before = enqueued()
    outcome = Outcome.done(claimed(before), "null")
    after = enqueued()
    with transaction.atomic():
        waits(after, before)
        ends = in_thread(lambda: finished(outcome))
    # Where locked rows are skipped the worker offers the outcome again.
    assert ends.result(SECONDS) or finished(outcome)
    assert (state_of(after), waiting_on(after)) == ("QUEUED", 0)


@pytest.mark.fault("F66")
def test_a_dependent_behind_a_failed_one_is_failed_too_through_the_whole_chain():
    chain = [enqueued()]
    for _ in range(5):
        run = enqueued()
        waits(run, chain[-1], on_failure=OnFailure.FAIL)
        chain.append(run)
    failed(chain[0])
    assert {state_of(run) for run in chain} == {"FAILED"}
    assert "PrerequisiteBroken" in TaskRun.objects.get(pk=chain[-1].pk).error


@pytest.mark.fault("F66")
def test_ignore_lets_the_dependent_go_when_the_prerequisite_fails():
    before, after = enqueued(), enqueued()
    waits(after, before, on_failure=OnFailure.IGNORE)
    failed(before)
    assert state_of(after) == "QUEUED"
