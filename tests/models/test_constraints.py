from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.models import Queue, RunPrerequisite, Task, TaskPrerequisite, TaskRun, Transition
from tests.store.rows import a_run, a_task, waits_for

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def refused(make, *args, **values) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make(*args, **values)
    return str(caught.value)


def forced(row, **values) -> str:
    """Write columns behind the back of the verbs."""
    return refused(type(row)._base_manager.filter(pk=row.pk).update, **values)


@pytest.mark.fault("F76")
@pytest.mark.parametrize("word", ["", "EXPLODED"])
def test_an_unknown_state_is_refused(word):
    assert "fsm_run_state_known" in forced(a_run(), state=word)
    assert "fsm_task_state_known" in forced(a_task(), state=word)


def test_a_known_state_in_other_letters_is_refused():
    assert "fsm_run_state_known" in forced(a_run(), state="queued")
    assert "fsm_task_state_known" in forced(a_task(), state="Active")


@pytest.mark.parametrize("state", sorted(FINAL))
def test_an_end_without_a_time_is_refused(state):
    assert "fsm_run_final_iff_finished" in forced(a_run(state), finished_at=None)


@pytest.mark.parametrize("state", [state.value for state in RunState if state not in FINAL])
def test_a_time_without_an_end_is_refused(state):
    assert "fsm_run_final_iff_finished" in forced(a_run(state), finished_at=NOW)


def test_a_running_run_without_a_worker_or_a_start_is_refused():
    assert "fsm_run_held_by_worker" in forced(a_run("RUNNING"), worker_id=None)
    assert "fsm_run_held_by_worker" in forced(a_run("RUNNING"), started_at=None)
    assert "fsm_run_held_by_worker" in forced(a_run("QUEUED"), state="RUNNING")


@pytest.mark.fault("F73")
@pytest.mark.parametrize("priority", [-101, 101, 32767])
def test_a_priority_out_of_range_is_refused(priority):
    assert "fsm_run_priority_range" in forced(a_run(), priority=priority)
    assert "fsm_task_priority_range" in forced(a_task(), priority=priority)


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_a_priority_at_the_edge_of_its_range_is_accepted(priority):
    assert a_run(priority=priority).priority == priority


def test_a_key_is_borne_by_one_run_and_nothing_by_many():
    a_run(key="only")
    refused(a_run, key="only")
    assert len({a_run(key=None).pk, a_run(key=None).pk}) == 2


def test_a_slot_of_a_task_has_one_run_and_unscheduled_runs_are_many():
    task, other = a_task(), a_task("other")
    a_run(task=task, scheduled_for=NOW)
    refused(a_run, task=task, scheduled_for=NOW)
    refused(a_run, "SKIPPED", task=task, scheduled_for=NOW)
    assert len({a_run(task=other, scheduled_for=NOW).pk, a_run(task=task).pk, a_run(task=task).pk}) == 3


@pytest.mark.fault("F62")
@pytest.mark.parametrize("model", [RunPrerequisite, TaskPrerequisite])
def test_an_edge_is_made_once_does_not_lead_to_itself_and_has_a_known_condition(model):
    owner = model._meta.get_fields()[1].name
    one, two = (a_run(), a_run()) if owner == "run" else (a_task("one"), a_task("two"))
    edge = model.objects.create(**{owner: one, "prerequisite": two})
    assert (
        "edge_once" in refused(model.objects.create, **{owner: one, "prerequisite": two})
        or connection.vendor == "sqlite"
    )
    assert "edge_not_self" in refused(model.objects.create, **{owner: one, "prerequisite": one})
    assert "edge_condition" in forced(edge, condition="maybe")


def test_a_transition_belongs_to_one_row():
    values = {"event": "e", "from_state": "a", "to_state": "b", "at": NOW, "actor": "x"}
    Transition.objects.create(run=a_run(), **values)
    assert "fsm_transition_of_one_row" in refused(Transition.objects.create, **values)
    assert "fsm_transition_of_one_row" in refused(Transition.objects.create, run=a_run(), task=a_task(), **values)


def test_the_name_of_a_task_is_unique():
    Task.objects.create(name="t", function="f")
    refused(Task.objects.create, name="t", function="f")


@pytest.mark.django_db(transaction=True)
def test_a_run_of_no_task_is_refused():
    with pytest.raises(IntegrityError):
        TaskRun.objects.create(task_id=10**9)
    assert not TaskRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_prerequisite_that_does_not_exist_is_refused():
    with pytest.raises(IntegrityError):
        RunPrerequisite.objects.create(run=a_run(), prerequisite_id=uuid.uuid4())


def test_a_run_may_be_held_by_a_worker_whose_row_is_gone():
    assert a_run("RUNNING", worker_id=uuid.uuid4()).state == "RUNNING"


@pytest.mark.fault("F66", "F75")
def test_what_others_need_is_not_deleted():
    run, task = a_run(), a_task()
    waits_for(a_run(), run)
    with pytest.raises(ProtectedError):
        run.delete()
    with pytest.raises(ProtectedError):
        task.delete()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite does not check the length of a text")
@pytest.mark.parametrize(("column", "length"), [("queue", 64), ("key", 200), ("error", 300)])
def test_a_text_that_is_too_long_is_refused_and_not_cut(column, length):
    assert getattr(a_run(**{column: "x" * length}), column) == "x" * length
    with pytest.raises(DataError), transaction.atomic():
        a_run(**{column: "x" * (length + 1)})


@pytest.mark.skipif(connection.vendor != "mysql", reason="other databases have no unsigned columns")
def test_a_count_below_zero_is_refused_by_unsigned_columns():
    with pytest.raises(DatabaseError), transaction.atomic():
        a_run(attempt=-1)


def test_every_state_can_be_stored():
    assert {a_run(state.value).state for state in RunState} == set(RunState)
    for state in TaskState:
        assert Task.objects.create(name=state.value, function="f", state=state.value).state == state


def test_a_queue_is_one_row():
    Queue.objects.create(name="q")
    refused(Queue.objects.create, name="q")
