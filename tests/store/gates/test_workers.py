from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue
from tests.store.gates.asked import gate, gates, said
from tests.store.rows import a_run, a_worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _queue():
    Queue.objects.get_or_create(name="mail")


def test_nobody_alive_is_told_with_the_command_to_start():
    a_worker(silent_for=3600, queues=["*"])
    a_worker(queues=["*"], stopped_at=timezone.now())
    found = gate(a_run(queue="mail"), "worker")
    assert (found.ok, str(found.fact)) == (False, "No worker is alive.")
    assert str(found.way_out) == "Start one: manage.py runworker"


@pytest.mark.parametrize("how", [{"queues": ["video"]}, {"queues": ["*"], "excluded_queues": ["mail"]}])
def test_a_worker_that_serves_other_queues_is_no_help(how):
    a_worker(**how)
    found = gate(a_run(queue="mail"), "worker")
    assert str(found.fact) == "1 worker is alive, but it does not serve the queue mail."
    assert str(found.way_out).endswith("runworker --queues mail")


@pytest.mark.parametrize(
    "how", [{"queues": ["mail"]}, {"queues": ["*"]}, {"queues": ["*", "x"], "excluded_queues": ["x"]}]
)
def test_a_worker_that_serves_the_queue_is_named(how):
    worker = a_worker(**how)
    found = gate(a_run(queue="mail"), "worker")
    assert (found.ok, found.id) == (True, worker.pk)


@pytest.mark.parametrize(("queues", "ok"), [(["*"], False), (["nowhere"], True)])
def test_a_queue_without_a_row_is_served_only_by_name(queues, ok):
    a_worker(queues=queues)
    assert gate(a_run(queue="nowhere"), "worker").ok is ok


@pytest.mark.parametrize("queues", [None, "mail", {"mail": 1}, 7])
def test_a_worker_row_that_makes_no_sense_serves_nothing(queues):
    a_worker(queues=queues if queues is not None else [])
    assert not gate(a_run(queue="mail"), "worker").ok


def test_free_slots_are_counted():
    worker = a_worker(queues=["*"], concurrency=3)
    a_run("RUNNING", worker_id=worker.pk)
    assert said(a_run(queue="mail"), "slots") == (True, "2 of 3 slots are free.")


def test_that_all_slots_are_taken_is_a_note_and_holds_up_nothing():
    worker = a_worker(queues=["*"], concurrency=1)
    for _ in range(2):  # one is prefetched
        a_run("RUNNING", worker_id=worker.pk)
    found = gate(a_run(queue="mail"), "slots")
    assert (found.ok, found.note) == (True, True)


def test_slots_are_not_counted_for_a_run_that_nobody_would_take():
    a_worker(queues=["*"])
    assert gates(a_run("PENDING", queue="mail", waiting_on=1), "slots") == []


def test_a_running_run_of_a_lost_worker_is_told():
    alive, silent = a_worker(), a_worker(silent_for=3600)
    assert gate(a_run("RUNNING", worker_id=alive.pk), "worker").ok
    for worker_id in (silent.pk, uuid.uuid4()):
        assert said(a_run("RUNNING", worker_id=worker_id), "worker") == (False, "Its worker no longer answers.")


def test_a_paused_worker_takes_nothing_and_the_way_out_is_told():
    a_worker("resting", queues=["*"], paused_at=timezone.now())
    found = gate(a_run(queue="mail"), "worker")
    assert (found.ok, str(found.fact)) == (False, "1 worker is alive, but paused.")
    assert "resume --worker" in str(found.way_out)
    a_worker("awake", queues=["*"])
    assert gate(a_run(queue="mail"), "worker").ok is True


@pytest.mark.parametrize(
    ("priority", "queue", "fact"),
    [
        (60, "mail", "2 of 4 slots are free."),
        (0, "mail", "1 of 4 slots are free."),
        (0, "reports", "2 of 4 slots are free, but kept for higher priorities"),
    ],
    ids=["urgent", "not urgent", "of a queue that has its share"],
)
def test_slots_that_are_shared_out_count_for_whom_they_are_free(priority, queue, fact):
    Queue.objects.get_or_create(name="reports")
    worker = a_worker(queues=["*"], concurrency=4, reserved=[[50, 1]], queue_concurrency={"reports": 1})
    for name in ("reports", "mail"):
        a_run("RUNNING", worker_id=worker.pk, queue=name)
    assert str(gate(a_run(queue=queue, priority=priority), "slots").fact).startswith(fact)
