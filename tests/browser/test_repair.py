"""A rerun as a person does it: what will happen is read first, and that happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun
from tests.admin.pages import address
from tests.admin.rows import link, make_chain, make_run, make_task, make_worker

pytestmark = pytest.mark.django_db(transaction=True)

YES = "Yes, I’m sure"  # noqa: RUF001


@pytest.fixture
def chain(transactional_db: None) -> list[TaskRun]:
    """Give a run graph: done, failed, blocked."""
    make_worker()
    return make_chain(make_task())


def states(chain: list[TaskRun]) -> list[str]:
    return [TaskRun.objects.values_list("state", flat=True).get(pk=run.pk) for run in chain]


def test_a_rerun_shows_what_will_run_again_and_does_that(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_change", chain[0].pk))
    as_admin.get_by_role("link", name="Rerun from here…").click()
    expect(as_admin.get_by_role("heading", name="Rerun 2 runs?")).to_be_visible()
    happens = as_admin.get_by_role("region", name="This will happen (2)")
    expect(happens.get_by_role("rowheader")).to_have_count(2)
    expect(as_admin.get_by_role("region", name="These wait (1)")).to_contain_text("runs again")
    assert states(chain) == ["DONE", "FAILED", "PENDING"]
    as_admin.get_by_label("Reason").fill("a wrong list")
    as_admin.get_by_role("button", name=YES).click()
    expect(as_admin.locator(".messagelist")).to_have_text("2 runs begin anew, 1 waits again.")
    expect(as_admin).to_have_url(re.compile(f"{chain[0].pk}/change/"))
    assert states(chain) == ["QUEUED", "PENDING", "PENDING"]
    assert as_admin.problems == []


def test_without_scripts_a_changed_plan_is_shown_again(
    open_page: Any, log_in: Any, admin_client: Client, chain: list[TaskRun]
) -> None:
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(address("taskrun_verb", chain[0].pk, "rerun"))
    chain[1].abort()
    page.get_by_role("button", name=YES).click()
    expect(page.locator(".errornote")).to_contain_text("Nothing has been done")
    assert states(chain) == ["DONE", "ABORTED", "PENDING"]
    page.get_by_role("button", name=YES).click()
    expect(page.locator(".messagelist")).to_have_text("1 run begins anew.")
    assert states(chain) == ["QUEUED", "ABORTED", "PENDING"]


@pytest.mark.parametrize("width", [400, 1360])
def test_a_plan_with_long_names_stays_in_the_window(
    open_page: Any, log_in: Any, admin_client: Client, transactional_db: None, width: int
) -> None:
    task = make_task("a.path.of.some.application." + "x" * 150)
    first = make_run(task, RunState.DONE, label="l" * 100)
    link(first, make_run(task, RunState.RUNNING, label="m" * 100), met=True)
    link(first, make_run(task, RunState.FAILED), met=True)
    page = log_in(open_page(viewport={"width": width, "height": 800}), admin_client)
    page.goto(address("taskrun_verb", first.pk, "rerun"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_role("button", name=YES)).to_have_count(0)
    for table in page.locator(".fsm-part .fsm-tw").all() if width > 1000 else ():
        assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    assert page.problems == []
