from __future__ import annotations

import json
from collections import OrderedDict, UserDict, deque
from datetime import datetime
from enum import Enum, IntEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.payload import MAX_DEPTH, checked, clean_result, clean_text, dumps
from django_tasks_fsm.exceptions import TasksFSMError, UnstorablePayload
from tests.properties import examples


class Colour(str, Enum):  # noqa: UP042 - what people write
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


def depth_of(value) -> int:
    return 1 + max((depth_of(item) for item in value), default=0) if isinstance(value, list) else 0


def refusal(value, **options) -> str:
    with pytest.raises(UnstorablePayload) as caught:
        checked(value, "args", **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (b"caf\xc3\xa9", "café"),
        (
            {2: "a", None: "b", True: "c", 1.5: "d", b"e": "e"},
            {"2": "a", "null": "b", "true": "c", "1.5": "d", "e": "e"},
        ),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (UserDict({"a": 1}), {"a": 1}),
        (range(3), [0, 1, 2]),
        (deque([1, 2]), [1, 2]),
        ([Colour.RED, {Colour.RED: Level.HIGH}], ["red", {"red": 3}]),
        ("", ""),
        (-0.0, 0.0),
        ([10**3999], [10**3999]),
        ("\U0001f600 \u2028", "\U0001f600 \u2028"),
    ],
)
def test_a_value_is_returned_as_it_will_read_back(value, stored):
    normal = checked(value, "args")
    assert normal == stored
    assert json.loads(dumps(normal)) == stored
    assert json.loads(clean_result(value)) == stored


def test_a_text_enum_is_stored_by_its_value_and_not_by_its_name():
    assert dumps(checked(Colour.RED, "args")) == '"red"'
    assert type(checked(Colour.RED, "args")) is str
    assert clean_result({Colour.RED: Colour.RED}) == '{"red":"red"}'


@pytest.mark.parametrize("value", [set(), object(), datetime(2026, 1, 1), lambda: None, iter([]), 1j, ValueError()])
def test_an_unsupported_type_is_refused_with_djangos_words(value):
    words = f"Unsupported type: {type(value)}"
    assert words in refusal({"when": [value]})
    with pytest.raises(UnstorablePayload) as caught:
        clean_result([value])
    assert caught.value.problem == words


def test_the_refusal_is_whatever_error_django_would_raise():
    for error in (TypeError, ValueError, TasksFSMError):
        with pytest.raises(error):
            checked([object()], "args")


@pytest.mark.fault("F72")
def test_the_refusal_names_the_way_to_the_culprit():
    assert refusal([1, {"when": ["ok", {"x": float("nan")}]}]).startswith(
        "args[1]['when'][1]['x'] cannot be stored: nan"
    )
    assert refusal([{"a": "x\x00y"}]).startswith("args[0]['a'] cannot be stored: the text contains a NUL")
    assert refusal([{"a\x00": 1}]).startswith("args[0] key 'a\\x00' cannot be stored: the text contains a NUL")
    assert refusal(["\ud800"]).startswith("args[0] cannot be stored: the text contains a lone surrogate")
    assert refusal([{"\udfff": 1}]).startswith("args[0] key '\\udfff' cannot be stored: the text contains a lone")
    assert refusal([b"\xff"]).startswith("args[0] cannot be stored: Unsupported value: bytes that are not UTF-8")
    assert refusal({(1, 2): 3}).startswith("args cannot be stored: a key of type tuple cannot be a JSON key")


@pytest.mark.fault("F24", "F72")
@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e308 * 10])
def test_what_is_no_json_number_is_refused_as_value_and_as_key(value):
    assert "is not a JSON number" in refusal([value])
    assert "is not a JSON number" in refusal({value: 1})


@pytest.mark.parametrize("pair", [{1: "a", "1": "b"}, {None: 1, "null": 2}, {True: 1, "true": 2}, {b"a": 1, "a": 2}])
def test_two_keys_that_become_one_are_refused(pair):
    assert "two keys become" in refusal([pair])
    with pytest.raises(UnstorablePayload, match=r"^result\[0\]\['x'\] cannot be stored: two keys become "):
        clean_result([{"x": pair}])


@pytest.mark.fault("F23")
def test_two_keys_of_a_result_that_are_replaced_by_one_lose_nothing_unseen():
    with pytest.raises(UnstorablePayload, match="two keys become"):
        clean_result({"\x00": 1, "\u2400": 2})


@pytest.mark.fault("F24")
def test_a_number_of_too_many_digits_is_refused_without_being_printed():
    assert "more than 4,000 digits" in refusal([10**5000])
    assert "more than 4,000 digits" in refusal({-(10**5000): 1})
    assert checked([-(10**4000) + 1], "args")


