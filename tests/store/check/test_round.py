"""What seems broken is looked at twice; what does not is asked once, with few statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.models import Queue, TaskRun, Worker
from django_tasks_fsm.store.check import Report, check, invariant, of_codes
from django_tasks_fsm.store.check import round as rounds
from tests.store.check.guards import raw
from tests.store.check.planted import PLANTED, task
from tests.store.rows import DB, a_worker, enqueued, runs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _definitions() -> None:
    Queue.objects.get_or_create(name="default")
    task()


class Pause:
    """Stand between the two looks."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile, self.lengths = meanwhile, list[float]()

    def wait(self, seconds: float) -> None:
        """Let something happen."""
        self.lengths.append(seconds)
        self.meanwhile()


def looked(monkeypatch: pytest.MonkeyPatch, code: str, meanwhile: Callable[[], object]) -> tuple[Report, Pause]:
    pause = Pause(meanwhile)
    monkeypatch.setattr(rounds, "_never", pause)
    return check(of_codes([code]), DB, again_after=7), pause


def test_what_is_right_a_moment_later_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED["R108"]()
    report, pause = looked(monkeypatch, "R108", lambda: TaskRun.objects.update(progress=None))
    assert report.findings == []
    assert pause.lengths == [7]


def test_what_another_row_does_meanwhile_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, right = enqueued(), enqueued()
    raw(wrong, progress=101)

    def swap() -> None:
        raw(wrong, progress=1)
        raw(right, progress=102)

    report, _ = looked(monkeypatch, "R108", swap)
    assert report.findings == []


def test_where_nothing_seems_wrong_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued()
    report, pause = looked(monkeypatch, "", lambda: None)
    assert (report.findings, pause.lengths) == ([], [])


def test_rules_about_one_table_are_asked_in_one_scan() -> None:
    enqueued()
    rules = of_codes(["R101", "R102", "R103", "P304", "L4", "K502"])
    with CaptureQueriesContext(connection) as sent:
        assert check(rules, DB, again_after=0).findings == []
    assert len(sent) == 5, "clock, workers, one scan, and two rules that group"


@pytest.mark.parametrize(("number", "kept", "more"), [(3, 3, False), (4, 3, True)])
def test_of_many_culprits_a_bounded_number_is_kept(
    monkeypatch: pytest.MonkeyPatch, number: int, kept: int, more: bool
) -> None:
    for module in (invariant, rounds):
        monkeypatch.setattr(module, "MOST", 3)
    runs(number, progress=101)
    (finding,) = check(of_codes(["R108"]), DB, again_after=0).findings
    assert (len(finding.culprits), finding.more) == (kept, more)


@pytest.mark.parametrize(
    ("worker", "is_looked_after"),
    [({"queues": ["*"]}, True), ({"queues": []}, False), ({"queues": ["*"], "paused_at": timezone.now()}, False)],
    ids=["serves", "maker", "paused"],
)
def test_somebody_must_have_had_the_time_to_take_back_what_is_lost(
    worker: dict[str, Any], is_looked_after: bool
) -> None:
    raw(a_worker(**worker), started_at=timezone.now() - timedelta(hours=9))
    assert rounds.look_at(DB).is_looked_after is is_looked_after


def test_a_worker_that_has_just_come_need_not_have_seen_to_anything() -> None:
    PLANTED["Q601"]()
    assert [one.invariant.code for one in check(of_codes(["Q"]), DB, 0).findings] == ["Q601"]
    Worker.objects.filter(name="old").update(started_at=timezone.now())
    assert check(of_codes(["Q"]), DB, 0).findings == []
