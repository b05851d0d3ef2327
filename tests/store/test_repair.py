"""Plans: what they name, and that exactly this happens."""

from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.exceptions import PlanChanged, PlanRefused, UnknownPrerequisite, UnstorablePayload
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.repair import abort_graph, cancel_graph, retry_failed
from django_tasks_fsm.store.repair import (
    act,
    plan_abort,
    plan_cancel,
    plan_rerun,
    plan_resolve,
    plan_retry_failed,
    plan_skip,
)
from tests.store.repairing import chain, made, shown, states, wrong_counts
from tests.store.rows import DB, a_run, claimed, done, events_of, failed, state_of

pytestmark = pytest.mark.django_db


def test_a_rerun_names_each_run_below_with_its_event_and_the_reason() -> None:
    first, second, third, fourth, fifth = chain("DONE", "DONE", "FAILED", "PENDING", "PENDING")
    plan = plan_rerun(first.pk, DB)
    assert [(step.run, step.event) for step in plan.steps] == [
        (first.pk, "rerun"), (second.pk, "rerun"), (third.pk, "retry"),
    ]  # fmt: skip
    assert [step.run for step in plan.waiting] == [fourth.pk, fifth.pk]
    assert (plan.steps[2].why, plan.steps[2].label) == ("Its prerequisite work n1 runs again.", "n2")
    assert plan.counts() == [("work", "rerun", 2), ("work", "retry", 1)]


def test_what_is_rerun_starts_from_the_top_and_the_rest_waits_for_it() -> None:
    runs = chain("DONE", "DONE", "FAILED", "PENDING")
    act(plan_rerun(runs[0].pk, DB))
    assert states(runs) == ["QUEUED", "PENDING", "PENDING", "PENDING"]
    assert wrong_counts() == []
    for run in runs:
        done(run)
    assert states(runs) == ["DONE"] * 4


def test_a_plan_in_the_middle_leaves_what_lies_above() -> None:
    runs = chain("DONE", "DONE", "DONE")
    done_plan = runs[1].rerun()
    assert shown(done_plan) == {"steps": ["n1", "n2"]}
    assert states(runs) == ["DONE", "QUEUED", "PENDING"]


def test_an_aborted_run_stays_and_nothing_is_reached_through_it() -> None:
    runs = chain("DONE", "ABORTED", "PENDING")
    plan = runs[0].rerun()
    assert shown(plan) == {"steps": ["n0"], "staying": ["n1"]}
    assert states(runs) == ["QUEUED", "ABORTED", "PENDING"]


def test_a_running_run_below_refuses_the_whole_plan_and_names_the_way_out() -> None:
    runs = chain("DONE", "RUNNING", "PENDING")
    with pytest.raises(PlanRefused, match="cancel it") as caught:
        runs[0].rerun()
    assert shown(caught.value.plan)["refused"] == ["n1"]
    assert states(runs) == ["DONE", "RUNNING", "PENDING"]


@pytest.mark.parametrize("state", ["PREPARE", "PENDING", "QUEUED", "RUNNING", "ABORTED"])
def test_what_has_not_ended_or_ended_for_good_is_not_rerun(state: str) -> None:
    run = a_run(state)
    with pytest.raises(PlanRefused):
        run.rerun()
    assert state_of(run) == state


def test_without_downstream_one_run_begins_anew_and_what_came_of_it_stays() -> None:
    runs = made(["DONE", "DONE", "PENDING"], [(0, 1, "done", "block"), (0, 2, "done", "block")])
    plan = runs[0].rerun(downstream=False)
    assert shown(plan) == {"steps": ["n0"], "waiting": ["n2"], "staying": ["n1"]}
    assert states(runs) == ["QUEUED", "DONE", "PENDING"]
    assert wrong_counts() == []


def test_a_run_that_is_retried_waits_for_a_prerequisite_that_was_rerun_alone_before() -> None:
    above, below = chain("DONE", "FAILED")
    above.rerun(downstream=False)
    below.retry()
    assert states([above, below]) == ["QUEUED", "PENDING"]
    assert wrong_counts() == []
    done(above)
    assert state_of(below) == "QUEUED"


