"""``tasks_fsm check``: what it says, and the exit codes that a monitor goes by."""

from __future__ import annotations

import pytest

from django_tasks_fsm.cli import check
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.store.check import RULES
from tests.cli.terminal import as_json, command, refusal
from tests.store.check.planted import PLANTED, task
from tests.store.rows import enqueued

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "AGAIN_AFTER", 0)
    Queue.objects.get_or_create(name="default")
    task()


def test_rows_that_fit_together_end_with_zero() -> None:
    enqueued()
    assert command("check") == (0, "Nothing is wrong.\n")


def test_a_finding_names_the_row_what_it_means_and_what_to_do() -> None:
    PLANTED["R106"]()
    run = TaskRun.objects.get()
    code, out = command("check", "--only", "R106")
    rule, sample, meaning, advice = out.splitlines()
    assert code == 1
    assert rule == "[error] R106: A run that waits has not been asked to stop. (broken 1 time)"
    assert sample.startswith(f"    run {run.pk} state=QUEUED cancel_requested_at=")
    assert (meaning, advice) == (
        "  It was given back after somebody cancelled it, and will begin again.",
        "  Cancel it.",
    )


def test_as_json_each_finding_has_its_samples() -> None:
    PLANTED["L405"]()
    found = as_json("check", "--strict", code=1)
    (finding,) = found["findings"]
    assert (finding["code"], finding["level"], finding["count"]) == ("L405", "note", {"count": 1, "more": False})
    assert finding["samples"] == [{"kind": "concurrency key", "id": "k", "facts": {"held": 2, "most": 1}}]
    assert sorted(found["rules"]) == sorted(",".join(found["seconds"]).split(","))


def test_a_note_alone_is_no_error_unless_that_is_asked_for() -> None:
    Task.objects.filter(name="work").update(function="no.such.function")
    code, out = command("check")
    assert (code, out.splitlines()[-1]) == (0, "Nothing is wrong.")
    assert out.startswith("[note] T709: ")
    assert command("check", "--strict")[0] == 1


def test_families_and_rules_can_be_chosen() -> None:
    PLANTED["R106"]()
    assert as_json("check", "--only", "h,p302")["rules"] == ["H201", "H202", "H203", "H204", "H205", "P302"]
    assert refusal("check", "--only", "X9").startswith("There is no rule 'X9'.")


def test_so_many_samples_are_shown() -> None:
    for _ in range(3):
        PLANTED["R106"]()
    assert len(as_json("check", "--samples", "2", code=1)["findings"][0]["samples"]) == 2


def test_every_rule_says_something_of_its_own() -> None:
    assert len({rule.code for rule in RULES}) == len({str(rule.title) for rule in RULES}) == len(RULES)
