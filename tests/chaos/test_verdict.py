"""A storm that could not fail would prove nothing."""

from __future__ import annotations

import uuid

import pytest

from tests.chaos import work
from tests.chaos.faults import CRASH, CUT, plan
from tests.chaos.report import Report
from tests.chaos.verdict import Verdict
from tests.chaos.workload import Workload


def test_a_seed_repeats_its_faults_and_those_only_that_there_can_be():
    faults = plan(7, 60, 4, has_server=True, can_crash=True)
    assert faults == plan(7, 60, 4, has_server=True, can_crash=True) != plan(8, 60, 4, has_server=True, can_crash=True)
    assert {CRASH, CUT} <= {fault.kind for fault in faults}
    assert not {CRASH, CUT} & {fault.kind for fault in plan(7, 60, 4, has_server=False, can_crash=False)}


@pytest.mark.django_db
def test_what_is_missing_or_left_behind_is_found(tmp_path):
    workload, report = Workload(str(tmp_path / "trail"), seed=1), Report("any", seed=1, seconds=0)
    left = work.plain.enqueue(workload.trail, 0)
    workload.wanted |= {uuid.UUID(left.id), uuid.uuid4()}
    workload.after.append((uuid.uuid4(), uuid.UUID(left.id)))
    workload.last_words["red"] = 3
    Verdict(workload).pass_on(report)
    said = "\n".join(report.violations)
    for part in ("lost: ", f"{left.id} is QUEUED", f"{left.id} began before", "has not fired", "red was not heard"):
        assert part in said
    assert (report.figures["runs lost"], report.figures["runs that ended in a wrong state"]) == (1, 1)
