"""Callers who use one key at the same moment, while a run that bears it starts or ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.enqueue import Request, enqueue
from tests.specs.runner import explore
from tests.specs.session import Step
from tests.specs.worlds import assert_sound, emptied, give, row
from tests.store.rows import DB, a_task, claims

pytestmark = pytest.mark.django_db(transaction=True)

Sessions = Mapping[str, Sequence[Step]]


def made(on_key: OnKey, number: int = 0) -> TaskRun:
    return enqueue(Request(task_id=a_task().pk, args=(number,), key="k", on_key=on_key), DB)


def nothing() -> None:
    emptied()
    a_task()


class Running:
    """A run that bears the key, and is executed."""

    def __init__(self) -> None:
        nothing()
        self.run = made(OnKey.RETURN)
        (self.claim,) = claims(1)


def unfinished() -> list[TaskRun]:
    return list(TaskRun.objects.exclude(state__in=FINAL))


def end(world: Running) -> object:
    return give(Outcome.done(world.claim, "1"))


def test_of_two_who_enqueue_a_key_one_makes_the_run_and_both_get_it():
    def check(_, did):
        assert did["left"][0].pk == did["right"][0].pk == TaskRun.objects.get().pk
        assert_sound()

    explore(nothing, {name: [lambda _: made(OnKey.RETURN)] for name in ("left", "right")}, check)


def test_who_enqueues_a_key_while_its_run_ends_gets_that_run_or_one_that_waits():
    def check(world, did):
        got = {row(did[name][0]) for name in ("left", "right")}
        assert len(unfinished()) == len(got - {world.run})
        assert len(got) <= 2
        assert_sound()

    sessions: Sessions = {
        "left": [lambda _: made(OnKey.RETURN)],
        "right": [lambda _: made(OnKey.RETURN)],
        "worker": [end],
    }
    explore(Running, sessions, check)


@pytest.mark.parametrize("on_key", [OnKey.REPLACE, OnKey.COLLAPSE, OnKey.RECREATE])
def test_what_was_asked_for_while_a_run_of_the_key_ends_is_not_lost(on_key):
    def check(world, did):
        (following,) = unfinished()
        assert following.pk != world.run.pk
        assert following.args in ([1], [2])
        assert following.key == "k"
        assert following.state == "QUEUED"
        assert_sound()

    sessions: Sessions = {"left": [lambda _: made(on_key, 1)], "right": [lambda _: made(on_key, 2)], "worker": [end]}
    explore(Running, sessions, check)


def test_what_was_asked_for_while_the_run_is_claimed_is_executed():
    def begin():
        nothing()
        return made(OnKey.RETURN)

    def check(run, did):
        rows = {each.pk: each for each in TaskRun.objects.all()}
        replaced = did["caller"][0]
        assert rows[replaced.pk].args == [7]
        # Its row may have been locked, and was left to the next look.
        assert [claim.args for claim in did["worker"][0] if claim.id == replaced.pk] in ([[7]], [])
        assert_sound()

    explore(begin, {"caller": [lambda _: made(OnKey.REPLACE, 7)], "worker": [lambda _: claims(1)]}, check)
