"""Verbs: asked first, done by POST only, told in numbers, recorded twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from django_tasks_fsm.admin import verb_admin
from django_tasks_fsm.admin.run_verbs import RUN_VERBS
from django_tasks_fsm.admin.verbs import sentence
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.querysets import Report
from tests.admin.pages import address, logged, said
from tests.admin.rows import link, make_run, soon

pytestmark = pytest.mark.django_db


def press(client: Client, run: TaskRun, verb: str, **answer: Any) -> Any:
    """Answer the page of a verb and follow to the page of the run."""
    return client.post(address("taskrun_verb", run.pk, verb), {"reason": "", **answer}, follow=True)


@pytest.mark.parametrize(
    ("verb", "source", "target", "message"),
    [
        ("retry", "FAILED", "QUEUED", "1 run retried."),
        ("retry", "CANCELLED", "QUEUED", "1 run retried."),
        ("retry", "SKIPPED", "QUEUED", "1 run retried."),
        ("prepared", "PREPARE", "QUEUED", "1 run let go."),
        ("cancel", "QUEUED", "CANCELLED", "1 run cancelled."),
        ("cancel", "RUNNING", "RUNNING", "1 running run asked to stop."),
        ("abort", "RUNNING", "ABORTED", "1 run aborted."),
        ("abort", "FAILED", "ABORTED", "1 run aborted."),
        ("retry", "RUNNING", "RUNNING", "1 skipped: running."),
        ("retry", "DONE", "DONE", "1 skipped: done."),
        ("cancel", "ABORTED", "ABORTED", "1 skipped: aborted."),
    ],
)
def test_a_verb_moves_what_fits_and_says_what_it_did(
    admin_client: Client, fetch: Task, verb: str, source: str, target: str, message: str
) -> None:
    run = make_run(fetch, RunState(source))
    response = press(admin_client, run, verb)
    run.refresh_from_db()
    assert (run.state, said(response)) == (target, [message])
    assert response.redirect_chain == [(address("taskrun_change", run.pk), 302)]


def test_who_and_why_stand_in_the_transition_and_in_the_log(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.FAILED)
    press(admin_client, run, "retry", reason="the disk has been replaced")
    transition = run.transitions.get(event="retry")
    assert (transition.actor, transition.reason) == ("user:admin", "the disk has been replaced")
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(run.pk), "Retry: the disk has been replaced")


def test_what_was_skipped_is_not_logged(admin_client: Client, fetch: Task) -> None:
    press(admin_client, make_run(fetch, RunState.DONE), "cancel")
    assert logged() == []


def test_a_run_that_was_asked_to_stop_is_logged(admin_client: Client, fetch: Task) -> None:
    press(admin_client, make_run(fetch, RunState.RUNNING), "cancel")
    assert logged() == ["Cancel"]


def test_a_get_asks_and_changes_nothing(admin_client: Client, fetch: Task) -> None:
    run = make_run(fetch, RunState.FAILED)
    page = admin_client.get(address("taskrun_verb", run.pk, "retry"))
    run.refresh_from_db()
    assert (page.status_code, run.state) == (200, "FAILED")
    assert 'method="post"' in page.content.decode()


def test_a_verb_that_does_not_fit_is_not_offered_for_an_answer(admin_client: Client, fetch: Task) -> None:
    page = admin_client.get(address("taskrun_verb", make_run(fetch, RunState.DONE).pk, "retry")).content.decode()
    assert "not possible in its present state" in page
    assert 'type="submit" value="Yes' not in page


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_not_allowed(admin_client: Client, fetch: Task, method: str) -> None:
    run = make_run(fetch)
    assert getattr(admin_client, method)(address("taskrun_verb", run.pk, "cancel")).status_code == 405


@pytest.mark.parametrize("pk", ["018f3f3a-0000-7000-8000-000000000000", "no-uuid", "1"])
def test_an_unknown_row_or_verb_is_not_found(admin_client: Client, fetch: Task, pk: str) -> None:
    assert admin_client.post(address("taskrun_verb", pk, "cancel")).status_code == 404
    assert admin_client.post(address("taskrun_verb", make_run(fetch).pk, "dispatch")).status_code == 404


@pytest.mark.fault("F79")
def test_a_row_that_one_may_not_view_is_refused(
    admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(fetch)
    rule = lambda self, request, obj=None: obj is None  # noqa: E731
    monkeypatch.setattr("django_tasks_fsm.admin.run.TaskRunAdmin.has_view_permission", rule)
    assert admin_client.post(address("taskrun_verb", run.pk, "cancel")).status_code == 403
    assert TaskRun.objects.get(pk=run.pk).state == "QUEUED"


@pytest.mark.fault("F79")
def test_a_row_outside_the_queryset_is_not_found(
    admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(fetch)
    visible = lambda self, request: TaskRun.objects.exclude(pk=run.pk)  # noqa: E731
    monkeypatch.setattr("django_tasks_fsm.admin.run.TaskRunAdmin.get_queryset", visible)
    assert admin_client.post(address("taskrun_verb", run.pk, "cancel")).status_code == 404
    assert TaskRun.objects.get(pk=run.pk).state == "QUEUED"


@pytest.mark.parametrize(
    ("codenames", "offered"),
    [
        (["view_taskrun"], set()),
        (["view_taskrun", "retry_run"], {"retry", "retry-downstream"}),
        (["view_taskrun", "cancel_run"], {"abort"}),
        (["view_taskrun", "resolve_run"], {"resolve"}),
        (["view_taskrun", "retry_run", "cancel_run"], {"retry", "retry-downstream", "abort"}),
    ],
)
def test_links_are_offered_by_permission_and_state(
    log_in_as: Any, fetch: Task, codenames: list[str], offered: set[str]
) -> None:
    run = make_run(fetch, RunState.FAILED)
    page = log_in_as(*codenames).get(address("taskrun_change", run.pk)).content.decode()
    assert {verb.name for verb in RUN_VERBS if address("taskrun_verb", run.pk, verb.name) in page} == offered


def test_the_wrong_permission_is_forbidden(log_in_as: Any, fetch: Task) -> None:
    run = make_run(fetch)
    client = log_in_as("view_taskrun", "retry_run")
    assert client.get(address("taskrun_verb", run.pk, "cancel")).status_code == 403
    assert client.post(address("taskrun_verb", run.pk, "cancel")).status_code == 403


def test_rescheduling_takes_the_time_in_the_current_zone(admin_client: Client, fetch: Task, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Vienna"
    run = make_run(fetch)
    at = soon(days=2)
    press(admin_client, run, "reschedule", at=timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S"))
    run.refresh_from_db()
    assert (run.state, run.run_at) == ("PENDING", at)


@pytest.mark.parametrize("at", ["", "yesterday", "2031-13-01T00:00", "\x00"])
def test_an_unusable_time_is_shown_again_with_an_error(admin_client: Client, fetch: Task, at: str) -> None:
    run = make_run(fetch)
    response = press(admin_client, run, "reschedule", at=at)
    assert "at" in response.context["form"].errors
    run.refresh_from_db()
    assert run.state == "QUEUED"


def test_a_reason_that_is_too_long_is_refused(admin_client: Client, fetch: Task) -> None:
    response = press(admin_client, make_run(fetch), "cancel", reason="x" * 501)
    assert "reason" in response.context["form"].errors


def test_cancelling_warns_of_what_will_stay_blocked(admin_client: Client, fetch: Task) -> None:
    first, second = make_run(fetch), make_run(fetch, RunState.PENDING)
    link(first, second)
    page = admin_client.get(address("taskrun_verb", first.pk, "cancel")).content.decode()
    assert "will stay blocked" in page
    assert str(second) in page


# -- lists ------------------------------------------------------------------------------------------------------------


def act(client: Client, verb: str, runs: list[TaskRun], query: str = "", **answer: Any) -> Any:
    """Choose runs in the list and press the button of the action."""
    data = {"action": verb, "_selected_action": [run.pk for run in runs], **answer}
    return client.post(f"{address('taskrun_changelist')}{query}", data, follow=True)


def test_an_action_asks_first(admin_client: Client, fetch: Task) -> None:
    runs = [make_run(fetch, RunState.FAILED) for _ in range(3)]
    response = act(admin_client, "retry", runs, index="0")
    page = response.content.decode()
    assert all(str(run) in page and f'value="{run.pk}"' in page for run in runs)
    assert not TaskRun.objects.exclude(state="FAILED").exists()


def test_an_action_counts_what_it_moved_and_what_it_left(admin_client: Client, fetch: Task) -> None:
    states = [RunState.FAILED, RunState.FAILED, RunState.RUNNING, RunState.DONE]
    response = act(admin_client, "retry", [make_run(fetch, state) for state in states], post="yes", reason="again")
    assert said(response) == ["2 runs retried, 2 skipped: 1 done, 1 running."]
    assert logged() == ["Retry: again", "Retry: again"]


def test_an_action_asks_running_runs_to_stop_and_cancels_the_rest(admin_client: Client, fetch: Task) -> None:
    runs = [make_run(fetch, RunState.RUNNING), make_run(fetch), make_run(fetch, RunState.DONE)]
    response = act(admin_client, "cancel", runs, post="yes")
    assert said(response) == ["1 run cancelled, 1 running run asked to stop, 1 skipped: done."]
    assert set(LogEntry.objects.values_list("object_id", flat=True)) == {str(run.pk) for run in runs[:2]}


def test_an_action_across_pages_takes_the_filtered_rows(admin_client: Client, fetch: Task) -> None:
    failed = [make_run(fetch, RunState.FAILED) for _ in range(4)]
    make_run(fetch, RunState.CANCELLED)
    query = "?state=FAILED"
    asked = act(admin_client, "retry", failed[:1], query, index="0", select_across="1")
    assert 'name="select_across" value="1"' in asked.content.decode()
    assert said(act(admin_client, "retry", failed[:1], query, post="yes", select_across="1")) == ["4 runs retried."]
    assert TaskRun.objects.filter(state="CANCELLED").count() == 1


def test_an_action_stops_at_a_bound(admin_client: Client, fetch: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb_admin, "MOST_AT_ONCE", 2)
    runs = [make_run(fetch) for _ in range(3)]
    assert "the first 2 will be taken" in act(admin_client, "cancel", runs, index="0").content.decode()
    assert said(act(admin_client, "cancel", runs, post="yes")) == ["2 runs cancelled."]


def test_an_action_without_its_permission_is_neither_shown_nor_done(log_in_as: Any, fetch: Task) -> None:
    run = make_run(fetch)
    client = log_in_as("view_taskrun", "retry_run")
    page = client.get(address("taskrun_changelist")).content.decode()
    assert 'value="retry"' in page
    assert 'value="cancel"' not in page
    act(client, "cancel", [run], post="yes")
    run.refresh_from_db()
    assert run.state == "QUEUED"


def test_an_action_with_a_form_shows_its_errors(admin_client: Client, fetch: Task) -> None:
    response = act(admin_client, "reschedule", [make_run(fetch)], post="yes", at="never")
    assert "at" in response.context["form"].errors


def test_many_rows_cost_no_query_each(admin_client: Client, fetch: Task, django_assert_max_num_queries: Any) -> None:
    TaskRun.objects.bulk_create([TaskRun(task=fetch) for _ in range(120)])
    runs = list(TaskRun.objects.all())
    with django_assert_max_num_queries(180):  # one UPDATE for each row is the price of the guard
        act(admin_client, "cancel", runs, post="yes")
    assert LogEntry.objects.count() == 120


# -- words ------------------------------------------------------------------------------------------------------------


def test_a_report_of_nothing_says_so() -> None:
    assert sentence(RUN_VERBS[0], Report(())) == "Nothing was left to do"


def test_the_confirmation_starts_from_the_time_that_is_set(admin_client: Client, fetch: Task) -> None:
    at = soon(days=3)
    run = make_run(fetch, RunState.PENDING, run_at=at)
    form = admin_client.get(address("taskrun_verb", run.pk, "reschedule")).context["form"]
    assert abs(form.initial["at"] - at) < timedelta(seconds=1)
