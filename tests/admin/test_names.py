"""Errors as a list has room for them."""

from __future__ import annotations

from django_tasks_fsm.admin.names import short_error


def test_an_error_loses_the_modules_of_its_class() -> None:
    assert short_error("shop.stock.Mismatch: 34 in a.b") == "Mismatch: 34 in a.b"


def test_an_error_that_is_cut_says_so() -> None:
    assert short_error("shop.Mismatch: " + "x" * 200, most=20) == "Mismatch: xxxxxxxxx\N{HORIZONTAL ELLIPSIS}"
    assert short_error("x" * 20, most=20) == "x" * 20
