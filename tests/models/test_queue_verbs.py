"""Pausing queues: who is first is told, and workers are woken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.queue_verbs import pause_queues, resume_queues

pytestmark = pytest.mark.django_db
ADA = Actor("os:ada@db1")


@pytest.fixture(autouse=True)
def _queues() -> None:
    Queue.objects.create(name="mail")
    Queue.objects.create(name="shut", paused_at=timezone.now(), pause_reason="first")


def test_open_queues_are_paused_and_the_others_left_alone() -> None:
    report = pause_queues(["mail", "shut"], "default", actor=ADA, reason="second")
    assert ([row.pk for row in report.moved], report.refused) == (["mail"], (("PAUSED", 1),))
    assert dict(Queue.objects.exclude(paused_at=None).values_list("name", "pause_reason")) == {
        "mail": "second",
        "shut": "first",
    }


def test_a_queue_whose_pause_is_over_can_be_paused_again() -> None:
    past = timezone.now() - timedelta(hours=1)
    Queue.objects.filter(name="shut").update(paused_until=past)
    assert pause_queues(["shut"], "default", actor=ADA).moved


def test_resuming_wakes_the_workers_of_what_was_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("django_tasks_fsm.models.queue_verbs.wake", lambda names, using: woken.extend(names))
    report = resume_queues(["mail", "shut"], "default")
    assert ([row.pk for row in report.moved], report.refused, woken) == (["shut"], (("ACTIVE", 1),), ["shut"])
