from __future__ import annotations

import pytest

from django_tasks_fsm.core.executors import Misfit, misfit, problem


@pytest.mark.parametrize(
    ("name", "is_async", "wrong"),
    [
        ("thread", False, None),
        ("process", True, None),
        ("inline", True, None),
        ("asyncio:reports", True, None),
        ("dask", False, None),
        ("asyncio", False, Misfit.BLOCKS),
        ("asyncio:reports", False, Misfit.BLOCKS),
        ("thread", True, Misfit.NOT_AWAITED),
        ("asyncio:", True, Misfit.UNKNOWN),
        ("os.system", False, Misfit.UNKNOWN),
        ("", False, Misfit.UNKNOWN),
        (3, False, Misfit.UNKNOWN),
    ],
)
def test_which_executor_runs_which_function(name, is_async, wrong):
    assert misfit(name, is_async, ["dask"]) is wrong
    assert bool(problem(name, is_async, ["dask"])) == (wrong is not None)


@pytest.mark.parametrize("name", ["thread", "asyncio"])
def test_of_a_function_that_is_not_known_only_the_name_is_judged(name):
    assert misfit(name, None, []) is None