def test_a_plan_that_has_changed_is_not_carried_out_and_the_new_one_is_given() -> None:
    runs = chain("DONE", "DONE", "FAILED")
    plan = plan_rerun(runs[0].pk, DB)
    runs[2].abort()
    with pytest.raises(PlanChanged) as caught:
        act(plan)
    assert shown(caught.value.plan) == {"steps": ["n0", "n1"], "staying": ["n2"]}
    assert states(runs) == ["DONE", "DONE", "ABORTED"]
    assert len(act(caught.value.plan).moved) == 2


def test_a_run_that_was_run_again_meanwhile_changes_the_plan_though_its_state_is_the_same() -> None:
    (run,) = chain("DONE")
    plan = plan_rerun(run.pk, DB)
    run.rerun()
    done(run)
    with pytest.raises(PlanChanged):
        act(plan)


def test_who_and_why_stand_in_the_history_of_every_run() -> None:
    runs = chain("DONE", "FAILED")
    runs[0].rerun(actor=Actor("user:ann"), reason="the list was wrong")
    told = [(each.event, each.actor, each.reason) for run in runs for each in run.transitions.all()]
    assert told == [(event, "user:ann", "the list was wrong") for event in ("rerun", "retry")]


def test_a_key_is_borne_again_and_another_bearer_refuses_the_plan() -> None:
    run = a_run("DONE", given_key="nightly")
    run.rerun()
    run.refresh_from_db()
    assert run.key == "nightly"
    done(run)
    bearer = a_run("QUEUED", key="nightly", given_key="nightly")
    with pytest.raises(PlanRefused, match=str(bearer.pk)):
        run.rerun()


def test_of_two_with_one_key_the_older_one_is_retried() -> None:
    older, newer = made(["FAILED", "FAILED"], [], given_key="one")
    plan = retry_failed(older.graph)
    assert shown(plan) == {"steps": ["n0"], "staying": ["n1"]}
    assert states([older, newer]) == ["QUEUED", "FAILED"]


def test_a_run_that_does_not_exist_is_named(db: None) -> None:
    run = TaskRun(task_id=1)
    with pytest.raises(UnknownPrerequisite, match=str(run.pk)):
        run.rerun_plan()


def test_a_graph_is_retried_where_it_failed_and_elsewhere_if_asked() -> None:
    runs = made(["FAILED", "CANCELLED", "SKIPPED", "PENDING"], [(0, 3, "done", "block"), (1, 3, "done", "block")])
    plan = plan_retry_failed(runs[0].graph, DB)
    assert shown(plan) == {"steps": ["n0"], "waiting": ["n3"], "staying": ["n1", "n2"]}
    retry_failed(runs[0].graph, others=True)
    assert states(runs) == ["QUEUED", "QUEUED", "QUEUED", "PENDING"]
    assert wrong_counts() == []


def test_a_run_that_goes_on_whatever_happened_stays_with_what_it_had() -> None:
    runs = made(["FAILED", "DONE"], [(0, 1, "finished", "block")])
    assert shown(plan_retry_failed(runs[0].graph, DB)) == {"steps": ["n0"], "staying": ["n1"]}
    assert shown(plan_rerun(runs[0].pk, DB)) == {"steps": ["n0", "n1"]}


def test_a_skip_shows_what_each_edge_does_to_its_dependent() -> None:
    edges = [(0, 1, "finished", "block"), (0, 2, "done", "block"), (0, 3, "done", "skip"), (3, 4, "done", "fail")]
    runs = made(["QUEUED"] + ["PENDING"] * 4, edges)
    plan = plan_skip(runs[0].pk, DB)
    assert shown(plan) == {"steps": ["n0"], "following": ["n3", "n4"], "released": ["n1"], "staying": ["n2"]}
    act(plan)
    assert states(runs) == ["SKIPPED", "QUEUED", "PENDING", "SKIPPED", "FAILED"]


