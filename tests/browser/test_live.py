"""A page that keeps itself up to date, and never takes anything out of its reader's hands."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunLog, TaskRun
from tests.admin.pages import address
from tests.admin.rows import link, make_run, make_task

pytestmark = pytest.mark.django_db(transaction=True)

STEP = 5_100
"""Milliseconds, a little more than between two looks."""


@pytest.fixture
def run(transactional_db: None) -> TaskRun:
    """Give a running run with a neighbour that is done, and arguments to read."""
    running = make_run(make_task(), RunState.RUNNING, progress=10, kwargs={"city": "Graz"})
    link(make_run(running.task, RunState.DONE), running, met=True)
    return running


@pytest.fixture
def opened(as_admin: Any, run: TaskRun) -> Any:
    """Give the page of the run, whose time stands still but for ``pass_time``; it counts what it asks for."""
    as_admin.clock.install()
    as_admin.asked = []
    as_admin.on("request", lambda request: as_admin.asked.append(request.url) if "/live/" in request.url else None)
    as_admin.goto(address("taskrun_change", run.pk))
    expect(as_admin.get_by_role("button", name="Pause")).to_be_visible()
    return as_admin


def progress(run: TaskRun, percent: int) -> None:
    TaskRun.objects.filter(pk=run.pk).update(progress=percent)


def look(page: Any) -> Any:
    """Let the time pass until the page asks, and return what it was answered."""
    with page.expect_response(lambda response: "/live/" in response.url) as caught:
        page.clock.run_for(STEP)
    return caught.value


def test_the_page_follows_the_run_and_asks_no_more_when_it_has_ended(opened: Any, run: TaskRun) -> None:
    assert look(opened).status in (200, 304)
    progress(run, 64)
    assert look(opened).status == 200
    expect(opened.locator(".fsm-head")).to_contain_text("64 %")
    run.abort()
    look(opened)
    expect(opened.locator(".fsm-head .fsm-badge")).to_have_text("Aborted")
    expect(opened.locator(".fsm-pause")).to_have_count(0)
    asked = len(opened.asked)
    opened.clock.run_for(10 * STEP)
    assert len(opened.asked) == asked
    assert opened.problems == []


def test_open_details_and_the_place_on_the_page_stay(opened: Any, run: TaskRun) -> None:
    opened.set_viewport_size({"width": 900, "height": 300})
    table = opened.locator("details:has(#h-links)")
    table.locator("summary").click()
    opened.evaluate("document.activeElement.blur()")
    opened.evaluate("window.scrollTo(0, 400)")
    opened.locator("pre").first.evaluate("pre => { pre.closest('details').open = false; }")
    progress(run, 65)
    assert look(opened).status == 200
    expect(opened.locator(".fsm-head")).to_contain_text("65 %")
    assert table.evaluate("details => details.open")
    assert not opened.locator("pre").first.evaluate("pre => pre.closest('details').open")
    assert opened.evaluate("window.scrollY") == 400
    assert opened.problems == []


def test_nothing_is_replaced_under_the_hands_of_its_reader(opened: Any, run: TaskRun) -> None:
    card = opened.locator(f"svg.fsm-graph [data-key='{run.pk}']")
    card.focus()
    progress(run, 66)
    opened.clock.run_for(3 * STEP)
    assert opened.asked == []
    assert card.evaluate("card => card === document.activeElement")
    opened.evaluate("document.activeElement.blur()")
    look(opened)
    expect(opened.locator(".fsm-head")).to_contain_text("66 %")


def test_marked_text_stays_marked(opened: Any) -> None:
    opened.locator("pre").first.evaluate("pre => document.getSelection().selectAllChildren(pre)")
    opened.clock.run_for(3 * STEP)
    assert opened.asked == []
    assert "Graz" in opened.evaluate("document.getSelection().toString()")


def test_the_button_pauses_and_goes_on(opened: Any, run: TaskRun) -> None:
    button = opened.get_by_role("button", name="Pause")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    opened.clock.run_for(5 * STEP)
    assert opened.asked == []
    progress(run, 67)
    button.click()
    expect(opened.locator(".fsm-head")).to_contain_text("67 %")


def test_a_hidden_page_asks_for_nothing(opened: Any) -> None:
    opened.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })")
    opened.clock.run_for(5 * STEP)
    assert opened.asked == []
    with opened.expect_response(lambda response: "/live/" in response.url):
        opened.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def test_a_session_that_has_ended_ends_the_questions(opened: Any) -> None:
    opened.context.clear_cookies()
    opened.clock.run_for(STEP)
    expect(opened.locator(".fsm-pause")).to_have_count(0)
    expect(opened.get_by_role("link", name="Reload")).to_be_visible()
    expect(opened.locator(".fsm-gpanel")).to_be_visible()


def test_a_run_that_has_ended_is_not_asked_about(as_admin: Any, run: TaskRun) -> None:
    ended = make_run(run.task, RunState.DONE)
    as_admin.goto(address("taskrun_change", ended.pk))
    expect(as_admin.locator(".fsm-refresh")).to_contain_text("Updated")
    expect(as_admin.get_by_role("button", name="Pause")).to_have_count(0)


def test_without_scripts_there_is_a_link_to_reload(
    open_page: Any, log_in: Any, admin_client: Client, run: TaskRun
) -> None:
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(address("taskrun_change", run.pk) + "?steps=1")
    expect(page.locator(".fsm-pause")).to_be_hidden()
    progress(run, 68)
    page.get_by_role("link", name="Reload").click()
    expect(page.locator(".fsm-head")).to_contain_text("68 %")
    assert page.url.endswith("?steps=1")


def test_the_timeline_and_the_states_keep_the_policy(as_admin: Any, run: TaskRun) -> None:
    for kind in ("runs", "worker"):
        as_admin.goto(address("taskrun_change", run.pk) + f"?timeline={kind}")
        expect(as_admin.locator("svg.fsm-timeline a.fsm-line").first).to_be_visible()
    as_admin.get_by_role("link", name="what can follow what").click()
    expect(as_admin.locator("svg.fsm-graph")).to_contain_text("dispatch")
    assert as_admin.problems == []


def log(run: TaskRun, first: int, last: int) -> None:
    RunLog.objects.bulk_create(
        RunLog(run=run, fence=1, number=n, attempt=1, at=run.enqueued_at, level=20, message=f"line {n}", size=8)
        for n in range(first, last + 1)
    )


@pytest.fixture
def logged(run: TaskRun) -> None:
    log(run, 1, 150)


def test_the_log_follows_its_end_until_its_reader_looks_back(logged: None, opened: Any, run: TaskRun) -> None:
    tail = opened.locator(".fsm-tail")
    is_at_end = "tail => tail.scrollHeight - tail.scrollTop - tail.clientHeight < 8"
    assert tail.evaluate(is_at_end)
    log(run, 151, 160)
    assert look(opened).status == 200
    expect(tail).to_contain_text("line 160")
    assert tail.evaluate(is_at_end)
    tail.evaluate("tail => { tail.scrollTop = 40; }")
    log(run, 161, 170)
    assert look(opened).status == 200
    expect(tail).to_contain_text("line 170")
    assert tail.evaluate("tail => tail.scrollTop") == 40
    assert opened.problems == []


def test_without_scripts_the_newest_lines_are_there(
    logged: None, open_page: Any, log_in: Any, admin_client: Client, run: TaskRun
) -> None:
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(address("taskrun_change", run.pk))
    expect(page.locator(".fsm-lines tbody tr").last).to_contain_text("line 150")
    page.get_by_role("link", name="ERROR").click()
    expect(page.get_by_text("No line of this level.")).to_be_visible()
