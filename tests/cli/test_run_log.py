"""``tasks_fsm logs``: what a run has logged, once or until it has ended."""

from __future__ import annotations

import json
import uuid

import pytest
from django.utils import timezone

from django_tasks_fsm.models import RunLog, TaskRun
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db


def add(run: TaskRun, *messages: str, first: int = 1, level: int = 20) -> None:
    now = timezone.now()
    for number, text in enumerate(messages, first):
        RunLog.objects.create(
            run=run, fence=1, number=number, attempt=1, at=now, level=level, logger="shop", message=text, size=len(text)
        )


def test_the_lines_are_shown_in_order_and_the_newest_of_many() -> None:
    run = a_run("DONE")
    add(run, "one", "two", "three")
    found = as_json("logs", run.pk, "--lines", 2)
    assert [line["message"] for line in found["lines"]] == ["two", "three"]
    assert (found["state"], found["lines"][0]["level"], found["lines"][0]["number"]) == ("DONE", "INFO", 2)
    assert [line.rpartition(" INFO ")[2] for line in command("logs", run.pk)[1].splitlines()] == [
        "shop: one", "shop: two", "shop: three"
    ]  # fmt: skip


def test_a_level_leaves_out_what_lies_below() -> None:
    run = a_run("DONE")
    add(run, "quiet")
    add(run, "loud", first=2, level=40)
    assert [line["message"] for line in as_json("logs", run.pk, "--level", "warning")["lines"]] == ["loud"]


def test_a_message_forges_no_line() -> None:
    run = a_run("DONE")
    add(run, "one\n2030-01-01 ERROR shop: forged\x1b[31m")
    first, second = command("logs", run.pk)[1].splitlines()
    assert first.endswith("shop: one")
    assert second == "    2030-01-01 ERROR shop: forged\\x1b[31m"


def test_following_ends_with_the_run_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run("RUNNING", fence=1)
    add(run, "one")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        add(run, f"after {len(waits)}", first=1 + len(waits))
        if len(waits) == 2:
            TaskRun.objects.get(pk=run.pk).abort()

    monkeypatch.setattr("django_tasks_fsm.cli.run_log._never.wait", wait)
    code, out = command("logs", run.pk, "--follow", "--json", "--every", "0.1")
    assert (code, waits) == (0, [0.1, 0.1])
    assert [json.loads(line)["message"] for line in out.splitlines()] == ["one", "after 1", "after 2"]


def test_ctrl_c_ends_the_following_as_shells_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run("RUNNING", fence=1)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("django_tasks_fsm.cli.run_log._never.wait", interrupt)
    assert command("logs", run.pk, "--follow")[0] == 130


def test_what_is_unknown_is_refused() -> None:
    assert "There is no run" in refusal("logs", uuid.uuid4())
    assert "There is no run 'nonsense'" in refusal("logs", "nonsense")
    assert "Did you mean 'WARNING'?" in refusal("logs", a_run("DONE").pk, "--level", "WARN")
