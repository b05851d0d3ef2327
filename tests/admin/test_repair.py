"""Repairs from the admin: the plan is shown first, and the answer does that plan or shows the new one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from django_tasks_fsm.admin import plan_page
from django_tasks_fsm.admin.repair_verbs import REPAIRS
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun
from tests.admin.pages import address, logged, said
from tests.admin.rows import link, make_chain, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(fetch: Task) -> list[TaskRun]:
    """Give a graph: one done, the next failed, a third that waits for it."""
    return make_chain(fetch)


def page_of(client: Client, run: TaskRun, verb: str) -> str:
    return client.get(address("taskrun_verb", run.pk, verb)).content.decode()


def agree(client: Client, run: TaskRun, verb: str, page: str = "", **answer: Any) -> Any:
    """Send the form of ``page``, or of the page as it is now."""
    found = re.search(r'name="fingerprint" value="(\w+)"', page or page_of(client, run, verb))
    assert found, "the page offers no plan"
    data = {"reason": "", "fingerprint": found[1], **answer}
    return client.post(address("taskrun_verb", run.pk, verb), data, follow=True)


def states(runs: list[TaskRun]) -> list[str]:
    return [TaskRun.objects.values_list("state", flat=True).get(pk=run.pk) for run in runs]


def test_a_rerun_shows_names_counts_and_reasons_and_changes_nothing(admin_client: Client, chain: list[TaskRun]) -> None:
    page = page_of(admin_client, chain[0], "rerun")
    assert "Rerun 2 runs?" in page
    assert "fetch users: 1 (Run again)" in page
    assert "fetch users: 1 (Retry)" in page
    assert f"Its prerequisite fetch users {str(chain[0].pk)[-12:]} runs again." in page
    assert "These wait (1)" in page
    assert states(chain) == ["DONE", "FAILED", "PENDING"]


def test_the_answer_does_what_was_shown_and_tells_both_numbers(admin_client: Client, chain: list[TaskRun]) -> None:
    response = agree(admin_client, chain[0], "rerun", reason="a wrong list")
    assert said(response) == ["2 runs begin anew, 1 waits again."]
    assert states(chain) == ["QUEUED", "PENDING", "PENDING"]
    assert logged() == ["Rerun from here: a wrong list"] * 2
    assert {each.actor for each in chain[1].transitions.filter(event="retry")} == {"user:admin"}


def test_a_plan_that_has_changed_is_shown_again_and_done_at_the_second_answer(
    admin_client: Client, chain: list[TaskRun]
) -> None:
    before = page_of(admin_client, chain[0], "rerun")
    chain[1].abort()
    again = agree(admin_client, chain[0], "rerun", before)
    assert "no longer what was shown" in again.content.decode()
    assert states(chain) == ["DONE", "ABORTED", "PENDING"]
    agree(admin_client, chain[0], "rerun", again.content.decode())
    assert states(chain) == ["QUEUED", "ABORTED", "PENDING"]


@pytest.mark.parametrize("fingerprint", ["", "0", "\x00", "ü" * 5000])
def test_an_answer_to_no_plan_does_nothing(admin_client: Client, chain: list[TaskRun], fingerprint: str) -> None:
    data = {"reason": "", "fingerprint": fingerprint}
    response = admin_client.post(address("taskrun_verb", chain[0].pk, "rerun"), data)
    assert (response.status_code, states(chain)) == (200, ["DONE", "FAILED", "PENDING"])


def test_what_is_in_the_way_is_named_and_no_button_is_there(admin_client: Client, fetch: Task) -> None:
    done, running = make_run(fetch, RunState.DONE), make_run(fetch, RunState.RUNNING)
    link(done, running, met=True)
    page = page_of(admin_client, done, "rerun")
    assert "These are in the way (1)" in page
    assert "wait until it has ended, or cancel it" in page
    assert 'type="submit" value="Yes' not in page


def test_a_verb_that_does_not_fit_is_refused_by_get_and_post(admin_client: Client, fetch: Task) -> None:
    alone, other = make_run(fetch, RunState.FAILED), make_run(fetch, RunState.FAILED)
    for verb in ("skip", "retry-failed", "abort-graph"):
        assert "not possible in its present state" in page_of(admin_client, alone, verb)
        data = {"reason": "", "fingerprint": "0"}
        assert admin_client.post(address("taskrun_verb", alone.pk, verb), data).status_code == 200
    assert states([alone, other]) == ["FAILED", "FAILED"]


def test_a_failed_run_is_retried_with_what_came_of_it(admin_client: Client, chain: list[TaskRun]) -> None:
    assert said(agree(admin_client, chain[1], "retry-downstream")) == ["1 run begins anew, 1 waits again."]
    assert states(chain) == ["DONE", "QUEUED", "PENDING"]


def test_a_result_is_given_by_hand_with_a_reason(admin_client: Client, chain: list[TaskRun]) -> None:
    response = agree(admin_client, chain[1], "resolve", value='{"rows": 3}')
    assert "reason" in response.context["form"].errors
    response = agree(admin_client, chain[1], "resolve", value='{"rows": 3}', reason="counted")
    assert said(response) == ["1 run resolved."]
    assert states(chain) == ["DONE", "DONE", "QUEUED"]
    assert TaskRun.objects.get(pk=chain[1].pk).result == {"rows": 3}


@pytest.mark.parametrize("value", ["{", "NaN", '"\\u0000"', "[" * 40 + "]" * 40])
def test_a_result_that_cannot_be_stored_is_shown_again_with_an_error(
    admin_client: Client, chain: list[TaskRun], value: str
) -> None:
    response = agree(admin_client, chain[1], "resolve", value=value, reason="counted")
    assert "value" in response.context["form"].errors
    assert states(chain)[1] == "FAILED"


def test_a_skip_shows_what_becomes_of_those_that_wait(admin_client: Client, chain: list[TaskRun]) -> None:
    behind = make_run(chain[0].task, RunState.PENDING)
    link(chain[2], behind, condition="finished")
    assert "These can run then (1)" in page_of(admin_client, chain[2], "skip")
    assert said(agree(admin_client, chain[2], "skip")) == ["1 run skipped."]
    assert states([chain[2], behind]) == ["SKIPPED", "QUEUED"]


def test_the_failed_of_a_graph_are_retried_and_the_others_after_a_second_look(
    admin_client: Client, chain: list[TaskRun]
) -> None:
    cancelled = make_run(chain[0].task, RunState.CANCELLED, graph=chain[0].graph)
    again = agree(admin_client, chain[0], "retry-failed", others="on")
    assert states([*chain, cancelled]) == ["DONE", "FAILED", "PENDING", "CANCELLED"]
    page = again.content.decode()
    assert "Retry 2 runs?" in page
    assert said(agree(admin_client, chain[0], "retry-failed", page, others="on")) == ["2 runs retried, 1 waits again."]
    assert states([*chain, cancelled]) == ["DONE", "QUEUED", "PENDING", "QUEUED"]


def test_a_graph_is_cancelled_and_then_aborted(admin_client: Client, chain: list[TaskRun]) -> None:
    running = make_run(chain[0].task, RunState.RUNNING, graph=chain[0].graph)
    response = agree(admin_client, chain[0], "cancel-graph")
    assert said(response) == ["1 run cancelled, 1 running run asked to stop."]
    assert len(logged()) == 2
    agree(admin_client, chain[0], "abort-graph")
    assert states([*chain, running]) == ["DONE", "ABORTED", "ABORTED", "ABORTED"]


def test_a_graph_with_nothing_to_do_says_so(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.DONE, graph=make_run(fetch).pk)
    page = page_of(admin_client, run, "cancel-graph")
    assert "There is nothing to do." in page
    assert 'type="submit" value="Yes' not in page


def test_long_lists_are_cut_and_the_rest_is_counted(
    admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_page, "MOST_LISTED", 3)
    first = make_run(fetch, RunState.DONE)
    for _ in range(9):
        link(first, make_run(fetch, RunState.DONE), met=True)
    page = page_of(admin_client, first, "rerun")
    assert "This will happen (10)" in page
    assert page.count("Its prerequisite") == 2
    assert "and 7 more" in page


@pytest.mark.parametrize(
    ("codename", "allowed"),
    [
        ("retry_run", {"rerun", "retry-downstream", "retry-failed"}),
        ("cancel_run", {"skip", "cancel-graph", "abort-graph"}),
        ("resolve_run", {"resolve"}),
    ],
)
def test_each_repair_needs_its_permission(
    log_in_as: Any, chain: list[TaskRun], codename: str, allowed: set[str]
) -> None:
    client = log_in_as("view_taskrun", codename)
    pages = {verb.name: client.get(address("taskrun_verb", chain[1].pk, verb.name)).status_code for verb in REPAIRS}
    assert {name for name, status in pages.items() if status == 200} == allowed
    assert set(pages.values()) == {200, 403}


def test_names_and_labels_are_escaped(admin_client: Client, fetch: Task) -> None:
    Task.objects.filter(pk=fetch.pk).update(name="<b>fetch</b>")
    first, second = make_run(fetch, RunState.DONE, label="<i>one</i>"), make_run(fetch, RunState.DONE)
    link(first, second, met=True)
    page = page_of(admin_client, first, "rerun")
    assert "&lt;i&gt;one&lt;/i&gt;" in page
    assert "<i>one" not in page
    assert "<b>fetch" not in page
