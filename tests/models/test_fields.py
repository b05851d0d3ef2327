from __future__ import annotations

import copy
import pickle
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from django_tasks_fsm.exceptions import StateIsReadOnly
from django_tasks_fsm.models import Task, TaskRun
from tests.store.rows import a_run, a_task, claimed, done, state_of

pytestmark = pytest.mark.django_db


def test_assigning_a_state_is_refused_and_says_what_to_do():
    run = a_run()
    with pytest.raises(StateIsReadOnly, match=r"TaskRun\.state is changed by verbs only .* Call the verb"):
        run.state = "DONE"
    assert run.state == "QUEUED"
    with pytest.raises(StateIsReadOnly, match=r"Task\.state"):
        a_task().state = "PAUSED"


def test_setattr_is_refused_too():
    with pytest.raises(StateIsReadOnly):
        setattr(a_run(), "state", "DONE")  # noqa: B010


def test_assigning_the_state_it_has_is_no_change():
    run = a_run()
    run.state = "QUEUED"
    assert run.state == "QUEUED"


def test_an_unsaved_instance_may_be_given_a_state_once():
    run = TaskRun(task=a_task(), state="PREPARE")
    with pytest.raises(StateIsReadOnly):
        run.state = "QUEUED"
    run.save()
    assert state_of(run) == "PREPARE"


@pytest.mark.parametrize("load", [lambda rows: rows.defer("state").get(), lambda rows: rows.only("id").get()])
def test_a_deferred_state_cannot_be_assigned_before_it_is_read(load):
    run = a_run()
    found = load(TaskRun.objects.filter(pk=run.pk))
    with pytest.raises(StateIsReadOnly):
        found.state = "DONE"
    assert found.state == "QUEUED"


def test_a_deferred_state_is_loaded_when_it_is_read():
    run = a_run()
    found = TaskRun.objects.only("id").get(pk=run.pk)
    claimed(run)
    assert found.state == "RUNNING"


def test_refresh_shows_the_databases_state():
    run = a_run()
    claimed(run)
    assert run.state == "QUEUED"
    run.refresh_from_db()
    assert (run.state, run.fence, run.attempt) == ("RUNNING", 1, 1)
    with pytest.raises(StateIsReadOnly):
        run.state = "DONE"


def test_refresh_of_the_state_alone_shows_the_databases_state():
    run = a_run()
    claimed(run)
    run.refresh_from_db(fields=["state"])
    assert (run.state, run.fence) == ("RUNNING", 0)


def test_refresh_of_other_fields_leaves_the_state_as_it_was_read():
    run = a_run()
    claimed(run)
    run.refresh_from_db(fields=["fence"])
    assert (run.state, run.fence) == ("QUEUED", 1)


def test_refresh_of_a_row_that_is_gone_leaves_the_state_protected():
    run = a_run()
    TaskRun.objects.filter(pk=run.pk).delete()
    with pytest.raises(TaskRun.DoesNotExist):
        run.refresh_from_db()
    with pytest.raises(StateIsReadOnly):
        run.state = "DONE"


def test_saving_an_old_instance_brings_nothing_of_the_machine_back():
    run = a_run(args=[1])
    stale = TaskRun.objects.get(pk=run.pk)
    done(run, "42")
    stale.args = [2]
    stale.save()
    now = TaskRun.objects.get(pk=run.pk)
    assert (now.state, now.fence, now.attempt, now.result, now.args) == ("DONE", 1, 1, 42, [2])
    assert now.worker_id is not None
    assert now.finished_at is not None
    assert now.started_at is not None


def test_saving_an_old_instance_does_not_undo_what_verbs_have_written():
    run = a_run(state="PENDING", key="only")
    stale = TaskRun.objects.get(pk=run.pk)
    later = timezone.now() + timedelta(days=1)
    run.reschedule(later)
    stale.save()
    assert abs(TaskRun.objects.get(pk=run.pk).run_at - later) < timedelta(seconds=1)
    run.cancel()
    stale.save()
    assert TaskRun.objects.values_list("state", "key").get(pk=run.pk) == ("CANCELLED", None)


def test_saving_an_old_task_does_not_resume_it():
    task = a_task()
    stale = Task.objects.get(pk=task.pk)
    task.pause()
    stale.description = "edited"
    stale.save()
    assert Task.objects.values_list("state", "description").get(pk=task.pk) == ("PAUSED", "edited")


def test_saving_an_instance_of_a_deleted_row_does_not_make_it_again():
    run = a_run()
    TaskRun.objects.filter(pk=run.pk).delete()
    with pytest.raises(DatabaseError):
        run.save()


