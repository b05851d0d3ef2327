"""Whatever a user or a task may write, it stays text: in lists, pages, messages, pictures and logs."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, RunDetail, Task, TaskPrerequisite
from tests.admin.pages import APP, address
from tests.admin.rows import link, make_run, make_task, make_worker

pytestmark = pytest.mark.django_db

EVIL = "</pre></title></style>\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;"
SHORT = "<script>alert(1)</script>"
LIVE = re.compile(r"<script>alert|<img src=x|\"'>|onerror=alert\(2\)>|</title></style>\"")


@pytest.fixture
def pages(db: None) -> list[str]:
    """Give the addresses of all pages that show rows full of markup."""
    task = make_task(EVIL, function=EVIL, description=EVIL, group=SHORT, args=[EVIL], kwargs={EVIL: EVIL}, queue=SHORT)
    code = make_task(f"{EVIL} code", origin="code", overrides=[EVIL, "priority"], trigger={"kind": EVIL})
    TaskPrerequisite.objects.create(task=code, prerequisite=task)
    worker = make_worker(name=EVIL, host=EVIL, queues=[EVIL], excluded_queues=[EVIL])
    Queue.objects.create(name=SHORT, paused_at=timezone.now(), paused_by=EVIL, pause_reason=EVIL)
    graph = uuid.uuid4()
    failed = make_run(
        task, RunState.FAILED, queue=SHORT, error=EVIL, args=[EVIL], kwargs={EVIL: EVIL}, graph=graph, worker=worker
    )
    done = make_run(task, RunState.DONE, result={EVIL: [EVIL]}, graph=graph, key=None)
    waiting = make_run(task, RunState.PENDING, graph=graph)
    running = make_run(code, RunState.RUNNING, worker=worker, graph=graph)
    queued = make_run(task, queue=SHORT)
    for before in (failed, running):
        link(before, waiting)
    link(done, failed, met=True)
    RunDetail.objects.create(
        run=running, progress_done=1, progress_total=2, progress_note=EVIL, log=EVIL, metadata={EVIL: EVIL}
    )
    owners: tuple[Any, ...] = (failed, task)
    for owner in owners:
        owner.transitions.create(
            event=SHORT[:16], from_state="RUNNING", to_state="FAILED", at=timezone.now(), actor=f"user:{EVIL}",
            reason=EVIL, detail={"exception": EVIL, "message": EVIL, "traceback": EVIL},
        )  # fmt: skip
    lists = [address(f"{name}_changelist") for name in ("task", "taskrun", "worker", "queue")]
    lists.append(reverse("admin:app_list", args=[APP]))
    runs = [address("taskrun_change", run.pk) for run in (failed, done, waiting, running, queued)]
    verbs = [address("taskrun_verb", failed.pk, "abort"), address("task_verb", task.pk, "run")]
    rows = [
        address("task_change", task.pk), address("task_change", code.pk), address("worker_change", worker.pk),
        address("queue_change", "_3Cscript_3Ealert(1)_3C_2Fscript_3E"), address("task_delete", task.pk),
        address("task_history", task.pk), f"{address('taskrun_changelist')}?task={task.pk}&q={SHORT}",
    ]  # fmt: skip
    return [*lists, *runs, *verbs, *rows]


@pytest.mark.fault("F77")
def test_markup_in_any_field_is_shown_as_text(admin_client: Client, pages: list[str]) -> None:
    for path in pages:
        page = admin_client.get(path, follow=True).content.decode()
        assert not LIVE.search(page), (path, LIVE.search(page))
        assert "alert(1)" in page, f"{path} does not show what it should escape"


def test_a_viewer_sees_text_too(log_in_as: Any, pages: list[str]) -> None:
    client = log_in_as("view_task", "view_taskrun", "view_worker", "view_queue", "view_payload")
    for path in pages:
        assert not LIVE.search(client.get(path, follow=True).content.decode()), path


@pytest.mark.fault("F77")
def test_markup_in_messages_and_errors_is_text(admin_client: Client, pages: list[str]) -> None:
    run = Task.objects.get(name=EVIL).runs.filter(state="FAILED").get()
    done = admin_client.post(address("taskrun_verb", run.pk, "retry"), {"reason": EVIL}, follow=True)
    refused = admin_client.post(address("taskrun_verb", run.pk, "reschedule"), {"at": EVIL, "reason": EVIL})
    for response in (done, refused):
        assert not LIVE.search(response.content.decode())


def test_markup_in_the_form_of_a_task_comes_back_as_text(admin_client: Client, fetch: Task) -> None:
    form = {"name": EVIL, "function": EVIL, "trigger_kind": "cron", "trigger_cron": EVIL, "args": EVIL, "queue": EVIL}
    page = admin_client.post(address("task_change", fetch.pk), form).content.decode()
    assert not LIVE.search(page)


@pytest.mark.fault("F77")
@pytest.mark.parametrize("kind", ["svg", "dot"])
def test_markup_in_names_stays_out_of_files(admin_client: Client, pages: list[str], kind: str) -> None:
    task = Task.objects.get(name=EVIL)
    for path in (address("task_graph", task.pk, kind), address("taskrun_graph", task.runs.all()[0].pk, kind)):
        text = admin_client.get(path).content.decode()
        assert "<script" not in text if kind == "svg" else "label=<" not in text
