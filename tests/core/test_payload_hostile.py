"""Whatever a function may take or return: text, an UnstorablePayload, and never another error, a hang or a flood."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import UserDict, UserList, UserString
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.payload import MAX_DEPTH, TEXT_LIMIT, checked, clean_result, clean_text, dumps
from django_tasks_fsm.exceptions import UnstorablePayload
from tests.properties import examples


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Point:
    x: int = 1


class Meta(type):
    """Makes classes that cannot even be named."""

    def __getattribute__(cls, name):
        raise ValueError(name)

    def __repr__(cls):
        raise ValueError


def raising(error: BaseException) -> Any:
    def method(self, *args, **kwargs):
        raise error

    return method


def hostile(error: BaseException) -> list[Any]:
    """Return one object of each sort that raises wherever it is touched."""
    method = raising(error)
    every = dict.fromkeys(
        ("__str__", "__repr__", "__iter__", "__len__", "__getitem__", "__contains__", "__bool__", "__format__",
         "__eq__", "keys", "items", "values", "encode", "isascii", "replace", "bit_length", "__float__", "__index__"),
        method,
    )  # fmt: skip
    lying = {**every, "__class__": property(method)}
    kinds: list[tuple[type, tuple[Any, ...]]] = [
        (str, ("a",)), (int, (7,)), (float, (1.5,)), (bytes, (b"a",)), (dict, ({"a": 1},)), (list, ([1],)),
        (Mapping, ()), (Sequence, ()), (object, ()),
    ]  # fmt: skip
    made = [type("Hostile", (kind,), {**every, "__hash__": object.__hash__})(*args) for kind, args in kinds]
    unnamed = Meta("Unnamed", (), dict(every))()
    return [*made, type("Lying", (), lying)(), unnamed]


class Endless(Sequence):
    def __len__(self):
        return 2**60

    def __getitem__(self, index):
        return 1


def bomb(depth: int = MAX_DEPTH - 1) -> list:
    """Return a list that takes 2**depth parts to write and few to hold."""
    value: list = []
    for _ in range(depth):
        value = [value, value]
    return value


def ring() -> list:
    value: list = []
    value.append({"a": value})
    return value


def deep(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


STRANGE: list[Any] = [
    bomb(), {1, 2}, frozenset(),
    (n for n in "ab"), lambda: 0, object(), Decimal("1.5"), 1j, Colour.RED, Level.HIGH, Point(),
    date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), timedelta(1), UUID(int=0), gettext_lazy("task"),
    SimpleLazyObject(lambda: "lazy"), SimpleLazyObject(lambda: {"a": 1}), SimpleLazyObject(lambda: 1 / 0),
    UserDict(a=1), UserList([1]), UserString("a"), memoryview(b"ab"), bytearray(b"ab"), range(3), Endless(),
    ring(), deep(5_000), 10**4300, -(10**5000), float("nan"), float("-inf"), -0.0, b"\xff", Meta, type, ...,
    {1: 1, "1": 2}, {(1, 2): 3}, {"\x00": 1, "\u2400": 2}, {Colour.RED: 1}, {float("nan"): 1}, "\ud800", "a\x00b",
]  # fmt: skip
ERRORS = (ValueError("\x00\ud800"), RecursionError(), MemoryError(), UnstorablePayload("x", "y"), StopIteration())
HOSTILE = [value for error in ERRORS for value in hostile(error)]

texts = st.text(st.characters(codec=None), max_size=8)


@dataclasses.dataclass(frozen=True)
class Held:
    """Stands for a strange value, which Hypothesis must not touch: it prints and compares what it draws."""

    number: int


def filled(value: Any) -> Any:
    """Put the strange values where they belong."""
    if isinstance(value, Held):
        return (STRANGE + HOSTILE)[value.number]
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return type(value)(map(filled, value)) if isinstance(value, (list, tuple)) else value


strange = st.integers(0, len(STRANGE + HOSTILE) - 1).map(Held)
leaves = strange | st.integers() | st.floats() | texts | st.binary(max_size=4) | st.none()
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(texts | st.integers() | st.floats(), inner, max_size=3)
    ),
    max_leaves=6,
)


def all_of(value: Any) -> Iterator[Any]:
    """Give every part of a value that JSON knows."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from all_of(part)


