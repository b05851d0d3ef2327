"""Whatever a name, an error or a line of a log holds: what the commands print stays one line each, without colours."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, RunDetail, RunLog, Task, TaskRun
from tests.admin.rows import make_run, make_task, make_worker
from tests.cli.terminal import command

pytestmark = pytest.mark.django_db

EVIL = "a\r\nDONE forged\x1b[2J\x1b]0;title\x07\u2028b\u2029c\u202ed\x85e\x9bf"
EVERY = {"version": 1, "kind": "interval", "every": 60}
QUEUE = "a\x1b[31mb"


@pytest.fixture
def run(db: None) -> TaskRun:
    """Give a failed run all of whose texts are hostile, on a paused queue, of a worker like it."""
    task = make_task(EVIL, function=EVIL, description=EVIL, group=EVIL[:40], queue=QUEUE, args=[EVIL], trigger=EVERY)
    worker = make_worker(name=EVIL, host=EVIL, queues=[EVIL])
    Queue.objects.create(name=QUEUE, paused_at=timezone.now(), paused_by=EVIL, pause_reason=EVIL)
    values: dict[str, Any] = {"queue": QUEUE, "error": EVIL, "label": EVIL, "worker": worker, "kwargs": {EVIL: EVIL}}
    found = make_run(task, RunState.FAILED, graph=uuid.uuid4(), **values)
    make_run(task, RunState.QUEUED, queue=QUEUE)
    RunDetail.objects.create(run=found, progress_note=EVIL, log=EVIL, metadata={EVIL: EVIL})
    RunLog.objects.create(
        run=found, fence=1, number=1, attempt=1, at=timezone.now(), level=20, logger=EVIL, message=EVIL, size=9
    )
    detail = {"exception": EVIL, "message": EVIL, "traceback": EVIL}
    moved = {"event": "error", "from_state": "RUNNING", "to_state": "FAILED", "at": timezone.now(), "detail": detail}
    found.transitions.create(**moved, actor=f"user:{EVIL}", reason=EVIL)
    return found


@pytest.mark.fault("F82")
@pytest.mark.parametrize(
    "words", ["status", "list runs", "list tasks", "list queues", "list workers", "show RUN --payload", "show TASK",
              "explain RUN", "explain TASK", "logs RUN", "doctor"]
)  # fmt: skip
def test_no_command_prints_control_characters_or_forged_lines(run: TaskRun, words: str) -> None:
    named = {"RUN": str(run.pk), "TASK": EVIL}
    out = command(*[named.get(word, word) for word in words.split()])[1]
    lines = out.split("\n")
    assert all(line.isprintable() for line in lines), repr(out)
    assert not any(line.startswith("DONE forged") for line in lines), repr(out)
    assert "forged" in out or "31m" in out, f"{words} does not print what it should escape"
    assert Task.objects.filter(name=EVIL).exists()
