"""Cycles among runs are found however many edges there are, and nothing is taken for one that is none."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest

from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.store.check import run_cycles
from django_tasks_fsm.store.check.invariant import Culprit
from django_tasks_fsm.store.check.round import look_at
from tests.store.rows import DB, a_run, a_task, runs

pytestmark = pytest.mark.django_db


def cycles() -> list[Culprit]:
    return sorted(run_cycles.in_cycles(look_at(DB)), key=lambda one: one.id)


def chain(*members: TaskRun) -> None:
    """Let each wait for the one before."""
    edges = [RunPrerequisite(prerequisite=before, run=after) for before, after in pairwise(members)]
    RunPrerequisite.objects.bulk_create(edges)


def test_a_chain_is_no_cycle() -> None:
    first, *others, last = runs(600)
    chain(last, *others, first)
    assert cycles() == []


def test_each_cycle_is_found_once_with_its_oldest_run_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cycles, "PIECE", 3)
    a, b, c, d, e, f = runs(6)
    chain(a, b, c, d, b)
    chain(f, e, f)
    first, second = cycles()
    assert first == Culprit("run", b.pk, {"runs": 3, "cycle": [str(run.pk) for run in (b, c, d)]})
    assert (second.id, second.facts["runs"]) == (e.pk, 2)


def test_a_cycle_that_is_opened_meanwhile_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, c = runs(3)
    chain(a, b, c, a)
    read = run_cycles._peeled

    def opened(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        RunPrerequisite.objects.filter(run=a).delete()
        return read(edges)

    monkeypatch.setattr(run_cycles, "_peeled", opened)
    assert cycles() == []


def test_ids_that_end_alike_are_not_taken_for_one_run() -> None:
    task = a_task()
    ends = [uuid.UUID(int=number) for number in (1, 2, 1 + (1 << 64), 2 + (1 << 64))]
    a, b, c, d = (a_run(task=task, id=end) for end in ends)
    first, second, third, last = runs(4)
    chain(first, a, b, second)
    chain(third, d, c, last)
    assert cycle_in(list(run_cycles._read(look_at(DB)))), "the case under test"
    assert cycles() == []