def answer(function: Any, *args: Any, **kwargs: Any) -> tuple[Any, UnstorablePayload | None]:
    """Return what the function returns, or how it refuses."""
    try:
        return function(*args, **kwargs), None
    except UnstorablePayload as refused:
        return None, refused


@pytest.mark.fault("F72")
@given(anything)
@examples(150)
def test_any_argument_is_taken_as_it_reads_back_or_refused_with_its_path(value):
    normal, refused = answer(checked, [filled(value)], "args", limit=5_000)
    if refused is not None:
        assert refused.path == "x" or refused.path.startswith("args")
        assert len(str(refused)) < 3_000
        return
    assert json.loads(dumps(normal)) == normal
    assert checked(normal, "args") == normal


@pytest.mark.fault("F23", "F24", "F25", "F26", "F27")
@given(anything)
@examples(150)
def test_any_result_becomes_json_or_is_refused(value):
    text, refused = answer(clean_result, filled(value), limit=5_000)
    if refused is not None:
        assert len(str(refused)) < 3_000
        return
    assert len(text.encode()) <= 5_000
    assert "\x00" not in text
    assert clean_result(json.loads(text)) == text
    assert all(part == part and part not in (float("inf"), float("-inf")) for part in all_of(json.loads(text)))


# Not the first one: its own str() would never end.
@given(strange.filter(lambda held: held.number > 0) | texts, st.sampled_from([100, 101, 160, 500, TEXT_LIMIT]))
@examples(100)
def test_any_object_becomes_text_that_is_short_enough_and_stays_as_it_is(value, limit):
    text = clean_text(filled(value), limit)
    assert type(text) is str
    assert len(text) <= limit
    assert "\x00" not in text
    text.encode()
    assert clean_text(text, limit) == text


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), GeneratorExit()])
def test_what_asks_to_end_the_process_is_text_too(error):
    assert all(isinstance(clean_text(value), str) for value in hostile(error))


def test_the_path_leads_to_what_raises_when_it_is_read():
    (mapping,) = (value for value in hostile(ValueError()) if issubclass(type(value), dict))
    with pytest.raises(UnstorablePayload, match=r"^args\[0\]\['a'\]\[3\] cannot be stored: reading it raises ValueE"):
        checked([{"a": [1, 2, 3, mapping]}], "args")
    with pytest.raises(UnstorablePayload, match=r"^result\['a'\] cannot be stored: reading it raises ValueError"):
        clean_result({"a": mapping})


@pytest.mark.fault("F27")
@pytest.mark.parametrize("value", [Endless(), bomb(), range(10**12), ["x" * 500_000] * 3, "x" * 20_000_000])
def test_an_argument_without_end_is_refused_and_not_followed(value):
    with pytest.raises(UnstorablePayload, match="limit"):
        checked(value, "args", limit=10_000)


@pytest.mark.fault("F28")
@pytest.mark.parametrize("letter", ["x", "\xe9", "\ud800", "\x00", "\U0001f600"])
def test_twenty_megabytes_are_judged_at_once(letter):
    text = letter * (20_000_000 // len(letter.encode(errors="surrogatepass")))
    began = time.process_time()
    with pytest.raises(UnstorablePayload):
        checked([text], "args")
    assert len(clean_text(text)) <= TEXT_LIMIT
    # A loop over the letters in Python takes two seconds and more.
    assert time.process_time() - began < 1


def test_a_key_of_a_megabyte_does_not_fill_the_message():
    with pytest.raises(UnstorablePayload) as refused:
        checked({"k" * 1_000_000: {"l" * 1_000_000: object()}}, "kwargs")
    assert str(refused.value).startswith("kwargs['kkk")
    assert len(str(refused.value)) < 300


def test_what_was_left_out_of_a_text_is_counted_once_and_rightly():
    text = clean_text("a" * 10_000_000)
    head, note, tail = text.split("\n")
    assert (len(head) + len(tail) + int(note.split()[1].replace(",", ""))) == 10_000_000
