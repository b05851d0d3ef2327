from __future__ import annotations

import pytest

from django_tasks_fsm.models import TaskRun
from tests.store.gates.asked import gate, said
from tests.store.rows import a_run, a_worker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["PENDING", "QUEUED"])
def test_a_run_that_waits_is_not_held_up_by_its_state(state):
    assert gate(a_run(state), "state").ok


def test_a_run_in_preparation_has_to_be_let_go():
    found = gate(a_run("PREPARE"), "state")
    assert (found.ok, str(found.way_out)) == (False, "Let it go (prepared).")


def test_a_running_run_names_since_when_and_where():
    worker = a_worker("w-7")
    run = a_run("RUNNING", worker_id=worker.pk)
    found = gate(run, "state")
    assert (found.ok, found.kind, found.id) == (False, "worker", worker.pk)
    assert str(found.fact).startswith("It has been running since 2")
    assert str(found.fact).endswith("in the worker w-7.")


def test_a_run_whose_worker_has_no_row_is_explained_all_the_same():
    found = gate(a_run("RUNNING"), "state")
    assert (found.ok, found.kind) == (False, "")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("DONE", "Run it again"),
        ("FAILED", "Retry it, or give"),
        ("CANCELLED", "Retry it."),
        ("SKIPPED", "Retry it."),
        ("ABORTED", "ended for good"),
    ],
)
def test_an_ended_run_says_what_can_be_done_with_it(state, word):
    found = gate(a_run(state, error="shop.Busy: 7"), "state")
    assert not found.ok
    assert word in str(found.way_out)
    assert found.detail == "shop.Busy: 7"


def test_the_row_is_looked_at_anew():
    run = a_run("QUEUED")
    TaskRun.objects.filter(pk=run.pk).cancel()
    assert said(run, "state")[1].startswith("It was cancelled at")
