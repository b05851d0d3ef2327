"""Callers whose own transactions are above READ COMMITTED: what is unique or acyclic stays so, or is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.exceptions import CycleFound
from django_tasks_fsm.models import TaskRun
from tests.specs.runner import explore
from tests.specs.test_edges import two_pairs, two_pairs_of_tasks
from tests.specs.test_keys import Running, made, nothing
from tests.specs.worlds import assert_sound, give, or_error
from tests.store.rows import DB

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in connections.settings[DB]["ENGINE"], reason="has one level, which is SERIALIZABLE"),
]
LEVELS = pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])


def at(level: str, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a step that works in a transaction of the caller, at this level, whose snapshot is taken before."""

    def step(world: Any) -> Any:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            TaskRun.objects.count()
            return work(world)

    return or_error(step, CycleFound, DatabaseError)


@pytest.mark.fault("F49", "F64")
@pytest.mark.parametrize("begin", [two_pairs, two_pairs_of_tasks])
def test_two_edges_that_close_a_cycle_do_not_both_get_in(begin):
    level = "SERIALIZABLE"  # at REPEATABLE READ both do: neither reads what the other has added

    def check(world, did):
        refused = [isinstance(did[name][0], Exception) for name in ("left", "right")]
        assert any(refused)
        assert_sound()

    left = at(level, lambda world: world[2].require(world[1]))
    right = at(level, lambda world: world[0].require(world[3]))
    explore(begin, {"left": [left], "right": [right]}, check)


@pytest.mark.fault("F49")
@LEVELS
def test_a_key_is_borne_by_one_run(level):
    def check(_, did):
        assert TaskRun.objects.exclude(state__in=FINAL).count() <= 1
        assert_sound()

    session = [at(level, lambda _: made(OnKey.RETURN))]
    explore(nothing, {"left": session, "right": session}, check)


@LEVELS
@pytest.mark.parametrize("on_key", [OnKey.REPLACE, OnKey.COLLAPSE])
def test_a_run_that_follows_one_of_its_key_starts_when_that_has_ended(level, on_key):
    def check(world, did):
        waiting = TaskRun.objects.exclude(state__in=FINAL)
        assert waiting.count() == (0 if isinstance(did["caller"][0], Exception) else 1)
        assert_sound()

    end = [lambda world: give(Outcome.done(world.claim, "1"))]
    explore(Running, {"caller": [at(level, lambda _: made(on_key, 1))], "worker": end}, check)