@pytest.mark.parametrize("fields", [["state"], ("args", "state"), {"state", "fence"}])
def test_saving_the_state_by_name_is_refused(fields):
    run = a_run()
    stale = TaskRun.objects.get(pk=run.pk)
    claimed(run)
    with pytest.raises(StateIsReadOnly):
        stale.save(update_fields=fields)
    assert state_of(run) == "RUNNING"


def test_saving_other_fields_by_name_writes_just_these():
    run = a_run(args=[1], kwargs={"a": 1})
    run.args, run.kwargs = [2], {}
    run.save(update_fields=["args"])
    assert TaskRun.objects.values_list("args", "kwargs").get(pk=run.pk) == ([2], {"a": 1})


def test_saving_with_deferred_fields_writes_what_was_loaded():
    run = a_run(args=[1], kwargs={"a": 1})
    found = TaskRun.objects.only("args").get(pk=run.pk)
    claimed(run)
    found.args = [2]
    found.save()
    now = TaskRun.objects.get(pk=run.pk)
    assert (now.state, now.args, now.kwargs) == ("RUNNING", [2], {"a": 1})


def test_updating_many_instances_cannot_write_the_state():
    run = a_run()
    stale = TaskRun.objects.get(pk=run.pk)
    claimed(run)
    with pytest.raises(StateIsReadOnly), transaction.atomic():
        TaskRun.objects.bulk_update([stale], ["state"])
    with pytest.raises(StateIsReadOnly):
        TaskRun.objects.filter(pk=run.pk).update(state="QUEUED")
    assert state_of(run) == "RUNNING"


@pytest.mark.parametrize("twin", [lambda run: pickle.loads(pickle.dumps(run)), copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_state_and_its_protection(twin):
    run = a_run(state="DONE")
    other = twin(run)
    assert (other.pk, other.state) == (run.pk, "DONE")
    with pytest.raises(StateIsReadOnly):
        other.state = "QUEUED"
    other.refresh_from_db()
    assert other.state == "DONE"


def test_a_model_can_be_constructed_with_values_by_name_and_by_position():
    assert TaskRun(state="DONE").state == "DONE"
    assert TaskRun().state == "PENDING"
    values: list[Any] = [None] * len(TaskRun._meta.concrete_fields)
    position = [field.name for field in TaskRun._meta.concrete_fields].index("state")
    values[position] = "FAILED"
    made: Any = TaskRun
    assert made(*values).state == "FAILED"


def test_a_row_is_copied_by_construction():
    run = a_run(state="DONE")
    values = {field.attname: getattr(run, field.attname) for field in TaskRun._meta.concrete_fields}
    TaskRun(**{**values, "id": uuid.uuid4()}).save(force_insert=True)
    assert list(TaskRun.objects.values_list("state", flat=True)) == ["DONE", "DONE"]


@pytest.mark.skipif(not hasattr(models, "FETCH_PEERS"), reason="fetch modes came with Django 6.1")
def test_deferred_states_are_loaded_for_all_peers_at_once(django_assert_num_queries):
    pks = [a_run().pk, a_run(state="DONE").pk]
    peers = list(TaskRun.objects.filter(pk__in=pks).only("id").fetch_mode(models.FETCH_PEERS).order_by("pk"))
    with django_assert_num_queries(1):
        assert [run.state for run in peers] == ["QUEUED", "DONE"]
    with pytest.raises(StateIsReadOnly):
        peers[0].state = "DONE"


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["Send", "send ", "sénd"])
def test_names_are_told_apart_letter_by_letter(other: str) -> None:
    first = Task.objects.create(name="send", function="send")
    second = Task.objects.create(name=other, function=other)
    assert Task.objects.get(name="send") == first
    assert Task.objects.get(function=other) == second


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["Alpha", "alpha "])
def test_keys_are_told_apart_letter_by_letter(other: str) -> None:
    task = Task.objects.create(name="keyed", function="keyed")
    run = TaskRun.objects.create(task=task, key="alpha")
    assert TaskRun.objects.create(task=task, key=other).pk != run.pk
    assert TaskRun.objects.get(key="alpha") == run


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\u202egnp.exe", "tab\there"])
def test_a_name_that_cannot_be_read_as_it_stands_is_refused(name):
    task = Task(name=name, function="tests.nothing")
    with pytest.raises(ValidationError) as caught:
        task.full_clean()
    assert "name" in caught.value.message_dict
