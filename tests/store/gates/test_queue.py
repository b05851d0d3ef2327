from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue
from tests.store.gates.asked import gate, said
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({}, ["The queue mail has been paused since 2"]),
        ({"paused_by": "user:ada"}, [" by ada."]),
        ({"paused_until": timezone.now() + timedelta(days=1)}, [", until 2"]),
        ({"paused_by": "user:ada", "paused_until": timezone.now() + timedelta(days=1)}, [" by ada, until 2"]),
    ],
)
def test_a_paused_queue_says_since_when_by_whom_until_when_and_why(values, parts):
    Queue.objects.create(name="mail", paused_at=timezone.now(), pause_reason="the disk is full", **values)
    found = gate(a_run(queue="mail"), "queue")
    assert (found.ok, found.kind, found.id, found.detail) == (False, "queue", "mail", "the disk is full")
    assert all(part in str(found.fact) for part in parts), str(found.fact)


def test_an_open_queue_is_told_as_open():
    Queue.objects.create(name="mail")
    assert said(a_run(queue="mail"), "queue") == (True, "The queue mail is open.")


def test_a_queue_without_a_row_is_a_note():
    found = gate(a_run(queue="nowhere"), "queue")
    assert (found.ok, found.note) == (True, True)
