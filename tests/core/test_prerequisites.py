from __future__ import annotations

import pytest

from django_tasks_fsm.core.prerequisites import SATISFYING, Condition, OnFailure, Standing, satisfied_by, standing
from django_tasks_fsm.core.states import FINAL, UNFINISHED, RunState

MEETS = {
    "DONE": {"done", "finished"},
    "FAILED": {"finished", "failed"},
    "CANCELLED": {"finished"},
    "SKIPPED": {"finished"},
    "ABORTED": {"finished"},
}


@pytest.mark.parametrize("state", RunState)
def test_a_state_meets_exactly_its_conditions(state):
    assert set(satisfied_by(state)) == MEETS.get(state.value, set())


@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_an_unfinished_prerequisite_keeps_its_dependent_waiting(state, condition):
    assert standing(condition, state) is Standing.WAITING


@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("state", sorted(FINAL))
def test_an_ended_prerequisite_has_met_or_broken_the_edge(state, condition):
    met = condition.value in MEETS[state.value]
    assert standing(condition, state) is (Standing.MET if met else Standing.BROKEN)


def test_every_condition_can_be_met():
    assert set(SATISFYING) == set(Condition)
    assert all(SATISFYING.values())


@pytest.mark.parametrize(
    ("words", "right"), [(Condition, "done, finished, failed"), (OnFailure, "block, fail, cancel")]
)
def test_a_wrong_word_is_answered_with_the_right_ones(words, right):
    with pytest.raises(ValueError, match=f"'success' is none of {right}"):
        words("success")
