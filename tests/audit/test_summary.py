"""The summary counts every distribution once and names those that need a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from audit.report import DamageFound, Report
from audit.summary import outcome, summarise
from audit.verification import verify

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment


@pytest.fixture
def intact(sample: ScratchEnvironment) -> Report:
    """Return the report of an intact distribution."""
    return verify("sample", sample.location)


def test_totals_add_up_what_the_reports_tell(intact: Report) -> None:
    first: Report = {**intact, "files_checked": 3, "bytes_hashed": 100, "seconds": 0.5}
    second: Report = {**intact, "files_checked": 4, "bytes_hashed": 20, "seconds": 1.25}

    totals = summarise({"first": first, "second": second})["totals"]

    assert (totals["distributions"], totals["intact"]) == (2, 2)
    assert (totals["files_checked"], totals["bytes_hashed"], totals["seconds"]) == (7, 120, 1.75)


def test_each_outcome_is_counted_and_named_once(intact: Report) -> None:
    damaged: Report = {**intact, "changed": ["sample/core.py (sha256 differs)"]}
    summary = summarise(
        {
            "whole": intact,
            "source": {**intact, "unverifiable": "It has no RECORD."},
            "broken": damaged,
            "failed_broken": f"audit.verification.DamageFound: {DamageFound(damaged)}",
            "killed": "The worker was lost three times.",
        }
    )

    counts = {name: summary["totals"][name] for name in ("intact", "damaged", "unverifiable", "failed")}
    assert counts == {"intact": 1, "damaged": 2, "unverifiable": 1, "failed": 1}
    assert [remark["name"] for remark in summary["damaged"]] == ["broken", "failed_broken"]
    assert "sample/core.py (sha256 differs)" in summary["damaged"][0]["text"]
    assert summary["unverifiable"] == [{"name": "source", "text": "It has no RECORD."}]
    assert summary["failed"] == [{"name": "killed", "text": "The worker was lost three times."}]
    assert json.loads(json.dumps(summary)) == summary


def test_damage_outranks_a_reason_for_not_verifying(intact: Report) -> None:
    assert outcome({**intact, "missing": ["a.py"], "unverifiable": "It has no RECORD."}) == "damaged"


def test_slowest_are_the_ten_slowest_in_a_stable_order(intact: Report) -> None:
    seconds = [1.0, 5.0, 3.0, 5.0, *[0.1] * 9]
    reports: dict[str, Report | str] = {
        f"d{number:02}": {**intact, "name": f"d{number:02}", "seconds": value} for number, value in enumerate(seconds)
    }

    slowest = summarise(reports)["slowest"]

    assert [timing["name"] for timing in slowest[:5]] == ["d01", "d03", "d02", "d00", "d04"]
    assert len(slowest) == 10


def test_empty_audit_sums_up_to_nothing() -> None:
    summary = summarise({})

    assert summary["totals"]["distributions"] == 0
    assert summary["slowest"] == []
