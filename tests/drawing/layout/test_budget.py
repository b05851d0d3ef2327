from __future__ import annotations

from django_tasks_fsm.drawing.layout.budget import Budget


def test_a_budget_is_exhausted_once_its_steps_are_spent():
    budget = Budget(10)
    budget.spend(9)
    assert not budget.exhausted
    budget.spend(5)
    assert budget.exhausted
    assert budget.spent == 14


def test_rounds_are_what_is_affordable_between_the_bounds():
    budget = Budget(100)
    assert budget.rounds(10, least=4, most=30) == 10
    assert budget.rounds(1, least=4, most=30) == 30
    budget.spend(1000)
    assert budget.rounds(10, least=4, most=30) == 4
