"""Names as a card has room for them."""

from __future__ import annotations

import pytest

from django_tasks_fsm.pictures.words import short_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("audit.tasks.verify", "verify"),
        ("tasks.verify", "tasks.verify"),
        ("nightly report v1.2", "nightly report v1.2"),
        ("prices of shop.example", "prices of shop.example"),
        ("everything that ends.", "everything that ends."),
    ],
)
def test_only_a_long_path_of_modules_loses_its_beginning(name: str, shown: str) -> None:
    assert short_name(name) == shown
