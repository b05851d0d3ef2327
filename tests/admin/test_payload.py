"""Payloads for people: readable, short, and without what looks secret."""

from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.admin.payload import MASK, MOST, masked, masked_args, pretty


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "x"}, {"password": MASK}),
        ({"API_KEY": ["x"]}, {"API_KEY": MASK}),
        ({"user": {"authToken": 1, "name": "ada"}}, {"user": {"authToken": MASK, "name": "ada"}}),
        ([{"cookie": None}, 3], [{"cookie": MASK}, 3]),
        ({"size": 3}, {"size": 3}),
        (None, None),
        ("a secret in a plain text", "a secret in a plain text"),
    ],
)
def test_values_under_telling_keys_are_hidden_at_any_depth(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_the_payload_itself_is_left_alone() -> None:
    value = {"token": "x", "inner": [{"token": "y"}]}
    masked(value)
    assert value == {"token": "x", "inner": [{"token": "y"}]}


def test_positional_arguments_are_hidden_by_the_name_of_their_parameter() -> None:
    function = "tests.admin.jobs.score"
    assert masked_args(["north", 3, "t0ken", "surplus"], function) == ["north", 3, MASK, "surplus"]


def test_the_context_takes_no_argument_s_place() -> None:
    assert masked_args(["/srv", {"key": 1}], "tests.admin.jobs.watched") == ["/srv", {"key": MASK}]


def test_arguments_of_an_unknown_function_are_shown() -> None:
    assert masked_args(["a"], "shop.gone") == ["a"]


def test_a_long_payload_is_cut_and_says_so() -> None:
    text = pretty("x" * (MOST * 2))
    assert len(text) < MOST + 100
    assert text.endswith("more characters]")


def test_text_of_any_language_stays_readable() -> None:
    assert pretty({"name": "Ünïcödé 雪"}) == '{\n  "name": "Ünïcödé 雪"\n}'
