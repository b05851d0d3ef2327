from __future__ import annotations

import pytest

from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.exceptions import OwnershipLost
from django_tasks_fsm.models import RunPrerequisite, TaskRun, transactions
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.spawn import Parent, spawn
from tests.store.faults import losing_answers_to_commits
from tests.store.rows import DB, a_run, a_task, enqueued, state_of
from tests.store.threads import at_once


def child(mark: str = "one", **values: object) -> Request:
    return Request(task_id=a_task().pk, mark=mark, **values)  # type: ignore[arg-type]


def by(run: TaskRun, fence: int = 1, *, may_have: bool = False) -> Parent:
    return Parent(run.pk, fence, may_have)


@pytest.mark.fault("F39")
@pytest.mark.django_db(transaction=True)
def test_children_whose_commit_was_not_answered_are_made_once(monkeypatch):
    monkeypatch.setattr(transactions, "pause", lambda attempt: None)
    parent, waiting = a_run("RUNNING"), enqueued()
    with losing_answers_to_commits() as lost:
        (made,) = spawn(by(parent), [child()], [Awaited(waiting.pk)], DB)
    assert lost == ["COMMIT"]
    assert set(TaskRun.objects.values_list("pk", flat=True)) == {parent.pk, waiting.pk, made.pk}
    assert RunPrerequisite.objects.get().prerequisite == made
    assert state_of(waiting) == "PENDING"


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_one_run_only_the_owner_makes_children():
    parent = a_run("RUNNING", fence=2)

    def tries(fence: int) -> int:
        try:
            return len(spawn(by(parent, fence, may_have=True), [child("one"), child("two")], (), DB))
        except OwnershipLost:
            return 0

    assert at_once(lambda: tries(1), lambda: tries(2)) == [0, 2]
    assert TaskRun.objects.exclude(pk=parent.pk).count() == 2


@pytest.mark.django_db
def test_a_child_that_has_started_is_returned_as_it_is():
    parent, other = a_run("RUNNING"), enqueued()
    (made,) = spawn(by(parent), [child()], (), DB)
    TaskRun.objects.filter(pk=made.pk).cancel()
    (found,) = spawn(by(parent, may_have=True), [child(prerequisites=(Awaited(other.pk),))], (), DB)
    assert (found.pk, found.state) == (made.pk, "CANCELLED")
    assert not RunPrerequisite.objects.exists()


@pytest.mark.django_db
def test_children_of_another_parent_in_the_graph_are_not_mistaken_for_own_ones():
    parent = a_run("RUNNING")
    (theirs,) = spawn(by(parent), [child("theirs")], (), DB)
    sibling = a_run("RUNNING", graph=parent.pk)
    (own,) = spawn(by(sibling, may_have=True), [child("own")], (), DB)
    assert own.pk != theirs.pk
    assert own.graph == theirs.graph == parent.pk


@pytest.mark.django_db
def test_a_retried_child_is_still_found():
    parent = a_run("RUNNING")
    (made,) = spawn(by(parent), [child()], (), DB)
    made.cancel()
    assert made.retry()
    (found,) = spawn(by(parent, may_have=True), [child()], (), DB)
    assert found == made


@pytest.mark.fault("F34")
@pytest.mark.django_db
def test_many_children_take_a_bounded_number_of_statements(django_assert_max_num_queries):
    parent, waiting = a_run("RUNNING"), enqueued()
    requests = [child(str(number)) for number in range(300)]
    # SQLite takes some 30 rows in a statement.
    with django_assert_max_num_queries(40):
        made = spawn(by(parent), requests, [Awaited(waiting.pk)], DB)
    with django_assert_max_num_queries(15):
        assert spawn(by(parent, may_have=True), requests, [Awaited(waiting.pk)], DB) == made
