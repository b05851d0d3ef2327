from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue, Task
from django_tasks_fsm.store.peek import peek
from tests.store.rows import DB, a_run, a_task

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queues():
    Queue.objects.all().delete()
    Task.objects.update(next_run_at=None)
    for name in ("default", "mail"):
        Queue.objects.create(name=name)


def look(*wanted: str, excluded: tuple[str, ...] = ()):
    return peek(wanted or ("*",), excluded, DB)


def test_nothing_to_do_is_seen_by_one_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        view = look()
    assert (view.ready, view.due_in, view.fires_in) == (False, None, None)


def test_a_waiting_run_is_seen_by_those_who_serve_its_queue():
    a_run(queue="mail")
    assert look().ready
    assert look("mail").ready
    assert look("default", "mail").ready
    assert not look("default").ready
    assert not look("*", excluded=("mail",)).ready
    assert not look("mail", excluded=("mail", "default")).ready


def test_a_run_in_a_paused_queue_is_not_seen():
    a_run(queue="mail")
    Queue.objects.filter(name="mail").update(paused_at=timezone.now())
    assert not look().ready


@pytest.mark.parametrize(("minutes", "is_seen"), [(5, False), (-5, True)])
def test_a_run_in_a_queue_that_was_paused_for_a_while_is_seen_when_that_is_over(minutes, is_seen):
    a_run(queue="mail")
    now = timezone.now()
    until = now + timedelta(minutes=minutes)
    Queue.objects.filter(name="mail").update(paused_at=now - timedelta(hours=1), paused_until=until)
    assert look().ready is is_seen


@pytest.mark.parametrize("state", ["PREPARE", "PENDING", "RUNNING", "DONE", "FAILED"])
def test_a_run_that_cannot_be_claimed_is_not_seen(state):
    a_run(state)
    assert not look().ready


def test_the_next_due_time_is_told_in_seconds_from_the_databases_now():
    a_run("PENDING", run_at=timezone.now() + timedelta(seconds=100))
    a_run("PENDING", run_at=timezone.now() + timedelta(seconds=900))
    assert look().due_in == pytest.approx(100, abs=5)


def test_what_is_overdue_is_told_as_less_than_nothing():
    a_run("PENDING", run_at=timezone.now() - timedelta(seconds=100))
    assert look().due_in == pytest.approx(-100, abs=5)


def test_a_run_that_waits_for_another_is_not_due():
    a_run("PENDING", waiting_on=1)
    assert look().due_in is None


def test_the_next_slot_is_told():
    a_task("paused", state="PAUSED", next_run_at=timezone.now())
    a_task("far", next_run_at=timezone.now() + timedelta(seconds=500))
    a_task("near", next_run_at=timezone.now() + timedelta(seconds=50))
    assert look().fires_in == pytest.approx(50, abs=5)