@pytest.mark.fault("F27")
def test_depth_is_limited():
    assert checked(nested(MAX_DEPTH), "args") == nested(MAX_DEPTH)
    assert "nested more than 30 levels deep, or contains itself" in refusal(nested(MAX_DEPTH + 2))


@pytest.mark.fault("F27")
def test_what_contains_itself_is_refused_and_not_followed_for_ever():
    ring: dict = {}
    ring["child"] = [{"parent": ring}]
    assert "or contains itself" in refusal(ring)


@pytest.mark.fault("F72")
def test_size_is_counted_in_bytes_of_json():
    assert checked(["é" * 5], "args", limit=14) == ["é" * 5]
    assert (
        refusal(["é" * 6], limit=14)
        == "args cannot be stored: it takes 16 bytes and the limit is 14; store a reference instead."
    )


@pytest.mark.fault("F24", "F25", "F26")
@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (float("nan"), None),
        ([float("inf"), float("-inf")], [None, None]),
        ("a\x00b", "a\u2400b"),
        ({"a\x00b": "\ud800"}, {"a\u2400b": "\\ud800"}),
        ([10**5000], ["<int of 16610 bits>"]),
        ({10**5000: 1}, {"<int of 16610 bits>": 1}),
        ({float("nan"): 1}, {"NaN": 1}),
        (b"a\x00", "a\u2400"),
    ],
)
def test_a_result_is_replaced_where_a_database_would_refuse_it(value, stored):
    assert json.loads(clean_result(value)) == stored


@pytest.mark.fault("F27")
def test_a_result_that_is_too_deep_ends_with_the_type_it_left_out():
    cleaned = json.loads(clean_result(nested(5000)))
    assert depth_of(cleaned) == MAX_DEPTH
    for _ in range(MAX_DEPTH):
        cleaned = cleaned[0]
    assert cleaned == "<list nested too deep>"


@pytest.mark.fault("F28")
def test_a_result_that_is_too_big_leaves_a_note():
    assert json.loads(clean_result("x" * 100, limit=50)) == {"left_out": "102 bytes"}
    assert json.loads(clean_result("é" * 25, limit=50)) == {"left_out": "52 bytes"}


def test_a_result_that_holds_itself_many_times_does_not_hang_the_worker():
    ring: list = []
    ring += [ring] * 10
    assert json.loads(clean_result(ring, limit=1000)) == {"left_out": "more than 1000 bytes"}
    bomb: list = []
    for _ in range(MAX_DEPTH - 1):
        bomb = [bomb, bomb]
    assert json.loads(clean_result(bomb, limit=1000)) == {"left_out": "more than 1000 bytes"}


def test_bytes_that_are_no_text_fail_a_result_as_django_does():
    with pytest.raises(UnstorablePayload, match="Unsupported value: bytes"):
        clean_result(b"\xff")


class Hostile:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error


@pytest.mark.parametrize("error", [ValueError(), RecursionError(), SystemExit(), KeyboardInterrupt(), GeneratorExit()])
def test_an_object_that_cannot_be_printed_becomes_text_all_the_same(error):
    assert clean_text(Hostile(error)) == "<unprintable Hostile>"


@pytest.mark.fault("F25", "F26")
def test_text_that_a_database_would_refuse_is_replaced():
    assert clean_text("a\x00b\ud800c") == "a\u2400b\\ud800c"
    assert clean_text(10**5000) == "<unprintable int>"
    assert clean_text(None) == "None"


def test_text_that_is_too_long_keeps_its_head_and_its_tail():
    text = clean_text("a" * 1000 + "b" * 1000, limit=160)
    assert text == "a" * 50 + "\n[... 1,900 characters left out ...]\n" + "b" * 50
    assert clean_text(text, limit=160) == text, "what is cut twice must still say how much was left out"
    assert clean_text("x" * 100, limit=100) == "x" * 100


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs", "Cc"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers() | st.floats() | st.booleans() | st.none(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(anything)
@examples(200)
def test_cleaning_never_fails_on_what_json_knows_and_changes_nothing_twice(value):
    try:
        once = clean_result(value)
    except UnstorablePayload as error:
        if "two keys become" not in error.problem:
            raise
        return
    assert clean_result(json.loads(once)) == once
    assert checked(json.loads(once), "result") == json.loads(once)


@given(anything)
@examples(200)
def test_what_passes_the_check_is_cleaned_to_itself(value):
    try:
        normal = checked(value, "args")
    except UnstorablePayload:
        return
    assert clean_result(value) == dumps(normal)
    assert json.loads(dumps(normal)) == normal
