"""Messages to ordinary runs: what waits at a check point, in order, once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connections

from django_tasks_fsm.exceptions import OwnershipLost, UnstorablePayload
from django_tasks_fsm.models import Message, TaskRun
from django_tasks_fsm.store import inbox
from tests.jobs.letters import aread_all, read_all
from tests.store.faults import losing_answers_to_commits
from tests.store.rows import claimed

pytestmark = pytest.mark.usefixtures("quick_options")


def test_a_run_reads_what_waits_in_order(start_worker, gate):
    result = read_all.enqueue(gate)
    run = TaskRun.objects.get(pk=result.id)
    start_worker()
    for name in "abc":
        run.send(name)
    Path(gate).touch()
    assert run.wait(30) == ["a", "b", "c"]
    assert not Message.objects.filter(delivered_at=None).exists()


def test_a_coroutine_reads_them_too(start_worker):
    result = aread_all.enqueue()
    run = TaskRun.objects.get(pk=result.id)
    run.send("a")
    run.send("b")
    start_worker()
    assert run.wait(30) == ["a", "b"]


def test_a_late_holder_takes_no_message(transactional_db, gate):
    run = TaskRun.objects.get(pk=read_all.enqueue(gate).id)
    run.send("a")
    with pytest.raises(OwnershipLost):
        inbox.take(run.pk, 1, "default")
    assert Message.objects.get().delivered_at is None


def test_a_message_is_handed_over_though_the_commit_of_its_taking_was_not_answered(transactional_db, gate):
    run = TaskRun.objects.get(pk=read_all.enqueue(gate).id)
    run.send("a")
    run.send("b")
    fence = claimed(run).fence
    with losing_answers_to_commits() as lost:
        first = inbox.take(run.pk, fence, "default")
    second = inbox.take(run.pk, fence, "default")
    assert first
    assert second
    assert (lost, first.name, second.name) == (["COMMIT"], "a", "b")


def test_a_payload_that_json_cannot_hold_is_refused_by_name(transactional_db, gate):
    run = TaskRun.objects.get(pk=read_all.enqueue(gate).id)
    with pytest.raises(UnstorablePayload, match="payload"):
        run.send("a", {"when": object()})
    with pytest.raises(ValueError, match="The name of a message has 1 to 100 printable characters"):
        run.send("")
    assert not Message.objects.exists()


def test_senders_at_the_same_time_get_a_number_each(transactional_db, gate):
    run = TaskRun.objects.get(pk=read_all.enqueue(gate).id)
    together = threading.Barrier(4)

    def send() -> None:
        together.wait()
        try:
            for _ in range(5):
                run.send("a")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(run.messages.order_by("number").values_list("number", flat=True)) == list(range(1, 21))
