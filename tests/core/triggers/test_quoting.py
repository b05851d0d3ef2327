from __future__ import annotations

from django_tasks_fsm.core.triggers.quoting import MAX_SHOWN, quoted


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_short_values_are_shown_whole():
    assert quoted("Europe/Paris") == "'Europe/Paris'"


def test_a_flood_is_cut():
    assert len(quoted("x" * 1_000_000)) <= MAX_SHOWN
    assert len(quoted(list(range(10_000)))) <= MAX_SHOWN


def test_a_value_that_cannot_be_shown_does_not_hide_the_error():
    assert quoted(Hostile()) == "a value of type Hostile"
    assert quoted(10**5000) == "a value of type int"
