"""Sequences of verbs that Hypothesis makes."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.protocol.machine import Machine

STEPS = 50


def look(wanted: settings, *phases: Phase) -> None:
    """Try sequences of verbs on both sides; without further ``phases`` the first failure is shown as it was found."""
    chosen = settings(
        wanted, stateful_step_count=STEPS, suppress_health_check=[*HealthCheck], report_multiple_bugs=False,
        phases=[Phase.generate, *phases],
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=chosen)
