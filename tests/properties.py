"""How property tests choose their values: the same ones at every run, and random ones where ``make fuzz`` asks.

With TASKS_FSM_FUZZ=20 each property is tried with twenty times as many values, from the seed that pytest is given.
"""

from __future__ import annotations

import os
from contextlib import suppress

from hypothesis import HealthCheck, settings

FUZZ = "TASKS_FSM_FUZZ"
TIMES = int(os.environ.get(FUZZ, "0"))
# A slow machine is no fault of the code, and a fixture that lasts for all values is meant to.
_UNFIT_FOR_US = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much)


def examples(count: int) -> settings:
    """Return the settings of a property that ``count`` values are enough for."""
    return settings(max_examples=count * max(1, TIMES), suppress_health_check=_UNFIT_FOR_US)


def load_profile() -> None:
    """Have every property use the same values on every machine, unless TASKS_FSM_FUZZ is set."""
    settings.register_profile("steady", derandomize=True, deadline=None, database=None, print_blob=True)
    settings.register_profile("fuzz", derandomize=False, deadline=None, database=None, print_blob=True)
    settings.load_profile("fuzz" if TIMES else "steady")
    if not TIMES:
        _leave_constants_alone()


def _leave_constants_alone() -> None:
    """Keep Hypothesis from drawing constants that it finds in our modules: each change would change all values."""
    with suppress(ImportError, AttributeError):  # no public name says so
        from hypothesis.internal.conjecture import providers

        found = providers._local_constants
        providers._get_local_constants = lambda: found
