"""A schedule as somebody types it: its next times follow, and without scripts those of what is saved are shown."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.admin.pages import address
from tests.admin.rows import make_task

pytestmark = pytest.mark.django_db(transaction=True)

NIGHTLY = {"version": 1, "kind": "cron", "expression": "30 2 * * *", "timezone": "Europe/Paris"}


def test_the_next_times_follow_what_is_typed(as_admin: Any) -> None:
    as_admin.goto(address("task_add"))
    times = as_admin.locator(".fsm-preview")
    expect(times).to_contain_text("Only when asked.")
    as_admin.locator("[name=trigger_kind]").select_option("cron")
    as_admin.locator("[name=trigger_timezone]").select_option("Europe/Paris")
    as_admin.locator("[name=trigger_cron]").type("15 3 * * 1-5")
    expect(times.locator("tbody tr")).to_have_count(5)
    expect(times).to_contain_text("Europe/Paris")
    as_admin.locator("[name=trigger_cron]").fill("61 * * * *")
    expect(times.locator(".fsm-err")).to_contain_text("61 is no minute")
    assert as_admin.problems == []


def test_without_scripts_the_times_of_what_is_saved_are_shown(open_page: Any, log_in: Any, admin_client: Any) -> None:
    task = make_task(trigger=NIGHTLY)
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(address("task_change", task.pk))
    expect(page.locator(".fsm-preview tbody tr")).to_have_count(5)


def test_on_a_narrow_page_nothing_runs_over_its_edge(open_page: Any, log_in: Any, admin_client: Any) -> None:
    task = make_task(trigger=NIGHTLY)
    page = log_in(open_page(viewport={"width": 375, "height": 800}), admin_client)
    page.goto(address("task_change", task.pk))
    assert page.locator(".fsm-preview").evaluate("one => one.getBoundingClientRect().right") <= 375


def test_only_what_belongs_to_the_kind_is_asked(as_admin: Any) -> None:
    as_admin.goto(address("task_add"))
    wanted = {
        "manual": set(),
        "interval": {"every", "from_end", "jitter"},
        "cron": {"cron", "timezone", "policy", "jitter"},
        "once": {"at"},
        "worker_stop": set(),
    }
    fields = ("cron", "timezone", "policy", "every", "from_end", "at", "jitter")
    for kind, names in wanted.items():
        as_admin.locator("[name=trigger_kind]").select_option(kind)
        assert {name for name in fields if as_admin.locator(f".field-trigger_{name}").is_visible()} == names
