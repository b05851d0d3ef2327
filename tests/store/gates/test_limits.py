from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.stage import stage
from tests.store.gates.asked import gate, gates, said
from tests.store.rows import DB, a_run, a_task, claims

pytestmark = pytest.mark.django_db


def two(**values):
    """Return two runs of one task, the first of which has the slot."""
    key = values.pop("key", None)
    task = a_task("limited", **values)
    runs = enqueue_many([Request(task_id=task.pk, label=each, concurrency_key=key) for each in ("one", "two")], DB)
    stage(DB)
    return runs


def test_a_run_without_limits_has_no_such_gate():
    run = a_run()
    assert gates(run, "limits") == gates(run, "max_instances") == []


def test_a_run_that_was_let_in_holds_a_slot():
    assert said(two(max_instances=1)[0], "limits") == (True, "It holds a slot of its limits.")


def test_a_run_in_line_says_which_run_has_the_slot_and_what_to_do():
    first, second = two(max_instances=1)
    found = gate(second, "max_instances")
    assert str(found.fact) == "max_instances of its task is 1, and as many are going: limited one."
    assert (found.ok, found.kind, found.id) == (False, "run", first.pk)
    assert "raise max_instances" in str(found.way_out)


def test_a_run_whose_key_is_full_names_the_key():
    _, second = two(key="customer 7")
    assert said(second, "concurrency") == (
        False, "The concurrency key customer 7 lets 1 of its runs go at once, and as many are going: limited one."
    )  # fmt: skip


def test_a_run_over_the_rate_says_when_the_next_may_begin():
    _, second = two(rate_limit="1/30s")
    (claim,) = claims()
    found = gate(second, "rate")
    assert not found.ok
    assert found.fact.values["count"] == 1
    until = found.fact.values["at"] - claim.started_at
    assert timedelta(seconds=29) < until <= timedelta(seconds=31)


def test_who_stands_before_it_is_counted():
    task = a_task("limited", max_instances=1)
    runs = enqueue_many([Request(task_id=task.pk) for _ in range(4)], DB)
    stage(DB)
    assert said(runs[3], "line") == (True, "2 runs are before it in line.")


def test_a_run_that_is_not_due_is_not_asked_for_a_slot():
    two(max_instances=1)
    (later,) = enqueue_many([Request(task_id=a_task("limited").pk, run_at=timezone.now() + timedelta(hours=1))], DB)
    assert gates(later, "max_instances") == []
