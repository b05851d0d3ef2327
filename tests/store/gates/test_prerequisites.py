from __future__ import annotations

import pytest

from django_tasks_fsm.models import RunPrerequisite, TaskRun
from tests.store.gates.asked import gate, gates, said
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db


def behind(*others: TaskRun, condition: str = "done", on_failure: str = "block") -> TaskRun:
    """Make a run that waits for others."""
    run = a_run("PENDING", waiting_on=len(others))
    RunPrerequisite.objects.bulk_create(
        [RunPrerequisite(run=run, prerequisite=one, condition=condition, on_failure=on_failure) for one in others]
    )
    return run


def test_a_run_without_prerequisites_waits_for_none():
    assert said(a_run("PENDING"), "prerequisite") == (True, "It waits for no other run.")


def test_a_prerequisite_is_named_with_its_task_label_and_state():
    other = a_run("QUEUED", task=a_task("fetch"), label="Oslo")
    found = gate(behind(other), "prerequisite")
    assert str(found.fact) == "It waits for fetch Oslo to be done, which is queued."
    assert (found.kind, found.id) == ("run", other.pk)


def test_a_failed_prerequisite_says_how_to_repair_it():
    found = gate(behind(a_run("FAILED", label="Oslo", error="shop.Busy: 7")), "prerequisite")
    assert str(found.fact) == "It waits for work Oslo to be done, but that has ended: failed."
    assert found.detail == "shop.Busy: 7"
    assert str(found.way_out).startswith("It waits until that is repaired: retry it, or give its result by hand")


@pytest.mark.parametrize(
    ("condition", "state", "fact", "way_out"),
    [
        ("done", "ABORTED", "but that has ended: aborted.", "skip or cancel this run"),
        ("done", "SKIPPED", "but that has ended: skipped.", "retry it; or skip this run"),
        ("failed", "DONE", "to fail, but that has ended: done.", "run it again (rerun)"),
        ("failed", "RUNNING", "to fail, which is running.", "waits until it is repaired"),
        ("finished", "QUEUED", "to end, which is queued.", "waits until it is repaired"),
    ],
)
def test_each_condition_has_its_sentence(condition, state, fact, way_out):
    found = gate(behind(a_run(state), condition=condition), "prerequisite")
    assert str(found.fact).endswith(fact)
    assert way_out in str(found.way_out)


@pytest.mark.parametrize(
    ("policy", "end"),
    [("fail", "fails too."), ("cancel", "is cancelled."), ("skip", "is skipped."), ("ignore", "goes on all the same.")],
)
def test_the_policy_of_the_edge_is_told(policy, end):
    assert str(gate(behind(a_run("QUEUED"), on_failure=policy), "prerequisite").way_out).endswith(end)


def test_the_broken_ones_come_first_and_the_rest_is_counted(django_assert_max_num_queries):
    others = [a_run("PENDING") for _ in range(22)]
    failed = a_run("FAILED")
    run = behind(*others, failed)
    with django_assert_max_num_queries(4):
        found = gates(run, "prerequisite")
    assert (len(found), found[0].id) == (21, failed.pk)
    assert str(found[-1].fact) == "It waits for 3 more runs."


def test_a_count_that_no_link_accounts_for_is_told():
    assert said(a_run("PENDING", waiting_on=1), "prerequisite") == (False, "It waits for 1 more run.")
