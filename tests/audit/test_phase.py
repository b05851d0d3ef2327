"""Where an audit stands follows from the states of its runs alone."""

from __future__ import annotations

from collections import Counter

import pytest

from audit.phase import Phase, Tally


@pytest.mark.parametrize(
    ("discover", "verify", "report", "phase"),
    [
        ("QUEUED", "", "", Phase.PENDING),
        ("PENDING", "", "", Phase.PENDING),
        ("RUNNING", "", "", Phase.RUNNING),
        ("FAILED", "", "", Phase.FAILED),
        ("CANCELLED", "", "", Phase.FAILED),
        ("RUNNING", "QUEUED DONE", "PENDING", Phase.RUNNING),
        ("FAILED", "RUNNING DONE", "PENDING", Phase.RUNNING),
        ("DONE", "RUNNING FAILED", "PENDING", Phase.RUNNING),
        ("DONE", "PENDING DONE", "PENDING", Phase.RUNNING),
        ("DONE", "DONE FAILED", "PENDING", Phase.BLOCKED),
        ("DONE", "DONE CANCELLED", "PENDING", Phase.BLOCKED),
        ("DONE", "DONE DONE", "PENDING", Phase.RUNNING),
        ("DONE", "DONE DONE", "QUEUED", Phase.RUNNING),
        ("DONE", "DONE DONE", "FAILED", Phase.FAILED),
        ("DONE", "DONE FAILED", "ABORTED", Phase.FAILED),
        ("DONE", "DONE DONE", "DONE", Phase.DONE),
        ("", "", "DONE", Phase.DONE),
    ],
)
def test_phase_of(discover: str, verify: str, report: str, phase: Phase) -> None:
    tally = Tally(*(Counter(states.split()) for states in (discover, verify, report)))

    assert tally.phase is phase


def test_only_a_person_moves_what_is_blocked_or_failed() -> None:
    assert [phase for phase in Phase if phase.moves] == [Phase.PENDING, Phase.RUNNING]


def test_troubled_verifications_are_those_that_ended_without_a_report() -> None:
    tally = Tally(verify=Counter(["DONE", "DONE", "FAILED", "ABORTED", "RUNNING"]))

    assert (tally.total, tally.finished, tally.troubled) == (5, 4, 2)