def test_skip_and_resolve_fit_their_states_only() -> None:
    failed_run, waiting = a_run("FAILED"), a_run("PENDING")
    assert waiting.skip() is True
    assert waiting.skip() is False
    with pytest.raises(PlanRefused):
        waiting.resolve(1, reason="")
    failed_run.resolve({"rows": 3}, reason="counted by hand", actor=Actor("user:ann"))
    assert (failed_run.state, failed_run.result, failed_run.error) == ("DONE", {"rows": 3}, "")
    assert failed_run.transitions.get().reason == "counted by hand"


def test_a_result_by_hand_lets_the_dependents_go() -> None:
    runs = chain("FAILED", "PENDING")
    assert shown(plan_resolve(runs[0].pk, 1, DB)) == {"steps": ["n0"], "released": ["n1"]}
    runs[0].resolve(1, reason="known")
    assert states(runs) == ["DONE", "QUEUED"]


@pytest.mark.parametrize("value", [object(), float("nan"), "\x00", {1: 1, "1": 2}])
def test_a_result_by_hand_is_checked_as_a_result(value: object) -> None:
    run = a_run("FAILED")
    with pytest.raises(UnstorablePayload):
        run.resolve(value, reason="")
    assert state_of(run) == "FAILED"


def test_a_graph_is_cancelled_and_what_runs_is_asked() -> None:
    runs = made(["DONE", "RUNNING", "QUEUED", "PENDING", "FAILED"], [(1, 3, "done", "fail")])
    plan = plan_cancel(runs[0].graph, DB)
    assert plan.counts() == [("work", "cancel_requested", 1), ("work", "cancel", 2)]
    report = act(plan)
    assert (len(report.moved), report.asked) == (2, 1)
    assert states(runs) == ["DONE", "RUNNING", "CANCELLED", "CANCELLED", "FAILED"]
    assert TaskRun.objects.get(pk=runs[1].pk).cancel_requested_at


def test_a_graph_that_moves_on_can_be_cancelled_and_a_new_member_is_shown_first() -> None:
    runs = made(["QUEUED", "PENDING"], [(0, 1, "done", "block")])
    plan = plan_cancel(runs[0].graph, DB)
    claimed(runs[0])
    assert act(plan).asked == 1
    a_run("QUEUED", graph=runs[0].graph)
    with pytest.raises(PlanChanged):
        act(plan)


def test_an_aborted_graph_cannot_be_retried() -> None:
    runs = made(["DONE", "FAILED", "CANCELLED", "RUNNING", "PENDING"], [])
    assert plan_abort(runs[0].graph, DB).counts() == [("work", "abort", 4)]
    abort_graph(runs[0].graph)
    assert states(runs) == ["DONE"] + ["ABORTED"] * 4
    assert retry_failed(runs[0].graph, others=True).steps == ()


def test_runs_without_a_graph_are_not_one_graph() -> None:
    run = a_run("FAILED")
    assert retry_failed(run.graph).steps == ()
    assert abort_graph(run.graph).steps == ()
    assert state_of(run) == "FAILED"


def test_a_long_chain_is_planned_and_rerun_with_few_queries(django_assert_max_num_queries: Any) -> None:
    runs = chain(*["DONE"] * 600)
    with django_assert_max_num_queries(10):
        plan = plan_rerun(runs[0].pk, DB)
    with django_assert_max_num_queries(60):
        act(plan)
    assert len(plan.steps) == 600
    assert wrong_counts() == []


def test_the_way_from_a_failure_over_cancelling_to_a_repaired_graph() -> None:
    runs = chain("QUEUED", "PENDING", "PENDING")
    failed(runs[0])
    cancel_graph(runs[0].graph)
    assert states(runs) == ["FAILED", "CANCELLED", "CANCELLED"]
    retry_failed(runs[0].graph, others=True)
    assert events_of(runs[2]) == ["cancel", "retry"]
    for run in runs:
        done(run)
    assert states(runs) == ["DONE"] * 3
