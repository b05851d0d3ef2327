"""The overview as people meet it: by pointer, by keyboard, in the dark, on a phone, without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from django_tasks_fsm.admin.overview import snapshot
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, TaskRun
from tests.admin.pages import APP, address
from tests.admin.rows import make_chain, make_run, make_task, make_worker, soon

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(transactional_db: None) -> list[TaskRun]:
    """Give a run graph, and beside it something for every piece of the page."""
    snapshot.forget()
    make_worker()
    make_worker(name="silent", heartbeat_at=soon(hours=-1))
    Queue.objects.create(name="mail", paused_at=soon(hours=-1), paused_by="user:vera", pause_reason="full")
    task = make_task()
    make_run(task, RunState.RUNNING, progress=64)
    make_run(task, queue="mail")
    make_task("nightly", next_run_at=soon(hours=5))
    return make_chain(task)


@pytest.fixture
def path(transactional_db: None) -> str:
    """Give the address of the overview."""
    return reverse("admin:app_list", args=[APP])


def test_every_piece_is_there_and_nothing_breaks_the_policy(as_admin: Any, chain: list[TaskRun], path: str) -> None:
    as_admin.goto(path)
    expect(as_admin.locator(".fsm-tiles li")).to_have_count(11)
    expect(as_admin.locator(".fsm-board section")).to_have_count(6)
    expect(as_admin.locator(".fsm-att li")).to_have_count(4)
    expect(as_admin.locator(".fsm-bars > g")).to_have_count(24)
    bar = as_admin.locator(".fsm-bars > g").last.locator(".fsm-s-pending rect")
    assert bar.bounding_box()["height"] > 5
    assert as_admin.problems == []


def test_a_failed_run_is_reached_and_retried_with_the_keyboard(as_admin: Any, chain: list[TaskRun], path: str) -> None:
    as_admin.goto(path)
    tile = as_admin.locator(".fsm-tiles .fsm-s-failed a")
    tile.focus()
    as_admin.keyboard.press("Shift+Tab")
    as_admin.keyboard.press("Tab")
    expect(tile).to_be_focused()
    as_admin.keyboard.press("Enter")
    expect(as_admin).to_have_url(re.compile("state=FAILED"))
    as_admin.locator("#result_list .field-run a").focus()
    as_admin.keyboard.press("Enter")
    as_admin.get_by_role("link", name="Retry…").focus()
    as_admin.keyboard.press("Enter")
    as_admin.get_by_role("button", name="Yes, I’m sure").focus()  # noqa: RUF001
    as_admin.keyboard.press("Enter")
    expect(as_admin.locator(".messagelist")).to_have_text("1 run retried.")
    assert as_admin.problems == []


def test_a_paused_queue_is_resumed_from_what_needs_attention(as_admin: Any, chain: list[TaskRun], path: str) -> None:
    as_admin.goto(path)
    as_admin.locator(".fsm-att").get_by_role("link", name="mail").click()
    as_admin.get_by_role("link", name="Resume…").click()
    as_admin.get_by_role("button", name="Yes, I’m sure").click()  # noqa: RUF001
    expect(as_admin.locator(".messagelist")).to_have_text("1 queue resumed.")
    assert not Queue.objects.get(pk="mail").is_paused


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(154, 27, 28)"), ("dark", "rgb(240, 82, 76)")])
def test_the_tiles_follow_the_reader_s_theme(
    as_admin: Any, chain: list[TaskRun], path: str, scheme: str, colour: str
) -> None:
    as_admin.emulate_media(color_scheme=scheme)
    as_admin.goto(path)
    tile = as_admin.locator(".fsm-tiles .fsm-s-failed a")
    assert tile.evaluate("tile => getComputedStyle(tile).borderTopColor") == colour


def test_it_fits_a_phone_and_long_names_do_not_widen_it(
    open_page: Any, log_in: Any, admin_client: Client, chain: list[TaskRun], path: str
) -> None:
    make_run(make_task("x" * 150), RunState.FAILED)
    page = log_in(open_page(viewport={"width": 400, "height": 800}), admin_client)
    page.goto(path)
    expect(page.locator(".fsm-att")).to_contain_text("x" * 150)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.problems == []


def test_the_numbers_of_the_chart_can_be_read_without_scripts(
    open_page: Any, log_in: Any, admin_client: Client, chain: list[TaskRun], path: str
) -> None:
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(path)
    page.locator(".fsm-board summary").click()
    expect(page.locator(".fsm-alt tbody tr")).to_have_count(24)
    page.locator(".fsm-tiles .fsm-s-running a").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)


def test_who_may_view_workers_only_sees_no_run(open_page: Any, log_in: Any, chain: list[TaskRun], path: str) -> None:
    user = User.objects.create_user("wanda", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label=APP, codename="view_worker"))
    client = Client()
    client.force_login(user)
    page = log_in(open_page(), client)
    page.goto(path)
    expect(page.locator(".fsm-board section")).to_have_count(2)
    expect(page.locator(".fsm-board")).not_to_contain_text("fetch users")
    assert page.locator(f"a[href*='{address('taskrun_changelist')}']").count() == 0
    assert page.problems == []
