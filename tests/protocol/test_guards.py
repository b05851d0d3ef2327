"""The protocols hold, and each guard is needed: the page of the documentation shows what these searches find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.core.states import RunState, TaskState
from tests.protocol import life, people, report, run_model, slot_model
from tests.protocol.guards import COVERED, GUARDS, Guard, without
from tests.protocol.life import Rules
from tests.protocol.run_model import STUCK, RunProtocol
from tests.protocol.slot_model import SlotProtocol

ALL = (*GUARDS, *COVERED)
STALE = "run: python -m tests.protocol --write"


def page() -> list[str]:
    return report.PAGE.read_text(encoding="utf-8").split("\n")


@pytest.mark.parametrize("subject", ["run", "schedule"])
def test_nothing_breaks_in_any_state_that_can_be_reached(subject):
    assert without(subject).breaks == "", "\n".join(without(subject).trace)
    assert report.protocol_line(subject) in page(), STALE


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_a_guard_something_breaks(guard: Guard):
    found = without(guard.subject, guard.name)
    assert not found.holds, "it guards nothing, or the model does not see what"
    assert {report.guard_line(guard), report.way(guard.name, found)} <= {*page()}, STALE


@pytest.mark.parametrize("guard", COVERED, ids=lambda guard: guard.name)
def test_a_guard_that_may_go_alone_may_not_go_with_another_one(guard: Guard):
    alone = without(guard.subject, guard.name)
    assert alone.breaks == "", "\n".join(alone.trace)
    found = without(guard.subject, guard.name, guard.covered_by)
    assert not found.holds
    said = {report.covered_line(guard), report.way(f"{guard.name}* and *{guard.covered_by}", found)}
    assert said <= {*page()}, STALE


def test_every_guard_of_the_models_is_tried_and_shown():
    sources = [
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (life, people, run_model, slot_model)
    ]
    asked = {name for text in sources for name in re.findall(r'has\(\s*"([^"]+)"', text)}
    asked |= {name for name, _ in people.NARROW.values()} | {*run_model.FENCE_GUARDS, *run_model.RELEASE_GUARDS}
    assert {guard.name for guard in ALL} == asked
    shown = [line for line in page() if line.startswith("- without *")]
    assert len(shown) == len(ALL), STALE


def changed(state: RunState, **row: tuple[RunState, ...] | None) -> Machine[RunState]:
    """Return the table of runs with another row; an event that is None is not allowed."""
    events = {**RUN_MACHINE.table[state], **row}
    return Machine({**RUN_MACHINE.table, state: {event: to for event, to in events.items() if to is not None}})


@pytest.mark.parametrize(
    ("machine", "breaks"),
    [
        (changed(RunState.RUNNING, lose=None), STUCK),
        (changed(RunState.PENDING, queue=None), STUCK),
        (changed(RunState.RUNNING, retry=(RunState.RUNNING,)), STUCK),
    ],
    ids=["nothing is lost", "nothing is queued", "a retry goes on running"],
)
def test_another_table_is_another_model(machine, breaks):
    assert RunProtocol(Rules(machine), has_people=False).check().breaks == breaks


def test_a_task_that_cannot_be_resumed_is_stuck():
    table = {**TASK_MACHINE.table, TaskState.PAUSED: {}}
    assert SlotProtocol(machine=Machine(table), last=1).check().breaks == slot_model.STUCK
