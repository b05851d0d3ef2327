"""The admin as people meet it: graphs to click, verbs that ask, dark pages, no scripts, a strict policy that holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from playwright.sync_api import expect

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunDetail, Task, TaskPrerequisite, TaskRun
from tests.admin.pages import APP, address
from tests.admin.rows import link, make_chain, make_run, make_task, make_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(transactional_db: None) -> list[TaskRun]:
    """Give a run graph: done, failed, blocked."""
    make_worker()
    return make_chain(make_task())


@pytest.fixture
def viewer(transactional_db: None) -> Client:
    """Give a client for somebody who may look, and no more."""
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label=APP, codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def test_the_graph_of_a_run_is_drawn_from_left_to_right_and_leads_on(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_change", chain[1].pk))
    graph = as_admin.locator("svg.fsm-graph")
    expect(graph.locator("a.fsm-node")).to_have_count(3)
    boxes = [graph.locator(f"[data-key='{run.pk}']").bounding_box() for run in chain]
    assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]
    graph.locator(f"[data-key='{chain[2].pk}']").focus()
    as_admin.keyboard.press("Enter")
    expect(as_admin).to_have_url(re.compile(str(chain[2].pk)))
    expect(as_admin.locator(".fsm-why")).to_contain_text("It waits for")
    assert as_admin.problems == []


def test_the_graph_can_be_zoomed(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_change", chain[1].pk))
    graph = as_admin.locator("svg.fsm-graph")
    before = graph.bounding_box()["width"]
    as_admin.get_by_role("button", name="Zoom in").click()
    assert graph.bounding_box()["width"] > before
    assert as_admin.problems == []


def test_a_failed_run_is_retried_after_a_question(as_admin: Any, chain: list[TaskRun]) -> None:
    failed = chain[1]
    as_admin.goto(address("taskrun_change", failed.pk))
    as_admin.get_by_role("link", name="Retry…").click()
    assert TaskRun.objects.get(pk=failed.pk).state == "FAILED"
    as_admin.get_by_label("Reason").fill("the disk has been replaced")
    as_admin.keyboard.press("Enter")
    expect(as_admin.locator(".messagelist")).to_have_text("1 run retried.")
    expect(as_admin.locator(".fsm-head .fsm-badge")).to_have_text("Queued")
    expect(as_admin.locator(".fsm-history")).to_contain_text("the disk has been replaced")
    assert as_admin.problems == []


def test_the_way_back_changes_nothing(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_change", chain[2].pk))
    as_admin.get_by_role("link", name="Cancel…").click()
    as_admin.get_by_text("No, take me back").click()
    expect(as_admin).to_have_url(re.compile(f"{chain[2].pk}/change/"))
    assert TaskRun.objects.get(pk=chain[2].pk).state == "PENDING"


def test_several_runs_are_cancelled_from_the_list(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_changelist"))
    as_admin.locator("#action-toggle").check()
    as_admin.get_by_label("Action:").select_option("cancel")
    as_admin.locator("button[name=index]").click()
    expect(as_admin.locator(".fsm-rows li")).to_have_count(3)
    as_admin.get_by_role("button", name="Yes, I’m sure").click()  # noqa: RUF001
    expect(as_admin.locator(".messagelist")).to_have_text("1 run cancelled, 2 skipped: 1 done, 1 failed.")
    assert as_admin.problems == []


def test_a_run_is_rescheduled_with_the_browser_s_own_field(as_admin: Any, chain: list[TaskRun]) -> None:
    as_admin.goto(address("taskrun_verb", chain[2].pk, "reschedule"))
    as_admin.get_by_label("When?").fill("2031-05-20T02:30")
    as_admin.get_by_role("button", name="Yes, I’m sure").click()  # noqa: RUF001
    expect(as_admin.locator(".messagelist")).to_have_text("1 run rescheduled.")
    assert TaskRun.objects.get(pk=chain[2].pk).run_at.isoformat() == "2031-05-20T02:30:00+00:00"
    assert as_admin.problems == []


def test_a_task_is_edited_with_a_schedule_and_a_prerequisite(as_admin: Any, transactional_db: None) -> None:
    first, second = make_task("fetch"), make_task("score")
    as_admin.goto(address("task_change", second.pk))
    expect(as_admin.get_by_label("Cron expression")).to_be_hidden()
    as_admin.get_by_label("It runs").select_option("interval")
    as_admin.get_by_label("Seconds between two runs").fill("300")
    as_admin.locator("#prerequisite_edges-0 .select2-selection").click()
    as_admin.locator("li.select2-results__option", has_text="fetch").click()
    as_admin.get_by_label("Priority").press("Enter")
    expect(as_admin.locator(".messagelist")).to_contain_text("was changed successfully")
    assert Task.objects.get(pk=second.pk).trigger["every"] == 300
    assert TaskPrerequisite.objects.get().prerequisite_id == first.pk
    assert as_admin.problems == []


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(3, 106, 82)"), ("dark", "rgb(91, 214, 166)")])
def test_the_colours_follow_the_reader_s_theme(as_admin: Any, chain: list[TaskRun], scheme: str, colour: str) -> None:
    as_admin.emulate_media(color_scheme=scheme)
    as_admin.goto(address("taskrun_change", chain[1].pk))
    box = as_admin.locator(".fsm-node.fsm-s-done .fsm-box")
    assert box.evaluate("box => getComputedStyle(box).stroke") == colour


def test_everything_works_without_scripts(
    open_page: Any, log_in: Any, admin_client: Client, chain: list[TaskRun]
) -> None:
    page = log_in(open_page(java_script_enabled=False), admin_client)
    page.goto(address("taskrun_change", chain[1].pk))
    expect(page.locator("svg.fsm-graph a.fsm-node")).to_have_count(3)
    expect(page.locator(".fsm-zoom")).to_be_hidden()
    page.get_by_role("link", name="Retry…").click()
    page.get_by_role("button", name="Yes, I’m sure").click()  # noqa: RUF001
    expect(page.locator(".messagelist")).to_have_text("1 run retried.")
    other = make_task("other")
    page.goto(address("task_change", chain[0].task_id))
    page.locator("#id_prerequisite_edges-0-prerequisite").select_option(label="other")
    page.locator("input[name=_continue]").click()
    assert TaskPrerequisite.objects.get().prerequisite_id == other.pk


def test_a_viewer_sees_everything_and_no_verb(
    open_page: Any, log_in: Any, viewer: Client, chain: list[TaskRun]
) -> None:
    page = log_in(open_page(), viewer)
    for path in (
        address("taskrun_changelist"),
        address("taskrun_change", chain[1].pk),
        address("task_change", chain[0].task_id),
    ):
        page.goto(path)
        assert page.locator("a[href*='/verb/']").count() == 0
        assert page.locator("select[name=action]").count() == 0
        assert page.locator("input[name=_save]").count() == 0
    expect(page.locator("svg.fsm-hist").first).to_be_visible()
    assert page.problems == []


@pytest.mark.parametrize("width", [400, 1360])
def test_long_names_and_errors_stay_in_the_window(
    open_page: Any, log_in: Any, admin_client: Client, transactional_db: None, width: int
) -> None:
    task = make_task("a.path.of.some.application." + "x" * 150, queue="q" * 64)
    note = RunDetail(progress_done=1, progress_note="n" * 200)
    failed = make_run(task, RunState.FAILED, error="E" * 300, queue="q" * 64)
    note.run = make_run(task, RunState.RUNNING, progress=40)
    note.save()
    page = log_in(open_page(viewport={"width": width, "height": 800}), admin_client)
    for path in (
        address("task_change", task.pk),
        address("taskrun_change", failed.pk),
        address("taskrun_change", note.run.pk),
        address("taskrun_verb", failed.pk, "retry"),
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(address("taskrun_changelist"))
    name, state = (page.locator(f"#result_list tbody .field-{column}").first for column in ("run", "status"))
    assert name.bounding_box()["width"] < width / 2
    expect(state).to_be_in_viewport()


def test_the_verbs_stand_below_a_long_name_and_not_over_it(as_admin: Any, transactional_db: None) -> None:
    as_admin.goto(address("task_change", make_task("many words " * 15).pk))
    title = as_admin.locator("#content > h2").bounding_box()
    verbs = as_admin.locator("ul.object-tools").bounding_box()
    assert verbs["y"] >= title["y"] + title["height"]


def test_no_page_breaks_the_policy_or_complains(as_admin: Any, chain: list[TaskRun]) -> None:
    make_run(chain[0].task, RunState.RUNNING, progress=40)
    for name in ("task", "taskrun", "worker", "queue"):
        as_admin.goto(address(f"{name}_changelist"))
        as_admin.locator("#result_list th a").first.click()
        expect(as_admin.locator(".fsm-head")).to_be_visible()
    as_admin.goto(address("task_add"))
    assert as_admin.problems == []


def test_an_arabic_reader_gets_a_mirrored_page_with_a_picture_that_is_not(
    open_page: Any, log_in: Any, admin_client: Client, chain: list[TaskRun], settings: Any
) -> None:
    settings.LANGUAGES = [("ar", "Arabic")]
    settings.LANGUAGE_CODE = "ar"
    page = log_in(open_page(), admin_client)
    page.goto(address("taskrun_change", chain[1].pk))
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("svg.fsm-graph").evaluate("graph => getComputedStyle(graph).direction") == "ltr"
    assert page.problems == []


def test_what_is_written_on_a_card_stays_on_it(as_admin: Any, transactional_db: None) -> None:
    task = make_task("<script>alert(1)</script>")
    names = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "W" * 60, "{{ 7*7 }} {% url %}", "m" * 60]
    runs = [make_run(task, RunState.DONE, label=name) for name in names]
    for run in runs[1:]:
        link(runs[0], run, met=True)
    as_admin.goto(address("taskrun_change", runs[0].pk))
    cards = as_admin.locator("a.fsm-node")
    expect(cards).to_have_count(len(names))
    for card in cards.all():
        right = card.locator(".fsm-box").evaluate("box => box.getBoundingClientRect().right")
        ends = card.locator("text").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
        assert max(ends) < right, card.text_content()
    assert as_admin.problems == []
