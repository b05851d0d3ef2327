"""The list and the page of tasks, and what may be done to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Task, TaskPrerequisite, TaskRun
from tests.admin.pages import address, logged, said
from tests.admin.rows import FUNCTION, make_chain, make_run, make_task, soon

pytestmark = pytest.mark.django_db

EVERY_HOUR = {"version": 1, "kind": "interval", "every": 3600}
BUDGET = 12


def page_of(client: Client, task: Task) -> str:
    """Return the page of a task."""
    response = client.get(address("task_change", task.pk))
    assert response.status_code == 200
    return str(response.content.decode())


def press(client: Client, task: Task, verb: str, **answer: Any) -> Any:
    """Answer the page of a verb and follow to the page of the task."""
    return client.post(address("task_verb", task.pk, verb), {"reason": "", **answer}, follow=True)


def test_a_full_page_stays_within_its_budget(admin_client: Client, fetch: Task) -> None:
    for state in (*RunState, *RunState):
        make_run(fetch, state)
    make_chain(fetch)
    for number in range(30):
        TaskPrerequisite.objects.create(task=make_task(f"part {number}"), prerequisite=fetch)
    fetch.pause(reason="a break")
    with CaptureQueriesContext(connection) as queries:
        page_of(admin_client, fetch)
    own = [q["sql"] for q in queries.captured_queries if "django_session" not in q["sql"] and "auth_" not in q["sql"]]
    assert len(own) <= BUDGET, "\n".join(own)


def test_the_list_shows_schedule_next_time_and_recent_runs(admin_client: Client) -> None:
    task = make_task(trigger=EVERY_HOUR, next_run_at=soon(minutes=5, seconds=30))
    make_run(task, RunState.FAILED)
    make_run(task, RunState.DONE)
    page = admin_client.get(address("task_changelist")).content.decode()
    assert "every 1 h" in page
    assert ">in 5 min" in page
    assert "The last 2 runs, the newest at the end: 1 failed, 1 done" in page


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({"version": 1, "kind": "manual"}, "only when asked"),
        ({"version": 1, "kind": "interval", "every": 90}, "every 1 min 30 s"),
        ({"version": 1, "kind": "cron", "expression": "0 4 * * *", "timezone": "Europe/Vienna"}, "Europe/Vienna"),
        ({"version": 1, "kind": "once", "at": "2031-05-20T02:30:00+00:00"}, "20 May 2031, 02:30:00"),
        ({"version": 1, "kind": "moon"}, "must be one of"),
    ],
)
def test_a_trigger_is_put_into_words(admin_client: Client, trigger: dict[str, Any], words: str) -> None:
    make_task(trigger=trigger)
    assert words in admin_client.get(address("task_changelist")).content.decode()


def test_the_page_previews_the_next_five_times(admin_client: Client) -> None:
    first = soon(minutes=7)
    task = make_task(trigger=EVERY_HOUR, next_run_at=first)
    response = admin_client.get(address("task_change", task.pk))
    times = [row.moment for row in response.context["times"].rows]
    assert times == [first + timedelta(hours=number) for number in range(5)]


def test_a_paused_task_previews_nothing_and_says_who_and_why(admin_client: Client) -> None:
    task = make_task(trigger=EVERY_HOUR, next_run_at=soon(minutes=7))
    press(admin_client, task, "pause", reason="the disk is full")
    response = admin_client.get(address("task_change", task.pk))
    assert response.context["times"] is None
    entry = response.context["history"].entries[0]
    assert (entry.event, entry.who, entry.why) == ("Paused", "admin", "the disk is full")


def test_the_page_shows_the_last_runs_and_the_last_failure(admin_client: Client, fetch: Task) -> None:
    _, failed, _ = make_chain(fetch)
    page = page_of(admin_client, fetch)
    assert "shop.Mismatch: 34 expected" in page
    assert "Traceback: line 7" in page
    assert page.count(address("taskrun_change", failed.pk)) == 2


def test_the_graph_shows_all_connected_tasks(admin_client: Client, fetch: Task) -> None:
    second, third = make_task("score"), make_task("mail")
    TaskPrerequisite.objects.create(task=second, prerequisite=fetch)
    TaskPrerequisite.objects.create(task=third, prerequisite=second, condition="finished")
    make_task("apart")
    assert page_of(admin_client, fetch).count('class="fsm-node ') == 3


def test_a_function_that_is_not_registered_is_told(admin_client: Client) -> None:
    assert "No function is registered as “shop.gone”" in page_of(admin_client, make_task(function="shop.gone"))


# -- verbs ------------------------------------------------------------------------------------------------------------


def test_run_now_makes_one_run_and_says_who_asked_and_why(admin_client: Client) -> None:
    task = make_task(queue="ml", priority=9, kwargs={"since": "2020"}, trigger=EVERY_HOUR, next_run_at=soon(hours=1))
    assert said(press(admin_client, task, "run", reason="the boss wants it")) == ["1 run started."]
    run = TaskRun.objects.get()
    assert (run.task, run.queue, run.priority, run.kwargs, run.state) == (task, "ml", 9, {"since": "2020"}, "QUEUED")
    transition = run.transitions.get()
    assert (transition.actor, transition.reason) == ("user:admin", "the boss wants it")
    assert logged() == ["Run now: the boss wants it"]


@pytest.mark.parametrize(
    ("verb", "source", "target", "message"),
    [
        ("pause", "ACTIVE", "PAUSED", "1 task paused."),
        ("resume", "PAUSED", "ACTIVE", "1 task resumed."),
        ("retire", "PAUSED", "RETIRED", "1 task retired."),
        ("restore", "RETIRED", "ACTIVE", "1 task restored."),
        ("pause", "RETIRED", "RETIRED", "1 skipped: retired."),
        ("run", "RETIRED", "RETIRED", "1 skipped: retired."),
        ("run", "PAUSED", "PAUSED", "1 run started."),
    ],
)
def test_a_verb_moves_what_fits(admin_client: Client, verb: str, source: str, target: str, message: str) -> None:
    task = make_task(state=source)
    assert said(press(admin_client, task, verb)) == [message]
    task.refresh_from_db()
    assert task.state == target


def test_rescheduling_sets_the_next_time_only(admin_client: Client) -> None:
    task = make_task(trigger=EVERY_HOUR, next_run_at=soon(minutes=1))
    at = soon(days=1)
    press(admin_client, task, "reschedule", at=timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S"))
    task.refresh_from_db()
    assert (task.next_run_at, task.trigger) == (at, EVERY_HOUR)


@pytest.mark.parametrize(
    ("codename", "verbs"), [("run_task", {"run", "pause", "reschedule"}), ("change_task", {"retire"})]
)
def test_links_are_offered_by_permission(log_in_as: Any, fetch: Task, codename: str, verbs: set[str]) -> None:
    page = page_of(log_in_as("view_task", codename), fetch)
    names = ("run", "pause", "resume", "reschedule", "retire", "restore", "reset")
    assert {name for name in names if address("task_verb", fetch.pk, name) in page} == verbs


def test_running_many_tasks_leaves_out_what_is_put_away(admin_client: Client) -> None:
    tasks = [make_task(f"task {state}", state=state.value) for state in TaskState]
    data = {"action": "run", "_selected_action": [task.pk for task in tasks], "post": "yes", "reason": ""}
    response = admin_client.post(address("task_changelist"), data, follow=True)
    assert said(response) == ["3 runs started, 2 skipped: 1 preparing, 1 retired."]


# -- deleting ---------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F75")
def test_a_task_with_runs_is_kept_with_a_sentence(admin_client: Client, fetch: Task) -> None:
    make_run(fetch, RunState.DONE)
    path = address("task_delete", fetch.pk)
    assert "has runs, which are its history. Retire it instead" in admin_client.get(path).content.decode()
    admin_client.post(path, {"post": "yes"})
    assert Task.objects.filter(pk=fetch.pk).exists()


@pytest.mark.fault("F75")
def test_millions_of_runs_are_not_read_to_refuse_a_deletion(
    admin_client: Client, fetch: Task, django_assert_max_num_queries: Any
) -> None:
    TaskRun.objects.bulk_create([TaskRun(task=fetch) for _ in range(200)])
    with django_assert_max_num_queries(6):
        page = admin_client.get(address("task_delete", fetch.pk)).content.decode()
    assert len(page) < 20_000


def test_a_task_of_code_s_cannot_be_deleted(admin_client: Client) -> None:
    task = make_task(FUNCTION, origin="code")
    assert admin_client.post(address("task_delete", task.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [task.pk], "post": "yes"}
    page = admin_client.post(address("task_changelist"), chosen, follow=True).content.decode()
    assert "is declared in code and would come back" in page
    assert Task.objects.filter(pk=task.pk).exists()


def test_a_task_without_runs_can_be_deleted(admin_client: Client, fetch: Task) -> None:
    fetch.pause(reason="a break")
    TaskPrerequisite.objects.create(task=make_task("score"), prerequisite=fetch)
    admin_client.post(address("task_delete", fetch.pk), {"post": "yes"})
    assert not Task.objects.filter(pk=fetch.pk).exists()


def test_a_task_is_paused_until_a_time_and_its_page_says_so(admin_client: Client) -> None:
    task = make_task(trigger=EVERY_HOUR, next_run_at=soon(minutes=5))
    until = timezone.localtime(soon(minutes=90)).replace(microsecond=0)
    press(admin_client, task, "pause", until=until.strftime("%Y-%m-%dT%H:%M:%S"), reason="audit")
    task.refresh_from_db()
    assert (task.state, task.paused_until) == ("PAUSED", until)
    page = page_of(admin_client, task)
    assert "Paused until" in page
    assert "It has been paused since" in page
    assert "until <time" in page


def test_a_pause_does_not_end_before_it_begins(admin_client: Client) -> None:
    task = make_task()
    response = press(admin_client, task, "pause", until="2020-01-01T00:00:00")
    assert "This time has passed." in response.content.decode()
    assert Task.objects.get(pk=task.pk).state == "ACTIVE"


@pytest.mark.parametrize("answer", [{}, {"catch_up": "on"}])
def test_a_person_decides_whether_a_pause_is_made_up_for(admin_client: Client, answer: dict[str, str]) -> None:
    slot = soon(minutes=-90)
    task = make_task(trigger=EVERY_HOUR, next_run_at=slot, state="PAUSED")
    press(admin_client, task, "resume", **answer)
    after = Task.objects.get(pk=task.pk).next_run_at
    assert after is not None
    assert (after == slot) is bool(answer)
    assert (after > timezone.now()) is not bool(answer)


def test_the_page_counts_the_runs_of_a_schedule_that_will_end(admin_client: Client) -> None:
    task = make_task(trigger=EVERY_HOUR, max_runs=3, fired=2)
    page = page_of(admin_client, task)
    assert "Runs of the schedule" in page
    assert "2 of 3" in page


def test_changes_by_code_stand_in_the_history(admin_client: Client) -> None:
    task = make_task()
    task.update(priority=7, reason="urgent")
    assert "priority: urgent" in page_of(admin_client, task)


def test_the_page_tells_how_often_a_chain_was_slowed_down(admin_client: Client) -> None:
    task = make_task("chained", min_interval=2.5)
    assert "Rounds slowed down" not in page_of(admin_client, task)
    Task.objects.filter(pk=task.pk).update(throttled=1234)
    page = page_of(admin_client, task)
    assert "Rounds slowed down" in page
    assert "1234" in page
    assert 'value="2.5"' in page
