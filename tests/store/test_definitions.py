from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import transaction

from django_tasks_fsm.models import Queue, Task
from django_tasks_fsm.store import definitions as room
from django_tasks_fsm.store.definitions import Definition, definitions, forget, know_queue, task_id
from tests.store.faults import rolled_back
from tests.store.rows import DB, a_task
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

NAME = "app.tasks.new"
POLICIES = {"queue": "mail", "max_attempts": 4}


@pytest.fixture(autouse=True)
def nothing_known():
    forget()
    yield
    forget()


def known() -> bool:
    return (DB, NAME) in room._task_ids


def get_id() -> int:
    return task_id(NAME, NAME, POLICIES, DB)


def test_a_definition_is_read_by_id():
    task = a_task(max_attempts=3, timeout=1.5, cancel_on_exception=True)
    assert definitions([task.pk, 10**9], DB) == {task.pk: Definition(task.pk, "work", "tests.nothing", 3, 1.5, True)}
    assert definitions([], DB) == {}


def test_an_unknown_function_gets_a_row_of_code_with_its_policies():
    task = Task.objects.get(pk=get_id())
    assert (task.name, task.function, task.origin, task.queue, task.max_attempts) == (NAME, NAME, "code", "mail", 4)


def test_a_row_that_stands_is_not_changed():
    task = a_task(NAME, queue="mine")
    assert get_id() == task.pk
    task.refresh_from_db()
    assert task.queue == "mine"


@committing
def test_the_second_question_costs_nothing(django_assert_num_queries):
    first = get_id()
    with django_assert_num_queries(0):
        assert get_id() == first


@committing
def test_an_id_from_a_transaction_that_is_rolled_back_is_forgotten():
    with rolled_back():
        dangling = get_id()
        assert not known()
    assert not known()
    assert Task.objects.filter(pk=get_id()).exists()
    assert get_id() != dangling or Task.objects.filter(pk=dangling).exists()


@committing
def test_an_id_from_a_savepoint_that_is_rolled_back_is_forgotten():
    with transaction.atomic(), rolled_back():
        get_id()
    assert not known()


@committing
def test_an_id_is_forgotten_when_its_row_is_deleted():
    first = get_id()
    Task.objects.filter(pk=first).delete()
    assert Task.objects.filter(pk=get_id()).exists()


@committing
def test_ids_are_forgotten_when_the_database_is_flushed():
    get_id()
    know_queue("q", DB)
    call_command("flush", interactive=False, verbosity=0)
    assert Task.objects.filter(pk=get_id()).exists()
    know_queue("q", DB)
    assert Queue.objects.filter(name="q").exists()


@committing
def test_eight_who_ask_for_a_new_function_at_once_get_one_row():
    ids = at_once(*[get_id] * 8)
    assert len(set(ids)) == 1
    assert Task.objects.filter(name=NAME).count() == 1


@committing
def test_a_queue_is_made_once_and_then_costs_nothing(django_assert_num_queries):
    know_queue("q", DB)
    with django_assert_num_queries(0):
        know_queue("q", DB)
    Queue.objects.filter(name="q").delete()
    know_queue("q", DB)
    assert Queue.objects.filter(name="q").exists()


@committing
def test_a_queue_of_a_transaction_that_is_rolled_back_is_made_again():
    with rolled_back():
        know_queue("q", DB)
    know_queue("q", DB)
    assert Queue.objects.filter(name="q").exists()


@committing
def test_eight_who_use_a_new_queue_at_once_make_one_row():
    at_once(*[lambda: know_queue("q", DB)] * 8)
    assert Queue.objects.filter(name="q").count() == 1
